"""Whole builds, step by step, compared with the same builds on a real controller."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
import requests

from conformance.core.waiting import eventually

from .comparing import RECORDINGS, clean, compare
from .running import RunningSimulator

Launch = Callable[..., RunningSimulator]
DEFINITION = (
    "<flow-definition><properties/><definition class='org.jenkinsci.plugins.workflow.cps.CpsFlowDefinition'>"
    "<script>{}</script></definition></flow-definition>"
)
HISTORY = ("color", "previousBuild", "nextBuild")
"""The recorded controller had built other things before."""


class Held:
    """Holds a build between its first console line and its first step, and agents between their request
    and their pod."""

    def __init__(self, simulator: RunningSimulator) -> None:
        """Args: simulator: the simulator."""
        self.flow, self.pod = threading.Event(), threading.Event()
        groovy = simulator.controller.groovy
        call, provision = groovy.call, simulator.controller.scheduler._provision

        def held(op: str, **more: Any) -> Any:
            if op == "flow":
                self.flow.wait(30)
            return call(op, **more)

        groovy.call = held  # type: ignore[method-assign]
        simulator.controller.scheduler._provision = lambda: provision() if self.pod.is_set() else None  # type: ignore[method-assign]


class Story:
    """Asks what was asked then, and remembers what was not answered as then."""

    def __init__(self, simulator: RunningSimulator, family: str, job: str) -> None:
        """Args: simulator: the simulator; family: of the recordings; job: full name."""
        self.simulator, self.family, self.job = simulator, family, "/job/" + job.replace("/", "/job/")
        self.wrong: dict[str, list[str]] = {}
        self.covered: set[str] = set()

    def check(
        self, step: str, path: str, text: str = "same", method: str = "GET", data: Any = None
    ) -> requests.Response:
        """Compare one exchange."""
        answer = self.simulator.send(method, path, data=data)
        name = f"{self.family}-{step}"
        self.covered.add(name)
        if name in RECORDINGS and (found := compare(name, answer, text, HISTORY)):
            self.wrong[name] = found
        return answer

    def settle(self) -> None:
        """Everything was as recorded."""
        assert not self.wrong, "\n".join(
            f"{name}: {line}" for name, found in self.wrong.items() for line in found
        )

    def queue(self) -> int:
        """The id of the newest item that waits."""
        found = eventually(
            lambda: self.simulator.get("/queue/api/json")["items"],
            what="something waits",
            timeout=10,
            interval=0.02,
        )
        return int(found[0]["id"])

    def why(self, item: int, said: str) -> None:
        """Wait until an item waits for a reason."""
        eventually(
            lambda: self.simulator.get(f"/queue/item/{item}/api/json"),
            what=f"waits because {said}",
            timeout=10,
            interval=0.02,
            until=lambda i: said in str(i.get("why")),
        )

    def waiting(self, item: int, numbers: list[int], cls: str = "BuildableItem") -> None:
        """The queue and the item while a `node` step waits."""
        for number in numbers:
            if f"{self.family}-queue-nodestep-{number}-{cls}" in RECORDINGS:
                self.check(f"queue-nodestep-{number}-{cls}", "/queue/api/json")
            if f"{self.family}-queue-nodestep-item-{number}" in RECORDINGS:
                self.check(f"queue-nodestep-item-{number}", f"/queue/item/{item}/api/json")

    def agent(self, label: str, offline: bool = False, settled: bool = True) -> None:
        """The agent's pages."""
        if offline:
            self.check("computer-agent-offline", "/computer/api/json")
            return
        pages = {
            "computer-agent-online": "/computer/api/json",
            "computer-agent-online-depth1": "/computer/api/json?depth=1",
            "computer-tree-executors": RECORDINGS["fails-computer-tree-executors"]["path"],
            "label-busy": f"/label/{label}/api/json",
        }
        for step, path in pages.items():
            if not settled and step.startswith("computer-agent-online"):
                continue  # recorded in the moment between online and accepting
            if f"{self.family}-{step}" in RECORDINGS:
                self.check(step, path)

    def end(self, number: int, item: int) -> None:
        """The build's pages when it is over."""
        build = f"{self.job}/{number}"
        self.check("consoleText", f"{build}/consoleText")
        self.check("build-end", f"{build}/api/json")
        self.check("lastBuild", f"{self.job}/lastBuild/api/json")
        self.check("job-end", f"{self.job}/api/json")
        self.check("queue-item-left", f"/queue/item/{item}/api/json")


def running(story: Story, number: int, item: int) -> None:
    story.check("build-running", f"{story.job}/{number}/api/json")
    story.check("job-running", f"{story.job}/api/json")
    story.check("queue-item-1-LeftItem", f"/queue/item/{item}/api/json")


def posted(story: Story, step: str, path: str, data: Any = None) -> int:
    """Post a build; its queue item."""
    answer = story.check(step, story.job + path, method="POST", data=data)
    item = int(answer.headers["Location"].rstrip("/").rsplit("/", 1)[-1])
    eventually(
        lambda: story.simulator.get(f"/queue/item/{item}/api/json").get("executable"),
        what="the build starts",
        timeout=10,
        interval=0.02,
    )
    return item


def test_flyweight(launch: Launch) -> None:
    simulator = launch()
    held, story = Held(simulator), Story(simulator, "flyweight", "cloudops/no-agent")
    item = posted(story, "post-build", "/build")
    running(story, 1, item)
    story.check("queue-1", "/queue/api/json")
    held.flow.set()
    simulator.finished("cloudops/no-agent", 1)
    story.end(1, item)
    story.settle()


@pytest.mark.parametrize(
    ("family", "job", "post", "data", "whys"),
    [
        (
            "agentpod-static",
            "build-account-management-images",
            "buildWithParameters",
            {"imageTag": "1.0"},
            (1, 2),
        ),
        ("fails", "always-fails", "build", None, (1, 2)),
    ],
)
def test_static_template(
    launch: Launch, family: str, job: str, post: str, data: Any, whys: tuple[int, int]
) -> None:
    simulator = launch()
    simulator.kube.connects.clear()
    held, story = Held(simulator), Story(simulator, family, f"cloudops/{job}")
    item = posted(story, f"post-{post}", f"/{post}", data)
    held.flow.set()
    node = story.queue()
    running(story, 1, item)
    story.check("queue-1", "/queue/api/json")
    story.waiting(node, [whys[0]])
    held.pod.set()
    story.why(node, "is offline")
    story.waiting(node, [whys[1]])
    story.agent("jenkins-jenkins-agent", offline=True)
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
    story.agent("jenkins-jenkins-agent")
    gate.set()
    simulator.finished(f"cloudops/{job}", 1)
    eventually(lambda: not simulator.kube.pods, what="the pod is gone", timeout=10, interval=0.1)
    story.end(1, item)
    story.settle()


def test_pod_template_and_artifacts(launch: Launch) -> None:
    simulator = launch()
    simulator.kube.connects.clear()
    said = RECORDINGS["commerce-consoleText"]["text"]
    outputs = [
        said.partition("[Pipeline] sh\n")[2].partition("[Pipeline]")[0],
        said.rpartition("[Pipeline] sh\n")[2].partition("[Pipeline]")[0],
    ]
    simulator.kube.canned = {"curl": outputs[1]}
    held, story = Held(simulator), Story(simulator, "commerce", "cloudops/build-selfmanaged-commerce")
    held.flow.set()
    item = posted(story, "post-buildWithParameters", "/buildWithParameters", {"mode": "quick"})
    node = story.queue()
    story.waiting(node, [1])
    held.pod.set()
    story.why(node, "is offline")
    story.waiting(node, [2])
    story.agent("jenkins-jenkins-agent", offline=True)
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
    story.agent("jenkins-jenkins-agent", settled=False)
    gate.set()
    simulator.finished("cloudops/build-selfmanaged-commerce", 1)
    build = f"{story.job}/1"
    story.check("consoleText", f"{build}/consoleText", text="any")
    story.check("queue-item-left", f"/queue/item/{item}/api/json")
    actual = clean(simulator.console("cloudops/build-selfmanaged-commerce", 1))
    assert shape(actual) == shape(clean(said))
    for name, path in (
        ("artifact-download", f"{build}/artifact/ext.war"),
        ("artifact-missing-404", f"{build}/artifact/nope"),
    ):
        assert compare(name, simulator.send("GET", path), "any") == []
    tree = RECORDINGS["artifacts-tree"]["path"].partition("?")[2]
    assert compare("artifacts-tree", simulator.send("GET", f"{build}/api/json?{tree}")) == []
    story.check("build-end", f"{build}/api/json")
    story.check("job-end", f"{story.job}/api/json")
    story.check(
        "unknown-param",
        story.job + "/buildWithParameters",
        method="POST",
        data={"nope": "1", "mode": "quick"},
    )
    story.settle()


def shape(console: str) -> list[str]:
    """A console without what commands printed and without the pod's progress, which depends on the
    node's speed."""
    lines = [
        line
        for line in console.splitlines()
        if line.startswith(("[Pipeline]", "Started", "Finished", "Agent", "Running on", "Archiving", "+ "))
    ]
    return [line for line in lines if not line.startswith(("+ cat", "+ head", "+ true", "+ +"))]


def test_missing_label(launch: Launch) -> None:
    simulator = launch()
    held, story = Held(simulator), Story(simulator, "missing-label", "cloudops/missing-label")
    held.pod.set()
    item = posted(story, "post-build", "/build")
    held.flow.set()
    node = story.queue()
    story.check("build-running", f"{story.job}/1/api/json")
    story.check("queue-item-1-LeftItem", f"/queue/item/{item}/api/json")
    story.check("queue-1", "/queue/api/json")
    story.check("queue-waiting", "/queue/api/json")
    story.waiting(node, [1])
    story.check("build-end", f"{story.job}/1/api/json")
    story.check("stop", f"{story.job}/lastBuild/stop", method="POST")
    simulator.finished("cloudops/missing-label", 1)
    story.check("build-stopped", f"{story.job}/lastBuild/api/json")
    story.settle()
    lines = simulator.console("cloudops/missing-label", 1).splitlines()
    assert [line for line in lines if "Aborted" in line or "Finished" in line] == [
        "Aborted by Jenkins Admin",
        "Finished: ABORTED",
    ]


def test_permission_missing(launch: Launch) -> None:
    simulator = launch()
    simulator.kube.forbidden = True
    story = Story(simulator, "norbac", "cloudops/build-account-management-images")
    posted(story, "post-buildWithParameters", "/buildWithParameters", {"imageTag": "1.0"})
    story.queue()
    story.check("consoleText", f"{story.job}/1/consoleText", text="start")
    story.check("computers", "/computer/api/json")
    inline = "podTemplate(inheritFrom: 'default') { node(POD_LABEL) { sh 'x' } }"
    xml = DEFINITION.format(inline)
    simulator.send(
        "POST", "/job/cloudops/createItem?name=norbac-inline", data=xml, headers={"Content-Type": "text/xml"}
    )
    number = simulator.build("cloudops/norbac-inline")
    said = eventually(
        lambda: simulator.console("cloudops/norbac-inline", number),
        what="the refusal shows",
        timeout=20,
        interval=0.2,
        until=lambda text: "is forbidden" in text,
    )
    assert "io.fabric8.kubernetes.client.KubernetesClientException: Failure executing: GET at:" in said
    simulator.send("POST", f"{story.job}/1/stop")
    simulator.send("POST", "/job/cloudops/job/norbac-inline/1/stop")
    simulator.finished("cloudops/norbac-inline", number)
    story.settle()


def test_agent_taken_away(launch: Launch) -> None:
    simulator = launch()
    inline = "podTemplate(inheritFrom: 'default') { node(POD_LABEL) { sh 'echo up; sleep 2; exit 143' } }"
    xml = DEFINITION.format(inline)
    simulator.send(
        "POST", "/job/cloudops/createItem?name=agent-killed", data=xml, headers={"Content-Type": "text/xml"}
    )
    answer = simulator.send("POST", "/job/cloudops/job/agent-killed/build")
    assert compare("agent-killed-post", answer) == []
    number = 1
    eventually(
        lambda: any(c.busy for c in simulator.controller.computers.all.values()),
        what="the step runs",
        timeout=10,
        interval=0.02,
    )
    threading.Event().wait(0.5)
    simulator.kube.delete(next(iter(simulator.kube.pods)))
    simulator.finished("cloudops/agent-killed", number)
    answer = simulator.send("GET", f"/job/cloudops/job/agent-killed/{number}/api/json")
    assert compare("agent-killed-build-end", answer) == []
    tail = simulator.console("cloudops/agent-killed", number).splitlines()[-4:]
    want = RECORDINGS["agent-killed-consoleText"]["text"].strip().splitlines()[-4:]
    assert [clean(line) for line in tail] == [clean(line) for line in want]


def test_seed_as_a_job(launch: Launch) -> None:
    simulator = launch()
    simulator.kube.connects.clear()
    story = Story(simulator, "seed-unapproved", "bootstrap")
    held = Held(simulator)
    answer = story.check(
        "post-buildWithParameters",
        "/job/bootstrap/buildWithParameters",
        method="POST",
        data={"BRANCH": "main"},
    )
    item = int(answer.headers["Location"].rstrip("/").rsplit("/", 1)[-1])
    story.why(item, "Waiting for next available executor")
    story.check("queue-1", "/queue/api/json")
    held.pod.set()
    story.why(item, "is offline")
    story.check("queue-2", "/queue/api/json")
    story.check("queue-item-2-BuildableItem", f"/queue/item/{item}/api/json")
    simulator.kube.connects.set()
    eventually(
        lambda: simulator.get(f"/queue/item/{item}/api/json").get("executable"),
        what="it starts",
        timeout=20,
        interval=0.05,
    )
    simulator.finished("bootstrap", 1)
    story.check("consoleText", "/job/bootstrap/1/consoleText")
    story.check("build-end", "/job/bootstrap/1/api/json")
    story.check("queue-item-left", f"/queue/item/{item}/api/json")
    story.check("job-end", "/job/bootstrap/api/json")
    for name in ("scriptText-pending-approvals", "scriptText-approve-pending"):
        want = RECORDINGS[name]
        answer = simulator.send(
            "POST", want["path"], data=want["body"].encode(), headers={"Content-Type": want["content_type"]}
        )
        assert compare(name, answer) == []
    approved = Story(simulator, "seed-approved", "bootstrap")
    number = None
    eventually(lambda: not simulator.kube.pods, what="the first agent is gone", timeout=10, interval=0.1)
    answer = approved.check(
        "post-buildWithParameters",
        "/job/bootstrap/buildWithParameters",
        method="POST",
        data={"BRANCH": "main"},
    )
    assert answer.status_code == 201, answer.text
    item = int(answer.headers["Location"].rstrip("/").rsplit("/", 1)[-1])
    number = eventually(
        lambda: simulator.get(f"/queue/item/{item}/api/json").get("executable"),
        what="it starts",
        timeout=20,
        interval=0.05,
    )["number"]
    simulator.finished("bootstrap", number)
    approved.end(number, item)
    story.settle()
    approved.settle()
    assert simulator.send("GET", "/job/cloudops/job/seeded-by-bootstrap/api/json").status_code == 200


def test_stopping(launch: Launch) -> None:
    simulator = launch()
    story = Story(simulator, "sleeper", "cloudops/sleeper")
    item = posted(story, "build-201", "/build")
    eventually(
        lambda: "Sleeping" in simulator.console("cloudops/sleeper", 1),
        what="it sleeps",
        timeout=10,
        interval=0.05,
    )
    story.check("build-running", f"{story.job}/1/api/json")
    story.check("job-api-running", f"{story.job}/api/json")
    story.check("running-executors", "/computer/api/json?depth=1")
    story.check("running-builds-tree", RECORDINGS["sleeper-running-builds-tree"]["path"])
    story.check("stop-302", f"{story.job}/1/stop", method="POST")
    simulator.finished("cloudops/sleeper", 1)
    story.check("second-build", f"{story.job}/build", method="POST")
    eventually(lambda: simulator.controller.runner.flows, what="it runs", timeout=10, interval=0.02)
    eventually(
        lambda: "Sleeping" in simulator.console("cloudops/sleeper", 2),
        what="it sleeps",
        timeout=10,
        interval=0.05,
    )
    story.check("second-queue", "/queue/api/json")
    story.check("stop-again", f"{story.job}/lastBuild/stop", method="POST")
    simulator.finished("cloudops/sleeper", 2)
    assert item > 0
    others = {
        "build-aborted": "1/api/json",
        "consoleText-aborted": "1/consoleText",
        "lastSuccessfulBuild-404": "lastSuccessfulBuild/api/json",
        "allBuilds-tree": RECORDINGS["allBuilds-tree"]["path"].partition("sleeper/")[2],
    }
    for name, path in others.items():
        if found := compare(name, simulator.send("GET", f"{story.job}/{path}")):
            story.wrong[name] = found
    story.settle()


def test_quiet_down(launch: Launch) -> None:
    simulator = launch()
    story = Story(simulator, "quietDown", "cloudops/sleeper")
    story.check("302", "/quietDown?reason=made-up", method="POST")
    assert [
        d for d in compare("quietingDown-api", simulator.send("GET", "/api/json")) if "color" not in d
    ] == []
    story.check("login", "/login", text="any")
    answer = story.check("build-201", f"{story.job}/build", method="POST")
    item = answer.headers["Location"].rstrip("/").rsplit("/", 1)[-1]
    story.why(int(item), "Jenkins is about to shut down")
    story.check("queue", "/queue/api/json")
    story.check("queue-item", f"/queue/item/{item}/api/json")
    assert compare("cancelQuietDown-302", simulator.send("POST", "/cancelQuietDown")) == []
    eventually(lambda: simulator.controller.runner.flows, what="it runs after all", timeout=5, interval=0.05)
    story.settle()


@pytest.mark.parametrize("kind", ["restart", "safeRestart"])
def test_restart(launch: Launch, kind: str) -> None:
    simulator = launch()
    number = simulator.build("cloudops/no-agent")
    simulator.finished("cloudops/no-agent", number)
    crumb = simulator.crumb()
    story = Story(simulator, kind, "cloudops/no-agent")
    back = threading.Event()
    start = simulator.controller.start
    simulator.controller.start = lambda: (back.wait(30), start())[1]  # type: ignore[method-assign]
    story.check("post", f"/{kind}", method="POST")
    pages = {
        "api-json-auth": "/api/json",
        "api-json": "/api/json",
        "crumb-auth": "/crumbIssuer/api/json",
        "login": "/login",
    }

    def look(state: str, text: str) -> None:
        for page, path in pages.items():
            if f"{kind}-{state}-{page}" in RECORDINGS:
                signed = page.endswith("auth")
                answer = (
                    simulator.send("GET", path) if signed else requests.get(simulator.base + path, timeout=5)
                )
                if found := compare(f"{kind}-{state}-{page}", answer, text, ("color",)):
                    story.wrong[f"{kind}-{state}-{page}"] = found

    look("1-503", "any")
    look("2-503", "any") if kind == "safeRestart" else None
    eventually(
        lambda: simulator.controller.life.state,
        what="it went down",
        timeout=10,
        interval=0.02,
        until=lambda s: s == "starting",
    )
    look("2-503" if kind == "restart" else "3-503", "any")
    back.set()
    eventually(
        lambda: simulator.session.get(f"{simulator.base}/login", timeout=5).status_code,
        what="up again",
        timeout=20,
        interval=0.05,
        until=lambda status: status == 200,
    )
    look("3-200" if kind == "restart" else "4-200", "any")
    for step, path in (
        ("after-api", RECORDINGS[f"{kind}-after-api"]["path"]),
        ("after-queue", "/queue/api/json"),
    ):
        story.check(step, path)
    old = simulator.session.post(
        f"{simulator.base}/job/cloudops/job/no-agent/build",
        auth=("admin", "made-up-admin-pw"),
        headers=crumb,
        timeout=5,
    )
    assert compare(f"{kind}-old-session-post-403", old) == []
    assert simulator.get("/job/cloudops/job/no-agent/1/api/json")["result"] == "SUCCESS"
    story.settle()
