"""What disturbs an upgrade, and what of an interrupted one is lost."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from conformance.contract.load import load
from conformance.core.errors import EnvironmentFailure
from conformance.core.paths import REFERENCE
from conformance.core.waiting import cancelled, eventually
from conformance.upgrade import acknowledged, interruptions
from conformance.upgrade.interruptions import Interruption
from conformance.upgrade.kinds import Kind
from conformance.upgrade.probing.availability import Sample

CONTRACT = load(REFERENCE / "conformance.toml").contract


def pod(name: str, uid: str, *, ready: bool = True, started: bool = True) -> Any:
    container = SimpleNamespace(name="main", started=datetime.now(UTC) if started else None)
    return SimpleNamespace(
        name=name, uid=uid, namespace=name, ready=ready, deleted=False, containers=(container,)
    )


class Cluster:
    """Pods by namespace, and what was done to them."""

    def __init__(self) -> None:
        self.held = {"jenkins": [pod("jenkins", "old")], "nexus": [pod("nexus", "old")]}
        self.done: list[str] = []
        self.changed = threading.Event()
        self.error = ""

    def pods(self, namespace: str, _selector: str) -> Any:
        return tuple(self.held[namespace])

    def kill(self, namespace: str, _pod: str, container: str) -> None:
        if self.error:
            raise EnvironmentFailure(self.error)
        self.done.append(f"kill {namespace} {container}")
        self.changed.set()

    def restart_node(self) -> None:
        self.done.append("restart")
        self.changed.set()

    @contextmanager
    def registry_away(self) -> Iterator[None]:
        self.done.append("away")
        self.changed.set()
        yield
        self.done.append("back")

    @contextmanager
    def volumes_full(self) -> Iterator[None]:
        self.done.append("full")
        self.changed.set()
        yield
        self.done.append("room again")


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Cluster:
    monkeypatch.setattr(interruptions, "PATIENCE", 20)
    return Cluster()


def disturb(kind: Kind, cluster: Cluster) -> Interruption:
    stack: Any = SimpleNamespace(contract=CONTRACT, kube=cluster)
    return Interruption(kind, stack, cluster, lambda _: None)


def test_new_pods_are_killed_each_at_its_moment(cluster: Cluster) -> None:
    with disturb("pod", cluster) as made:
        cluster.held = {
            "jenkins": [pod("jenkins", "new", ready=False)],
            "nexus": [pod("nexus", "new", ready=False)],
        }
        assert cluster.changed.wait(10)
        assert cluster.done == ["kill jenkins main"], "Nexus serves nobody yet"
        cluster.changed.clear()
        cluster.held["nexus"] = [pod("nexus", "new")]
        assert cluster.changed.wait(10)
    assert cluster.done[1:] == ["kill nexus main"]
    ((begin, end),) = made.kills("nexus")
    assert begin <= end
    assert [event.killed for event in made.events] == [("jenkins",), ("nexus",)]


def test_a_pod_that_is_not_replaced_is_left_alone_and_reported(cluster: Cluster) -> None:
    with disturb("pod", cluster) as made:
        pass
    assert cluster.done == []
    assert [event.what.partition(":")[0] for event in made.events] == ["jenkins", "nexus"]
    assert made.kills("nexus") == ()


def test_the_node_restarts_when_the_new_controller_starts(cluster: Cluster) -> None:
    with disturb("node", cluster) as made:
        cluster.held["jenkins"] = [pod("jenkins", "new", ready=False)]
        assert cluster.changed.wait(10)
    assert cluster.done == ["restart"]
    assert made.events[0].killed == ("jenkins", "nexus", "registry")


def test_an_upgrade_that_fails_of_it_does_not_give_the_disturbance_up(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    ready = iter((False, False, True))
    waited = lambda: eventually(lambda: next(ready), what="the node is ready", timeout=10, interval=0.01)
    monkeypatch.setattr(cluster, "restart_node", waited)
    with cancelled(), disturb("node", cluster) as made:
        cluster.held["jenkins"] = [pod("jenkins", "new", ready=False)]
        made._thread.join(10)
    assert [event.what for event in made.events] == ["the node was restarted"]


def test_the_registry_comes_back_when_the_upgrade_has_ended(cluster: Cluster) -> None:
    with disturb("registry", cluster) as made:
        assert cluster.changed.wait(10)
        assert cluster.done == ["away"]
    assert cluster.done == ["away", "back"]
    assert made.events[0].killed == ()


def test_volumes_have_room_again_when_the_upgrade_has_ended(cluster: Cluster) -> None:
    with disturb("volume", cluster) as made:
        assert cluster.changed.wait(10)
        assert cluster.done == ["full"]
    assert cluster.done == ["full", "room again"]
    assert [event.what for event in made.events] == ["the volumes were full"]
    assert made.events[0].killed == ()


def test_the_registry_comes_back_after_a_while_also_when_the_upgrade_waits(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(interruptions, "MISSING", 0.1)
    done = disturb("registry", cluster)
    with done:
        done._thread.join(10)
        assert cluster.done == ["away", "back"]


def test_a_disturbance_that_cannot_be_made_is_an_error_of_the_harness(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(interruptions, "PATIENCE", 1)
    cluster.error = "ctr is not there"
    broken = disturb("pod", cluster)
    cluster.held["jenkins"] = [pod("jenkins", "new")]
    with broken_by("new pods start", "ctr is not there"), broken:
        broken._thread.join(30)


@contextmanager
def broken_by(*words: str) -> Iterator[None]:
    with pytest.raises(EnvironmentFailure) as caught:
        yield
    assert all(word in str(caught.value) for word in words)


def samples(*answered: float) -> list[Sample]:
    return [Sample(sent=at, answered=at, number=number) for number, at in enumerate(answered)]


def test_lost_writes_are_measured_against_the_kill(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(acknowledged, "missing", lambda _stack, _where, _service, numbers: tuple(numbers))
    late = Sample(sent=5.05, answered=7.5, number=5)
    writes = [*samples(1.0, 4.6, 5.05, 9.0), Sample(sent=6, answered=6, number=4, fault="status 503"), late]
    seen: Any = {"outside": {("nexus", "write"): writes, ("nexus", "read"): samples(1.0)}, "inside": {}}
    stack: Any = None
    found = list(acknowledged.lost(stack, seen, lambda _: ((5.0, 5.1),)))
    assert [each.number for each in found] == [0, 1, 2, 3, 5], "what was refused was not acknowledged"
    assert [each.known for each in found] == [False, True, True, False, True]
    assert "acknowledged 4.00 s before the kill" in str(found[0])
    assert acknowledged.written(seen["outside"]) == {"nexus": [0, 1, 2, 3, 4, 5]}
