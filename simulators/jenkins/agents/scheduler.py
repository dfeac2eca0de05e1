"""Moves the queue: starts jobs, makes agents for what waits, and takes agents away that nothing needs."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..home.builds import Build
from ..home.items import Item
from ..home.settings import log
from .cloud import Cloud
from .computers import Computer, Computers
from .queue import Queue, QueueItem

TICK = 0.25


@dataclass
class Hooks:
    """What the scheduler needs of the controller."""

    clouds: Callable[[], list[Cloud]]
    quieting_down: Callable[[], bool]
    start: Callable[[QueueItem], Build]
    """Begin the build of a job."""
    lost: Callable[[Computer, QueueItem | None], None]
    """An agent's pod is gone while it may have been busy."""


class Scheduler:
    """One thread that looks at everything again whenever something changed, and at least every quarter
    of a second."""

    def __init__(self, queue: Queue, computers: Computers, hooks: Hooks) -> None:
        """Args: queue, computers: what to move; hooks: the controller."""
        self._queue, self._computers, self._hooks = queue, computers, hooks
        self.wake = threading.Event()
        self._stopped = False
        self._looked = 0.0
        self._thread = threading.Thread(target=self._run, daemon=True, name="scheduler")

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End; nothing more is started."""
        self._stopped = True
        self.wake.set()
        if self._thread.is_alive():
            self._thread.join(timeout=5)

    def _run(self) -> None:
        while not self._stopped:
            self.wake.wait(TICK)
            self.wake.clear()
            if self._stopped:
                return
            try:
                self._round()
            except Exception as defect:  # noqa: BLE001 - one bad item must not stop every build of the controller
                log("SEVERE", "stand-in", f"scheduler: {defect!r}")

    def _round(self) -> None:
        for item in self._queue.waiting():
            self._node(item) if item.is_node or (
                _needs_agent(item) and item.state == "buildable"
            ) else self._job(item)
        self._provision()
        self._retire()
        if time.monotonic() - self._looked > 1.0:
            self._look()
            self._looked = time.monotonic()

    def _job(self, item: QueueItem) -> None:
        job = item.job
        if job is None or job.config is None:
            item.cancel()
            return
        if time.monotonic() < item.due:
            item.why = f"In the quiet period. Expires in {max(0.0, item.due - time.monotonic()):.1f} sec"
            return
        item.buildable_since = item.buildable_since or int(time.time() * 1000)
        running = next((build for build in job.builds.values() if build.building), None)
        if self._hooks.quieting_down():
            item.state, item.why = "blocked", "Jenkins is about to shut down"
        elif running is not None and not job.config.concurrent:
            item.state, item.why = "blocked", f"Build #{running.number} is already in progress (ETA: N/A)"
        elif _needs_agent(item):
            item.state, item.label = "buildable", job.config.label
            item.why, item.stuck = "Waiting for next available executor", True
        else:
            item.executable = self._hooks.start(item)
            item.leave()

    def _node(self, item: QueueItem) -> None:
        computer = self._computers.idle(item.label)
        if computer is not None and not self._hooks.quieting_down():
            item.why, item.stuck = f"Waiting for next available executor on ‘{computer.name}’", False
            computer.busy, computer.accepting, computer.task = True, not _once(computer), item
            item.computer = computer
            if not item.is_node:
                item.executable = self._hooks.start(item)
            item.leave()
            return
        named = [c for c in self._computers.matching(item.label) if not c.online]
        online = [c for c in self._computers.matching(item.label) if c.online]
        item.stuck = not online
        if len(named) == 1 and not online:
            item.why = f"‘{named[0].name}’ is offline"
        elif named and not online:
            item.why = "All nodes of label ‘" + str(item.label) + "’ are offline"
        elif online:
            place = online[0].name if len(online) == 1 else item.label
            item.why = f"Waiting for next available executor on ‘{place}’"
        else:
            item.why = "Waiting for next available executor"

    def _provision(self) -> None:
        """One agent on its way for every task that waits and that no agent will take."""
        wanting: dict[str | None, int] = {}
        for item in self._queue.waiting():
            if item.state == "buildable" and (item.is_node or _needs_agent(item)):
                wanting[item.label] = wanting.get(item.label, 0) + 1
        for label, count in wanting.items():
            coming = sum(1 for c in self._computers.matching(label) if c.accepting and not c.busy)
            for cloud in self._hooks.clouds():
                template = cloud.template_for(label)
                while template is not None and coming < count and cloud.room(template):
                    cloud.provision(template, label)
                    coming += 1

    def _retire(self) -> None:
        for computer in list(self._computers.all.values()):
            if computer.busy or (computer.accepting and not computer.online):
                continue
            minutes = float(
                computer.template.get("idleMinutesStr") or computer.template.get("idleMinutes") or 0
            )
            idle = time.monotonic() - computer.idle_since
            used_up = not computer.accepting
            limit = minutes * 60 if minutes else 300.0
            if used_up or idle > limit:
                self._cloud_of(computer).terminate(computer)

    def _look(self) -> None:
        for cloud in self._hooks.clouds():
            for computer in cloud.lost():
                task = computer.task
                self._hooks.lost(computer, task)
                cloud.terminate(computer)

    def _cloud_of(self, computer: Computer) -> Cloud:
        clouds = self._hooks.clouds()
        return next((c for c in clouds if computer.template in c.templates() or computer.dynamic), clouds[0])

    def release(self, item: QueueItem) -> None:
        """A task is done with its executor."""
        computer: Computer | None = item.computer
        if computer is not None and computer.task is item:
            computer.task, computer.busy = None, False
            computer.idle_since = time.monotonic()
        self.wake.set()


def _once(computer: Computer) -> bool:
    """Whether the agent goes after one task: a pod without idle minutes does."""
    return not float(computer.template.get("idleMinutesStr") or computer.template.get("idleMinutes") or 0)


def _needs_agent(item: QueueItem) -> bool:
    job: Item | None = item.job
    return job is not None and job.config is not None and job.config.tag == "project" and not item.is_node


def cause_of(user: Any) -> dict[str, Any]:
    """The cause of a build that a person, or nobody known, asked for."""
    name = user.name if user else "anonymous"
    return {
        "_class": "hudson.model.Cause$UserIdCause",
        "shortDescription": f"Started by user {name}",
        "userId": user.id if user else None,
        "userName": name,
    }
