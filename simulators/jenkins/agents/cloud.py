"""The Kubernetes cloud: the template of a label, and the life of an agent's pod."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..home.settings import log
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
    """The parts of the controller that a cloud uses.

    `cancel` cancels the queue items that wait for an agent with one of the labels, with the reason. A pod
    that falls back to ImagePullBackOff `back_offs` times is given up (`Reaper.backoffEventsLimit`)."""

    computers: Computers
    cancel: Callable[[tuple[str, ...], str], None]
    root_url: Callable[[], str]
    back_offs: int = 3


@dataclass
class Cloud:
    """One `kubernetes` cloud; `data` holds its attributes as the configuration has them, `dynamic` the
    templates that running pipelines declared, by label."""

    data: dict[str, Any]
    tools: Tools
    dynamic: dict[str, dict[str, Any]] = field(default_factory=dict)
    dying: list[Computer] = field(default_factory=list)
    refused_until: float = 0.0

    @property
    def name(self) -> str:
        """The cloud's name."""
        return str(self.data.get("name") or "kubernetes")

    @property
    def namespace(self) -> str:
        """The namespace of its pods."""
        return str(self.data.get("namespace") or "default")

    def kube(self) -> Kube:
        """A client for its server."""
        server = str(self.data.get("serverUrl") or "https://kubernetes.default")
        return Kube(server, timeout=float(self.data.get("readTimeout") or 15))

    def templates(self) -> list[dict[str, Any]]:
        """The configured templates."""
        return list(self.data.get("templates") or [])

    def template_for(self, label: str | None) -> dict[str, Any] | None:
        """The template that serves a label; a task without a label takes one that is open to any."""
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
            template
            for name in wanted
            for template in [*self.templates(), *self.dynamic.values()]
            if name in {template.get("name"), template.get("label")}
        ]

    def room(self, template: Mapping[str, Any]) -> bool:
        """Whether the caps of the cloud and the template allow one more pod."""
        cap = int(self.data.get("containerCapStr") or self.data.get("containerCap") or 10)
        mine = [*self.tools.computers.all.values(), *self.dying]
        of_template = sum(1 for computer in mine if computer.template.get("id") == template.get("id"))
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
        pod_labels = {str(entry["key"]): str(entry["value"]) for entry in self.data.get("podLabels") or []}
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
            log(
                "WARNING",
                "o.c.j.p.k.KubernetesLauncher#launch",
                f"Error in provisioning; agent={computer.name}\n{trace}",
            )
            computer.report(f"ERROR: Failed to launch {computer.name}\n{trace}")
            self.refused_until = time.monotonic() + 10.0
            self.tools.computers.remove(computer)
            return
        computer.running = True
        computer.report(f"Created Pod: {self.name} {computer.namespace}/{computer.name}")
        self._watch_start(computer, kube)

    def _watch_start(self, computer: Computer, kube: Kube) -> None:
        """Report the pod's state until the agent is online, and give up where the real plugin does."""
        begin = time.monotonic()
        limit = float(self.data.get("waitForPodSec") or 600)
        template = computer.template
        connect = float(template.get("slaveConnectTimeoutStr") or template.get("slaveConnectTimeout") or 1000)
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
                computer.report(report)
            back_off = any(reason == "ImagePullBackOff" for _, reason, _ in waiting(pod))
            if back_off and not in_back_off:
                back_offs += 1
                if back_offs >= self.tools.back_offs:
                    self._give_up_image(computer, pod)
                    return
                computer.report(BACKING_OFF.format(self.tools.back_offs - back_offs))
            in_back_off = back_off
            phase, now = pod.get("status", {}).get("phase"), time.monotonic()
            if phase == "Running":
                running_since = running_since or now
            late = running_since is not None and now - running_since > connect
            if late or now - begin > limit or phase in {"Failed", "Succeeded"}:
                self._give_up(computer, pod, connect)
                return
            computer.gone.wait(POLL)

    def _give_up_image(self, computer: Computer, pod: Mapping[str, Any]) -> None:
        images = {entry["name"]: entry["image"] for entry in pod["spec"]["containers"]}
        broken = next(
            name for name, reason, _ in waiting(pod) if reason in {"ImagePullBackOff", "ErrImagePull"}
        )
        computer.report(
            f'ERROR: Unable to pull container image "{images[broken]}". Check if image tag name is '
            f"spelled correctly."
        )
        if computer.dynamic:
            self.tools.cancel(computer.labels, "Queue task was cancelled")
        self.terminate(computer)

    def _give_up(self, computer: Computer, pod: Mapping[str, Any], seconds: float) -> None:
        phase = pod.get("status", {}).get("phase", "Unknown")
        reason = f"Agent is not connected after {seconds:.0f} seconds, status: {phase}"
        log(
            "WARNING",
            "o.c.j.p.k.KubernetesLauncher#launch",
            f"Error in provisioning; agent={computer.name}: {reason}",
        )
        computer.report(f"ERROR: Failed to launch {computer.name}\njava.lang.IllegalStateException: {reason}")
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
            log(
                "WARNING",
                "o.c.j.p.k.KubernetesSlave#_terminate",
                f"Failed to delete pod for agent {computer.name}: {error}",
            )
        finally:
            self.dying.remove(computer)
            self.tools.computers.remove(computer)

    def lost(self) -> list[Computer]:
        """Agents whose pod was deleted or died under them."""
        mine = [computer for computer in list(self.tools.computers.all.values()) if computer.running]
        if not mine:
            return []
        try:
            pods = {
                pod["metadata"]["name"]: pod
                for namespace in {computer.namespace for computer in mine}
                for pod in self.kube().pods(namespace, "jenkins/label")
            }
        except (KubeError, OSError):
            return []
        return [computer for computer in mine if not computer.removed and is_dead(pods.get(computer.name))]
