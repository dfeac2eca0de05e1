"""The build queue: what waits, why, and what became of it."""

import itertools
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ..home.builds import Build
from ..home.items import Item

REMEMBER = 300.0
"""Seconds for which an item that left the queue can still be asked about."""


@dataclass
class QueueItem:
    """A job that waits for its start, or a `node` step that waits for an executor."""

    id: int
    job: Item | None
    build: Build | None = None
    """The build whose `node` step waits; None for a job."""
    label: str | None = None
    parameters: list[dict[str, Any]] = field(default_factory=list)
    causes: list[dict[str, Any]] = field(default_factory=list)
    since: int = field(default_factory=lambda: int(time.time() * 1000))
    due: float = 0.0
    state: str = "waiting"
    """waiting, blocked, buildable, left or cancelled."""
    why: str | None = None
    stuck: bool = False
    buildable_since: int = 0
    executable: Build | None = None
    computer: Any = None
    cancel_reason: str | None = None
    left_at: float = 0.0
    decided: threading.Event = field(default_factory=threading.Event)

    @property
    def is_node(self) -> bool:
        """Whether it is a step's placeholder."""
        return self.build is not None

    def leave(self) -> None:
        """It runs."""
        self.state, self.why, self.stuck, self.left_at = "left", None, False, time.monotonic()
        self.decided.set()

    def cancel(self, reason: str | None = None) -> None:
        """It will never run."""
        self.state, self.why, self.left_at = "cancelled", None, time.monotonic()
        self.cancel_reason = reason
        self.decided.set()


class Queue:
    """Items in the order in which they came; the newest is shown first."""

    def __init__(self, changed: Callable[[], None], first: int) -> None:
        """Args: changed: called when something was added; first: the first id to give."""
        self._changed = changed
        self._ids = itertools.count(first)
        self._lock = threading.RLock()
        self.items: list[QueueItem] = []
        self.last_id = first - 1

    def _next(self) -> int:
        self.last_id = next(self._ids)
        return self.last_id

    def schedule(
        self, job: Item, parameters: list[dict[str, Any]], causes: list[dict[str, Any]], quiet: float
    ) -> QueueItem:
        """Queue a job; an equal request that still waits is joined instead."""
        with self._lock:
            for item in self.waiting():
                if item.job is job and not item.is_node and item.parameters == parameters:
                    item.causes = [*item.causes, *(cause for cause in causes if cause not in item.causes)]
                    return item
            item = QueueItem(
                self._next(), job, parameters=parameters, causes=causes, due=time.monotonic() + quiet
            )
            if quiet > 0:
                item.why = f"In the quiet period. Expires in {quiet:.0f} sec"
            self.items.append(item)
        self._changed()
        return item

    def wait_for_node(self, job: Item, build: Build, label: str | None) -> QueueItem:
        """Queue a `node` step."""
        with self._lock:
            item = QueueItem(self._next(), job, build=build, label=label, state="buildable")
            item.buildable_since = item.since
            item.why, item.stuck = "Waiting for next available executor", True
            self.items.append(item)
        self._changed()
        return item

    def kept(self) -> list[dict[str, Any]]:
        """Jobs that wait, as they outlive the process. A step's placeholder goes with its build."""
        now, wall = time.monotonic(), time.time()
        return [
            {
                "id": item.id,
                "job": item.job.full_name,
                "parameters": item.parameters,
                "causes": item.causes,
                "since": item.since,
                "due": wall + item.due - now,
            }
            for item in self.waiting()
            if item.job is not None and not item.is_node
        ]

    def restore(self, kept: list[dict[str, Any]], job_of: Callable[[str], Item | None]) -> None:
        """Take back what waited when the last process ended, under its old ids; a job that is gone is not."""
        for each in kept:
            job, left = job_of(each["job"]), each["due"] - time.time()
            if job is not None:
                item = QueueItem(
                    each["id"],
                    job,
                    parameters=each["parameters"],
                    causes=each["causes"],
                    since=each["since"],
                    due=time.monotonic() + left,
                )
                if left > 0:
                    item.why = f"In the quiet period. Expires in {left:.0f} sec"
                self.items.append(item)
        self._changed()

    def waiting(self) -> list[QueueItem]:
        """What is in the queue now."""
        with self._lock:
            now = time.monotonic()
            self.items = [
                i for i in self.items if i.state not in {"left", "cancelled"} or now - i.left_at < REMEMBER
            ]
            return [i for i in self.items if i.state not in {"left", "cancelled"}]

    def find(self, number: int) -> QueueItem | None:
        """An item by its id, for a while also after it left."""
        return next((item for item in self.items if item.id == number), None)
