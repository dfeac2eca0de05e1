"""The other recorded builds: by web socket, with img, with a seed, and those that wait for ever."""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import pytest

from conformance.core.waiting import eventually
from simulators.jenkins.home.settings import Settings

from .comparing import RECORDINGS, compare
from .running import RunningSimulator
from .test_builds import DEFINITION, HISTORY, Held, Story, posted, shape

Launch = Callable[..., RunningSimulator]
SEASONED = (
    *HISTORY,
    "lastFailedBuild",
    "lastStableBuild",
    "lastSuccessfulBuild",
    "lastCompletedBuild",
    "lastUnsuccessfulBuild",
    "healthReport",
)
"""Marks of a job's earlier builds on the recorded controller."""
INHERIT = "podTemplate(inheritFrom: 'default', yaml: '''{}''') {{ node(POD_LABEL) {{ {} }} }}"
BAD = "172.18.0.1:5443/ep/no-such-image:9"


def web_socket(config: dict[str, Any]) -> None:
    cloud = config["jenkins"]["clouds"][0]["kubernetes"]
    cloud["webSocket"] = True
    del cloud["jenkinsTunnel"]


def bad_template(config: dict[str, Any]) -> None:
    templates = config["jenkins"]["clouds"][0]["kubernetes"]["templates"]
    more = copy.deepcopy(templates[0]) | {
        "name": "badimage",
        "label": "badimage",
        "id": "made-up-template-id-2",
    }
    more["containers"][0]["image"] = BAD
    templates.append(more)


class Tour(Story):
    """A story that asks only what was recorded, of a job that had builds before."""

    def look(self, step: str, path: str, text: str = "same", method: str = "GET", data: Any = None) -> None:
        """Compare an exchange if it was recorded."""
        name = f"{self.family}-{step}"
        if name in RECORDINGS:
            found = compare(name, self.simulator.send(method, path, data=data), text, SEASONED)
            if found:
                self.wrong[name] = found

    def begun(self, number: int, item: int) -> None:
        """While it runs."""
        for step in ("build-running", "build-end-while-waiting"):
            self.look(step, f"{self.job}/{number}/api/json")
        self.look("job-running", f"{self.job}/api/json")
        self.look("queue-item-1-LeftItem", f"/queue/item/{item}/api/json")

    def endless(self, number: int, item: int) -> None:
        """Pages of a build that was recorded while it waited, and then stopped."""
        for step in ("build-end", "lastBuild"):
            self.look(step, f"{self.job}/{number if step == 'build-end' else 'lastBuild'}/api/json")
        self.look("job-end", f"{self.job}/api/json")
        self.look("queue-item-left", f"/queue/item/{item}/api/json")
        for step in ("consoleText", "consoleText-waiting", "consoleText-while-waiting"):
            self.look(step, f"{self.job}/{number}/consoleText", text="start")
        for step in ("queue-waiting", "queue-still"):
            self.look(step, "/queue/api/json")

    def stopped(self, number: int, after: str) -> None:
        """Aborted by a person."""
        self.look("stop", f"{self.job}/{after}/stop", method="POST")
        build = self.simulator.finished(self.job.replace("/job/", "/").strip("/"), number)
        assert build["result"] == "ABORTED"
        self.look("build-stopped", f"{self.job}/lastBuild/api/json")
        console = self.simulator.send("GET", f"{self.job}/{number}/consoleText").text.splitlines()
        assert "Aborted by Jenkins Admin" in console
        assert console[-1] == "Finished: ABORTED"

    def over(self, number: int, item: int, console: str = "same") -> None:
        """The pages of the end."""
        build = f"{self.job}/{number}"
        self.look("consoleText", f"{build}/consoleText", text=console)
        self.look("build-end", f"{build}/api/json")
        self.look("lastBuild", f"{self.job}/lastBuild/api/json")
        self.look("job-end", f"{self.job}/api/json")
        self.look("queue-item-left", f"/queue/item/{item}/api/json")


def create(simulator: RunningSimulator, name: str, script: str) -> None:
    """A pipeline in the folder."""
    xml = DEFINITION.format(escape(script))
    answer = simulator.send(
        "POST", f"/job/cloudops/createItem?name={name}", data=xml, headers={"Content-Type": "text/xml"}
    )
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("family", "job", "data"),
    [
        ("agentpod-websocket", "build-account-management-images", {"imageTag": "ws"}),
        ("imgbuild", "build-deployment-package-images", {"dockerImageTag": "2.0"}),
        ("extra/yaml-image-override-ignored", "badimage-inline", None),
        ("commerce", "build-selfmanaged-commerce", {"mode": "quick"}),
    ],
)
def test_a_build_in_a_pod(launch: Launch, family: str, job: str, data: Any) -> None:
    simulator = launch(web_socket if family == "agentpod-websocket" else None)
    simulator.kube.connects.clear()
    if family.startswith("extra/"):
        yaml = f"spec: {{containers: [{{name: jnlp, image: {BAD}}}]}}"
        create(simulator, job, INHERIT.format(yaml, "sh 'echo never'"))
    simulator.kube.canned = {
        "cp /bin/busybox": "",
        "img build": "built\n",
        "img login": "pushed\n",
        "curl": "000\n",
    }
    held, tour = Held(simulator), Tour(simulator, family, f"cloudops/{job}")
    item = posted(
        tour,
        "post-buildWithParameters" if data else "post-build",
        "/buildWithParameters" if data else "/build",
        data,
    )
    held.flow.set()
    node = tour.queue()
    tour.begun(1, item)
    tour.wrong.pop("imgbuild-build-running", None)  # recorded in the moment before the script read POD_LABEL
    tour.look("queue-1", "/queue/api/json") if family not in {
        "imgbuild",
        "extra/yaml-image-override-ignored",
    } else None
    tour.waiting(node, [1])
    held.pod.set()
    tour.why(node, "is offline")
    tour.waiting(node, [2])
    tour.agent("jenkins-jenkins-agent", offline=True)
    gate = threading.Event()
    run = simulator.kube.run
    simulator.kube.run = lambda *args: (gate.wait(30), run(*args))[1]  # type: ignore[method-assign]
    simulator.kube.connects.set()
    eventually(
        lambda: any(c.busy for c in simulator.controller.computers.all.values()),
        what="the step runs",
        timeout=10,
        interval=0.02,
    )
    tour.agent("jenkins-jenkins-agent", settled=family not in {"commerce", "imgbuild"})
    gate.set()
    build = simulator.finished(f"cloudops/{job}", 1)
    assert build["result"] == "SUCCESS"
    eventually(lambda: not simulator.kube.pods, what="the pod is gone", timeout=10, interval=0.1)
    tour.over(1, item, "any" if family != "agentpod-websocket" else "same")
    actual = shape(simulator.console(f"cloudops/{job}", 1))
    assert [line for line in actual if line.startswith("[Pipeline]")] == [
        line
        for line in RECORDINGS[f"{family}-consoleText"]["text"].splitlines()
        if line.startswith("[Pipeline]")
    ]
    if family.startswith("extra/"):
        assert simulator.kube.created[0]["spec"]["containers"][0]["image"] == "docker.io/local/agent-img:1"
    tour.settle()


@pytest.mark.parametrize(
    ("family", "job", "script", "after"),
    [
        ("missing-label", "missing-label", None, "lastBuild"),
        ("badimage-static", "badimage-static", "node('badimage') { echo 'never' }", "lastBuild"),
        ("norbac", "build-account-management-images", None, "1"),
        ("norbac-inline", "norbac-inline", INHERIT.format("", "echo 'never'"), "lastBuild"),
    ],
)
def test_a_build_that_waits_for_ever(
    launch: Launch, family: str, job: str, script: str | None, after: str
) -> None:
    simulator = launch(bad_template if family == "badimage-static" else None)
    held, tour = Held(simulator), Tour(simulator, family, f"cloudops/{job}")
    if script:
        create(simulator, job, script)
    if family == "badimage-static":
        simulator.kube.broken_image = True
    simulator.kube.forbidden = family.startswith("norbac")
    data = {"imageTag": "latest"} if family == "norbac" else None
    item = posted(
        tour,
        "post-buildWithParameters" if data else "post-build",
        "/buildWithParameters" if data else "/build",
        data,
    )
    held.flow.set()
    node = tour.queue()
    tour.begun(1, item)
    offline = {2} if family == "badimage-static" else set()
    tour.look("queue-1", "/queue/api/json")
    tour.waiting(node, [2, 1, 3] if not offline else [2])
    if offline:
        held.pod.set()
        tour.why(node, "is offline")
        tour.waiting(node, [1, 3])
        tour.wrong.pop("badimage-static-queue-nodestep-2-BuildableItem", None)
        tour.look("computer-agent-offline", "/computer/api/json")
        tour.look("computers", "/computer/api/json")
    elif family.startswith("norbac"):
        tour.look("computers", "/computer/api/json")
    tour.endless(1, item)
    tour.look("label-api", "/label/no-such-label/api/json")
    tour.stopped(1, after)
    tour.settle()


@pytest.mark.parametrize("family", ["seed-unapproved", "seed-approved"])
def test_a_seed_while_it_runs(launch: Launch, family: str) -> None:
    simulator = launch()
    simulator.kube.connects.clear()
    held, tour = Held(simulator), Tour(simulator, family, "bootstrap")
    seeds = threading.Event()
    if family == "seed-approved":
        script = simulator.controller.jobs.find("bootstrap").config.seed or ""  # type: ignore[union-attr]
        assert not simulator.controller.approvals.holds(script)
        simulator.controller.approvals.approve(next(iter(simulator.controller.approvals.pending)))
    approved = simulator.controller.runner.seeds.approved
    simulator.controller.runner.seeds.approved = lambda text: (seeds.wait(30), approved(text))[1]
    answer = simulator.send("POST", "/job/bootstrap/buildWithParameters", data={"BRANCH": "main"})
    item = int(answer.headers["Location"].rstrip("/").rsplit("/", 1)[-1])
    tour.why(item, "Waiting for next")
    tour.look("queue-item-1-BuildableItem", f"/queue/item/{item}/api/json")
    held.pod.set()
    tour.why(item, "is offline")
    tour.look("queue-item-2-BuildableItem", f"/queue/item/{item}/api/json")
    simulator.kube.connects.set()
    eventually(
        lambda: simulator.get(f"/queue/item/{item}/api/json").get("executable"),
        what="it starts",
        timeout=10,
        interval=0.02,
    )
    eventually(
        lambda: "Processing" in simulator.console("bootstrap", 1),
        what="the seed runs",
        timeout=10,
        interval=0.02,
    )
    for step in ("queue-item-4-LeftItem", "queue-item-3-LeftItem"):
        tour.look(step, f"/queue/item/{item}/api/json")
    tour.look("build-running", "/job/bootstrap/1/api/json")
    tour.look("job-running", "/job/bootstrap/api/json")
    tour.look("computer-agent-online0", "/computer/api/json")
    tour.look("computer-tree-executors", RECORDINGS["fails-computer-tree-executors"]["path"])
    tour.look("label-busy", "/label/jenkins-jenkins-agent/api/json")
    seeds.set()
    simulator.finished("bootstrap", 1)
    tour.over(1, item)
    if family == "seed-unapproved":
        assert (
            compare("bootstrap-lastBuild-failed", simulator.send("GET", "/job/bootstrap/lastBuild/api/json"))
            == []
        )
        assert compare("scriptApproval-pending-html", simulator.send("GET", "/scriptApproval/")) == []
    tour.settle()


def test_an_image_that_cannot_be_pulled(launch: Launch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simulators.jenkins.agents.cloud.POLL", 0.05)
    simulator = launch()
    simulator.kube.broken_image = True
    yaml = f"spec: {{containers: [{{name: jnlp, image: {BAD}}}]}}"
    create(simulator, "badimage-inline", f"podTemplate(yaml: '{yaml}') {{ node(POD_LABEL) {{ sh 'x' }} }}")
    held, tour = Held(simulator), Tour(simulator, "badimage-inline", "cloudops/badimage-inline")
    item = posted(tour, "post-build", "/build")
    held.flow.set()
    node = tour.queue()
    tour.begun(1, item)
    tour.look("queue-1", "/queue/api/json")
    tour.waiting(node, [1])
    held.pod.set()
    tour.why(node, "is offline")
    tour.waiting(node, [2])
    tour.look("computer-agent-offline", "/computer/api/json")
    for _ in range(12):
        simulator.kube.toggle_pull()
        threading.Event().wait(0.15)
    build = simulator.finished("cloudops/badimage-inline", 1)
    assert build["result"] == "ABORTED"
    console = simulator.console("cloudops/badimage-inline", 1)
    said = f'ERROR: Unable to pull container image "{BAD}". Check if image tag name is spelled correctly.'
    assert said in console.splitlines()
    assert said in RECORDINGS["badimage-inline-consoleText"]["text"].splitlines()
    actual, recorded = (
        text.splitlines() for text in (console, RECORDINGS["badimage-inline-consoleText"]["text"])
    )
    marks = ("[Pipeline]", "Started", "Finished", "ERROR", "Queue task")
    assert [line for line in actual if line.startswith(marks)] == [
        line for line in recorded if line.startswith(marks)
    ]
    tour.over(1, item, "any")
    tour.settle()


def test_how_often_an_image_is_waited_for_is_an_option_of_the_jvm(
    launch: Launch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("simulators.jenkins.agents.cloud.POLL", 0.05)
    option = "-Dorg.csanchez.jenkins.plugins.kubernetes.pod.retention.Reaper.backoffEventsLimit=1"
    own = Settings.java_property
    settings = Settings(Path(), environment={"JAVA_OPTS": f"-Xmx768m {option}"})
    monkeypatch.setattr(Settings, "java_property", lambda _, name: own(settings, name))
    simulator = launch()
    simulator.kube.broken_image = True
    yaml = f"spec: {{containers: [{{name: jnlp, image: {BAD}}}]}}"
    create(simulator, "impatient", f"podTemplate(yaml: '{yaml}') {{ node(POD_LABEL) {{ sh 'x' }} }}")
    simulator.send("POST", "/job/cloudops/job/impatient/build")
    for _ in range(12):
        simulator.kube.toggle_pull()
        threading.Event().wait(0.15)
    assert simulator.finished("cloudops/impatient", 1)["result"] == "ABORTED"
    console = simulator.console("cloudops/impatient", 1)
    assert "Unable to pull container image" in console
    assert "Will wait for" not in console
