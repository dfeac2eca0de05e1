"""What the state of an agent's pod means, and how the plugin words it."""

from collections.abc import Mapping
from typing import Any


def is_dead(pod: Mapping[str, Any] | None) -> bool:
    """Whether a pod is gone, going, or at its end."""
    if pod is None or pod["metadata"].get("deletionTimestamp"):
        return True
    return pod.get("status", {}).get("phase") in {"Failed", "Succeeded"}


def waiting(pod: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Containers that wait, with reason and message."""
    statuses = pod.get("status", {}).get("containerStatuses") or []
    return [
        (
            s["name"],
            s["state"]["waiting"].get("reason", ""),
            s["state"]["waiting"].get("message") or "No message",
        )
        for s in statuses
        if s.get("state", {}).get("waiting")
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
    ready = next(
        (
            c
            for c in pod.get("status", {}).get("conditions") or []
            if c["type"] == "Ready" and c["status"] == "False"
        ),
        None,
    )
    unscheduled = next(
        (
            c
            for c in pod.get("status", {}).get("conditions") or []
            if c["type"] == "PodScheduled" and c["status"] == "False"
        ),
        None,
    )
    condition = unscheduled or ready
    if condition and (lines or unscheduled):
        lines.append(
            f"\tPod [{phase}][{condition.get('reason', '')}] {condition.get('message') or 'No message'}"
        )
    where = f"{pod['metadata']['namespace']}/{pod['metadata']['name']}"
    return f"[PodInfo] {where}\n" + "\n".join(lines) if lines else ""
