"""A rolling restart of one service: when the service is back, or why it is not.

Pods end as with `kubectl delete pod` and `kubectl rollout restart`: with their own grace period.
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
#: seconds beyond a pod's grace period within which its successor must exist
SUCCESSOR = 60


@dataclass(frozen=True, slots=True)
class Recovery:
    """How a service came back after its restart.

    `away`: seconds from the deletion to its answer. `starting`: seconds from its new pod to its answer.
    `trouble`: why it did not come back, or empty.
    """

    away: float
    starting: float
    trouble: str = ""


@dataclass
class RollingRestart:
    """The restart of one service.

    `place` is (namespace, release). `budget`: seconds that a new pod has to be ready. `answers`: does the
    service answer?
    """

    kube: Cluster
    name: str
    place: tuple[str, str]
    budget: int
    answers: Callable[[], bool]
    _old: tuple[Pod, ...] = ()
    _began: float = 0.0
    _seen: float = 0.0
    recovery: Recovery | None = field(default=None, init=False)

    def find_pods(self) -> None:
        """Find the pods of the service. Raises NonConformance: there is none, or nothing recreates one."""
        namespace, release = self.place
        self._old = tuple(self._pods())
        require(
            self._old,
            f"no pod of the release {release} of {self.name} is in namespace {namespace}",
            remedy="name the release and its namespace in the contract as they are",
        )
        require(
            all(pod.owner for pod in self._old),
            f"no controller recreates a pod of {self.name}",
            observed=", ".join(pod.name for pod in self._old),
            remedy="run it as a StatefulSet or Deployment",
        )

    def down(self) -> None:
        """Delete the pods of a StatefulSet; restart a Deployment by its own strategy.

        The successor of a Deployment's deleted pod starts at once: two of them on one volume.
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
        """Is `recovery` known: did the service come back, or did its time run out?"""
        if self.recovery is not None:
            return True
        now = time.monotonic()
        known = {pod.uid for pod in self._old}
        new = [pod for pod in self._pods() if pod.uid not in known]
        if new and not self._seen:
            self._seen = now
        if new and all(pod.ready for pod in new) and self.answers():
            self.recovery = Recovery(round(now - self._began, 1), round(now - self._seen, 1))
        elif self._seen and now - self._seen > self.budget:
            self._give_up(f"its new pod is not ready after {self.budget} s: {self._why(new)}")
        elif not self._seen and now - self._began > self._grace() + SUCCESSOR:
            self._give_up(f"no new pod came: {self._why(())}")
        return self.recovery is not None

    def run(self) -> Recovery:
        """Restart the service and wait for its recovery, or for the end of its time."""
        self.down()
        longest = self._longest()
        # `back` ends the wait earlier
        with suppress(WaitTimeout):
            eventually(self.back, what=f"{self.name} is back", interval=0.5, timeout=longest)
        return self.recovery or Recovery(longest, 0.0, "the time ran out")

    def _longest(self) -> float:
        """Seconds after which `back` holds in any case."""
        return self._grace() + SUCCESSOR + self.budget + 5

    def _grace(self) -> float:
        return max(float(pod.spec.get("terminationGracePeriodSeconds") or 0) for pod in self._old)

    def _give_up(self, why: str) -> None:
        self.recovery = Recovery(round(time.monotonic() - self._began, 1), 0.0, why)

    def _why(self, new: Iterable[Pod]) -> str:
        """The trouble of the pod, or the last event about it or about the object that should create it."""
        pods = tuple(new)
        if trouble := next((pod.trouble() for pod in pods if pod.trouble()), ""):
            return trouble
        namespace, release = self.place
        names = [pod.name for pod in pods] or [
            *(pod.owner.rpartition("/")[2] for pod in self._old),
            *self.kube.replica_sets(namespace, f"app.kubernetes.io/instance={release}"),
        ]
        events = [event for name in dict.fromkeys(names) for event in self.kube.events(namespace, name)]
        last = max(events, key=lambda event: event[0] or EARLIEST, default=None)
        return " ".join(last[2].split())[:300] if last else "Kubernetes has no event about it"

    def _pods(self) -> Iterator[Pod]:
        namespace, release = self.place
        for pod in self.kube.pods(namespace, f"app.kubernetes.io/instance={release}"):
            if pod.phase not in ("Succeeded", "Failed") and not pod.owner.startswith("Job/"):
                yield pod


def answers(http: Http, path: str) -> Callable[[], bool]:
    """A function that sends one request without a login: does the service answer 200 at `path`?"""
    anonymous = http.as_login(None)
    anonymous.patience = 0

    def answer() -> bool:
        try:
            return anonymous.get(path, answers=frozenset({502, 503, 504})).status_code == 200
        except Unavailable:
            return False

    return answer
