"""URLs about nodes and labels, and what agents themselves ask for."""

from typing import TYPE_CHECKING

from ..api.computers import LOAD, ComputerBeans, load
from ..api.config_xml import agent_xml
from .answers import Answers, Routes
from .pages import jetty, text
from .security import Caller
from .server import Request, Response

if TYPE_CHECKING:
    from ..controller import Controller


class AgentRoutes:
    """The nodes of one controller."""

    def __init__(self, controller: "Controller", answers: Answers) -> None:
        """Args: controller: what is asked; answers: the common ones."""
        self.c, self._answers = controller, answers
        self.first: Routes = {
            "tcpSlaveAgentListener": self._listener,
            "jnlpJars": self._jar,
            "computer": self._computer,
            "label": self._label,
            "overallLoad": self._load,
        }

    def _listener(self, request: Request, caller: Caller) -> Response:
        port = str(self.c.configured.agent_port)
        extra = [
            ("X-Hudson-JNLP-Port", port),
            ("X-Jenkins-JNLP-Port", port),
            ("X-Instance-Identity", self.c.look.identity),
            ("X-Jenkins-Agent-Protocols", "JNLP4-connect, Ping"),
            ("X-Remoting-Minimum-Version", "3107.v665000b_51092"),
        ]
        return text("\n\n  Jenkins\n", extra=extra)

    def _jar(self, request: Request, caller: Caller) -> Response | None:
        jar = self.c.settings.agent_jar
        if request.segments[1:] not in {("agent.jar",), ("remoting.jar",)} or not jar.exists():
            return None
        headers = [
            ("Content-Disposition", f"attachment; filename={request.segments[1]}"),
            ("Accept-Ranges", "bytes"),
        ]
        return Response(200, [*headers, ("Content-Type", "application/java-archive")], jar.read_bytes())

    def _computer(self, request: Request, caller: Caller) -> Response | None:
        beans = ComputerBeans(self.c)
        rest = request.segments[1:]
        if not rest or rest[0] == "api":
            return self._answers.tail(request, 1, beans.whole())
        if rest[0] in {"(built-in)", "(master)", "built-in"}:
            return self._answers.tail(request, 2, beans.built_in())
        agent = self.c.computers.all.get(rest[0])
        if agent is None:
            return None
        if rest[1:] == ("config.xml",):
            return text(agent_xml(agent, self.c.clouds.of(agent)), "application/xml")
        if rest[1:] == ("logText", "progressiveText"):
            body = "".join(f"{line}\r\n" for line in agent.log)
            return text(body, extra=[("X-Text-Size", str(len(body))), ("X-More-Data", "true")])
        return self._answers.tail(request, 2, beans.computer(agent))

    def _label(self, request: Request, caller: Caller) -> Response | None:
        return (
            self._answers.tail(request, 2, ComputerBeans(self.c).label(request.segments[1]))
            if len(request.segments) > 1
            else None
        )

    def connect(self, request: Request, caller: Caller) -> Response | None:
        """The connection of our own agent.jar; its secret is its credential."""
        if request.segments[1:2] != ("agent",) or len(request.segments) != 3:
            return None
        name = request.segments[2]
        if not self.c.computers.accepts(name, request.headers.get("x-agent-secret", "")):
            return jetty(401, "Unauthorized", request.path)
        web_socket = request.param("webSocket") == "true"
        headers = [("Connection", "Upgrade"), ("Upgrade", "stand-in-agent"), *self.c.look.version()]
        return Response(
            101, headers, stream=lambda connection: self.c.computers.connect(name, connection, web_socket)
        )

    def _load(self, request: Request, caller: Caller) -> Response | None:
        return self._answers.tail(
            request, 1, load("hudson.model.OverallLoadStatistics", (*LOAD, "totalQueueLength"))
        )
