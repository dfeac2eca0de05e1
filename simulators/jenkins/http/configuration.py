"""Configuration as code over HTTP."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from ..api.export import to_json
from ..casc.apply import apply_text, reload
from ..casc.export import export
from ..casc.schema import validate
from ..casc.sources import CascError, parse
from .pages import jetty, redirect, text
from .security import Caller
from .server import Request, Response

if TYPE_CHECKING:
    from ..controller import Controller

ACTIONS = {"reload", "check", "apply", "export", "schema", "viewExport", "replace", "checkNewSource"}


class CascRoutes:
    """`/configuration-as-code` and the reload by token."""

    def __init__(self, controller: "Controller", oops: Callable[[int, str], Response]) -> None:
        """Args: controller: what is configured; oops: makes an error page."""
        self.c, self._oops = controller, oops

    def answer(  # noqa: C901, PLR0911 - a table of ways
        self, request: Request, caller: Caller
    ) -> Response | None:
        """Answer, or None where there is nothing."""
        if "configuration-as-code" not in self.c.plugin_names():
            return None
        if request.segments[0] == "reload-configuration-as-code":
            return self._by_token(request)
        action = request.segments[-1]
        if action == "configuration-as-code":
            listed = "".join(f"<li>{path}</li>" for path in self.c.life.sources)
            main = f"<h1>Configuration as Code</h1>\nConfiguration loaded from :\n<ul>{listed}</ul>"
            return self.c.look.html(200, "Configuration as Code - Jenkins", main)
        if action not in ACTIONS:
            return None
        if request.method != "POST":
            return self.c.look.post_only(f"http://{request.host}{request.path}")
        if action == "check":
            return self._check(request)
        if action == "apply":
            return self._apply(request)
        if action == "reload":
            return self._reload() or redirect("/configuration-as-code/")
        if action == "export":
            extra = [("Content-Disposition", "attachment; filename=jenkins.yaml")]
            return text(export(self.c), "application/x-yaml; charset=utf-8", extra)
        if action == "replace":
            return redirect("/configuration-as-code/")
        if action == "checkNewSource":
            return self._check_source(request)
        if action == "viewExport":
            return self.c.look.html(200, "Configuration as Code - Jenkins", f"<pre>{export(self.c)}</pre>")
        return None

    def _by_token(self, request: Request) -> Response:
        if request.method != "POST":
            return self.c.look.post_only(f"http://{request.host}{request.path}")
        settings = self.c.settings
        wanted = settings.environment.get("CASC_RELOAD_TOKEN") or settings.java_property("casc.reload.token")
        given = request.query.get("casc-reload-token", [""])[-1]
        if not wanted or given != wanted:
            return jetty(401, "Unauthorized", request.path)
        return self._reload() or Response(200, [])

    def _reload(self) -> Response | None:
        try:
            reload(self.c)
        except CascError as error:
            return self._oops(500, f"{error.cls}: {error}")
        return None

    def _check(self, request: Request) -> Response:
        try:
            validate(parse(request.body.decode("utf-8", "replace"), "request"), self.c.plugin_names())
        except CascError as error:
            body = to_json([{"line": -1, "message": str(error)}], pretty=False)
            return Response(400, [("Content-Type", "application/json")], body.encode())
        return Response(200, [("Content-Type", "application/json")], b"[]")

    def _apply(self, request: Request) -> Response:
        try:
            apply_text(self.c, request.body.decode("utf-8", "replace"))
        except CascError as error:
            return self._oops(500, f"{error.cls}: {error}")
        return Response(200, [])

    @staticmethod
    def _check_source(request: Request) -> Response:
        wrong = "Configuration cannot be applied. File or URL cannot be parsed or do not exist."
        good = Path(request.param("newSource") or "").exists()
        policy = "sandbox; default-src 'none';"
        extra = [
            (name, policy)
            for name in ("Content-Security-Policy", "X-WebKit-CSP", "X-Content-Security-Policy")
        ]
        return text(
            "<div/>" if good else f'<div class="error">{wrong}</div>', "text/html;charset=utf-8", extra
        )
