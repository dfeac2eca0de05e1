"""URLs about nodes and labels, and the requests of the agents themselves."""

from __future__ import annotations

from dataclasses import dataclass

from ..agents.computers import Computers
from ..api.computers import ComputerBeans
from ..home.configured import Configured
from ..home.settings import Settings
from .answers import Answers, Routes
from .pages import jetty, text
from .security import Caller
from .server import Request, Response

CONNECT = ("simulator", "agent")
"""The path of the connection of this simulator's agent.jar, before the agent's name."""


@dataclass(frozen=True)
class AgentRoutes:
    """The nodes of one controller."""

    answers: Answers
    settings: Settings
    configured: Configured
    computers: Computers
    beans: ComputerBeans

    def routes(self) -> Routes:
        """By the first segment."""
        return {
            "tcpSlaveAgentListener": self._listener,
            "jnlpJars": self._jar,
            "computer": self._computer,
            "label": self._label,
        }

    def _listener(self, request: Request, caller: Caller) -> Response:
        port = str(self.configured.agent_port)
        extra = [
            ("X-Hudson-JNLP-Port", port),
            ("X-Jenkins-JNLP-Port", port),
            ("X-Jenkins-Agent-Protocols", "JNLP4-connect, Ping"),
        ]
        return text("\n\n  Jenkins\n", extra=extra)

    def _jar(self, request: Request, caller: Caller) -> Response | None:
        jar = self.settings.agent_jar
        if request.segments[1:] not in {("agent.jar",), ("remoting.jar",)}:
            return None
        headers = [("Content-Disposition", f"attachment; filename={request.segments[1]}")]
        return Response(200, [*headers, ("Content-Type", "application/java-archive")], jar.read_bytes())

    def _computer(self, request: Request, caller: Caller) -> Response | None:
        return self.answers.api(request, 1, self.beans.whole())

    def _label(self, request: Request, caller: Caller) -> Response | None:
        if len(request.segments) < 2:
            return None
        return self.answers.api(request, 2, self.beans.label(request.segments[1]))

    def connect(self, request: Request) -> Response | None:
        """The connection of this simulator's agent.jar; its secret is its credential."""
        if request.segments[:2] != CONNECT or len(request.segments) != 3:
            return None
        name = request.segments[2]
        if not self.computers.accepts(name, request.headers.get("x-agent-secret", "")):
            return jetty(401, "Unauthorized", request.path)
        headers = [("Connection", "Upgrade"), ("Upgrade", "simulator-agent"), *self.answers.pages.version()]
        return Response(101, headers, stream=lambda connection: self.computers.connect(name, connection))
