"""Every URL of the controller: who may ask, and who answers."""

from typing import TYPE_CHECKING

from ..api.export import TreeError, to_json
from ..api.system import SystemBeans
from ..home.life import FAILED, RESTARTING, SAFE_RESTARTING, STARTING, UNREADABLE
from . import pages
from .agents import AgentRoutes
from .answers import Answers, Routes
from .configuration import CascRoutes
from .items import ItemRoutes
from .manage import ManageRoutes
from .pages import jetty, redirect, text
from .people import PeopleRoutes
from .security import Caller
from .server import Request, Response

if TYPE_CHECKING:
    from ..controller import Controller

OPEN = {
    "login",
    "whoAmI",
    "tcpSlaveAgentListener",
    "jnlpJars",
    "j_spring_security_check",
    "static",
    "reload-configuration-as-code",
}
"""First segments that anybody may ask for."""


class Router:
    """Answers requests for one controller."""

    def __init__(self, controller: "Controller") -> None:
        """Args: controller: what is asked."""
        self.c = controller
        self._answers = Answers(controller)
        self._items = ItemRoutes(controller, self._answers)
        self._casc = CascRoutes(controller, self._answers.oops)
        self._agents = AgentRoutes(controller, self._answers)
        self._first: Routes = {
            **PeopleRoutes(controller, self._answers).first,
            **self._agents.first,
            **ManageRoutes(controller, self._answers).first,
            "queue": self._queue,
            "view": self._view,
            "checkJobName": self._check_name,
            "pipeline-model-converter": self._validate,
        }

    def answer(self, request: Request) -> Response:
        """Answer one request; a defect of ours is an error page and a log entry, as an exception of a
        real one is."""
        try:
            return self._answer(request)
        except TreeError as error:
            return self._answers.oops(
                500, f"jakarta.servlet.ServletException: Malformed tree expression: {error}"
            )
        except Exception as defect:  # noqa: BLE001 - a server answers, whatever happens
            return self._answers.oops(500, f"stand-in defect: {defect!r} at {request.method} {request.path}")

    def _answer(self, request: Request) -> Response:  # noqa: PLR0911 - a table of ways
        state = self.c.life.state
        if state in {STARTING, RESTARTING, SAFE_RESTARTING}:
            return self.c.look.waiting(state)
        if state == FAILED:
            return Response(503, [])
        if state == UNREADABLE:
            return self.c.look.failed_to_load(self.c.life.reason)
        caller = self.c.security.caller(request)
        first = request.segments[0] if request.segments else ""
        if caller.refused:
            gone = f"remember-me=; Path=/; Expires={'Thu, 01 Jan 1970 00:00:00 GMT'}; Max-Age=0"
            extra = [("Set-Cookie", gone), ("WWW-Authenticate", 'Basic realm="Jenkins"')]
            return jetty(401, "Unauthorized", request.path, extra)
        if first == "stand-in":
            return self._agents.connect(request, caller) or self.c.look.not_found()
        changing = request.method in {"POST", "PUT", "DELETE"} and first not in {
            "j_spring_security_check",
            "reload-configuration-as-code",
        }
        if (
            changing
            and self.c.security.enabled
            and self.c.configured.crumbs
            and not self.c.security.crumb_is_good(request, caller)
        ):
            cookie = (
                [] if caller.session or caller.user is None else self.c.security.open_session(caller.user)[1]
            )
            return jetty(403, "No valid crumb was included in the request", request.path, cookie)
        allowed = self.c.security.may_write(caller) if changing else self.c.security.may_read(caller)
        if not allowed and first not in OPEN:
            return self.c.look.sign_in_first(request.path)
        return self._route(request, caller, first) or self.c.look.not_found()

    def _route(self, request: Request, caller: Caller, first: str) -> Response | None:
        if first in {"configuration-as-code", "reload-configuration-as-code"} or request.segments[:2] == (
            "manage",
            "configuration-as-code",
        ):
            return self._casc.answer(request, caller)
        if first in {"job", "createItem"}:
            return self._items.answer(request, caller)
        if first in self._first:
            return self._first[first](request, caller)
        if first in {"", "api"}:
            if not request.segments:
                return self.c.look.html(200, "Dashboard - Jenkins", f"<h1>Dashboard</h1><p>{pages.STAND_IN}")
            return self._answers.tail(request, 0, SystemBeans(self.c).root())
        return None

    def _queue(self, request: Request, caller: Caller) -> Response | None:
        rest = request.segments[1:]
        if rest[:1] == ("item",) and len(rest) > 1 and rest[1].isdigit():
            item = self.c.queue.find(int(rest[1]))
            return self._answers.tail(request, 3, SystemBeans(self.c).jobs.queue.item(item)) if item else None
        if rest == ("cancelItem",):
            if request.method != "POST":
                return self._answers.post_only(request)
            item = self.c.queue.find(int(request.param("id") or 0))
            if item is not None and item.state not in {"left", "cancelled"}:
                item.cancel()
            return Response(204, [])
        return self._answers.tail(request, 1, SystemBeans(self.c).jobs.queue.whole())

    def _view(self, request: Request, caller: Caller) -> Response | None:
        name = request.segments[1] if len(request.segments) > 1 else ""
        if name != "all" and name not in self.c.jobs.views:
            return None
        if request.segments[2:3] == ("job",):
            moved = Request(
                request.method,
                request.path,
                request.segments[2:],
                request.query,
                request.headers,
                request.body,
                request.host,
            )
            return self._items.answer(moved, caller)
        if request.segments[2:] == ("doDelete",) and name != "all":
            if request.method != "POST":
                return self._answers.post_only(request)
            del self.c.jobs.views[name]
            return redirect("/")
        return self._answers.tail(request, 2, SystemBeans(self.c).view(name))

    def _check_name(self, request: Request, caller: Caller) -> Response:
        name = request.param("value") or ""
        taken = name in self.c.jobs.root.children
        body = f'<div class="error">A job already exists with the name ‘{name}’</div>' if taken else "<div/>"
        policy = "sandbox; default-src 'none';"
        extra = [
            (name, policy)
            for name in ("Content-Security-Policy", "X-WebKit-CSP", "X-Content-Security-Policy")
        ]
        return text(body, "text/html;charset=utf-8", extra)

    def _validate(self, request: Request, caller: Caller) -> Response | None:
        if "pipeline-model-definition" not in self.c.plugin_names() or self.c.groovy is None:
            return None
        if request.segments[1:] == ("validate",):
            return text(str(self.c.groovy.call("validate", script=request.param("jenkinsfile") or "")))
        if request.segments[1:] == ("validateJenkinsfile",):
            said = str(self.c.groovy.call("validate", script=request.param("jenkinsfile") or ""))
            errors = [
                line.partition(": ")[2].partition(": ")[2]
                for line in said.splitlines()
                if line.startswith("WorkflowScript: ")
            ]
            data = (
                {"result": "success"} if not errors else {"result": "failure", "errors": [{"error": errors}]}
            )
            return text(
                to_json({"status": "ok", "data": data}, pretty=False), "application/json;charset=utf-8"
            )
        return None
