"""URLs for administrators: plugins, credentials, the script console, approval, monitors, restarts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from html import escape

from ..api.credentials import domain
from ..api.system import SystemBeans
from ..home.approvals import Approvals
from ..home.configured import Configured
from ..home.plugins import Plugins
from ..pipelines.groovy_host import GroovyHost
from .answers import Answers, Routes
from .pages import HTML, NO_CACHE, redirect, text
from .security import Caller
from .server import Request, Response

Monitor = tuple[str, str, str]
"""The id, the heading and the text of an administrative monitor."""
JAVA_17: Monitor = (
    "jenkins.monitor.JavaVersionRecommendationAdminMonitor-17-2026-03-31-DANGER",
    "Java 17 end of life in Jenkins",
    "You are running Jenkins on Java 17, support for which will end on or after Mar 31, 2026.",
)
EXECUTORS: Monitor = (
    "hudson.diagnosis.ControllerExecutorsAgents",
    "",
    "Building on the built-in node can be a security issue.",
)
RESTARTS = {"restart", "safeRestart"}
GLOBAL_DOMAIN = ("credentials", "store", "system", "domain", "_")


@dataclass(frozen=True)
class Operations:
    """The changes of the controller's own life."""

    quiet_down: Callable[[bool], None]
    restart: Callable[[bool], None]


@dataclass(frozen=True)
class ManageRoutes:
    """The administration of one controller."""

    answers: Answers
    configured: Configured
    plugins: Plugins
    approvals: Approvals
    groovy: GroovyHost
    beans: SystemBeans
    operations: Operations

    def routes(self) -> Routes:
        """By the first segment."""
        return {
            "pluginManager": self._plugins,
            "credentials": self._credentials,
            "scriptText": self._script_text,
            "manage": self._manage,
            "scriptApproval": self._script_approval,
            **dict.fromkeys(("quietDown", "cancelQuietDown", *RESTARTS), self._life),
        }

    def _plugins(self, request: Request, caller: Caller) -> Response | None:
        rest = request.segments[1:]
        if rest[:1] != ("plugin",) or rest[2:] not in {("makeEnabled",), ("makeDisabled",)}:
            return self.answers.api(request, 1, self.beans.plugins())
        plugin = next((each for each in self.plugins.all if each.name == rest[1]), None)
        if plugin is None:
            return self.answers.pages.not_found()
        if not request.posted:
            return self.answers.pages.post_only(request)
        plugin.switch(on=rest[2] == "makeEnabled")
        return Response(200, [])

    def _credentials(self, request: Request, caller: Caller) -> Response | None:
        if "credentials" not in self.plugins.names() or request.segments[:5] != GLOBAL_DOMAIN:
            return None
        return self.answers.api(request, 5, domain(self.configured.credentials))

    def _script_text(self, request: Request, caller: Caller) -> Response:
        script = request.param("script")
        if not script or not request.posted:
            return text("")
        return text(str(self.groovy.call("console", script=script)["text"]))

    def _manage(self, request: Request, caller: Caller) -> Response | None:
        monitors: dict[tuple[str, ...], list[Monitor]] = {
            ("administrativeMonitorsApi", "nonSecurityPopupContent"): [JAVA_17],
            ("administrativeMonitorsApi", "securityPopupContent"): [EXECUTORS]
            if self.configured.executors
            else [],
        }
        raised = monitors.get(request.segments[1:])
        if raised is None:
            return None
        items = "".join(
            f'<li class="am-message"><div class="jenkins-alert jenkins-alert-danger"><form method="post" '
            f'name="{name}" action="/administrativeMonitor/{name}/act"></form>'
            f"{f'<h2>{heading}</h2>' if heading else ''}{body}</div></li>"
            for name, heading, body in raised
        )
        page = f'<ul class="am-message-list">{items}</ul><p><a href="/manage">Manage Jenkins</a></p>'
        headers = [HTML, ("Cache-Control", NO_CACHE), ("X-Frame-Options", "sameorigin")]
        return Response(200, headers, page.encode())

    def _script_approval(self, request: Request, caller: Caller) -> Response:
        pending = "".join(
            f'<div id="ps-{name}" class="pending-script"><p class="ps-context">Groovy script:</p>'
            f'<textarea readonly="readonly" rows="5">{escape(script)}</textarea></div>'
            for name, script in self.approvals.pending.items()
        )
        main = f"<h1>In-process Script Approval</h1>{pending or '<p>No pending script approvals.</p>'}"
        return self.answers.pages.html(200, "In-process Script Approval", main)

    def _life(self, request: Request, caller: Caller) -> Response:
        action = request.segments[0]
        if not request.posted:
            return self.answers.pages.post_only(request)
        if action in RESTARTS:
            self.operations.restart(action == "safeRestart")
        else:
            self.operations.quiet_down(action == "quietDown")
        return redirect("/")
