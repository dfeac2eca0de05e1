"""The state of an agent's pod, in the words of the kubernetes plugin."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def is_dead(pod: Mapping[str, Any] | None) -> bool:
    """Whether a pod is gone, going, or at its end."""
    if pod is None or pod["metadata"].get("deletionTimestamp"):
        return True
    return pod.get("status", {}).get("phase") in {"Failed", "Succeeded"}


def waiting(pod: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Waiting containers, with reason and message."""
    return [
        (status["name"], state.get("reason", ""), state.get("message") or "No message")
        for status in pod.get("status", {}).get("containerStatuses") or []
        if (state := status.get("state", {}).get("waiting"))
    ]


def pod_info(pod: Mapping[str, Any]) -> str:
    """The `[PodInfo]` lines of a pod that is not ready, or nothing."""
    lines = [f"\tContainer [{name}] waiting [{reason}] {message}" for name, reason, message in waiting(pod)]
    lines += [
        f"\tContainer [{status['name']}] terminated [{dead.get('reason')}] "
        f"{dead.get('message') or 'No message'}"
        for status in pod.get("status", {}).get("containerStatuses") or []
        if (dead := status.get("state", {}).get("terminated"))
    ]
    phase = pod.get("status", {}).get("phase", "Pending")
    refused = {
        condition["type"]: condition
        for condition in pod.get("status", {}).get("conditions") or []
        if condition["status"] == "False"
    }
    unscheduled = refused.get("PodScheduled")
    condition = unscheduled or refused.get("Ready")
    if condition and (lines or unscheduled):
        lines.append(
            f"\tPod [{phase}][{condition.get('reason', '')}] {condition.get('message') or 'No message'}"
        )
    where = f"{pod['metadata']['namespace']}/{pod['metadata']['name']}"
    return f"[PodInfo] {where}\n" + "\n".join(lines) if lines else ""
