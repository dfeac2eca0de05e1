"""How often containers of the stack restarted, when a run begins and when it ends."""

from __future__ import annotations

from conformance.clients.kubernetes import Cluster
from conformance.core.shared_facts import Shared

FACT = "restarts when the run began"


def restarts(kube: Cluster, namespaces: tuple[str, ...]) -> dict[str, int]:
    """Restarts of each container of the stack's own workloads, by `container of pod namespace/name (uid)`.

    Agents and what checks make are left out: they come and go.
    """
    return {
        f"{part.name} of pod {pod.namespace}/{pod.name} ({pod.uid[:8]})": part.restarts
        for namespace in dict.fromkeys(namespaces)
        for pod in kube.pods(namespace)
        if pod.owner and not pod.deleted and "jenkins/label" not in pod.labels
        for part in pod.containers
    }


def note(kube: Cluster, namespaces: tuple[str, ...], shared: Shared) -> None:
    """Keep what there is now as the run's beginning; only the first in a run counts."""
    shared.once(FACT, lambda: dict(restarts(kube, namespaces)))


def at_the_start(shared: Shared) -> dict[str, int]:
    """What was noted; empty when nobody did."""
    return shared.once(FACT, dict)
