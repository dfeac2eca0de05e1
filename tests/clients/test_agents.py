"""Agents: the error when none comes, and the timeline of one that does."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from conformance.clients.agents import Agents, Reaching
from conformance.clients.jobs import Build, Started
from conformance.clients.objects import Container, Pod
from conformance.core.errors import EnvironmentFailure
from conformance.core.nonconformance import NonConformance
from conformance.core.shared_facts import Shared

NOW = datetime.now(UTC)
POD = Pod(
    name="maven-1",
    namespace="jenkins",
    uid="1",
    phase="Running",
    labels={"jenkins/label": "maven"},
    node="n",
    service_account="jenkins-agent",
    created=NOW,
    scheduled=NOW,
    ready=True,
    deleted=False,
    containers=(Container("jnlp", "i:1", "", True, 0, "", "", "", NOW + timedelta(seconds=2), {}),),
    spec={},
)
HELD = "Started by user\n[Pipeline] echo\nconformance-agent=maven-1\n"


class Controller:
    """A controller whose console, clouds and queue are given."""

    def __init__(self, console: str, clouds: tuple[str, ...] = ("cloud",)) -> None:
        self.text = console
        self.clouds = clouds
        self.made: dict[str, str] = {}
        self.stopped: list[str] = []

    def create_pipeline(self, name: str, script: str) -> None:
        self.made[name] = script

    def start(self, job: str) -> Started:
        return Started(job, 1, 7)

    def console(self, started: Started) -> str:
        return self.text

    def label_clouds(self, label: str) -> tuple[str, ...]:
        return self.clouds

    def queue(self) -> tuple[dict[str, Any], ...]:
        return ({"why": "Waiting for next available executor"},)

    def stop(self, started: Started) -> None:
        self.stopped.append(started.job)

    def run(self, job: str, *, timeout: float) -> Build:
        return Build(job, 1, "SUCCESS", 1.0, self.text)


class Pods:
    """A cluster with these pods."""

    kubeconfig, context = "", ""

    def objects(self, *what: str) -> tuple[dict[str, Any], ...]:
        return ()

    def __init__(self, *pods: Pod) -> None:
        self.there = pods

    def pod(self, namespace: str, name: str) -> Pod | None:
        return next((pod for pod in self.there if pod.name == name), None)

    def pods(self, namespace: str, selector: str = "") -> tuple[Pod, ...]:
        return self.there


def _agents(controller: Any, cluster: Any, folder: Path) -> Agents:
    return Agents(controller, cluster, "jenkins", "conformance-run-1", Shared(folder))


def test_an_agent_is_asked_for_once_and_shared(tmp_path: Path) -> None:
    controller = Controller(HELD)
    agents = _agents(controller, Pods(POD), tmp_path)
    first, second = (agents.held("maven", timeout=5) for _ in range(2))
    assert first.pod.name == second.pod.name == "maven-1"
    assert list(controller.made) == ["conformance-run-1/agent-maven"]
    assert [what for what, _ in first.timeline] == [
        "queued",
        "pod created",
        "scheduled",
        "containers started",
        "first step",
    ]
    assert Shared(tmp_path).cleanups() == [
        {"kind": "running build", "job": "conformance-run-1/agent-maven", "number": 1}
    ]


def test_no_cloud_for_the_label_is_said(tmp_path: Path) -> None:
    controller = Controller("Still waiting to schedule task\n", clouds=())
    with pytest.raises(NonConformance) as caught:
        _agents(controller, Pods(), tmp_path).held("maven21", timeout=0.1)
    assert "no cloud of the controller has a pod template with label maven21" in caught.value.what
    assert controller.stopped == ["conformance-run-1/agent-maven21"]


def test_an_image_that_cannot_be_pulled_is_said(tmp_path: Path) -> None:
    broken = replace(
        POD, containers=(replace(POD.containers[0], waiting="ImagePullBackOff", message="no such image"),)
    )
    with pytest.raises(NonConformance) as caught:
        _agents(Controller("'maven-1' is offline\n"), Pods(broken), tmp_path).held("maven", timeout=0.1)
    assert "ImagePullBackOff no such image" in caught.value.what


def test_a_build_that_ends_instead_is_noticed_at_once(tmp_path: Path) -> None:
    controller = Controller("ERROR: Queue task was cancelled\nFinished: ABORTED\n")
    with pytest.raises(NonConformance) as caught:
        _agents(controller, Pods(), tmp_path).held("maven", timeout=60)
    assert "Finished: ABORTED" in caught.value.observed


def test_an_agent_in_another_namespace_is_said(tmp_path: Path) -> None:
    with pytest.raises(NonConformance) as caught:
        _agents(Controller(HELD), Pods(), tmp_path).held("maven", timeout=5)
    assert "runs in no pod of namespace jenkins" in caught.value.what


def test_a_pod_that_stays_is_said(tmp_path: Path) -> None:
    agents = _agents(Controller(HELD), Pods(POD), tmp_path)
    with pytest.raises(NonConformance) as caught:
        agents.wait_gone("maven-1", timeout=0.1)
    assert "maven-1 is still there" in caught.value.what
    assert agents.wait_gone("maven-2", timeout=1) < 1


def test_a_visit_reports_build_and_agent(tmp_path: Path) -> None:
    build, name = _agents(Controller(HELD), Pods(POD), tmp_path).visit("x", "maven", "sh 'true'", timeout=5)
    assert (build.result, name) == ("SUCCESS", "maven-1")


@pytest.mark.parametrize(
    ("said", "reached"),
    [
        (
            "The connection to the server 127.0.0.1:1 was refused - did you specify the right host or port?",
            False,
        ),
        ("error dialing backend: dial tcp 10.0.0.1:10250: connect: connection refused", False),
        ("sh: img: not found", True),
        ("command terminated with exit code 1", True),
    ],
)
def test_a_cluster_that_is_not_reached_is_no_answer_of_the_agent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str, reached: bool
) -> None:
    kubectl = tmp_path / "kubectl"
    kubectl.write_text(f"#!/bin/sh\necho '{said}' >&2\nexit 1\n")
    kubectl.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    backend = Reaching("agent-1", namespace="jenkins", container="jnlp", kubeconfig=None, context=None)
    if reached:
        assert backend.run("img --version").rc == 1
    else:
        with pytest.raises(EnvironmentFailure, match="did not reach pod agent-1"):
            backend.run("img --version")
