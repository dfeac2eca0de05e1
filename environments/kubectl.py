"""kubectl, for what the harness itself does to a cluster; checks use the typed client of fixtures."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conformance.core.process import run
from conformance.core.waiting import eventually

#: container states from which a container does not start by itself
TERMINAL_REASONS = frozenset(
    {
        "ImagePullBackOff",
        "ErrImagePull",
        "ErrImageNeverPull",
        "InvalidImageName",
        "CrashLoopBackOff",
        "CreateContainerConfigError",
        "CreateContainerError",
        "RunContainerError",
    }
)


def is_rolled_out(workload: dict[str, Any]) -> bool:
    """Has a Deployment or StatefulSet all its pods from its newest template, and ready? (apps/v1, status)"""
    status, wanted = workload.get("status", {}), workload["spec"].get("replicas", 1)
    revisions = {status.get("currentRevision"), status.get("updateRevision")}
    return bool(
        status.get("observedGeneration", 0) >= workload["metadata"]["generation"]
        and status.get("updatedReplicas", 0) == wanted
        and status.get("readyReplicas", 0) == wanted
        and status.get("replicas", 0) == wanted
        and len(revisions) == 1
    )


@dataclass(frozen=True, slots=True)
class Kubectl:
    program: Path
    kubeconfig: Path
    #: one of the kubeconfig; empty: its current one
    context: str = ""

    def __call__(self, *words: str, stdin: str | None = None, timeout: float = 60) -> str:
        """Standard output. Raises CommandFailed."""
        command: list[str | Path] = [self.program, "--kubeconfig", self.kubeconfig]
        command += [*(("--context", self.context) if self.context else ()), *words]
        return run(command, stdin=stdin, timeout=timeout).stdout

    def get(self, *words: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self("get", *words, "--output", "json"))
        return found

    def apply(self, objects: Iterable[dict[str, Any]]) -> None:
        """Server-side, so that an object may be larger than an annotation; a second time changes nothing."""
        listed = {"apiVersion": "v1", "kind": "List", "items": list(objects)}
        self(
            *("apply", "--server-side", "--force-conflicts", "--field-manager", "conformance"),
            *("--filename", "-"),
            stdin=json.dumps(listed),
        )

    def patch(self, kind: str, name: str, namespace: str, change: dict[str, Any]) -> None:
        """A JSON merge patch (RFC 7396). Raises CommandFailed."""
        words = ("patch", kind, name, "--namespace", namespace, "--type", "merge")
        self(*words, "--patch", json.dumps(change))

    def wait_rolled_out(self, namespace: str, selector: str, timeout: float) -> None:
        """Until every Deployment and StatefulSet behind `selector` runs its newest template, and only that.

        Raises:
            WaitTimeout, TerminalState: with what is behind.
        """
        eventually(
            lambda: self._behind(namespace, selector),
            what=f"workloads {selector} in {namespace} are rolled out",
            until=lambda behind: not behind,
            terminal=lambda _: _hopeless(
                pod_states(self.get("pods", "--namespace", namespace, "--selector", selector))
            ),
            timeout=timeout,
            interval=0.5,
            remedy=f"the diagnostics hold logs and events of namespace {namespace}",
        )

    def _behind(self, namespace: str, selector: str) -> list[str]:
        words = ("deployments,statefulsets", "--namespace", namespace, "--selector", selector)
        return [
            f"{item['kind']} {item['metadata']['name']}: {item.get('status')}"
            for item in self.get(*words)["items"]
            if not is_rolled_out(item)
        ]

    def wait_ready(self, namespace: str, selector: str, timeout: float, count: int = 1) -> None:
        """Until `count` pods behind `selector` are ready; ends at once when one cannot become so.

        Raises:
            WaitTimeout, TerminalState: with the states of the pods' containers.
        """
        eventually(
            lambda: pod_states(self.get("pods", "--namespace", namespace, "--selector", selector)),
            what=f"pods {selector} in {namespace} are ready",
            until=lambda states: sum(state.ready for state in states) >= count,
            terminal=_hopeless,
            timeout=timeout,
            interval=0.5,
            remedy=f"the diagnostics hold logs and events of namespace {namespace}",
        )


@dataclass(frozen=True, slots=True)
class PodState:
    """A pod in one line: `reasons` of its waiting or ended containers, and how often they restarted."""

    name: str
    ready: bool
    phase: str
    reasons: tuple[str, ...]
    restarts: int


def pod_states(pods: dict[str, Any]) -> tuple[PodState, ...]:
    """From a PodList; pods that are being deleted do not count."""
    states = []
    for pod in pods["items"]:
        if pod["metadata"].get("deletionTimestamp"):
            continue
        status = pod["status"]
        containers = [*status.get("initContainerStatuses", []), *status.get("containerStatuses", [])]
        reasons = [
            f"{container['name']}: {detail['reason']}"
            + (f" ({detail['message'][:300]})" if detail.get("message") else "")
            for container in containers
            for state, detail in container.get("state", {}).items()
            if state == "waiting" and detail.get("reason") not in {None, "PodInitializing"}
        ]
        conditions = {c["type"]: c["status"] for c in status.get("conditions", [])}
        states.append(
            PodState(
                pod["metadata"]["name"],
                conditions.get("Ready") == "True",
                status.get("phase", ""),
                tuple(reasons),
                sum(container.get("restartCount", 0) for container in containers),
            )
        )
    return tuple(states)


def _hopeless(states: tuple[PodState, ...]) -> str | None:
    for state in states:
        for reason in state.reasons:
            if reason.split(": ", 1)[1].split(" ")[0] in TERMINAL_REASONS:
                return f"{state.name}: {reason}"
    return None
