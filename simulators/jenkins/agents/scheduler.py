"""Moves the queue: starts jobs, makes agents for waiting tasks, and removes agents that nothing needs."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from ..home.builds import Build
from ..home.settings import log
from .clouds import Clouds
from .computers import Computer, Computers
from .queue import Queue, QueueItem, QueueState

TICK = 0.25


@dataclass(frozen=True)
class Hooks:
    """The calls that the scheduler makes: `start` begins the build of a job, `lost` is called for an agent
    whose pod is gone while it may have been busy."""

    quieting_down: Callable[[], bool]
    start: Callable[[QueueItem], Build]
    lost: Callable[[Computer, QueueItem | None], None]


class Scheduler:
    """One thread that looks at everything again when `wake` is set, and at least every quarter of a
    second."""

    def __init__(
        self, queue: Queue, computers: Computers, clouds: Clouds, wake: threading.Event, hooks: Hooks
    ) -> None:
        self._queue, self._computers, self._clouds, self._hooks = queue, computers, clouds, hooks
        self._wake = wake
        self._stopped = False
        self._checked = 0.0
        self._thread = threading.Thread(target=self._run, daemon=True, name="scheduler")

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End; nothing more is started."""
        self._stopped = True
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(timeout=5)

    def _run(self) -> None:
        while not self._stopped:
            self._wake.wait(TICK)
            self._wake.clear()
            if self._stopped:
                return
            try:
                self._round()
            except Exception as defect:  # noqa: BLE001 - one bad item must not stop every build of the controller
                log("SEVERE", "simulator", f"scheduler: {defect!r}")

    def _round(self) -> None:
        for item in self._queue.waiting():
            if item.is_node or (item.needs_agent and item.state == QueueState.BUILDABLE):
                self._assign(item)
            else:
                self._admit(item)
        self._provision()
        self._retire()
        if time.monotonic() - self._checked > 1.0:
            self._find_lost()
            self._checked = time.monotonic()

    def _admit(self, item: QueueItem) -> None:
        """Start a job, or say why it still waits."""
        job = item.job
        if job.config is None:
            item.cancel()
            return
        if time.monotonic() < item.due:
            item.why = f"In the quiet period. Expires in {max(0.0, item.due - time.monotonic()):.1f} sec"
            return
        item.buildable_since = item.buildable_since or int(time.time() * 1000)
        running = next((build for build in job.builds.values() if build.building), None)
        if self._hooks.quieting_down():
            item.state, item.why = QueueState.BLOCKED, "Jenkins is about to shut down"
        elif running is not None and not job.config.concurrent:
            item.state = QueueState.BLOCKED
            item.why = f"Build #{running.number} is already in progress (ETA: N/A)"
        elif item.needs_agent:
            item.state, item.label = QueueState.BUILDABLE, job.config.label
            item.why, item.stuck = "Waiting for next available executor", True
        else:
            item.executable = self._hooks.start(item)
            item.leave()

    def _assign(self, item: QueueItem) -> None:
        """Give a task an executor, or say why it still waits."""
        computer = self._computers.idle(item.label)
        if computer is not None and not self._hooks.quieting_down():
            item.why, item.stuck = f"Waiting for next available executor on ‘{computer.name}’", False
            computer.busy, computer.accepting, computer.task = True, computer.idle_minutes > 0, item
            item.computer = computer
            if not item.is_node:
                item.executable = self._hooks.start(item)
            item.leave()
            return
        matching = self._computers.matching(item.label)
        online = [computer for computer in matching if computer.online]
        item.stuck = not online
        if online:
            place = online[0].name if len(online) == 1 else item.label
            item.why = f"Waiting for next available executor on ‘{place}’"
        elif len(matching) == 1:
            item.why = f"‘{matching[0].name}’ is offline"
        elif matching:
            item.why = f"All nodes of label ‘{item.label}’ are offline"
        else:
            item.why = "Waiting for next available executor"

    def _provision(self) -> None:
        """Start one agent for every waiting task that no agent will take."""
        wanting: dict[str | None, int] = {}
        for item in self._queue.waiting():
            if item.state == QueueState.BUILDABLE and (item.is_node or item.needs_agent):
                wanting[item.label] = wanting.get(item.label, 0) + 1
        for label, count in wanting.items():
            matching = self._computers.matching(label)
            coming = sum(1 for computer in matching if computer.accepting and not computer.busy)
            for cloud in self._clouds.all:
                template = cloud.template_for(label)
                while template is not None and coming < count and cloud.room(template):
                    cloud.provision(template, label)
                    coming += 1

    def _retire(self) -> None:
        for computer in list(self._computers.all.values()):
            if computer.busy or (computer.accepting and not computer.online):
                continue
            limit = computer.idle_minutes * 60 or 300.0
            if not computer.accepting or time.monotonic() - computer.idle_since > limit:
                self._clouds.owner(computer).terminate(computer)

    def _find_lost(self) -> None:
        for cloud in self._clouds.all:
            for computer in cloud.lost():
                self._hooks.lost(computer, computer.task)
                cloud.terminate(computer)
