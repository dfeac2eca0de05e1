"""What one upgrade's course tells, with a stack that is played."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from contract.load import load
from core.errors import EnvironmentFailure
from core.paths import PROJECT
from core.timeline import Timeline
from upgrade import course
from upgrade.course import Course
from upgrade.inflight import Outcome
from upgrade.observed import Observed
from upgrade.pairs import Side
from upgrade.prober import Away

SIDE = Side("new", load(PROJECT / "conformance.toml"))
OLD = Side("old", SIDE.loaded)


class Played:
    """An environment whose pods are renewed by a change, or that fails."""

    def __init__(self) -> None:
        self.pods = {"jenkins": 0, "nexus": 0}
        self.renews: list[list[str]] = [["jenkins", "nexus"], []]
        self.error: EnvironmentFailure | None = None
        self.calls = 0

    def change(self, _to: object, timeline: Path) -> None:
        with Timeline(timeline).span("jenkins"):
            if self.error:
                raise self.error
        for name in self.renews[self.calls]:
            self.pods[name] += 1
        self.calls += 1

    def stack(self) -> Any:
        pods = lambda namespace, _selector: [  # noqa: E731
            SimpleNamespace(name=namespace, uid=str(self.pods[namespace]), deleted=False, ready=True)
        ]
        repositories = {"r": {"createdAt": "then", "imageTagMutability": "IMMUTABLE"}}
        return SimpleNamespace(
            contract=SIDE.loaded.contract, kube=SimpleNamespace(pods=pods),
            ecr=SimpleNamespace(repositories=lambda: repositories),
        )  # fmt: skip


class Build:
    """Work under way."""

    patience: float = 0

    def __init__(self, _stack: object) -> None: ...

    def outcome(self, _stack: object, patience: float) -> Outcome:
        Build.patience = patience
        return Outcome(running="SUCCESS", reason="", queued="queued")

    def forget(self, _stack: object) -> None: ...


class Quiet:
    """A prober that saw Jenkins away for a while."""

    def __init__(self, _probes: object) -> None: ...

    def __enter__(self) -> Quiet:
        return self

    def __exit__(self, *_: object) -> None: ...

    def away(self) -> tuple[Away, ...]:
        return (Away(service="jenkins", way="read", asked=9, failed=3, seconds=4.5),)


@pytest.fixture
def played(monkeypatch: pytest.MonkeyPatch) -> Played:
    made = Played()
    monkeypatch.setattr(course, "Inflight", Build)
    monkeypatch.setattr(course, "Prober", Quiet)
    monkeypatch.setattr(course, "probes", lambda _: {})
    monkeypatch.setattr(course, "forget", lambda _: None)
    monkeypatch.setattr("time.sleep", lambda _: None)
    monkeypatch.setattr(Course, "stack", lambda *_: made.stack())
    return made


def go(played: Played, folder: Path, side: Side = SIDE) -> Observed:
    run: Any = SimpleNamespace(kubeconfig=Path("/k"), endpoints_file=Path("/e"), id="r")
    return Course(played, run, lambda _: None).go(OLD, side, "forth", folder)


def test_an_upgrade_that_goes_well(played: Played, tmp_path: Path) -> None:
    seen = go(played, tmp_path)
    assert seen.error == ""
    assert [step.name for step in seen.steps] == ["jenkins"]
    assert seen.again == ()
    assert seen.inflight is not None
    assert Build.patience == course.SETTLED, "the controller was away"
    assert Observed.load(tmp_path) == seen


def test_a_second_time_that_renews_a_pod_is_told(played: Played, tmp_path: Path) -> None:
    played.renews[1] = ["nexus"]
    assert go(played, tmp_path).again == ("pod nexus: 1 -> 2",)


def test_a_failed_upgrade_is_told_with_its_step(played: Played, tmp_path: Path) -> None:
    played.error = EnvironmentFailure("the pod does not start")
    seen = go(played, tmp_path)
    assert "does not start" in seen.error
    assert [(step.name, step.ok) for step in seen.steps] == [("jenkins", False)]
    assert (seen.inflight, seen.again) == (None, None)
    assert seen.away, "how long services were away is known all the same"


def test_a_users_own_command_gets_what_it_needs(played: Played, tmp_path: Path) -> None:
    script = tmp_path / "upgrade.sh"
    script.write_text(
        "#!/bin/sh\n"
        f'printf \'{{"k": "%s", "e": "%s", "s": "%s"}}\' "$KUBECONFIG" "$CONFORMANCE_ENDPOINTS" '
        f'"$CONFORMANCE_STACK" > {tmp_path}/said\n'
    )
    script.chmod(0o755)
    upgrade = SIDE.loaded.contract.upgrade.model_copy(update={"command": (str(script),)})
    contract = SIDE.loaded.contract.model_copy(update={"upgrade": upgrade})
    seen = go(played, tmp_path, Side("new", SIDE.loaded.model_copy(update={"contract": contract})))
    assert played.calls == 0, "the command is in place of our own way"
    assert [step.name for step in seen.steps] == ["upgrade command"]
    said = json.loads((tmp_path / "said").read_text())
    assert said == {"k": "/k", "e": "/e", "s": str(SIDE.loaded.stack_dir)}
