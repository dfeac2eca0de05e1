"""`conformance report ...` as a person calls it."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from conformance.core.errors import UsageError
from reports.commands import register
from tests.reports.builders import check, results


def call(*words: object) -> int:
    parser = argparse.ArgumentParser()
    register(parser.add_subparsers(dest="command"))
    options = parser.parse_args(["report", *map(str, words)])
    return int(options.handler(options))


def test_render_bundle_and_verify(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "run"
    results(folder, check("NEXUS-01"))
    assert call("render", folder) == 0
    assert (folder / "report.html").exists()
    assert call("bundle", folder) == 0
    packed = tmp_path / "run.tar.zst"
    assert call("verify", packed) == 0
    assert "is whole: run run, 7 files" in capsys.readouterr().out
    packed.write_bytes(packed.read_bytes()[:100])
    assert call("verify", packed) == 2
    assert "is not whole" in capsys.readouterr().out


def test_compare_and_merge(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    results(tmp_path / "a", check("NEXUS-01"))
    results(tmp_path / "b", check("NEXUS-01", "failed"))
    assert call("compare", tmp_path / "a", tmp_path / "a") == 0
    assert call("compare", tmp_path / "a", tmp_path / "b") == 0
    assert "NEXUS-01 test_nexus_01: passed -> failed" in capsys.readouterr().out
    assert call("merge", tmp_path / "a", tmp_path / "b", "--output", tmp_path / "c") == 1
    assert (tmp_path / "c" / "junit.xml").exists()
    # a result.json alone is enough to compare
    assert call("compare", tmp_path / "c" / "result.json", tmp_path / "b") == 0


def test_remember_and_trend(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    results(tmp_path / "a", check("NEXUS-01"))
    assert call("remember", tmp_path / "a", tmp_path / "history") == 0
    assert call("trend", tmp_path / "history", "--html", tmp_path / "trend.html") == 0
    assert "100%  conformant" in capsys.readouterr().out
    assert "<svg" in (tmp_path / "trend.html").read_text()
    with pytest.raises(UsageError, match="no runs in the history"):
        call("trend", tmp_path / "empty")


def test_open_shows_the_last_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    opened: list[str] = []
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setattr("webbrowser.open", opened.append)
    with pytest.raises(UsageError, match="no run has left results"):
        call("open")
    results(tmp_path / "buildinfra-conformance" / "runs" / "r1" / "results", check("NEXUS-01"))
    assert call("open") == 0
    assert opened[0].endswith("/r1/results/report.html")


def test_results_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no results in"):
        call("render", tmp_path)
