"""The build queue: the items that wait, why they wait, and how they ended."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from ..home.builds import Build
from ..home.items import Item
from .computers import Computer

REMEMBER = 300.0
"""Seconds for which an item that left the queue can still be read."""


class QueueState(StrEnum):
    """The states of an item."""

    WAITING = "waiting"
    BLOCKED = "blocked"
    BUILDABLE = "buildable"
    LEFT = "left"
    CANCELLED = "cancelled"


OVER = {QueueState.LEFT, QueueState.CANCELLED}


@dataclass(eq=False)
class QueueItem:
    """A job that waits for its start, or a `node` step that waits for an executor: then `build` is the
    step's."""

    id: int
    job: Item
    build: Build | None = None
    label: str | None = None
    parameters: list[dict[str, Any]] = field(default_factory=list)
    causes: list[dict[str, Any]] = field(default_factory=list)
    since: int = field(default_factory=lambda: int(time.time() * 1000))
    due: float = 0.0
    state: QueueState = QueueState.WAITING
    why: str | None = None
    stuck: bool = False
    buildable_since: int = 0
    executable: Build | None = None
    computer: Computer | None = None
    cancel_reason: str | None = None
    left_at: float = 0.0
    decided: threading.Event = field(default_factory=threading.Event)

    @property
    def is_node(self) -> bool:
        """Whether it is a step's placeholder."""
        return self.build is not None

    @property
    def needs_agent(self) -> bool:
        """Whether the whole build needs an executor: a free-style job's does."""
        config = self.job.config
        return config is not None and config.tag == "project" and not self.is_node

    def leave(self) -> None:
        """It runs."""
        self.state, self.why, self.stuck, self.left_at = QueueState.LEFT, None, False, time.monotonic()
        self.decided.set()

    def cancel(self, reason: str | None = None) -> None:
        """It will never run."""
        self.state, self.why, self.left_at = QueueState.CANCELLED, None, time.monotonic()
        self.cancel_reason = reason
        self.decided.set()


class Queue:
    """Items in the order in which they came; `changed` is called when one is added."""

    def __init__(self, changed: Callable[[], None], first: int) -> None:
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
            item = QueueItem(self._next(), job, build=build, label=label, state=QueueState.BUILDABLE)
            item.buildable_since = item.since
            item.why, item.stuck = "Waiting for next available executor", True
            self.items.append(item)
        self._changed()
        return item

    def cancel_labelled(self, labels: tuple[str, ...], reason: str) -> None:
        """Cancel the items that wait for an agent with one of the labels."""
        for item in self.waiting():
            if item.label in labels:
                item.cancel(reason)

    def kept(self) -> list[dict[str, Any]]:
        """The waiting jobs, as they outlive the process. A step's placeholder ends with its build."""
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
            if not item.is_node
        ]

    def restore(self, kept: list[dict[str, Any]], job_named: Callable[[str], Item | None]) -> None:
        """Take back the items of the last process under their old ids; an item of a job that is gone is
        dropped."""
        for each in kept:
            job, left = job_named(each["job"]), each["due"] - time.time()
            if job is not None:
                facts = {name: each[name] for name in ("parameters", "causes", "since")}
                item = QueueItem(each["id"], job, due=time.monotonic() + left, **facts)
                if left > 0:
                    item.why = f"In the quiet period. Expires in {left:.0f} sec"
                self.items.append(item)
        self._changed()

    def waiting(self) -> list[QueueItem]:
        """The items that are in the queue now."""
        with self._lock:
            now = time.monotonic()
            self.items = [
                item for item in self.items if item.state not in OVER or now - item.left_at < REMEMBER
            ]
            return [item for item in self.items if item.state not in OVER]

    def find(self, number: int) -> QueueItem | None:
        """An item by its id, for a while also after it left."""
        return next((item for item in self.items if item.id == number), None)
