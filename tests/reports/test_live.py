"""What is seen while a run goes on, by a terminal, a log and a program."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from reports.events import EventLog
from reports.live import LiveView, usual
from reports.redact import Redactor
from reports.terminal import print_verdict
from tests.reports.builders import check, results


def watch(folder: Path, environ: dict[str, str], stream: io.StringIO | None = None) -> str:
    out = io.StringIO()
    with LiveView(folder, Console(file=out, width=100), environ=environ, json_stream=stream):
        results(folder, check("STATIC-01"), check("STATIC-02", "failed"), check("NEXUS-01", "blocked"))
        log = EventLog(folder, "run", Redactor())
        log.event("step", name="nexus", state="running", note="")
        log.event("problem", what="the cluster went away", where="", observed="", remedy="")
        log.close()
    return out.getvalue()


def test_plain_lines(tmp_path: Path) -> None:
    lines = watch(tmp_path, {}).splitlines()
    assert "failed   STATIC-02 test_static_02 (0.5 s): STATIC-02 is not so" in lines
    assert "static: 1 passed, 1 failed" in lines
    assert "nexus running" in lines
    assert "problem: the cluster went away" in lines


def test_github_groups_and_annotations(tmp_path: Path) -> None:
    text = watch(tmp_path, {"GITHUB_ACTIONS": "true"})
    assert "::group::static: 1 passed, 1 failed\npassed   STATIC-01" in text
    assert text.count("::endgroup::") == 2
    assert "::error title=STATIC-02::failed   STATIC-02" in text


def test_gitlab_sections(tmp_path: Path) -> None:
    text = watch(tmp_path, {"GITLAB_CI": "true"})
    assert "section_start:" in text
    assert ":layer_static[collapsed=true]\r\x1b[0Kstatic: 1 passed, 1 failed\n" in text
    assert text.count("section_end:") == 2


def test_the_stream_of_events_is_json_lines(tmp_path: Path) -> None:
    stream = io.StringIO()
    watch(tmp_path, {}, stream)
    events = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [event["kind"] for event in events if event["kind"] == "check"] == ["check"] * 3
    assert {"session-start", "collected", "session-end", "step", "problem"} <= {e["kind"] for e in events}


def test_what_is_usual_is_the_median_of_what_passed(tmp_path: Path) -> None:
    runs = [
        results(tmp_path / str(number), check("NEXUS-01", seconds=seconds), check("NEXUS-02", "failed"))
        for number, seconds in enumerate((1.0, 9.0, 2.0))
    ]
    assert usual(runs) == {runs[0].checks[0].nodeid: 2.0}


def test_a_terminal_sees_layers_and_what_runs(tmp_path: Path) -> None:
    out = io.StringIO()
    console = Console(file=out, width=100, force_terminal=True)
    view = LiveView(tmp_path, console, expected={"a::test_slow": 30.0})
    view.state.take({"kind": "collected", "checks": [{"nodeid": "a::test_slow", "layer": "nexus"}]})
    view.state.take({"kind": "start", "nodeid": "a::test_slow", "t": 0.0})
    view.state.take({"kind": "step", "name": "jenkins", "state": "running", "t": 0.0})
    plain = Console(file=io.StringIO(), width=100)
    plain.print(view)
    text = plain.file.getvalue()  # type: ignore[attr-defined]
    assert "nexus 0/1" in " ".join(text.split())
    assert "test_slow" in text
    assert "/30 s" in text
    assert "stand-up: jenkins" in text
    assert "about 30 s of checks left" in text


@pytest.mark.parametrize("terminal", [True, False])
def test_a_half_written_line_is_left_for_later(tmp_path: Path, terminal: bool) -> None:
    results(tmp_path, check("STATIC-01"))
    file = tmp_path / "events-live.jsonl"
    whole = file.read_bytes()
    file.write_bytes(whole[:-5])
    view = LiveView(tmp_path, Console(file=io.StringIO(), force_terminal=terminal))
    first = len(view._fresh())
    file.write_bytes(whole)
    assert len(view._fresh()) == 1
    assert first + 1 == len(whole.splitlines())


def test_eighty_columns_hold_every_outcome_but_one_and_no_trailing_space(tmp_path: Path) -> None:
    outcomes = ("failed", "error", "blocked", "waived", "not applicable", "undecided")
    checks = [check(f"NEXUS-{n:02d}", outcome) for n, outcome in enumerate(outcomes, 1)]
    out = io.StringIO()
    print_verdict(Console(file=out, width=80), results(tmp_path, check("PIPELINES-01"), *checks))
    lines = out.getvalue().splitlines()
    header = next(line for line in lines if line.startswith("layer"))
    assert header.split() == [
        "layer",
        "passed",
        "failed",
        "error",
        "blocked",
        "waived",
        "not",
        "applicable",
        "undecided",
        "seconds",
    ]
    assert [line for line in lines if line.startswith(" ") and line != line.rstrip()] == []


def test_many_requirements_of_one_undecided_cause_are_counted(tmp_path: Path) -> None:
    out = io.StringIO()
    many = [check(f"STATIC-{n:02d}", "undecided", message="a variable") for n in range(1, 13)]
    print_verdict(Console(file=out, width=200), results(tmp_path, check("NEXUS-01"), *many))
    names = ", ".join(f"STATIC-{n:02d}" for n in range(1, 9))
    assert f"undecided {names} and 4 more: a variable" in out.getvalue()


def test_the_verdict_block_says_failures_first(tmp_path: Path) -> None:
    out = io.StringIO()
    one = check(
        "NEXUS-01",
        "failed",
        message="redeploy \x1b[31mtaken",
        details="redeploy \x1b[31mtaken\n  expected: 400",
    )
    found = results(tmp_path, check("STATIC-01"), one)
    print_verdict(Console(file=out, width=100), found, folder="/results")
    lines = [line.rstrip() for line in out.getvalue().splitlines() if line.strip()]
    assert lines[0] == "failed NEXUS-01: redeploy taken"
    assert lines[1:4] == ["  What NEXUS-01 asks for.", "  expected: 400", "  next: repair NEXUS-01"]
    at = lines.index("verdict: not conformant")
    assert lines[at + 1 : at + 3] == ["  NEXUS-01 failed: redeploy taken", "  next: repair NEXUS-01"]
    assert lines[-1] == "  report: /results"
