"""Agents: request one with a pipeline of the run, find its pod, run commands in it, release it."""

from __future__ import annotations

import re
import shutil
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from testinfra.backend.base import CommandResult
from testinfra.backend.kubectl import KubectlBackend
from testinfra.host import Host

from conformance.clients.jenkins import Jenkins
from conformance.clients.jobs import Build, Started
from conformance.clients.kubernetes import Cluster
from conformance.clients.objects import Pod
from conformance.core.errors import EnvironmentFailure, TerminalState, WaitTimeout
from conformance.core.nonconformance import NonConformance
from conformance.core.shared_facts import Shared
from conformance.core.waiting import eventually

#: where the agent itself runs in a pod of the kubernetes plugin
AGENT_CONTAINER = "jnlp"
#: seconds after which a held agent ends by itself
HOLD = 600

_HOLD = """\
node('{label}') {{
    echo "conformance-agent=${{env.NODE_NAME}}"
    sh 'sleep {seconds}'
}}
"""


@dataclass(frozen=True, slots=True)
class Agent:
    """An agent that runs a build of the run, which waits until it is stopped.

    `timeline` is (event, seconds since the build was requested), in order.
    """

    label: str
    started: Started
    pod: Pod
    timeline: tuple[tuple[str, float], ...]

    @property
    def online_seconds(self) -> float:
        return self.timeline[-1][1]

    @property
    def container(self) -> str:
        names = [part.name for part in self.pod.containers]
        return AGENT_CONTAINER if AGENT_CONTAINER in names else names[0]


#: kubectl's messages when it did not reach the command
UNREACHED = re.compile(
    r"connection to the server .* was refused|dial tcp .*: connect: |Unable to connect to the server|"
    r"unable to upgrade connection|error dialing backend|error reading from error stream|websocket: close|"
    r"unexpected EOF|i/o timeout|TLS handshake timeout|etcdserver:"
)


class Reaching(KubectlBackend):  # type: ignore[misc] # testinfra is not typed
    """testinfra's kubectl backend; an unreachable cluster is an EnvironmentFailure, no answer."""

    def run(self, command: str, *args: str, **kwargs: Any) -> CommandResult:
        done = super().run(command, *args, **kwargs)
        if done.rc and UNREACHED.search(done.stderr):
            raise EnvironmentFailure(
                f"kubectl did not reach pod {self.name}",
                where=self.get_command(command, *args),
                observed=done.stderr.strip(),
                remedy="look whether the cluster is there",
            )
        return done


class Agents:
    """Creates agents by jobs in one scratch folder of the controller."""

    def __init__(
        self, jenkins: Jenkins, cluster: Cluster, namespace: str, folder: str, shared: Shared
    ) -> None:
        self.jenkins = jenkins
        self.cluster = cluster
        self.namespace = namespace
        self.folder = folder
        self.shared = shared

    def held(self, label: str, *, timeout: float) -> Agent:
        """The run's one agent for `label`, shared by all workers, held until the run ends.

        Raises:
            NonConformance: no agent within `timeout` seconds, with the reason of the controller or the pod.
        """
        fact = self.shared.once(
            f"agent {label}", lambda: _fact(self.hold("agent", label, timeout=timeout)), timeout=timeout + 120
        )
        pod = self.cluster.pod(self.namespace, fact["pod"])
        if pod is None:
            raise NonConformance(
                f"agent pod {fact['pod']} went away while its build was running",
                expected="a pod as long as its build",
                remedy=f"kubectl -n {self.namespace} get events: was it evicted or out of memory?",
            )
        started = Started(fact["job"], fact["number"], 0)
        return Agent(label, started, pod, tuple((what, seconds) for what, seconds in fact["timeline"]))

    def in_own_session(self) -> Agents:
        """The same agents with an HTTP session of their own, for a thread."""
        http = self.jenkins.http
        auth = http.session.auth
        own = Jenkins(http.as_login(auth if isinstance(auth, tuple) else None))
        return Agents(own, self.cluster, self.namespace, self.folder, self.shared)

    def visit(self, name: str, label: str, script: str, *, timeout: float) -> tuple[Build, str]:
        """Run a short build on an agent: the finished build and the name of the agent, which is its pod's."""
        job = f"{self.folder}/{name}"
        self.jenkins.create_pipeline(
            job, f"node('{label}') {{ echo \"conformance-agent=${{env.NODE_NAME}}\"\n{script}\n}}"
        )
        build = self.jenkins.run(job, timeout=timeout)
        found = re.findall(r"conformance-agent=(\S+)", build.console)
        return build, str(found[-1]) if found else ""

    def hold(self, name: str, label: str, *, timeout: float) -> Agent:
        """A new agent with a build that waits; the cleanup stops it at the end of the run."""
        asked = time.monotonic()
        asked_at = datetime.now(UTC)
        job = f"{self.folder}/{name}-{re.sub('[^A-Za-z0-9]', '-', label)}"
        self.jenkins.create_pipeline(job, _HOLD.format(label=label, seconds=HOLD))
        started = self.jenkins.start(job)
        self.shared.register_cleanup("running build", job=job, number=started.number)
        queued = time.monotonic() - asked
        name = self._node_name(label, started, timeout)
        first_step = time.monotonic() - asked
        pod = self.cluster.pod(self.namespace, name)
        if pod is None:
            raise NonConformance(
                f"agent {name} runs in no pod of namespace {self.namespace}",
                expected=f"a pod {self.namespace}/{name}",
                remedy="name the cloud's namespace in JCasC as the contract does",
            )
        return Agent(label, started, pod, _timeline(pod, asked_at, queued, first_step))

    def wait_gone(self, name: str, *, timeout: float) -> float:
        """Seconds until the pod is gone. NonConformance over `timeout`."""
        start = time.monotonic()
        try:
            eventually(
                lambda: self.cluster.pod(self.namespace, name) is None,
                what=f"pod {name} is gone",
                timeout=timeout,
                interval=0.3,
            )
        except WaitTimeout as error:
            left = self.cluster.pod(self.namespace, name)
            raise NonConformance(
                f"agent pod {name} is still there {timeout:g} s after its build",
                expected=f"gone within {timeout:g} s",
                observed=f"{left.phase}, being deleted: {left.deleted}" if left else error.observed,
                remedy="set podRetention to Never; let the agent's container end on SIGTERM (use an init)",
            ) from error
        return time.monotonic() - start

    def host(self, agent: Agent) -> Any:
        """testinfra's host of the agent's container, by its kubectl backend."""
        if shutil.which("kubectl") is None:
            raise EnvironmentFailure(
                "kubectl is not on PATH", remedy="put kubectl on PATH: testinfra looks into pods with it"
            )
        backend = Reaching(
            agent.pod.name,
            namespace=agent.pod.namespace,
            container=agent.container,
            kubeconfig=self.cluster.kubeconfig or None,
            context=self.cluster.context or None,
        )
        host = Host(backend)
        backend.set_host(host)
        return host

    def _node_name(self, label: str, started: Started, timeout: float) -> str:
        def console() -> str:
            return self.jenkins.console(started)

        def ended(text: str) -> str | None:
            return f"the build ended: {text.strip().splitlines()[-1]}" if "\nFinished: " in text else None

        try:
            text = eventually(
                console,
                what=f"an agent for label {label} runs its first step",
                timeout=timeout,
                until=lambda seen: "conformance-agent=" in seen,
                terminal=ended,
            )
        except (WaitTimeout, TerminalState) as error:
            raise self._no_agent(label, started, timeout, error.observed) from error
        return str(re.findall(r"conformance-agent=(\S+)", text)[-1])

    def _spent_quota(self) -> str:
        """The quota that leaves no room for a pod, or empty: then no pod is there that could say so."""
        what = f"quotas of {self.namespace}"
        found = self.cluster.objects(what, "v1", "resourcequotas", self.namespace)
        for quota in found:
            status = quota.get("status") or {}
            hard, used = status.get("hard") or {}, status.get("used") or {}
            for resource in ("pods", "count/pods"):
                if resource in hard and used.get(resource) == hard[resource]:
                    return f"quota {quota['metadata']['name']} allows {hard[resource]} {resource}, all used"
        return ""

    def _no_agent(self, label: str, started: Started, timeout: float, seen: str) -> NonConformance:
        """The error for an agent that did not come, with its most likely reason."""
        if not self.jenkins.label_clouds(label):
            why = f"no cloud of the controller has a pod template with label {label}"
        else:
            pods = [pod for pod in self.cluster.pods(self.namespace) if "jenkins/label" in pod.labels]
            why = next((pod.trouble() for pod in pods if pod.trouble()), "")
            waiting = [str(item.get("why") or "") for item in self.jenkins.queue()]
            why = why or self._spent_quota()
            why = why or f"pods: {[(pod.name, pod.phase) for pod in pods]}; queue: {waiting}"
        self.jenkins.stop(started)
        return NonConformance(
            f"no agent for label {label}: {why}",
            expected=f"the first step of a build within {timeout:g} s",
            observed=seen[-600:],
            remedy="check the pod template, the controller's RBAC and the agent's image",
        )


def _fact(agent: Agent) -> dict[str, Any]:
    return {
        "pod": agent.pod.name,
        "job": agent.started.job,
        "number": agent.started.number,
        "timeline": agent.timeline,
    }


def _timeline(pod: Pod, asked: datetime, queued: float, first_step: float) -> tuple[tuple[str, float], ...]:
    """The agent's life so far. The cluster's times have a resolution of one second."""

    def since(moment: datetime | None) -> float:
        return max(0.0, (moment - asked).total_seconds()) if moment else 0.0

    running = max((since(part.started) for part in pod.containers), default=0.0)
    return (
        ("queued", round(queued, 1)),
        ("pod created", round(since(pod.created), 1)),
        ("scheduled", round(since(pod.scheduled), 1)),
        ("containers started", round(running, 1)),
        ("first step", round(first_step, 1)),
    )
