"""Disturbances of a stack on kind: a process killed, a node restarted, the registry away, volumes full."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from conformance.core.errors import CommandFailed, EnvironmentFailure, UsageError
from conformance.core.waiting import eventually
from environments.ecr import manifests
from environments.kind import cluster
from environments.kind.objects import SYSTEM
from environments.kind.stack import KindStack

#: a restarted node answers within
SECONDS = 180
#: a label that no pod has
NOBODY = "conformance-out-of-reach"
#: the file that takes what claims have left
FILLER = f"{cluster.CLAIMS}/conformance-filler"


@dataclass(frozen=True, slots=True)
class Disturbances:
    """What may be done to `where` while it is upgraded."""

    where: KindStack

    def kill(self, namespace: str, pod: str, container: str) -> None:
        """SIGKILL to the container's process, as when memory runs out. Raises EnvironmentFailure."""
        found = self.where.kubectl.get("pod", pod, "--namespace", namespace)
        statuses = found["status"].get("containerStatuses", [])
        of = next((each.get("containerID", "") for each in statuses if each["name"] == container), "")
        if not of:
            raise EnvironmentFailure(f"the container {container} of pod {pod} does not run")
        words = (
            "ctr",
            "--namespace",
            "k8s.io",
            "tasks",
            "kill",
            "--signal",
            "SIGKILL",
            of.partition("://")[2],
        )
        self.where.engine.docker("exec", found["spec"]["nodeName"], *words)

    def restart_node(self) -> None:
        """The first node's container restarts; returns when it is ready again. Raises WaitTimeout."""
        node = self.where.spec.node_names[0]
        self.where.engine.docker("restart", node)
        eventually(
            lambda: self._is_ready(node),
            what=f"{node} is ready again",
            timeout=SECONDS,
            interval=1,
            transient=(CommandFailed,),
        )
        # the engine wrote the node's hosts file anew, which a machine would keep
        self.where.resolve_names()

    @contextmanager
    def registry_away(self) -> Iterator[None]:
        """The registry's service leads nowhere while this is entered; its pod and volume stay.

        Raises UsageError for a registry that is not ours.
        """
        if self.where.ecr.name != "simulator":
            raise UsageError(
                "the registry cannot be taken away",
                observed=f"ECR: {self.where.ecr.name}",
                remedy="take --ecr simulator for this interruption",
            )
        self._select({**manifests.SELECTOR, NOBODY: "yes"})
        try:
            yield
        finally:
            self._select({**manifests.SELECTOR, NOBODY: None})

    @contextmanager
    def volumes_full(self) -> Iterator[None]:
        """No volume has a byte left while this is entered, on any node.

        Raises UsageError where volumes have no size of their own: the host's disk would be filled.
        """
        if not self.where.claims:
            raise UsageError(
                "the volumes cannot be filled",
                observed="claims have what the node's disk has",
                remedy="stand the stack up with conformance upgrade --interrupt volume",
            )
        try:
            for node in self.where.spec.node_names:
                # with nothing mounted it would fill the host's disk; that dd finds no space left is right
                fill = (
                    f"grep -q ' {cluster.CLAIMS} tmpfs ' /proc/self/mounts || exit 1; "
                    f"dd if=/dev/zero of={FILLER} bs=1M 2> /dev/null; test -s {FILLER}"
                )
                self.where.engine.docker("exec", node, "sh", "-c", fill)
            yield
        finally:
            for node in self.where.spec.node_names:
                self.where.engine.docker("exec", node, "rm", "-f", FILLER)

    def _select(self, labels: dict[str, str | None]) -> None:
        # a key that is set to null is taken out (JSON merge patch, RFC 7396)
        patch = {"spec": {"selector": labels}}
        self.where.kubectl.patch("service", manifests.NAME, SYSTEM, patch)

    def _is_ready(self, node: str) -> bool:
        found = self.where.kubectl.get("node", node)
        conditions = {each["type"]: each["status"] for each in found["status"]["conditions"]}
        return conditions.get("Ready") == "True"
