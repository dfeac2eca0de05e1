"""One service whose pods are restarted: when it is back, or why it is not.

Pods end as `kubectl delete pod` and `kubectl rollout restart` end them: with their own time to end.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime

from conformance.clients.http import Http, Unavailable
from conformance.clients.kubernetes import Cluster
from conformance.clients.objects import Pod
from conformance.core.errors import WaitTimeout
from conformance.core.nonconformance import require
from conformance.core.waiting import eventually

EARLIEST = datetime.min.replace(tzinfo=UTC)
#: seconds beyond its own time to end after which a pod's successor must have come
SUCCESSOR = 60


@dataclass(frozen=True, slots=True)
class Return:
    """How a service came back: seconds from the deletion, seconds from its new pod; why it did not."""

    away: float
    starting: float
    trouble: str = ""


@dataclass
class Way:
    """One service on its way down and back."""

    kube: Cluster
    name: str
    place: tuple[str, str]
    budget: int
    answers: Callable[[], bool]
    _old: tuple[Pod, ...] = ()
    _began: float = 0.0
    _seen: float = 0.0
    returned: Return | None = field(default=None, init=False)

    def find(self) -> None:
        """Its pods, each of which something makes again. Raises NonConformance."""
        namespace, release = self.place
        self._old = tuple(self._pods())
        require(
            self._old,
            f"no pod of the release {release} of {self.name} is in namespace {namespace}",
            remedy="name the release and its namespace in the contract as they are",
        )
        require(
            all(pod.owner for pod in self._old),
            f"nothing makes a pod of {self.name} again",
            observed=", ".join(pod.name for pod in self._old),
            remedy="run it as a StatefulSet or Deployment",
        )

    def down(self) -> None:
        """Delete the pods of a StatefulSet; a Deployment is restarted by its own strategy.

        A Deployment's pod that is deleted has its successor at once: two of them on one volume.
        """
        self._began = time.monotonic()
        rolled = set()
        for pod in self._old:
            kind, _, owner = pod.owner.partition("/")
            if kind == "ReplicaSet":
                rolled.add((pod.namespace, owner.rpartition("-")[0]))
            else:
                self.kube.delete_pod(pod.namespace, pod.name, grace=None)
        for namespace, deployment in sorted(rolled):
            self.kube.roll(namespace, deployment)

    def back(self) -> bool:
        """Is it known how it came back, or that it did not?"""
        if self.returned is not None:
            return True
        now = time.monotonic()
        known = {pod.uid for pod in self._old}
        new = [pod for pod in self._pods() if pod.uid not in known]
        if new and not self._seen:
            self._seen = now
        if new and all(pod.ready for pod in new) and self.answers():
            self.returned = Return(round(now - self._began, 1), round(now - self._seen, 1))
        elif self._seen and now - self._seen > self.budget:
            self._give_up(f"its new pod is not ready after {self.budget} s: {self._why(new)}")
        elif not self._seen and now - self._began > self._grace() + SUCCESSOR:
            self._give_up(f"no new pod came: {self._why(())}")
        return self.returned is not None

    def down_and_back(self) -> Return:
        """Take it down, and wait until it is known how it came back."""
        self.down()
        longest = self._longest()
        # it ends by itself
        with suppress(WaitTimeout):
            eventually(self.back, what=f"{self.name} is back", interval=0.5, timeout=longest)
        return self.returned or Return(longest, 0.0, "nobody knows: time ran out")

    def _longest(self) -> float:
        """Seconds after which `back` holds in any case."""
        return self._grace() + SUCCESSOR + self.budget + 5

    def _grace(self) -> float:
        return max(float(pod.spec.get("terminationGracePeriodSeconds") or 0) for pod in self._old)

    def _give_up(self, why: str) -> None:
        self.returned = Return(round(time.monotonic() - self._began, 1), 0.0, why)

    def _why(self, new: Iterable[Pod]) -> str:
        """What Kubernetes last said of the pod, or of what should have made one."""
        pods = tuple(new)
        if trouble := next((pod.trouble() for pod in pods if pod.trouble()), ""):
            return trouble
        namespace, release = self.place
        names = [pod.name for pod in pods] or [
            *(pod.owner.rpartition("/")[2] for pod in self._old),
            *self.kube.replica_sets(namespace, f"app.kubernetes.io/instance={release}"),
        ]
        said = [event for name in dict.fromkeys(names) for event in self.kube.events(namespace, name)]
        told = max(said, key=lambda event: event[0] or EARLIEST, default=None)
        return " ".join(told[2].split())[:300] if told else "Kubernetes says nothing of it"

    def _pods(self) -> Iterator[Pod]:
        namespace, release = self.place
        for pod in self.kube.pods(namespace, f"app.kubernetes.io/instance={release}"):
            if pod.phase not in ("Succeeded", "Failed") and not pod.owner.startswith("Job/"):
                yield pod


def answers(http: Http, path: str) -> Callable[[], bool]:
    """Does a service answer 200 at `path`? It is asked by nobody's login, once each time."""
    asking = http.as_login(None)
    asking.patience = 0

    def ask() -> bool:
        try:
            return asking.get(path, answers=frozenset({502, 503, 504})).status_code == 200
        except Unavailable:
            return False

    return ask
