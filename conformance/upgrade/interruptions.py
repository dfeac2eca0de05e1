"""Interruptions of an upgrade: pods killed, a node restarted, no registry, full volumes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from types import TracebackType
from typing import Protocol

from pydantic import BaseModel, ConfigDict

from conformance.clients.objects import Pod
from conformance.clients.stack_clients import StackClients
from conformance.contract.model import Jenkins, Nexus
from conformance.core.errors import ConformanceError, EnvironmentFailure, WaitTimeout
from conformance.core.waiting import eventually, shield
from conformance.upgrade.kinds import Kind

#: seconds: longer than any upgrade; for which the registry or room on volumes is missing at most
PATIENCE, MISSING = 1800, 60
Say = Callable[[str], None]


class Disturbable(Protocol):
    """An environment that can be disturbed. All raise EnvironmentFailure."""

    def kill(self, namespace: str, pod: str, container: str) -> None:
        """SIGKILL to a container's process, as when memory runs out."""

    def restart_node(self) -> None:
        """Restart the first node; returns when it is ready again."""

    def registry_away(self) -> AbstractContextManager[None]:
        """While this is entered, the registry is out of reach; its content stays."""

    def volumes_full(self) -> AbstractContextManager[None]:
        """No volume has a byte left while this is entered."""


class Event(BaseModel):
    """Begin and end on the monotonic clock of the samples; `killed` are the services killed in it."""

    model_config = ConfigDict(frozen=True)

    at: float
    until: float
    what: str
    killed: tuple[str, ...] = ()


class Interrupted(BaseModel):
    """The interruption of an upgrade; `stopped` is the error of its first attempt, or empty."""

    model_config = ConfigDict(frozen=True)

    kind: Kind
    events: tuple[Event, ...]
    stopped: str = ""


class Interruption:
    """Disturbs while it is entered. Leaving it ends the disturbance. Raises its ConformanceError."""

    def __init__(self, kind: Kind, stack: StackClients, disturbances: Disturbable, say: Say) -> None:
        self.kind, self.events = kind, list[Event]()
        self._stack, self._disturbances, self._say = stack, disturbances, say
        self._over = threading.Event()
        self._failure: ConformanceError | None = None
        self._before = {pod.uid for part in self._parts().values() for pod in self._pods(part)}
        self._thread = threading.Thread(target=self._run, name=f"interrupt {kind}", daemon=True)

    def __enter__(self) -> Interruption:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()
        if error is None and self._failure is not None:
            raise self._failure

    def kills(self, service: str) -> tuple[tuple[float, float], ...]:
        """Begin and end of each time in which `service` was killed."""
        return tuple((event.at, event.until) for event in self.events if service in event.killed)

    def _run(self) -> None:
        work: dict[Kind, Callable[[], None]] = {
            "pod": self._kill,
            "node": self._restart,
            "registry": lambda: self._during("the registry was away", self._disturbances.registry_away()),
            "volume": lambda: self._during("the volumes were full", self._disturbances.volumes_full()),
        }
        try:
            # an upgrade that fails because of it cancels its own work, not this
            with shield():
                work[self.kind]()
        except ConformanceError as failure:
            self._failure = failure

    def _kill(self) -> None:
        """Kill the new Jenkins as soon as it starts, the new Nexus as soon as it serves."""
        waiting = {"jenkins": _started, "nexus": _ready}

        def all_killed() -> bool:
            for name, fit in tuple(waiting.items()):
                pod = self._new(name)
                if pod is not None and fit(pod):
                    begin = time.monotonic()
                    self._disturbances.kill(pod.namespace, pod.name, pod.containers[0].name)
                    self._note(f"{name}: pod {pod.name} killed", begin, name)
                    del waiting[name]
            return not waiting or self._over.is_set()

        self._wait(all_killed, "new pods start")
        for name in waiting:
            self._note(f"{name}: nothing to kill, its pod was not replaced in time")

    def _restart(self) -> None:
        """Restart the node, as soon as the new Jenkins starts."""

        def new_jenkins() -> bool:
            pod = self._new("jenkins")
            return self._over.is_set() or (pod is not None and _started(pod))

        self._wait(new_jenkins, "the new controller starts")
        begin = time.monotonic()
        self._disturbances.restart_node()
        self._note("the node was restarted", begin, "jenkins", "nexus", "registry")

    def _during(self, what: str, missing: AbstractContextManager[None]) -> None:
        """From the beginning until the upgrade ends, at most for MISSING seconds."""
        begin = time.monotonic()
        with missing, suppress(WaitTimeout):
            eventually(self._over.is_set, what="the upgrade ends", timeout=MISSING, interval=0.2)
        self._note(what, begin)

    def _wait(self, probe: Callable[[], bool], what: str) -> None:
        eventually(probe, what=what, timeout=PATIENCE, interval=0.3, transient=(EnvironmentFailure,))

    def _note(self, what: str, begin: float = 0, *killed: str) -> None:
        now = time.monotonic()
        self.events.append(Event(at=begin or now, until=now, what=what, killed=killed))
        self._say(f"interruption: {what}")

    def _parts(self) -> dict[str, Jenkins | Nexus]:
        return {"jenkins": self._stack.contract.jenkins, "nexus": self._stack.contract.nexus}

    def _pods(self, part: Jenkins | Nexus) -> tuple[Pod, ...]:
        return self._stack.kube.pods(part.namespace, f"app.kubernetes.io/instance={part.release}")

    def _new(self, name: str) -> Pod | None:
        pods = self._pods(self._parts()[name])
        return next((pod for pod in pods if pod.uid not in self._before and not pod.deleted), None)


def _started(pod: Pod) -> bool:
    return pod.containers[0].started is not None


def _ready(pod: Pod) -> bool:
    return pod.ready
