"""Disturbances of a stack: what is asked of the engine and of the cluster, and that it is taken back."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from conformance.core.errors import CommandFailed, EnvironmentFailure, UsageError
from environments.kind.disturb import Disturbances


class Played:
    """An environment that writes down its commands."""

    def __init__(
        self, statuses: list[dict[str, str]] | None = None, ecr: str = "simulator", claims: int = 0
    ) -> None:
        self.said: list[Any] = []
        self.ready = ["Unknown", "down", "True"]
        self.statuses = statuses or []
        self.ecr = SimpleNamespace(name=ecr)
        self.claims = claims
        self.spec = SimpleNamespace(node_names=("node-1", "node-2"))
        self.kubectl = self.engine = self

    def get(self, kind: str, *_: str) -> dict[str, Any]:
        if kind == "pod":
            return {"status": {"containerStatuses": self.statuses}, "spec": {"nodeName": "node-1"}}
        state = self.ready.pop(0)
        if state == "down":
            raise CommandFailed("kubectl", observed="connection refused")
        return {"status": {"conditions": [{"type": "Ready", "status": state}]}}

    def patch(self, *words: Any) -> None:
        self.said.append(words)

    def docker(self, *words: str) -> str:
        self.said.append(words)
        return ""

    def resolve_names(self) -> None:
        self.said.append("names")


def of(played: Played) -> Disturbances:
    where: Any = played
    return Disturbances(where)


def test_a_container_is_killed_by_its_id_on_its_node() -> None:
    played = Played(
        [{"name": "other", "containerID": "containerd://x"}, {"name": "a", "containerID": "c://y"}]
    )
    of(played).kill("jenkins", "jenkins-0", "a")
    ((_, node, *command),) = played.said
    assert node == "node-1"
    assert command == ["ctr", "--namespace", "k8s.io", "tasks", "kill", "--signal", "SIGKILL", "y"]
    with pytest.raises(EnvironmentFailure, match="does not run"):
        of(Played()).kill("jenkins", "jenkins-0", "a")


def test_a_restarted_node_is_waited_for_and_knows_the_registry_again() -> None:
    played = Played()
    of(played).restart_node()
    assert played.said == [("restart", "node-1"), "names"]
    assert played.ready == []


def test_the_registry_is_out_of_reach_and_back_whatever_happens() -> None:
    played = Played()
    with pytest.raises(ZeroDivisionError), of(played).registry_away():
        raise ZeroDivisionError
    away, back = (words[-1]["spec"]["selector"] for words in played.said)
    assert away["conformance-out-of-reach"] == "yes"
    assert back["conformance-out-of-reach"] is None
    assert [words[:3] for words in played.said] == [("service", "ecr", "conformance-system")] * 2


def test_a_registry_that_is_not_ours_is_left_alone() -> None:
    played = Played(ecr="aws")
    with pytest.raises(UsageError, match="cannot be taken away"), of(played).registry_away():
        pass
    assert played.said == []


def test_volumes_are_full_and_have_room_again_whatever_happens() -> None:
    played = Played(claims=64)
    with pytest.raises(ZeroDivisionError), of(played).volumes_full():
        raise ZeroDivisionError
    assert [words[:4] for words in played.said[:2]] == [("exec", f"node-{n}", "sh", "-c") for n in (1, 2)]
    (*_, filler) = played.said[-1]
    assert filler.startswith("/var/local-path-provisioner/")
    assert all(f"of={filler} " in words[-1] for words in played.said[:2])
    assert all(
        words[-1].startswith("grep -q ' /var/local-path-provisioner tmpfs '") for words in played.said[:2]
    )
    assert [words[:3] for words in played.said[2:]] == [("exec", f"node-{n}", "rm") for n in (1, 2)]


def test_volumes_that_have_the_host_s_disk_are_not_filled() -> None:
    played = Played()
    with pytest.raises(UsageError, match="cannot be filled"), of(played).volumes_full():
        pass
    assert played.said == []
