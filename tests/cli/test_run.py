"""`conformance run` without a cluster: the static layer for real, and stacks that fail to stand up."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from conformance.cli import run as running
from conformance.cli.main import main
from conformance.core.errors import HostUnfit, TerminalState, UsageError
from conformance.core.paths import REFERENCE, state_root
from environments import runs
from environments.host import engine
from environments.kind import environment
from environments.kind.environment import Kind

WORDS = ["run", "--images", "packages", "--contract", str(REFERENCE / "conformance.toml")]


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A host of its own, without an engine."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setattr(engine, "find", lambda: None)


def result() -> dict[str, Any]:
    (file,) = (state_root() / "runs").glob("*/results/result.json")
    found: dict[str, Any] = json.loads(file.read_text())
    return found


def test_the_static_layer_alone_leaves_a_whole_report_and_nothing_standing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    events = tmp_path / "events"
    assert main([*WORDS, "--static-only", "--json-events", str(events)]) == 0
    assert "verdict: conformant" in capsys.readouterr().out
    found = result()
    assert found["run"]["state"] == "finished"
    assert found["run"]["stack_revision"]
    assert {check["outcome"] for check in found["checks"]} == {"passed"}
    assert {check["layer"] for check in found["checks"]} == {"static"}
    assert "upgrade" not in {requirement["layer"] for requirement in found["requirements"]}
    assert runs.all_runs() == ()
    assert [json.loads(line) for line in events.read_text().splitlines()]
    (before,) = running._earlier(str(REFERENCE / "conformance.toml"), "kind")
    assert before.run.id == found["run"]["id"]
    assert running._earlier("another.toml", "kind") == []


def test_a_path_of_the_static_suite_needs_no_stack(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*WORDS, "--", "suites/static/test_jobs.py"]) == 0
    assert "verdict: conformant" in capsys.readouterr().out
    assert {check["nodeid"].partition("::")[0] for check in result()["checks"]} == {
        "suites/static/test_jobs.py"
    }


def test_a_path_of_no_suite_leaves_nothing_behind(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*WORDS, "--", "suites/nxus"]) == 3
    assert "suites/nxus" in capsys.readouterr().err
    assert runs.all_runs() == ()


def test_a_host_that_is_unfit_is_incomplete_and_says_why(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def unfit(**_: object) -> None:
        raise HostUnfit("too little space", observed="1 GB", expected="15 GB", remedy="free some")

    monkeypatch.setattr(environment, "fit_host", unfit)
    assert main([*WORDS, "--", "-k", "test_values_are_yaml"]) == 2
    printed = capsys.readouterr().out
    assert "too little space" in printed
    assert "free some" in printed
    assert "Traceback" not in printed
    assert runs.all_runs() == ()


class Broken:
    """A stack that fails while it is stood up."""

    def __init__(self, error: BaseException) -> None:
        self.error = error

    def tasks(self) -> tuple[()]:
        return ()

    def up(self, *_: object) -> None:
        raise self.error


@pytest.mark.parametrize(
    ("error", "done"),
    [
        (TerminalState("it crashes"), ["diagnosed into results/diagnostics", "down"]),
        (KeyboardInterrupt(), ["down"]),
    ],
)
def test_what_was_half_made_is_explained_and_removed(
    monkeypatch: pytest.MonkeyPatch, error: BaseException, done: list[str]
) -> None:
    seen: list[str] = []
    broken: Any = Broken(error)
    monkeypatch.setattr(environment, "fit_host", lambda **_: None)
    monkeypatch.setattr(Kind, "assembled", staticmethod(lambda *_: broken))
    monkeypatch.setattr(
        Kind, "diagnose", lambda _, __, at: seen.append(f"diagnosed into {at.parent.name}/{at.name}")
    )
    monkeypatch.setattr(Kind, "down", lambda *_: seen.append("down"))
    assert main([*WORDS, "--keep", "--", "-k", "test_values_are_yaml"]) == 2
    assert seen == done
    assert result()["run"]["state"] == ("interrupted" if done == ["down"] else "finished")


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_ends_a_run_in_order(ending: signal.Signals) -> None:
    """A slow host check stands for anything that takes time."""
    program = (
        "import sys, time; from environments.kind import environment; "
        "from conformance.cli.main import main; "
        "environment.fit_host = lambda **_: (print('now', flush=True), time.sleep(60)); "
        f"sys.exit(main({WORDS!r} + ['--', '-k', 'test_values_are_yaml']))"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        while "now" not in process.stdout.readline():
            assert process.poll() is None
        process.send_signal(ending)
        printed = process.stdout.read()
        assert process.wait(timeout=30) == 2
    assert "verdict: incomplete" in printed
    assert result()["run"]["state"] == "interrupted"
    assert runs.all_runs() == ()


def test_waivers_beside_the_contract_count_unless_others_are_named(tmp_path: Path) -> None:
    contract, beside, other = tmp_path / "c.toml", tmp_path / "waivers.toml", tmp_path / "w.toml"
    planned: Any = SimpleNamespace(loaded=SimpleNamespace(file=contract))
    assert running._waivers(planned, None) is None
    beside.touch()
    assert running._waivers(planned, None) == beside
    with pytest.raises(UsageError, match="there are no waivers"):
        running._waivers(planned, other)
    other.touch()
    assert running._waivers(planned, other) == other


@pytest.mark.parametrize(
    "words", [["--json-events", "/no/such/folder/events"], ["--waivers", "/no/such/file"]]
)
def test_a_file_that_cannot_be_used_is_usage_and_leaves_no_run(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*WORDS, "--static-only", *words]) == 3
    assert words[1] in capsys.readouterr().err
    assert runs.all_runs() == ()


def test_of_an_existing_stack_no_image_is_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    contract = tmp_path / "conformance.toml"
    text = (REFERENCE / "conformance.toml").read_text()
    text = text.replace('path = "stack"', f'path = "{REFERENCE}/stack"').replace("1.34.4", "1.31.2")
    contract.write_text(text)
    words = ["run", "--environment", "existing", "--contract", str(contract), "--static-only"]
    assert main([*words, "--", "-k", "test_values_are_yaml"]) == 0
    assert "images:" not in capsys.readouterr().out
