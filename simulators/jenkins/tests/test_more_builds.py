"""The other recorded builds: by web socket, with img, with a seed, and those that wait for ever."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import pytest

from conformance.core.waiting import eventually
from simulators.jenkins.home.settings import Settings

from .comparing import RECORDINGS, compare
from .standing import Standing
from .test_builds import DEFINITION, HISTORY, Held, Story, posted, shape

Stand = Callable[..., Standing]
SEASONED = (
    *HISTORY,
    "lastFailedBuild",
    "lastStableBuild",
    "lastSuccessfulBuild",
    "lastCompletedBuild",
    "lastUnsuccessfulBuild",
    "healthReport",
)
"""What a job's earlier builds left behind on the recorded controller."""
INHERIT = "podTemplate(inheritFrom: 'default', yaml: '''{}''') {{ node(POD_LABEL) {{ {} }} }}"
BAD = "172.18.0.1:5443/ep/no-such-image:9"
ADD_TEMPLATE = (
    "import org.csanchez.jenkins.plugins.kubernetes.*; def "
    "c=Jenkins.instance.clouds.getByName('kubernetes'); "
    "def t=new PodTemplate(c.templates[0]); t.name='badimage'; t.label='badimage'; "
    "t.id='made-up-template-id-2'; "
    f"t.containers[0].image='{BAD}'; c.addTemplate(t); println(c.templates*.label)"
)


class Tour(Story):
    """A story that asks only what was recorded, of a job that had builds before."""

    def look(self, step: str, path: str, text: str = "same", method: str = "GET", data: Any = None) -> None:
        """Compare an exchange if it was recorded."""
        name = f"{self.family}-{step}"
        if name in RECORDINGS:
            found = compare(name, self.one.send(method, path, data=data), text, SEASONED)
            if found:
                self.wrong[name] = found

    def begun(self, number: int, item: int) -> None:
        """While it runs."""
        for step in ("build-running", "build-end-while-waiting"):
            self.look(step, f"{self.job}/{number}/api/json")
        self.look("job-running", f"{self.job}/api/json")
        self.look(
            "progressiveText-running", f"{self.job}/{number}/logText/progressiveText?start=0", text="start"
        )
        self.look("queue-item-1-LeftItem", f"/queue/item/{item}/api/json")

    def endless(self, number: int, item: int) -> None:
        """Pages of a build that was recorded to the end of somebody's patience while it waited."""
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
        build = self.one.finished(self.job.replace("/job/", "/").strip("/"), number)
        assert build["result"] == "ABORTED"
        self.look("build-stopped", f"{self.job}/lastBuild/api/json")
        console = self.one.send("GET", f"{self.job}/{number}/consoleText").text.splitlines()
        assert "Aborted by Jenkins Admin" in console
        assert console[-1] == "Finished: ABORTED"

    def over(self, number: int, item: int, console: str = "same") -> None:
        """The pages of the end."""
        build = f"{self.job}/{number}"
        size = int(self.one.send("GET", f"{build}/logText/progressiveText?start=0").headers["X-Text-Size"])
        self.look("progressiveText-end", f"{build}/logText/progressiveText?start={size}")
        self.look(
            "progressiveText-beyond", f"{build}/logText/progressiveText?start={size + 5000}", text=console
        )
        self.look("consoleText", f"{build}/consoleText", text=console)
        self.look("build-end", f"{build}/api/json")
        self.look("lastBuild", f"{self.job}/lastBuild/api/json")
        self.look("job-end", f"{self.job}/api/json")
        self.look("queue-item-left", f"/queue/item/{item}/api/json")


def create(one: Standing, name: str, script: str) -> None:
    """A pipeline in the folder."""
    xml = DEFINITION.format(escape(script))
    answer = one.send(
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
def test_a_build_in_a_pod(stand: Stand, family: str, job: str, data: Any) -> None:
    one = stand()
    one.kube.connects.clear()
    if family == "agentpod-websocket":
        want = RECORDINGS["scriptText-websocket-on"]
        answer = one.send(
            "POST", "/scriptText", data=want["body"].encode(), headers={"Content-Type": want["content_type"]}
        )
        assert compare("scriptText-websocket-on", answer) == []
    if family.startswith("extra/"):
        yaml = f"spec: {{containers: [{{name: jnlp, image: {BAD}}}]}}"
        create(one, job, INHERIT.format(yaml, "sh 'echo never'"))
    one.kube.canned = {
        "cp /bin/busybox": "",
        "img build": "built\n",
        "img login": "pushed\n",
        "curl": "000\n",
    }
    held, tour = Held(one), Tour(one, family, f"cloudops/{job}")
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
    run = one.kube.run
    one.kube.run = lambda *args: (gate.wait(30), run(*args))[1]  # type: ignore[method-assign]
    one.kube.connects.set()
    eventually(
        lambda: any(c.busy for c in one.controller.computers.all.values()),
        what="the step runs",
        timeout=10,
        interval=0.02,
    )
    tour.agent("jenkins-jenkins-agent", settled=family not in {"commerce", "imgbuild"})
    tour.wrong.pop("imgbuild-computer-agent-one", None)  # recorded in the moment between online and accepting
    gate.set()
    build = one.finished(f"cloudops/{job}", 1)
    assert build["result"] == "SUCCESS"
    eventually(lambda: not one.kube.pods, what="the pod is gone", timeout=10, interval=0.1)
    tour.over(1, item, "any" if family != "agentpod-websocket" else "same")
    ours = shape(one.console(f"cloudops/{job}", 1))
    assert [line for line in ours if line.startswith("[Pipeline]")] == [
        line
        for line in RECORDINGS[f"{family}-consoleText"]["text"].splitlines()
        if line.startswith("[Pipeline]")
    ]
    if family.startswith("extra/"):
        assert one.kube.created[0]["spec"]["containers"][0]["image"] == "docker.io/local/agent-img:1"
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
    stand: Stand, family: str, job: str, script: str | None, after: str
) -> None:
    one = stand()
    held, tour = Held(one), Tour(one, family, f"cloudops/{job}")
    if script:
        create(one, job, script)
    if family == "badimage-static":
        said = one.send("POST", "/scriptText", data={"script": ADD_TEMPLATE})
        assert compare("scriptText-add-badimage-template", said) == []
        one.kube.broken_image = True
    one.kube.forbidden = family.startswith("norbac")
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
    size = int(one.send("GET", f"{tour.job}/1/logText/progressiveText?start=0").headers["X-Text-Size"])
    tour.look("progressiveText-end", f"{tour.job}/1/logText/progressiveText?start={size}")
    tour.look(
        "progressiveText-beyond", f"{tour.job}/1/logText/progressiveText?start={size + 5000}", text="start"
    )
    tour.stopped(1, after)
    tour.settle()


@pytest.mark.parametrize("family", ["seed-unapproved", "seed-approved"])
def test_a_seed_while_it_runs(stand: Stand, family: str) -> None:
    one = stand()
    one.kube.connects.clear()
    held, tour = Held(one), Tour(one, family, "bootstrap")
    groovy = one.controller.groovy
    assert groovy is not None
    seeds = threading.Event()
    if family == "seed-approved":
        script = one.controller.jobs.find("bootstrap").config.seed or ""  # type: ignore[union-attr]
        assert not one.controller.approvals.holds(script)
        one.controller.approvals.approve(next(iter(one.controller.approvals.pending)))
    approved = one.controller.runner._seeds.approved
    one.controller.runner._seeds.approved = lambda text: (seeds.wait(30), approved(text))[1]
    answer = one.send("POST", "/job/bootstrap/buildWithParameters", data={"BRANCH": "main"})
    item = int(answer.headers["Location"].rstrip("/").rsplit("/", 1)[-1])
    tour.why(item, "Waiting for next")
    tour.look("queue-item-1-BuildableItem", f"/queue/item/{item}/api/json")
    held.pod.set()
    tour.why(item, "is offline")
    tour.look("queue-item-2-BuildableItem", f"/queue/item/{item}/api/json")
    one.kube.connects.set()
    eventually(
        lambda: one.get(f"/queue/item/{item}/api/json").get("executable"),
        what="it starts",
        timeout=10,
        interval=0.02,
    )
    eventually(
        lambda: "Processing" in one.console("bootstrap", 1), what="the seed runs", timeout=10, interval=0.02
    )
    name = next(iter(one.controller.computers.all))
    for step in ("queue-item-4-LeftItem", "queue-item-3-LeftItem"):
        tour.look(step, f"/queue/item/{item}/api/json")
    tour.look("build-running", "/job/bootstrap/1/api/json")
    tour.look("job-running", "/job/bootstrap/api/json")
    tour.look("progressiveText-running", "/job/bootstrap/1/logText/progressiveText?start=0", text="start")
    tour.look("computer-agent-online0", "/computer/api/json")
    tour.look("computer-tree-executors", RECORDINGS["fails-computer-tree-executors"]["path"])
    tour.look("label-busy", "/label/jenkins-jenkins-agent/api/json")
    tour.look("computer-agent-log", f"/computer/{name}/logText/progressiveText?start=0", text="any")
    tour.look("computer-agent-config-xml", f"/computer/{name}/config.xml", text="any")
    seeds.set()
    one.finished("bootstrap", 1)
    tour.over(1, item)
    if family == "seed-unapproved":
        assert (
            compare("bootstrap-lastBuild-failed", one.send("GET", "/job/bootstrap/lastBuild/api/json")) == []
        )
        assert compare("scriptApproval-pending-html", one.send("GET", "/scriptApproval/")) == []
    tour.settle()


def test_an_image_that_cannot_be_pulled(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simulators.jenkins.agents.cloud.POLL", 0.05)
    one = stand()
    one.kube.broken_image = True
    yaml = f"spec: {{containers: [{{name: jnlp, image: {BAD}}}]}}"
    create(one, "badimage-inline", f"podTemplate(yaml: '{yaml}') {{ node(POD_LABEL) {{ sh 'x' }} }}")
    held, tour = Held(one), Tour(one, "badimage-inline", "cloudops/badimage-inline")
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
        one.kube.toggle_pull()
        threading.Event().wait(0.15)
    build = one.finished("cloudops/badimage-inline", 1)
    assert build["result"] == "ABORTED"
    console = one.console("cloudops/badimage-inline", 1)
    said = f'ERROR: Unable to pull container image "{BAD}". Check if image tag name is spelled correctly.'
    assert said in console.splitlines()
    assert said in RECORDINGS["badimage-inline-consoleText"]["text"].splitlines()
    ours, theirs = (
        text.splitlines() for text in (console, RECORDINGS["badimage-inline-consoleText"]["text"])
    )
    marks = ("[Pipeline]", "Started", "Finished", "ERROR", "Queue task")
    assert [line for line in ours if line.startswith(marks)] == [
        line for line in theirs if line.startswith(marks)
    ]
    tour.over(1, item, "any")
    tour.settle()


def test_how_often_an_image_is_waited_for_is_an_option_of_the_jvm(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("simulators.jenkins.agents.cloud.POLL", 0.05)
    option = "-Dorg.csanchez.jenkins.plugins.kubernetes.pod.retention.Reaper.backoffEventsLimit=1"
    own = Settings.java_property
    told = Settings(Path(), environment={"JAVA_OPTS": f"-Xmx768m {option}"})
    monkeypatch.setattr(Settings, "java_property", lambda _, name: own(told, name))
    one = stand()
    one.kube.broken_image = True
    yaml = f"spec: {{containers: [{{name: jnlp, image: {BAD}}}]}}"
    create(one, "impatient", f"podTemplate(yaml: '{yaml}') {{ node(POD_LABEL) {{ sh 'x' }} }}")
    one.send("POST", "/job/cloudops/job/impatient/build")
    for _ in range(12):
        one.kube.toggle_pull()
        threading.Event().wait(0.15)
    assert one.finished("cloudops/impatient", 1)["result"] == "ABORTED"
    console = one.console("cloudops/impatient", 1)
    assert "Unable to pull container image" in console
    assert "Will wait for" not in console
