from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from conformance.cli.main import COMMANDS, main
from conformance.cli.progress import Estimate, clock
from conformance.core.durations import Durations
from conformance.core.graph import Task


@pytest.fixture(autouse=True)
def own_roots(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_command_has_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([command, "--help"]) == 0
    assert f"conformance {command}" in capsys.readouterr().out


@pytest.mark.parametrize("words", [[], ["nonsense"], ["run", "--images=none"], ["run", "--environment=moon"]])
def test_a_usage_error_ends_with_three(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 3
    assert "usage: conformance" in capsys.readouterr().err


def test_a_malformed_contract_is_one_clear_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "conformance.toml"
    file.write_text("schema_version = 1\n\n[stack]\nnom = 'x'\n")
    assert main(["up", "--contract", str(file)]) == 3
    printed = capsys.readouterr().err
    assert f"{file}:4: stack.nom" in printed
    assert "Traceback" not in printed


def test_nothing_stands_on_a_fresh_host(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["status"]) == 0
    assert capsys.readouterr().out == "no stack is up\n"
    assert main(["down", "no-such-run"]) == 3


def test_the_catalogue_as_json_and_by_layer(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "--json", "--layer", "nexus"]) == 0
    entries = json.loads(capsys.readouterr().out)
    assert {entry["layer"] for entry in entries} == {"nexus"}
    assert main(["list", "--layer", "moon"]) == 3


def test_doctor_prints_findings_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--json"]) in (0, 2)
    names = [finding["name"] for finding in json.loads(capsys.readouterr().out)]
    assert {"engine", "memory", "cgroups", "clock"} <= set(names)


def test_an_error_on_the_command_line_is_no_traceback(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "conformance", "run", "--contract", str(tmp_path / "none.toml")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 3
    assert done.stderr.startswith("conformance: no contract at")


def test_the_estimate_is_the_longest_chain_of_what_is_left(tmp_path: Path) -> None:
    durations = Durations(tmp_path / "d.json")
    tasks = [Task("a", void), Task("b", void, ("a",)), Task("c", void)]
    estimate = Estimate(tasks, {"a": 10.0, "b": 20.0, "c": 25.0}.__getitem__, durations)
    assert estimate.remaining() == pytest.approx(30, abs=0.5)
    estimate("a", "started", 0)
    estimate("a", "done", 12.0)
    assert estimate.remaining() == pytest.approx(25, abs=0.5)
    assert str(estimate).startswith("1/3, about 25 s")
    durations.save()
    assert Durations(tmp_path / "d.json").expected("a", 99) == 12.0


def void() -> None:
    """A task that does nothing."""


def test_times_for_people() -> None:
    assert [clock(seconds) for seconds in (0, 59.4, 185)] == ["0 s", "59 s", "3 min 05 s"]
