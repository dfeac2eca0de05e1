"""Every URL of the controller: who may ask, and who answers."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import quote

from . import pages
from .beans_system import LOAD, SystemBeans, load
from .controller import FAILED, RESTARTING, SAFE_RESTARTING, STARTING, UNREADABLE, logging_id
from .export import Bean, ByDepth, ByTree, TreeError, parse_tree, render, to_json, to_python, to_xml, xpath
from .pages import jetty, redirect, text
from .routes_casc import CascRoutes
from .routes_items import ItemRoutes, agent_xml, credential_xml
from .security import Caller
from .settings import log
from .web import Request, Response

if TYPE_CHECKING:
    from .controller import Controller

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
SIMPLE_POSTS = {"quietDown", "cancelQuietDown", "restart", "safeRestart", "exit", "safeExit"}

Routes = dict[str, Callable[["Request", Caller], Response | None]]


class Router:
    """Answers requests for one controller."""

    def __init__(self, controller: "Controller") -> None:
        """Args: controller: what is asked."""
        self.c = controller
        self._items = ItemRoutes(controller, self.api, self.oops)
        self._casc = CascRoutes(controller, self.oops)
        self._first: Routes = {
            "login": self._login,
            "j_spring_security_check": self._sign_in,
            "whoAmI": self._who,
            "tcpSlaveAgentListener": self._listener,
            "jnlpJars": self._jar,
            "crumbIssuer": self._crumb,
            "queue": self._queue,
            "computer": self._computer,
            "label": self._label,
            "view": self._view,
            "pluginManager": lambda r, _: self.tail(r, 1, SystemBeans(self.c).plugins()),
            "overallLoad": lambda r, _: self.tail(
                r, 1, load("hudson.model.OverallLoadStatistics", (*LOAD, "totalQueueLength"))
            ),
            "credentials": self._credentials,
            "me": self._me,
            "user": self._me,
            "scriptText": self._script_text,
            "checkJobName": self._check_name,
            "updateCenter": self._update_center,
            "metrics": self._metrics,
            "pipeline-model-converter": self._validate,
            "stand-in": self._agent,
            "manage": self._manage,
            "scriptApproval": self._script_approval,
        }

    def answer(self, request: Request) -> Response:
        """Answer one request; a defect of ours is an error page and a log entry, as an exception of a
        real one is."""
        try:
            return self._answer(request)
        except TreeError as error:
            return self.oops(500, f"jakarta.servlet.ServletException: Malformed tree expression: {error}")
        except Exception as defect:  # noqa: BLE001 - a server answers, whatever happens
            return self.oops(500, f"stand-in defect: {defect!r} at {request.method} {request.path}")

    def oops(self, status: int, why: str) -> Response:
        """An error page; the log says why under the page's id."""
        number = logging_id()
        log(
            "WARNING",
            "h.i.i.InstallUncaughtExceptionHandler#handleException",
            f"Caught unhandled exception with ID {number}\n{why}",
        )
        return self.c.look.oops(status, number)

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
            return self._agent(request, caller) or self.c.look.not_found()
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

    def _route(self, request: Request, caller: Caller, first: str) -> Response | None:  # noqa: PLR0911 - a table of ways
        if first in {"configuration-as-code", "reload-configuration-as-code"} or request.segments[:2] == (
            "manage",
            "configuration-as-code",
        ):
            return self._casc.answer(request, caller)
        if first in {"job", "createItem"}:
            return self._items.answer(request, caller)
        if first in SIMPLE_POSTS:
            return self._life(request, first)
        if first in self._first:
            return self._first[first](request, caller)
        if first in {"", "api"}:
            if not request.segments:
                return self.c.look.html(200, "Dashboard - Jenkins", f"<h1>Dashboard</h1><p>{pages.STAND_IN}")
            return self.tail(request, 0, SystemBeans(self.c).root())
        return None

    # -- the remote API

    def tail(self, request: Request, used: int, bean: Bean) -> Response | None:
        """The bean, when what is left of the path is `api/FLAVOUR`."""
        rest = request.segments[used:]
        return self.api(request, bean, rest[1]) if len(rest) == 2 and rest[0] == "api" else None

    def api(self, request: Request, bean: Bean, flavour: str) -> Response | None:
        """A bean in one of the API's flavours.

        Raises:
            TreeError: the `tree` parameter is malformed.
        """
        tree = request.param("tree")
        pruner: ByTree | ByDepth = (
            parse_tree(tree) if tree is not None else ByDepth(1 - int(request.param("depth") or 0))
        )
        plain = render(bean, pruner)
        look = self.c.look
        if flavour == "json":
            return Response(200, look.api(), to_json(plain, request.param("pretty") == "true").encode())
        if flavour == "python":
            return Response(200, look.api("text/x-python;charset=UTF-8"), to_python(plain).encode())
        if flavour == "xml":
            if (path := request.param("xpath")) is not None:
                found = xpath(plain, path)
                return (
                    Response(200, look.api("text/plain;charset=utf-8"), found.encode())
                    if found is not None
                    else self.oops(500, path)
                )
            return Response(200, look.api("application/xml;charset=UTF-8"), to_xml(plain).encode())
        return None

    # -- who and where

    def _login(self, request: Request, caller: Caller) -> Response | None:
        if len(request.segments) > 1:
            return None
        return self.c.look.login([] if caller.session else self.c.security.open_session(caller.user)[1])

    def _sign_in(self, request: Request, caller: Caller) -> Response:  # noqa: ARG002 - a route
        user = self.c.security.sign_in(request.param("j_username") or "", request.param("j_password") or "")
        if user is None:
            return redirect("/loginError")
        answer = redirect(request.param("from") or "/")
        answer.headers += self.c.security.open_session(user)[1]
        return answer

    def _who(self, request: Request, caller: Caller) -> Response | None:
        user = caller.user
        facts = {
            "anonymous": user is None,
            "authenticated": True,
            "authorities": ["authenticated" if user else "anonymous"],
            "name": user.id if user else "anonymous",
        }
        return self.tail(request, 1, Bean("hudson.security.WhoAmI", facts))

    def _listener(self, request: Request, caller: Caller) -> Response:  # noqa: ARG002 - a route
        port = str(self.c.configured.agent_port)
        extra = [
            ("X-Hudson-JNLP-Port", port),
            ("X-Jenkins-JNLP-Port", port),
            ("X-Instance-Identity", self.c.look.identity),
            ("X-Jenkins-Agent-Protocols", "JNLP4-connect, Ping"),
            ("X-Remoting-Minimum-Version", "3107.v665000b_51092"),
        ]
        return text("\n\n  Jenkins\n", extra=extra)

    def _jar(self, request: Request, caller: Caller) -> Response | None:  # noqa: ARG002 - a route
        jar = self.c.settings.agent_jar
        if request.segments[1:] not in {("agent.jar",), ("remoting.jar",)} or not jar.exists():
            return None
        headers = [
            ("Content-Disposition", f"attachment; filename={request.segments[1]}"),
            ("Accept-Ranges", "bytes"),
        ]
        return Response(200, [*headers, ("Content-Type", "application/java-archive")], jar.read_bytes())

    def _crumb(self, request: Request, caller: Caller) -> Response | None:
        session, cookie = (
            (caller.session, []) if caller.session else self.c.security.open_session(caller.user)
        )
        crumb = self.c.security.crumb(str(session), caller.user)
        facts = {"crumb": crumb, "crumbRequestField": "Jenkins-Crumb"}
        answer = self.tail(request, 1, Bean("hudson.security.csrf.DefaultCrumbIssuer", facts))
        if answer is not None:
            answer.headers += cookie
        return answer

    def _me(self, request: Request, caller: Caller) -> Response | None:
        named = request.segments[0] == "user"
        user = (
            self.c.security.users.get(request.segments[1])
            if named and len(request.segments) > 1
            else caller.user
        )
        if user is None:
            return None
        used = 2 if named else 1
        if (
            request.segments[used:]
            == ("descriptorByName", "jenkins.security.ApiTokenProperty", "generateNewToken")
            and caller.user is user
        ):
            if request.method != "POST":
                return self.c.look.post_only(self._url(request))
            name = request.param("newTokenName") or "Token"
            uuid, value = self.c.security.new_token(user, name)
            self.c.store.keep_tokens(self.c.security.users)
            data = {"status": "ok", "data": {"tokenName": name, "tokenUuid": uuid, "tokenValue": value}}
            return text(to_json(data, pretty=False), "application/json;charset=utf-8")
        return self.tail(request, used, SystemBeans(self.c).user(user))

    # -- the model

    def _queue(self, request: Request, caller: Caller) -> Response | None:  # noqa: ARG002 - a route
        rest = request.segments[1:]
        if rest[:1] == ("item",) and len(rest) > 1 and rest[1].isdigit():
            item = self.c.queue.find(int(rest[1]))
            return self.tail(request, 3, SystemBeans(self.c).queue_item(item)) if item else None
        if rest == ("cancelItem",):
            if request.method != "POST":
                return self.c.look.post_only(self._url(request))
            item = self.c.queue.find(int(request.param("id") or 0))
            if item is not None and item.state not in {"left", "cancelled"}:
                item.cancel()
            return Response(204, [])
        return self.tail(request, 1, SystemBeans(self.c).queue())

    def _computer(self, request: Request, caller: Caller) -> Response | None:  # noqa: ARG002 - a route
        beans = SystemBeans(self.c)
        rest = request.segments[1:]
        if not rest or rest[0] == "api":
            return self.tail(request, 1, beans.computers())
        if rest[0] in {"(built-in)", "(master)", "built-in"}:
            return self.tail(request, 2, beans.built_in())
        agent = self.c.computers.all.get(rest[0])
        if agent is None:
            return None
        if rest[1:] == ("config.xml",):
            return text(agent_xml(agent, self.c.cloud_of(agent)), "application/xml")
        if rest[1:] == ("logText", "progressiveText"):
            body = "".join(f"{line}\r\n" for line in agent.log)
            return text(body, extra=[("X-Text-Size", str(len(body))), ("X-More-Data", "true")])
        return self.tail(request, 2, beans.computer(agent))

    def _label(self, request: Request, caller: Caller) -> Response | None:  # noqa: ARG002 - a route
        return (
            self.tail(request, 2, SystemBeans(self.c).label(request.segments[1]))
            if len(request.segments) > 1
            else None
        )

    def _view(self, request: Request, caller: Caller) -> Response | None:
        name = request.segments[1] if len(request.segments) > 1 else ""
        if name != "all" and name not in self.c.views:
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
        return self.tail(request, 2, SystemBeans(self.c).view(name))

    def _credentials(self, request: Request, caller: Caller) -> Response | None:  # noqa: ARG002, PLR0911 - a route
        if "credentials" not in self.c.plugin_names():
            return None
        beans = SystemBeans(self.c)
        rest = request.segments[1:]
        if (
            rest[:2] == ("store", "system")
            and rest[2:4] == ("domain", "_")
            and rest[4:5] == ("credential",)
            and len(rest) > 5
        ):
            data = self.c.configured.credentials.get(rest[5])
            if data is None:
                return None
            if rest[6:] == ("config.xml",):
                return text(credential_xml(data, self.c.plugins), "application/xml")
            return self.tail(request, 7, beans.credential(data))
        if rest[:4] == ("store", "system", "domain", "_"):
            return self.tail(request, 5, beans.credential_domain())
        if rest[:2] == ("store", "system"):
            return self.tail(request, 3, beans.credential_store())
        return self.tail(request, 1, beans.credentials())

    def _script_text(self, request: Request, caller: Caller) -> Response:  # noqa: ARG002 - a route
        script = request.param("script")
        return text(self.c.console(script) if script and request.method == "POST" else "")

    def _check_name(self, request: Request, caller: Caller) -> Response:  # noqa: ARG002 - a route
        name = request.param("value") or ""
        taken = name in self.c.root.children
        body = f'<div class="error">A job already exists with the name ‘{name}’</div>' if taken else "<div/>"
        policy = "sandbox; default-src 'none';"
        extra = [
            (name, policy)
            for name in ("Content-Security-Policy", "X-WebKit-CSP", "X-Content-Security-Policy")
        ]
        return text(body, "text/html;charset=utf-8", extra)

    def _update_center(self, request: Request, caller: Caller) -> Response | None:  # noqa: ARG002 - a route
        facts = {
            "availables": [],
            "jobs": [],
            "restartRequiredForCompletion": False,
            "sites": [Bean(None, {})],
        }
        return self.tail(request, 1, Bean("hudson.model.UpdateCenter", facts))

    def _metrics(self, request: Request, caller: Caller) -> Response | None:  # noqa: ARG002 - a route
        if "metrics" not in self.c.plugin_names() or request.segments[1:2] != ("currentUser",):
            return None
        if request.segments[2:] == ("ping",):
            return text("pong\n", "text/plain;charset=iso-8859-1")
        if request.segments[2:] == ("healthcheck",):
            stamp = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
            good = {"healthy": True, "duration": 0, "timestamp": stamp}
            checks = dict.fromkeys(("disk-space", "plugins", "temporary-space", "thread-deadlock"), good)
            checks["plugins"] = {
                "healthy": True,
                "message": "No failed plugins",
                "duration": 0,
                "timestamp": stamp,
            }
            return text(to_json(checks, pretty=False), "application/json")
        return None

    def _validate(self, request: Request, caller: Caller) -> Response | None:  # noqa: ARG002 - a route
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

    def _manage(self, request: Request, caller: Caller) -> Response | None:  # noqa: ARG002 - a route
        rest = request.segments[1:]
        if rest == ("administrativeMonitorsApi", "nonSecurityPopupContent"):
            headers = [
                ("Content-Type", "text/html;charset=utf-8"),
                ("Cache-Control", pages.NO_CACHE),
                ("X-Frame-Options", "sameorigin"),
            ]
            return Response(200, headers, MONITOR.encode())
        if rest in {(), ("cloud",)}:
            title = "Manage Jenkins" if not rest else "Clouds"
            return self.c.look.html(200, f"{title} - Jenkins", f"<h1>{title}</h1>")
        if rest[:1] == ("cloud",) and len(rest) == 2 and self.c.cloud(rest[1]) is not None:
            return self.c.look.html(200, f"Cloud {rest[1]} - Jenkins", f"<h1>Cloud {rest[1]}</h1>")
        return None

    def _script_approval(self, request: Request, caller: Caller) -> Response:  # noqa: ARG002 - a route
        pending = "".join(f"<li>{name}</li>" for name in self.c.pending)
        return self.c.look.html(
            200,
            "In-process Script Approval - Jenkins",
            f"<h1>In-process Script Approval</h1><ul>{pending}</ul>",
        )

    # -- life

    def _life(self, request: Request, what: str) -> Response:
        if request.method != "POST":
            if what in {"restart", "safeRestart"}:
                return self.c.look.html(
                    200, "Restart Jenkins - Jenkins", "<h1>Are you sure you want to restart Jenkins?</h1>"
                )
            return self.c.look.post_only(self._url(request))
        if what in {"quietDown", "cancelQuietDown"}:
            self.c.quiet_down(what == "quietDown")
        elif what in {"restart", "safeRestart"}:
            self.c.restart(safe=what == "safeRestart")
        self.c.scheduler.wake.set()
        return redirect("/")

    def _agent(self, request: Request, caller: Caller) -> Response | None:  # noqa: ARG002 - a route
        """The connection of our own agent.jar; its secret is its credential."""
        if request.segments[1:2] != ("agent",) or len(request.segments) != 3:
            return None
        name = request.segments[2]
        if not self.c.computers.accepts(name, request.headers.get("x-agent-secret", "")):
            return jetty(401, "Unauthorized", request.path)
        web_socket = request.param("webSocket") == "true"
        headers = [("Content-Type", "text/plain"), *self.c.look.version()]
        return Response(
            200, headers, stream=lambda connection: self.c.computers.connect(name, connection, web_socket)
        )

    def _url(self, request: Request) -> str:
        return f"http://{request.host}{quote(request.path, safe='/?=&%()-._~')}"


MONITOR = (
    '<ul class="am-message-list"><li class="am-message"><div class="jenkins-alert jenkins-alert-danger">'
    "<h2>Java 17 end of life in Jenkins</h2>You are running Jenkins on Java 17, support for which "
    "will end on or after Mar 31, 2026."
    "</div></li></ul>"
)
