"""Every URL of the controller: the rights that it needs, and the route that answers it."""

from __future__ import annotations

from dataclasses import dataclass

from ..agents.queue import OVER, Queue
from ..api.export import TreeError
from ..api.queue import QueueBeans
from ..api.system import SystemBeans
from ..home.accounts import Accounts
from ..home.configured import Configured
from ..home.jobs import Jobs
from ..home.life import Life, State
from ..home.plugins import Plugins
from ..pipelines.groovy_host import GroovyHost
from .agents import CONNECT, AgentRoutes
from .answers import Answers, Routes
from .pages import jetty, redirect, text
from .security import Caller, Security
from .server import Request, Response

OPEN = {"login", "whoAmI", "tcpSlaveAgentListener", "jnlpJars", "reload-configuration-as-code"}
"""First segments that need no rights."""
WITHOUT_CRUMB = {"reload-configuration-as-code"}


@dataclass(frozen=True)
class OtherRoutes:
    """The queue, the views and the linter of Jenkinsfiles."""

    answers: Answers
    plugins: Plugins
    groovy: GroovyHost
    queue: Queue
    queue_beans: QueueBeans
    jobs: Jobs
    beans: SystemBeans

    def routes(self) -> Routes:
        """By the first segment."""
        return {
            "": lambda request, caller: self.answers.pages.headed("Dashboard"),
            "api": lambda request, caller: self.answers.api(request, 0, self.beans.root()),
            "queue": self._queue,
            "view": self._view,
            "pipeline-model-converter": self._lint,
        }

    def _queue(self, request: Request, caller: Caller) -> Response | None:
        rest = request.segments[1:]
        if rest[:1] == ("item",) and len(rest) > 1 and rest[1].isdigit():
            item = self.queue.find(int(rest[1]))
            if item is None:
                return self.answers.pages.not_found()
            return self.answers.api(request, 3, self.queue_beans.item(item))
        if rest != ("cancelItem",):
            return self.answers.api(request, 1, self.queue_beans.whole())
        if not request.posted:
            return self.answers.pages.post_only(request)
        item = self.queue.find(int(request.param("id") or 0))
        if item is not None and item.state not in OVER:
            item.cancel()
        return Response(204, [])

    def _view(self, request: Request, caller: Caller) -> Response | None:
        name = request.segments[1] if len(request.segments) > 1 else ""
        if name != "all" and name not in self.jobs.views:
            return self.answers.pages.not_found()
        if request.segments[2:] != ("doDelete",) or name == "all":
            return self.answers.api(request, 2, self.beans.view(name))
        if not request.posted:
            return self.answers.pages.post_only(request)
        del self.jobs.views[name]
        return redirect("/")

    def _lint(self, request: Request, caller: Caller) -> Response | None:
        if "pipeline-model-definition" not in self.plugins.names() or request.segments[1:] != ("validate",):
            return None
        return text(str(self.groovy.call("validate", script=request.param("jenkinsfile") or "")))


@dataclass(frozen=True)
class Router:
    """Answers requests for one start of a controller."""

    life: Life
    configured: Configured
    accounts: Accounts
    security: Security
    answers: Answers
    agents: AgentRoutes
    routes: Routes

    def answer(self, request: Request) -> Response:
        """Answer one request; a defect of the simulator is an error page and a log entry, as an exception of
        a real controller is."""
        try:
            return self._answer(request)
        except TreeError as error:
            reason = f"jakarta.servlet.ServletException: Malformed tree expression: {error}"
        except Exception as defect:  # noqa: BLE001 - a server answers every request
            reason = f"defect of the Jenkins simulator: {defect!r} at {request.method} {request.path}"
        return self.answers.oops(500, reason)

    def _answer(self, request: Request) -> Response:
        pages = self.answers.pages
        if self.life.state != State.UP:
            return self._down()
        caller = self.security.caller(request)
        if caller.refused:
            gone = "remember-me=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0"
            extra = [("Set-Cookie", gone), ("WWW-Authenticate", 'Basic realm="Jenkins"')]
            return jetty(401, "Unauthorized", request.path, extra)
        if request.segments[:2] == CONNECT:
            return self.agents.connect(request) or pages.not_found()
        first = request.segments[0] if request.segments else ""
        refusal = self._refusal(request, caller, first)
        if refusal is not None:
            return refusal
        route = self.routes.get(first)
        answer = route(request, caller) if route is not None else None
        return answer or pages.unsupported(request)

    def _down(self) -> Response:
        """The answer while the controller is not up."""
        if self.life.state == State.FAILED:
            return Response(503, [])
        if self.life.state == State.UNREADABLE:
            return self.answers.pages.failed_to_load(self.life.reason)
        return self.answers.pages.waiting(self.life.state)

    def _refusal(self, request: Request, caller: Caller, first: str) -> Response | None:
        """The refusal of a request without a crumb or the right for it."""
        changing = request.method in {"POST", "PUT", "DELETE"} and first not in WITHOUT_CRUMB
        needs_crumb = changing and self.accounts.enabled and self.configured.crumbs
        if needs_crumb and not self.security.crumb_is_good(request, caller):
            known = caller.session or caller.user is None
            cookie = [] if known else self.security.open_session(caller.user)[1]
            return jetty(403, "No valid crumb was included in the request", request.path, cookie)
        may = self.accounts.may_write if changing else self.accounts.may_read
        if not may(caller.user) and first not in OPEN:
            return self.answers.pages.sign_in_first(request.path)
        return None
