"""Before the restart: which job the run may delete, and which agents are left."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from conformance.clients.jenkins import Jenkins
from suites.restarts.controller_restart import expendable, idle_agents
from tests.clients.server import Server, json_answer

JOBS = ("team/first", "team/second")
OWN = ({"kind": "folder", "name": "x"}, {"kind": "requested build", "job": "team/second", "queue_id": 7})


def build(queue_id: int, *, building: bool = False) -> dict[str, object]:
    return {"queueId": queue_id, "building": building}


@pytest.mark.parametrize(
    ("builds", "chosen"),
    [
        ([], "team/second"),
        ([build(7)], "team/second"),
        ([build(7, building=True)], "team/first"),
        ([build(8), build(7)], "team/first"),
        ([build(8)], "team/first"),
    ],
)
def test_a_job_is_expendable_when_nobody_else_has_a_build_of_it(
    server: Server, jenkins: Jenkins, builds: list[dict[str, object]], chosen: str
) -> None:
    second = {"fullName": "team/second", "lastBuild": {"number": 3} if builds else None}
    first = {"fullName": "team/first", "lastBuild": None}
    server.on("GET", "/api/json", json_answer({"jobs": [{"fullName": "team", "jobs": [first, second]}]}))
    server.on("GET", "/job/team/job/second/api/json", json_answer({"builds": builds}))
    assert expendable(jenkins, JOBS, OWN) == chosen


def test_no_job_is_expendable_when_each_has_builds_of_others(server: Server, jenkins: Jenkins) -> None:
    jobs = [{"fullName": name, "lastBuild": {"number": 1}} for name in JOBS]
    server.on("GET", "/api/json", json_answer({"jobs": jobs}))
    assert expendable(jenkins, JOBS, ()) == ""


def test_a_job_that_is_not_there_cannot_be_deleted(server: Server, jenkins: Jenkins) -> None:
    server.on("GET", "/api/json", json_answer({"jobs": []}))
    assert expendable(jenkins, JOBS, OWN) == ""


class Pods:
    """A cluster with given pods."""

    def __init__(self, *names: str, deleted: bool = False) -> None:
        labels = {"jenkins/label": "maven"}
        self.made = [SimpleNamespace(name=name, labels=labels, deleted=deleted) for name in names]
        self.made.append(SimpleNamespace(name="jenkins-0", labels={}, deleted=False))

    def pods(self, _namespace: str) -> list[Any]:
        return self.made


def test_agents_are_left_on_which_nothing_runs(server: Server, jenkins: Jenkins) -> None:
    states = [("busy", False, False), ("idle", True, False), ("starting", True, True), ("gone", False, False)]
    computers = [{"displayName": name, "idle": idle, "offline": off} for name, idle, off in states]
    server.on("GET", "/computer/api/json", json_answer({"computer": computers}))
    kube: Any = Pods("busy", "idle", "starting", "unknown")
    assert idle_agents(jenkins, kube, "jenkins") == {
        "idle": "its agent waits idle",
        "unknown": "the controller knows no such agent",
    }


def test_pods_that_are_going_are_not_left(server: Server, jenkins: Jenkins) -> None:
    kube: Any = Pods("idle", deleted=True)
    assert idle_agents(jenkins, kube, "jenkins") == {}
    assert server.times("GET", "/computer/api/json") == 0
