"""Agents: the nodes of the controller, and the connection that keeps each of them online."""

from __future__ import annotations

import hmac
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from .channel import Channel

AGENT = "jnlp"
"""The container of the agent itself."""


@dataclass(eq=False)
class Computer:
    """One agent and its pod.

    `build_log` prints to the build that declared the pod; a static template's pod prints nowhere. `task` is
    the queue item that holds the executor. `running` says whether the pod was made."""

    name: str
    template: dict[str, Any]
    labels: tuple[str, ...]
    secret: str
    namespace: str
    pod: dict[str, Any]
    build_log: Callable[[str], None] | None = None
    online: bool = False
    removed: bool = False
    accepting: bool = True
    busy: bool = False
    task: Any = None
    idle_since: float = field(default_factory=time.monotonic)
    running: bool = False
    gone: threading.Event = field(default_factory=threading.Event)
    channel: Channel | None = None

    @property
    def workdir(self) -> str:
        """The agent's remote root."""
        own = next(entry for entry in self.pod["spec"]["containers"] if entry["name"] == AGENT)
        return str(own["workingDir"])

    @property
    def dynamic(self) -> bool:
        """Whether a pipeline declared the pod."""
        return bool(self.template.get("dynamic"))

    @property
    def idle_minutes(self) -> float:
        """Minutes for which the agent is kept without a task; without any it goes after its one task."""
        return float(self.template.get("idleMinutesStr") or self.template.get("idleMinutes") or 0)

    def report(self, line: str) -> None:
        """Print to the build that declared this pod, if one did."""
        if self.build_log is not None:
            self.build_log(line)


class Computers:
    """All agents, by name; `changed` is called when one comes or goes."""

    def __init__(self, changed: Callable[[], None]) -> None:
        self._changed = changed
        self.all: dict[str, Computer] = {}

    def add(self, computer: Computer) -> None:
        """Register an agent; it is offline until it connects."""
        self.all[computer.name] = computer
        self._changed()

    def remove(self, computer: Computer) -> None:
        """Forget an agent and end its connection."""
        computer.removed, computer.online = True, False
        self.all.pop(computer.name, None)
        if computer.channel is not None:
            computer.channel.end()
        computer.gone.set()
        self._changed()

    def matching(self, label: str | None) -> list[Computer]:
        """Every agent with the label; a task without a label takes an agent of a static template."""
        return [
            computer
            for computer in list(self.all.values())
            if label in computer.labels or (label is None and not computer.dynamic)
        ]

    def idle(self, label: str | None) -> Computer | None:
        """An agent that can take a task now."""
        return next(
            (
                computer
                for computer in self.matching(label)
                if computer.online and computer.accepting and not computer.busy
            ),
            None,
        )

    def release(self, computer: Computer, task: object) -> None:
        """Free an executor unless another task has it already."""
        if computer.task is task:
            computer.task, computer.busy = None, False
            computer.idle_since = time.monotonic()
        self._changed()

    def accepts(self, name: str, secret: str) -> bool:
        """Whether an agent of that name is expected and knows its secret."""
        computer = self.all.get(name)
        return computer is not None and hmac.compare_digest(computer.secret.encode(), secret.encode())

    def connect(self, name: str, connection: socket.socket) -> None:
        """Hold an agent's connection: the node is online exactly as long as this call lasts."""
        computer = self.all.get(name)
        if computer is None:
            return
        channel = computer.channel = Channel(connection)
        computer.online = True
        computer.idle_since = time.monotonic()
        self._changed()
        channel.hold(lambda: computer.removed)
        if computer.channel is channel:
            computer.online, computer.channel = False, None
        self._changed()
