"""The Kubernetes cloud: which template serves a label, and the life of an agent's pod."""

import secrets
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from . import podspec
from .computers import Computer, Computers
from .kube import Kube, KubeError
from .podstate import is_dead, pod_info, waiting

POLL = 0.5
REAPER = "org.csanchez.jenkins.plugins.kubernetes.pod.retention.Reaper"
BACKING_OFF = (
    "ERROR: Image pull backoff detected, waiting for image to be available. "
    "Will wait for {} more events before terminating the node."
)


@dataclass(frozen=True)
class Tools:
    """What a cloud needs of the controller around it."""

    computers: Computers
    kube: Callable[[Mapping[str, Any]], Kube]
    log: Callable[[str, str, str], None]
    """level, logger, message."""
    cancel: Callable[[Computer, str], None]
    """Give up the queue items that wait for an agent, with the reason."""
    root_url: Callable[[], str]
    back_offs: int = 3
    """How often a pod falls back to ImagePullBackOff until it is given up: `Reaper.backoffEventsLimit`."""


@dataclass
class Cloud:
    """One `kubernetes` cloud of the configuration, as its attributes are written there."""

    data: dict[str, Any]
    tools: Tools
    dynamic: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Templates that running pipelines declared, by label."""
    dying: list[Computer] = field(default_factory=list)
    refused_until: float = 0.0

    @property
    def name(self) -> str:
        """The cloud's name."""
        return str(self.data.get("name") or "kubernetes")

    @property
    def namespace(self) -> str:
        """Where its pods go."""
        return str(self.data.get("namespace") or "default")

    def kube(self) -> Kube:
        """A client for its server."""
        return self.tools.kube(self.data)

    def templates(self) -> list[dict[str, Any]]:
        """The configured templates."""
        return list(self.data.get("templates") or [])

    def template_for(self, label: str | None) -> dict[str, Any] | None:
        """The template that serves a label; a task without a label takes what is open to any."""
        if label in self.dynamic:
            return self.dynamic[label]
        for template in self.templates():
            if label is not None and label in str(template.get("label") or "").split():
                return template
            if (
                label is None
                and str(template.get("nodeUsageMode") or "NORMAL") == "NORMAL"
                and not self.data.get("usageRestricted")
            ):
                return template
        return None

    def inherited(self, names: str | None) -> list[dict[str, Any]]:
        """The templates that an `inheritFrom` names."""
        wanted = str(names or "").split()
        return [
            t
            for name in wanted
            for t in [*self.templates(), *self.dynamic.values()]
            if t.get("name") == name or t.get("label") == name
        ]

    def room(self, template: Mapping[str, Any]) -> bool:
        """Whether one more pod is allowed by the cloud's and the template's caps."""
        cap = int(self.data.get("containerCapStr") or self.data.get("containerCap") or 10)
        mine = [*self.tools.computers.all.values(), *self.dying]
        of_template = sum(1 for c in mine if c.template.get("id") == template.get("id"))
        limit = int(template.get("instanceCapStr") or template.get("instanceCap") or 2147483647)
        return len(mine) < cap and of_template < limit and time.monotonic() >= self.refused_until

    def provision(self, template: dict[str, Any], label: str | None) -> Computer:
        """Start one agent; its pod is made in the background."""
        name = podspec.pod_name(str(template.get("name") or "agent"))
        secret = secrets.token_hex(32)
        namespace = str(template.get("namespace") or self.namespace)
        labels = str(template.get("label") or "")
        root = self.tools.root_url()
        url = str(self.data.get("jenkinsUrl") or root)
        pod_labels = {str(e["key"]): str(e["value"]) for e in self.data.get("podLabels") or []}
        identity = podspec.Identity(
            name=name,
            secret=secret,
            label=labels or str(label or ""),
            jenkins_url=url if url.endswith("/") else url + "/",
            root_url=root,
            tunnel=self.data.get("jenkinsTunnel"),
            web_socket=str(self.data.get("webSocket")).lower() == "true",
            pod_labels=pod_labels or {"jenkins": "slave"},
            run_url=template.get("run_url"),
        )
        pod = podspec.build(template, identity)
        pod["metadata"]["namespace"] = namespace
        computer = Computer(
            name, template, (name, *labels.split()), secret, namespace, pod, build_log=template.get("log")
        )
        self.tools.computers.add(computer)
        threading.Thread(target=self._launch, args=(computer,), daemon=True, name=f"launch {name}").start()
        return computer

    def _launch(self, computer: Computer) -> None:
        kube = self.kube()
        try:
            kube.get_pod(computer.namespace, computer.name)
            kube.create_pod(computer.namespace, computer.pod)
        except (KubeError, OSError) as error:
            trace = f"io.fabric8.kubernetes.client.KubernetesClientException: {error}"
            self.tools.log(
                "WARNING",
                "o.c.j.p.k.KubernetesLauncher#launch",
                f"Error in provisioning; agent={computer.name}\n{trace}",
            )
            computer.say(f"ERROR: Failed to launch {computer.name}\n{trace}")
            self.refused_until = time.monotonic() + 10.0
            self.tools.computers.remove(computer)
            return
        computer.running = True
        computer.say(f"Created Pod: {self.name} {computer.namespace}/{computer.name}")
        self._watch_start(computer, kube)

    def _watch_start(self, computer: Computer, kube: Kube) -> None:
        """Until the agent is online: report the pod's state, and give up where the real plugin does."""
        deadline = time.monotonic() + float(self.data.get("waitForPodSec") or 600)
        connect = float(
            computer.template.get("slaveConnectTimeoutStr")
            or computer.template.get("slaveConnectTimeout")
            or 1000
        )
        shown = ""
        back_offs, in_back_off, running_since = 0, False, None
        while not computer.online and not computer.removed:
            try:
                pod = kube.get_pod(computer.namespace, computer.name)
            except (KubeError, OSError):
                pod = computer.pod
            if pod is None:
                self.tools.computers.remove(computer)
                return
            report = pod_info(pod)
            if report and report != shown:
                shown = report
                computer.say(report)
            back_off = any(reason == "ImagePullBackOff" for _, reason, _ in waiting(pod))
            if back_off and not in_back_off:
                back_offs += 1
                if back_offs >= self.tools.back_offs:
                    self._give_up_image(computer, pod)
                    return
                computer.say(BACKING_OFF.format(self.tools.back_offs - back_offs))
            in_back_off = back_off
            if pod.get("status", {}).get("phase") == "Running":
                running_since = running_since or time.monotonic()
            late = running_since is not None and time.monotonic() - running_since > connect
            if (
                late
                or time.monotonic() > deadline
                or pod.get("status", {}).get("phase") in {"Failed", "Succeeded"}
            ):
                self._give_up(computer, pod, connect)
                return
            computer.gone.wait(POLL)

    def _give_up_image(self, computer: Computer, pod: Mapping[str, Any]) -> None:
        images = {c["name"]: c["image"] for c in pod["spec"]["containers"]}
        broken = next(
            name for name, reason, _ in waiting(pod) if reason in {"ImagePullBackOff", "ErrImagePull"}
        )
        computer.say(
            f'ERROR: Unable to pull container image "{images[broken]}". Check if image tag name is '
            f"spelled correctly."
        )
        if computer.dynamic:
            self.tools.cancel(computer, "Queue task was cancelled")
        self.terminate(computer)

    def _give_up(self, computer: Computer, pod: Mapping[str, Any], seconds: float) -> None:
        phase = pod.get("status", {}).get("phase", "Unknown")
        reason = f"Agent is not connected after {seconds:.0f} seconds, status: {phase}"
        self.tools.log(
            "WARNING",
            "o.c.j.p.k.KubernetesLauncher#launch",
            f"Error in provisioning; agent={computer.name}: {reason}",
        )
        computer.say(f"ERROR: Failed to launch {computer.name}\njava.lang.IllegalStateException: {reason}")
        self.terminate(computer)

    def terminate(self, computer: Computer) -> None:
        """Remove an agent and its pod; the pod counts against the cap until it is gone."""
        if computer.removed:
            return
        self.dying.append(computer)
        self.tools.computers.remove(computer)
        threading.Thread(
            target=self._delete, args=(computer,), daemon=True, name=f"delete {computer.name}"
        ).start()

    def _delete(self, computer: Computer) -> None:
        kube = self.kube()
        pause = threading.Event()
        try:
            kube.delete_pod(computer.namespace, computer.name)
            for _ in range(120):
                if kube.get_pod(computer.namespace, computer.name) is None:
                    break
                pause.wait(POLL)
        except (KubeError, OSError) as error:
            self.tools.log(
                "WARNING",
                "o.c.j.p.k.KubernetesSlave#_terminate",
                f"Failed to delete pod for agent {computer.name}: {error}",
            )
        finally:
            self.dying.remove(computer)
            self.tools.computers.remove(computer)

    def lost(self) -> list[Computer]:
        """Agents whose pod was deleted or died under them."""
        mine = [c for c in list(self.tools.computers.all.values()) if c.running]
        if not mine:
            return []
        try:
            pods = {
                p["metadata"]["name"]: p
                for ns in {c.namespace for c in mine}
                for p in self.kube().pods(ns, "jenkins/label")
            }
        except (KubeError, OSError):
            return []
        return [c for c in mine if not c.removed and is_dead(pods.get(c.name))]
