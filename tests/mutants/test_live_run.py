"""A broken stack is repaired: in the end, after an interruption, and by the next run after a kill."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from conformance.core.errors import EnvironmentFailure
from environments.base import Endpoints, RegistryEndpoint, Service
from mutants.actions import Kubectl, Step
from mutants.live import LiveMutant
from mutants.live_run import Journal, Record, Runner

MUTANT = LiveMutant.model_validate(
    {
        "id": "broken",
        "layer": "jenkins",
        "what": "x",
        "breaks": ["JENKINS-20"],
        "says": ["by-hand"],
        "action": [
            {
                "do": "step",
                "step": {"do": "kubectl", "words": ["break"]},
                "undo": {"do": "kubectl", "words": ["repair"]},
            }
        ],
    }
)


class FakeBench:
    """Records its steps."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.fails = ""

    def plan(self, action: Any) -> tuple[list[Step], list[Step]]:
        return [action.step], [action.undo]

    def take(self, step: Step) -> None:
        assert isinstance(step, Kubectl)
        self.done.append(step.words[0])
        if step.words[0] == self.fails:
            raise EnvironmentFailure(f"cannot {self.fails}")

    def settled(self) -> None:
        self.done.append("settled")


def _check(requirement: str, outcome: str, message: str = "") -> Record:
    return Record((requirement,), f"suites/x.py::{requirement}", outcome, message, 0.0)


BROKEN = (_check("JENKINS-20", "failed", "by-hand is there"), _check("JENKINS-21", "passed"))


@pytest.fixture
def runner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Runner:
    service = Service("http://127.0.0.1:9")
    registry = RegistryEndpoint("h", service, service, "1", "r", "local")
    stack = tmp_path / "endpoints.json"
    stack.write_text(Endpoints("run", "kind", "", "", "", service, service, registry).to_json())
    made = Runner(stack)
    monkeypatch.setattr(made, "bench", FakeBench())
    return made


def _saw(
    runner: Runner, monkeypatch: pytest.MonkeyPatch, *sessions: Sequence[Record] | BaseException
) -> None:
    left = list(sessions)

    def suites(*_: object) -> tuple[list[Record], float]:
        found = left.pop(0)
        if isinstance(found, BaseException):
            raise found
        return list(found), 0.0

    monkeypatch.setattr(runner, "suites", suites)


def test_a_mutant_is_reported_and_repaired(runner: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    _saw(runner, monkeypatch, BROKEN, [_check("JENKINS-20", "passed")])
    result = runner.judge(MUTANT)
    assert result.proven
    assert result.first == "by-hand is there"
    assert runner.bench.done == ["break", "repair", "settled"]  # type: ignore[attr-defined]
    assert runner.journal.pending() == ("", ())


@pytest.mark.parametrize(
    ("records", "word"),
    [
        ((_check("JENKINS-20", "passed"),), "missed JENKINS-20"),
        ((*BROKEN, _check("JENKINS-23", "failed", "y")), "collateral JENKINS-23"),
        ((*BROKEN, _check("JENKINS-23", "error", "y")), "errors JENKINS-23"),
        ((_check("JENKINS-20", "failed", "something"),), "not in the message: by-hand"),
    ],
)
def test_what_is_not_proven_is_reported(
    runner: Runner, monkeypatch: pytest.MonkeyPatch, records: tuple[Record, ...], word: str
) -> None:
    _saw(runner, monkeypatch, records, [_check("JENKINS-20", "passed")])
    result = runner.judge(MUTANT)
    assert not result.proven
    assert word in result.line()


def test_blocked_is_fine(runner: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    _saw(runner, monkeypatch, (*BROKEN, _check("JENKINS-23", "blocked")), [_check("JENKINS-20", "passed")])
    assert runner.judge(MUTANT).proven


def test_what_still_fails_is_not_undone(runner: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    _saw(runner, monkeypatch, BROKEN, BROKEN)
    result = runner.judge(MUTANT)
    assert not result.undone
    assert "NOT UNDONE" in result.line()


def test_an_interruption_repairs(runner: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    _saw(runner, monkeypatch, KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        runner.judge(MUTANT)
    assert runner.bench.done == ["break", "repair", "settled"]  # type: ignore[attr-defined]


def test_what_cannot_be_repaired_stays_in_the_journal(
    runner: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    runner.bench.fails = "repair"  # type: ignore[attr-defined]
    _saw(runner, monkeypatch, BROKEN)
    assert "cannot repair" in runner.judge(MUTANT).broke
    assert runner.journal.pending()[0] == "broken"
    runner.bench.fails = ""  # type: ignore[attr-defined]
    assert runner.repair() == "broken"
    assert runner.journal.pending() == ("", ())


def test_the_journal_is_readable_by_its_owner_alone(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "mutants" / "applied.json")
    journal.applied("x", [Kubectl(words=("replace",), stdin="a secret")])
    file = tmp_path / "mutants" / "applied.json"
    assert file.stat().st_mode & 0o777 == 0o600
    assert json.loads(file.read_text())["mutant"] == "x"
