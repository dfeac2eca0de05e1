"""The observations of one upgrade, with a simulated stack."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from conformance.contract.load import load
from conformance.core.errors import EnvironmentFailure
from conformance.core.paths import REFERENCE
from conformance.core.timeline import Timeline
from conformance.upgrade import upgrade_run
from conformance.upgrade.inflight import Outcome
from conformance.upgrade.interruptions import Event
from conformance.upgrade.kinds import Kind
from conformance.upgrade.observed import Observed
from conformance.upgrade.pairs import Side
from conformance.upgrade.probing.availability import Sample
from conformance.upgrade.probing.in_cluster_prober import InClusterSamples
from conformance.upgrade.upgrade_run import UpgradeRun

SIDE = Side("new", load(REFERENCE / "conformance.toml"))
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

    def disturbances(self) -> Any:
        return self

    def stack(self) -> Any:
        pods = lambda namespace, _selector: [
            SimpleNamespace(name=namespace, uid=str(self.pods[namespace]), deleted=False, ready=True)
        ]
        repositories = {"r": {"createdAt": "then", "imageTagMutability": "IMMUTABLE"}}
        return SimpleNamespace(
            contract=SIDE.loaded.contract,
            kube=SimpleNamespace(pods=pods),
            ecr=SimpleNamespace(repositories=lambda: repositories),
        )


class Build:
    """Work under way."""

    patience: float = 0

    def __init__(self, _stack: object) -> None: ...

    def outcome(self, _stack: object, patience: float) -> Outcome:
        Build.patience = patience
        return Outcome(running="SUCCESS", reason="", queued="queued")

    def clean_up(self, _stack: object) -> None: ...


class Quiet:
    """A prober that saw Jenkins away for a while."""

    def __init__(self, _probes: object) -> None:
        reported = ("", "status 503", "")
        self.samples = {
            ("jenkins", "read"): [
                Sample(sent=at, answered=at + 0.1, fault=fault) for at, fault in enumerate(reported)
            ]
        }

    def __enter__(self) -> Quiet:
        return self

    def __exit__(self, *_: object) -> None: ...


class Disturbance:
    """What was done, and to whom."""

    def __init__(self, kind: Kind, _stack: object, disturbances: Played, _say: object) -> None:
        self.kind, self.disturbances = kind, disturbances
        self.events = [Event(at=1, until=2, what="nexus: killed", killed=("nexus",))]

    def __enter__(self) -> Disturbance:
        return self

    def __exit__(self, *_: object) -> None:
        self.disturbances.error = None

    def kills(self, service: str) -> tuple[tuple[float, float], ...]:
        return ((1, 2),) if service == "nexus" else ()


@contextmanager
def nobody_inside(_stack: object) -> Iterator[InClusterSamples]:
    yield InClusterSamples(unmeasured="no pod with Python")


@pytest.fixture
def played(monkeypatch: pytest.MonkeyPatch) -> Played:
    made = Played()
    monkeypatch.setattr(upgrade_run, "Inflight", Build)
    monkeypatch.setattr(upgrade_run, "LocalProber", Quiet)
    monkeypatch.setattr(upgrade_run, "Interruption", Disturbance)
    monkeypatch.setattr(upgrade_run, "probe_in_cluster", nobody_inside)
    monkeypatch.setattr(upgrade_run, "create_probes", lambda *_: ())
    monkeypatch.setattr(upgrade_run, "senders", lambda *_: {})
    monkeypatch.setattr(upgrade_run, "clean_up", lambda *_: None)
    monkeypatch.setattr("time.sleep", lambda _: None)
    monkeypatch.setattr(UpgradeRun, "stack", lambda *_: made.stack())
    return made


def go(played: Played, folder: Path, side: Side = SIDE, interrupt: Kind | None = None) -> Observed:
    run: Any = SimpleNamespace(kubeconfig=Path("/k"), endpoints_file=Path("/e"), id="r")
    return UpgradeRun(played, run, lambda _: None).execute(OLD, side, "forth", folder, interrupt)


def test_an_upgrade_that_goes_well(played: Played, tmp_path: Path) -> None:
    seen = go(played, tmp_path)
    assert seen.error == ""
    assert [step.name for step in seen.steps] == ["jenkins"]
    assert seen.again == ()
    assert seen.lost == ()
    assert seen.interrupted is None
    assert [round(each.seconds, 3) for each in seen.away] == [1.1]
    assert seen.unmeasured == "no pod with Python"
    assert seen.inflight is not None
    assert Build.patience == upgrade_run.SETTLED, "the controller was away"
    assert Observed.load(tmp_path) == seen


def test_a_second_time_that_renews_a_pod_is_reported(played: Played, tmp_path: Path) -> None:
    played.renews[1] = ["nexus"]
    assert go(played, tmp_path).again == ("pod nexus: 1 -> 2",)


def test_a_failed_upgrade_is_reported_with_its_step(played: Played, tmp_path: Path) -> None:
    played.error = EnvironmentFailure("the pod does not start")
    seen = go(played, tmp_path)
    assert "does not start" in seen.error
    assert [(step.name, step.ok) for step in seen.steps] == [("jenkins", False)]
    assert (seen.inflight, seen.again) == (None, None)
    assert seen.away, "how long services were away is known all the same"


def test_an_interrupted_upgrade_is_made_a_second_time(played: Played, tmp_path: Path) -> None:
    played.error = EnvironmentFailure("the registry does not answer")
    seen = go(played, tmp_path, interrupt="registry")
    assert seen.error == "", "the second try was undisturbed"
    assert [(step.name, step.ok) for step in seen.steps] == [("jenkins", False), ("jenkins", True)]
    assert seen.interrupted is not None
    assert "does not answer" in seen.interrupted.stopped
    assert [event.what for event in seen.interrupted.events] == ["nexus: killed"]
    assert Observed.load(tmp_path) == seen


def test_an_interrupted_upgrade_that_goes_on_by_itself_is_made_once(played: Played, tmp_path: Path) -> None:
    seen = go(played, tmp_path, interrupt="pod")
    assert (seen.error, len(seen.steps)) == ("", 1)
    assert seen.interrupted is not None
    assert seen.interrupted.stopped == ""


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
