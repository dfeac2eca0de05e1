"""Agents: the nodes that the remote API shows, and the connection that keeps each of them online."""

import hmac
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from .channel import Channel

AGENT = "jnlp"
"""The container that the agent itself runs in."""
REMOTING = "3301.v4363ddcca_4e7"


@dataclass
class Computer:
    """One agent and the pod behind it."""

    name: str
    template: dict[str, Any]
    labels: tuple[str, ...]
    secret: str
    namespace: str
    pod: dict[str, Any]
    build_log: Callable[[str], None] | None = None
    """Where a pipeline's own pod reports; a static template's pod reports to nobody."""
    online: bool = False
    removed: bool = False
    accepting: bool = True
    busy: bool = False
    task: Any = None
    """The queue item that has the executor."""
    log: list[str] = field(default_factory=list)
    idle_since: float = field(default_factory=time.monotonic)
    running: bool = False
    """Whether its pod was made."""
    gone: threading.Event = field(default_factory=threading.Event)
    channel: Channel | None = None

    @property
    def workdir(self) -> str:
        """The agent's remote root."""
        own = next(c for c in self.pod["spec"]["containers"] if c["name"] == AGENT)
        return str(own["workingDir"])

    @property
    def dynamic(self) -> bool:
        """Whether a pipeline declared the pod."""
        return bool(self.template.get("dynamic"))

    def say(self, line: str) -> None:
        """Report to the build that asked for this pod, if one did."""
        if self.build_log is not None:
            self.build_log(line)


class Computers:
    """All agents, by name."""

    def __init__(self, changed: Callable[[], None]) -> None:
        """Args: changed: called when an agent comes or goes."""
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

    def idle(self, label: str | None) -> Computer | None:
        """An agent that can take a task now."""
        return next(
            (
                c
                for c in list(self.all.values())
                if c.online
                and c.accepting
                and not c.busy
                and (label in c.labels or (label is None and not c.dynamic))
            ),
            None,
        )

    def matching(self, label: str | None) -> list[Computer]:
        """Every agent with the label."""
        return [c for c in list(self.all.values()) if label in c.labels or (label is None and not c.dynamic)]

    def accepts(self, name: str, secret: str) -> bool:
        """Whether an agent of that name is expected and knows its secret."""
        computer = self.all.get(name)
        return computer is not None and hmac.compare_digest(computer.secret.encode(), secret.encode())

    def connect(self, name: str, connection: socket.socket, web_socket: bool) -> None:
        """Hold an agent's connection: the node is online exactly as long as this call lasts."""
        computer = self.all.get(name)
        if computer is None:
            return
        host, port = connection.getpeername()[:2]
        channel = computer.channel = Channel(connection)
        computer.log += [] if web_socket else [f"Inbound agent connected from {host}/{host}:{port}"]
        computer.log += [
            *(["WebSocket connection open"] if web_socket else []),
            f"Remoting version: {REMOTING}",
            "Launcher: KubernetesLauncher",
            f"Communication Protocol: {'WebSocket' if web_socket else 'JNLP4-connect'}",
            "This is a Unix agent",
            "Agent successfully connected and online",
        ]
        computer.online = True
        computer.idle_since = time.monotonic()
        self._changed()
        channel.hold(lambda: computer.removed)
        if computer.channel is channel:
            computer.online, computer.channel = False, None
        self._changed()
