"""Configuration as code over HTTP: export, reload and reload by token."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..casc.apply import Application
from ..casc.export import export
from ..casc.sources import CascError
from .answers import Answers, Routes
from .pages import jetty, redirect, text
from .security import Caller
from .server import Request, Response


@dataclass(frozen=True)
class ConfigurationRoutes:
    """`/configuration-as-code` and `/reload-configuration-as-code`."""

    answers: Answers
    application: Application

    def routes(self) -> Routes:
        """By the first segment; none without the plugin."""
        return {"configuration-as-code": self._act, "reload-configuration-as-code": self._by_token}

    def _act(self, request: Request, caller: Caller) -> Response | None:
        actions: dict[tuple[str, ...], Callable[[], Response]] = {
            ("export",): self._export,
            ("reload",): lambda: self._reload() or redirect("/configuration-as-code/"),
        }
        action = actions.get(request.segments[1:])
        if action is None or not self._installed():
            return None
        return action() if request.posted else self.answers.pages.post_only(request)

    def _installed(self) -> bool:
        return "configuration-as-code" in self.application.plugins.names()

    def _export(self) -> Response:
        extra = [("Content-Disposition", "attachment; filename=jenkins.yaml")]
        exported = export(self.application.configured, self.application.accounts)
        return text(exported, "application/x-yaml; charset=utf-8", extra)

    def _by_token(self, request: Request, caller: Caller) -> Response | None:
        if not self._installed():
            return None
        if not request.posted:
            return self.answers.pages.post_only(request)
        settings = self.application.settings
        wanted = settings.environment.get("CASC_RELOAD_TOKEN") or settings.java_property("casc.reload.token")
        given = request.query.get("casc-reload-token", [""])[-1]
        if not wanted or given != wanted:
            return jetty(401, "Unauthorized", request.path)
        return self._reload() or Response(200, [])

    def _reload(self) -> Response | None:
        try:
            self.application.reload()
        except CascError as error:
            return self.answers.oops(500, f"{error.cls}: {error}")
        return None
