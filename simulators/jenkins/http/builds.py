"""URLs of builds: starting, reading, stopping and deleting one."""

from __future__ import annotations

import mimetypes
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import formatdate
from typing import Any
from urllib.parse import quote

from ..api.builds import BuildBeans
from ..api.items import PERMALINKS
from ..home.builds import Build
from ..home.items import Item
from ..pipelines.building import Building
from .answers import Answers
from .pages import jetty, redirect, text
from .security import Caller
from .server import Request, Response

POLICY = "sandbox allow-same-origin; default-src 'none'; img-src 'self'; style-src 'self';"
CHANGES = {("stop",), ("doDelete",)}


@dataclass(frozen=True)
class BuildRoutes:
    """The builds of one controller."""

    answers: Answers
    building: Building
    beans: BuildBeans

    def start(self, request: Request, caller: Caller, item: Item) -> Response:
        """Queue a build."""
        config = item.config
        if item.is_folder or config is None:
            return self.answers.pages.not_found()
        if not request.posted:
            return self.answers.pages.build_by_post()
        illegal = "java.lang.IllegalStateException"
        with_parameters = request.segments[-1] == "buildWithParameters"
        if config.disabled:
            return self.answers.oops(409, f"{illegal}: {item.full_name} is not buildable")
        if with_parameters and not config.parameters:
            return self.answers.oops(500, f"{illegal}: This build is not parameterized!")
        if config.parameters and not with_parameters:
            return jetty(400, "Nothing is submitted", request.path)
        given = _form(request) if with_parameters else {}
        return self._submit(request, caller, item, given)

    def _submit(self, request: Request, caller: Caller, item: Item, given: Mapping[str, Any]) -> Response:
        delay = request.param("delay")
        seconds = float(delay.removesuffix("sec")) if delay else None
        try:
            queued = self.building.submit(item, given, caller.user, seconds)
        except ValueError as error:
            return self.answers.oops(500, f"java.lang.IllegalArgumentException: {error}")
        return Response(201, [("Location", f"http://{request.host}/queue/item/{queued.id}/")])

    def answer(self, request: Request, caller: Caller, item: Item, rest: tuple[str, ...]) -> Response | None:
        """Answer a request for a build, or None where the URL is not implemented."""
        name, action = rest[0], rest[1:]
        if name not in PERMALINKS and not name.isdigit():
            return None
        build = item.permalinks()[name] if name in PERMALINKS else item.builds.get(int(name))
        if build is None:
            return self.answers.pages.not_found()
        used = len(request.segments) - len(action)
        reading: dict[str, Callable[[], Response | None]] = {
            "api": lambda: self.answers.api(request, used, self.beans.show(item, build)),
            "artifact": lambda: self._artifact(build, "/".join(action[1:])),
            "consoleText": lambda: text(build.text()),
        }
        if not action:
            return self.answers.pages.headed(f"{item.full_display_name} #{build.number}")
        if action[0] in reading:
            return reading[action[0]]()
        return self._change(request, caller, item, build) if action in CHANGES else None

    def _change(self, request: Request, caller: Caller, item: Item, build: Build) -> Response:
        if not request.posted:
            return self.answers.pages.post_only(request)
        if request.segments[-1] == "doDelete":
            return self._delete(item, build)
        self.building.stop(build, caller.user)
        return redirect("/" + "/".join(quote(piece) for piece in request.segments[:-1]) + "/")

    def _delete(self, item: Item, build: Build) -> Response:
        if build.building:
            reason = f"Unable to delete {item.full_name} #{build.number} because it is still running"
            main = f"<pre>java.io.IOException: {reason}</pre>"
            return self.answers.pages.html(200, f"#{build.number}", main)
        item.delete_build(build.number)
        return redirect("/" + item.url)

    def _artifact(self, build: Build, path: str) -> Response:
        if path not in build.artifacts:
            return self.answers.pages.not_found()
        file = build.archive / path
        when = formatdate(file.stat().st_mtime, usegmt=True)
        kind = mimetypes.guess_type(path)[0] or "application/octet-stream"
        headers = [
            ("Content-Security-Policy", POLICY),
            ("X-WebKit-CSP", POLICY),
            ("X-Content-Security-Policy", POLICY),
            ("Last-Modified", when),
            ("Expires", when),
            ("Content-Type", kind),
        ]
        return Response(200, headers, file.read_bytes())


def _form(request: Request) -> dict[str, Any]:
    """The last value of each parameter."""
    return {name: values[-1] for name, values in {**request.query, **request.form()}.items()}
