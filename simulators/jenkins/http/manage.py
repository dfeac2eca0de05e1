"""URLs for administrators: credentials, the script console, approval, health, going down."""

from collections.abc import Callable
from datetime import UTC, datetime
from html import escape
from typing import TYPE_CHECKING

from ..api.config_xml import credential_xml
from ..api.credentials import CredentialBeans
from ..api.export import Bean, to_json
from ..api.system import SystemBeans
from . import pages
from .answers import Answers, Routes
from .pages import redirect, text
from .security import Caller
from .server import Request, Response

if TYPE_CHECKING:
    from ..controller import Controller


SIMPLE_POSTS = {"quietDown", "cancelQuietDown", "restart", "safeRestart", "exit", "safeExit"}

JAVA_17 = (
    "jenkins.monitor.JavaVersionRecommendationAdminMonitor-17-2026-03-31-DANGER",
    "Java 17 end of life in Jenkins",
    "You are running Jenkins on Java 17, support for which will end on or after Mar 31, 2026.",
)
EXECUTORS = (
    "hudson.diagnosis.ControllerExecutorsAgents",
    "",
    "Building on the built-in node can be a security issue.",
)
Monitor = tuple[str, str, str]
MONITORS: dict[tuple[str, ...], Callable[["Controller"], list[Monitor]]] = {
    ("nonSecurityPopupContent",): lambda _: [JAVA_17],
    ("securityPopupContent",): lambda controller: [EXECUTORS] if controller.configured.executors else [],
}
"""What is raised, by the last part of the URL: id, heading and text of each."""


def monitors(raised: list[Monitor]) -> str:
    """The list of raised monitors, as pages get it for their footer."""
    items = "".join(
        f'<li class="am-message"><div class="jenkins-alert jenkins-alert-danger"><form method="post" '
        f'name="{name}" action="/administrativeMonitor/{name}/act"></form>'
        f"{f'<h2>{heading}</h2>' if heading else ''}{said}</div></li>"
        for name, heading, said in raised
    )
    return f'<ul class="am-message-list">{items}</ul><p><a href="/manage">Manage Jenkins</a></p>'


class ManageRoutes:
    """The administration of one controller."""

    def __init__(self, controller: "Controller", answers: Answers) -> None:
        """Args: controller: what is asked; answers: the common ones."""
        self.c, self._answers = controller, answers
        self.first: Routes = {
            "pluginManager": self._plugins,
            "credentials": self._credentials,
            "scriptText": self._script_text,
            "updateCenter": self._update_center,
            "metrics": self._metrics,
            "manage": self._manage,
            "scriptApproval": self._script_approval,
            **dict.fromkeys(SIMPLE_POSTS, self._life),
        }

    def _plugins(self, request: Request, caller: Caller) -> Response | None:
        rest = request.segments[1:]
        if rest[:1] == ("plugin",) and rest[2:] in {("makeEnabled",), ("makeDisabled",)}:
            plugin = next((p for p in self.c.all_plugins if p.name == rest[1]), None)
            if plugin is None:
                return None
            if request.method != "POST":
                return self._answers.post_only(request)
            plugin.switch(on=rest[2] == "makeEnabled")
            return Response(200, [])
        return self._answers.tail(request, 1, SystemBeans(self.c).plugins())

    def _credentials(self, request: Request, caller: Caller) -> Response | None:  # noqa: PLR0911 - a route
        if "credentials" not in self.c.plugin_names():
            return None
        beans = CredentialBeans(self.c.configured.credentials)
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
            return self._answers.tail(request, 7, beans.one(data))
        if rest[:4] == ("store", "system", "domain", "_"):
            return self._answers.tail(request, 5, beans.domain())
        if rest[:2] == ("store", "system"):
            return self._answers.tail(request, 3, beans.store())
        return self._answers.tail(request, 1, beans.whole())

    def _script_text(self, request: Request, caller: Caller) -> Response:
        script = request.param("script")
        return text(self.c.console(script) if script and request.method == "POST" else "")

    def _update_center(self, request: Request, caller: Caller) -> Response | None:
        facts = {
            "availables": [],
            "jobs": [],
            "restartRequiredForCompletion": False,
            "sites": [Bean(None, {})],
        }
        return self._answers.tail(request, 1, Bean("hudson.model.UpdateCenter", facts))

    def _metrics(self, request: Request, caller: Caller) -> Response | None:
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

    def _manage(self, request: Request, caller: Caller) -> Response | None:
        rest = request.segments[1:]
        if rest[:1] == ("administrativeMonitorsApi",) and rest[1:] in MONITORS:
            headers = [
                ("Content-Type", "text/html;charset=utf-8"),
                ("Cache-Control", pages.NO_CACHE),
                ("X-Frame-Options", "sameorigin"),
            ]
            return Response(200, headers, monitors(MONITORS[rest[1:]](self.c)).encode())
        if rest in {(), ("cloud",)}:
            title = "Manage Jenkins" if not rest else "Clouds"
            return self.c.look.html(200, f"{title} - Jenkins", f"<h1>{title}</h1>")
        if rest[:1] == ("cloud",) and len(rest) == 2 and self.c.clouds.named(rest[1]) is not None:
            return self.c.look.html(200, f"Cloud {rest[1]} - Jenkins", f"<h1>Cloud {rest[1]}</h1>")
        return None

    def _script_approval(self, request: Request, caller: Caller) -> Response:
        pending = "".join(
            f'<div id="ps-{name}" class="pending-script"><p class="ps-context">Groovy script:</p>'
            f'<textarea readonly="readonly" rows="5">{escape(script)}</textarea></div>'
            for name, script in self.c.approvals.pending.items()
        )
        return self.c.look.html(
            200,
            "In-process Script Approval - Jenkins",
            f"<h1>In-process Script Approval</h1>{pending or '<p>No pending script approvals.</p>'}",
        )

    def _life(self, request: Request, caller: Caller) -> Response:
        what = request.segments[0]
        if request.method != "POST":
            if what in {"restart", "safeRestart"}:
                return self.c.look.html(
                    200, "Restart Jenkins - Jenkins", "<h1>Are you sure you want to restart Jenkins?</h1>"
                )
            return self._answers.post_only(request)
        if what in {"quietDown", "cancelQuietDown"}:
            self.c.quiet_down(what == "quietDown")
        elif what in {"restart", "safeRestart"}:
            self.c.restart(safe=what == "safeRestart")
        self.c.scheduler.wake.set()
        return redirect("/")
