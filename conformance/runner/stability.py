"""How often containers of the stack restarted, when a run begins and when it ends."""

from __future__ import annotations

import json
from pathlib import Path

from conformance.clients.kubernetes import Cluster
from conformance.core.errors import UsageError
from conformance.core.shared_facts import Shared

FACT = "restarts when the run began"
#: in the folder of an upgrade: were containers killed in it on purpose?
KILLS = "kills.json"


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
    """Keep the present counts as those of the run's beginning; the first call of a run counts."""
    shared.once(FACT, lambda: dict(restarts(kube, namespaces)))


def at_the_start(shared: Shared) -> dict[str, int]:
    """The counts of the run's beginning; empty when none were kept."""
    return shared.once(FACT, dict)


def note_kills(folder: Path, *, killed: bool) -> None:
    """Keep in `folder`, which holds the observations of an upgrade, whether it killed containers."""
    (folder / KILLS).write_text(json.dumps({"killed": killed}), encoding="utf-8")


def killed_on_purpose(folder: Path) -> bool:
    """Did the upgrade of `folder` kill containers on purpose? Raises UsageError."""
    try:
        return bool(json.loads((folder / KILLS).read_text(encoding="utf-8"))["killed"])
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise UsageError(
            f"cannot read whether the upgrade of {folder} killed containers",
            observed=f"{type(error).__name__}: {error}",
            remedy="give the folder that `conformance upgrade` wrote",
        ) from error
