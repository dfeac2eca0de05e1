"""URLs of builds: starting one, what it says, stopping it."""

import json
import mimetypes
from datetime import UTC, datetime
from email.utils import formatdate
from html import escape
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from ..api.items import PERMALINKS, Beans
from ..home.builds import NOTE, Build
from ..home.items import Item
from .answers import Answers
from .pages import jetty, redirect, text
from .security import Caller
from .server import Request, Response

if TYPE_CHECKING:
    from ..controller import Controller

CSP = "sandbox allow-same-origin; default-src 'none'; img-src 'self'; style-src 'self';"


class BuildRoutes:
    """The builds of one controller."""

    def __init__(self, controller: "Controller", answers: Answers) -> None:
        """Args: controller: whose builds; answers: the common ones."""
        self.c, self._answers = controller, answers

    def start(self, request: Request, caller: Caller, item: Item) -> Response | None:  # noqa: PLR0911 - a table of ways
        """Queue a build."""
        config = item.config
        if item.is_folder or config is None:
            return None
        if request.method != "POST":
            return self.c.look.build_by_post()
        if config.disabled:
            return self._answers.oops(
                409, f"java.lang.IllegalStateException: {item.full_name} is not buildable"
            )
        with_values = request.segments[-1] == "buildWithParameters"
        if with_values and not config.parameters:
            return self._answers.oops(
                500, "java.lang.IllegalStateException: This build is not parameterized!"
            )
        given: dict[str, Any] = {}
        if with_values:
            given = {name: values[-1] for name, values in {**request.query, **request.form()}.items()}
        elif config.parameters:
            submitted = request.param("json")
            if submitted is None:
                return jetty(400, "Nothing is submitted", request.path)
            given = _submitted(submitted)
        delay = request.param("delay")
        try:
            queued = self.c.building.submit(
                item, given, caller.user, float(delay.removesuffix("sec")) if delay else None
            )
        except ValueError as error:
            return self._answers.oops(500, f"java.lang.IllegalArgumentException: {error}")
        return Response(201, [("Location", f"http://{request.host}/queue/item/{queued.id}/")])

    def answer(  # noqa: C901, PLR0911 - a table of ways
        self, request: Request, caller: Caller, item: Item, rest: tuple[str, ...]
    ) -> Response | None:
        """Answer what is asked of a build, or None where there is nothing."""
        build = self._find_build(item, rest[0])
        if build is None:
            return None
        what = rest[1:]
        if not what:
            if request.method == "DELETE":
                return None
            return self.c.look.html(
                200, f"{item.full_display_name} #{build.number} - Jenkins", f"<h1>#{build.number}</h1>"
            )
        if what[0] == "api" and len(what) == 2:
            return self._answers.api(request, Beans(self.c).builds.show(item, build), what[1])
        if what in {("stop",), ("term",), ("kill",)}:
            if request.method != "POST":
                return self._answers.post_only(request)
            self.c.building.stop(build, caller.user) if what == ("stop",) else self.c.building.kill(build)
            return redirect("/" + "/".join(quote(piece) for piece in request.segments[:-1]) + "/")
        if what == ("doDelete",):
            return self._delete(request, item, build)
        if what[0] == "input":
            return self._input(request, caller, build, what[1:])
        if what[0] == "artifact":
            return self._artifact(build, "/".join(what[1:]))
        simple = {
            ("consoleText",): lambda: text(build.text()),
            ("logText", "progressiveText"): lambda: self._progressive(request, build, html=False),
            ("logText", "progressiveHtml"): lambda: self._progressive(request, build, html=True),
            ("buildNumber",): lambda: text(str(build.number), "text/plain;charset=US-ASCII"),
            ("buildTimestamp",): lambda: text(
                _stamp(build, request.param("format")), "text/plain;charset=US-ASCII"
            ),
        }
        if what in simple:
            return simple[what]()
        if what in {("console",), ("flowGraphTable",)}:
            return self.c.look.html(
                200,
                f"{item.full_display_name} #{build.number} Console - Jenkins",
                f"<pre>{build.text()}</pre>",
            )
        return self.c.look.nothing_here()

    def _input(
        self, request: Request, caller: Caller, build: Build, what: tuple[str, ...]
    ) -> Response | None:
        """The questions of a build: the page that shows them, and the answers to one."""
        flow = self.c.runner.flow_of(build)
        if not what and flow is not None and flow.inputs:
            shown = "".join(f"<li>{escape(asked.message)}</li>" for asked in flow.inputs.values())
            return self.c.look.html(200, "Paused for Input - Jenkins", f"<ul>{shown}</ul>")
        asked = flow.inputs.get(what[0]) if flow is not None and what else None
        if asked is None or what[1:] not in {("proceedEmpty",), ("proceed",), ("submit",), ("abort",)}:
            return None
        if request.method != "POST":
            return self._answers.post_only(request)
        if what[1] == "abort" or (what[1] == "submit" and request.param("proceed") is None):
            asked.abort(caller.user)
        elif what[1] == "proceedEmpty":
            asked.proceed(caller.user, None)
        else:
            submitted = _submitted(request.param("json") or "{}")
            unknown = sorted(set(submitted) - {str(p["name"]) for p in asked.parameters})
            if unknown:
                why = f"java.lang.IllegalArgumentException: No such parameter definition: {unknown[0]}"
                return self._answers.oops(500, why)
            asked.proceed(caller.user, submitted)
        return redirect("../../console") if what[1] == "submit" else Response(200, [])

    def _delete(self, request: Request, item: Item, build: Build) -> Response:
        if request.method != "POST":
            return self._answers.post_only(request)
        if build.building:
            why = f"Unable to delete {item.full_name} #{build.number} because it is still running"
            return self.c.look.html(
                200, f"#{build.number} - Jenkins", f"<pre>java.io.IOException: {why}</pre>"
            )
        item.delete_build(build.number)
        return redirect("/" + item.url)

    @staticmethod
    def _find_build(item: Item, name: str) -> Build | None:
        if name in PERMALINKS:
            return item.permalinks()[name]
        return item.builds.get(int(name)) if name.isdigit() else None

    def _progressive(self, request: Request, build: Build, html: bool) -> Response:
        building = build.building
        raw = build.raw()
        start = int(request.param("start") or 0)
        shown = NOTE.sub(b"", raw[start:] if start <= len(raw) else raw)
        if html:
            shown = escape(shown.decode("utf-8", "replace"), quote=False).encode()
        extra = [("X-Text-Size", str(len(raw))), *([("X-More-Data", "true")] if building else [])]
        kind = "text/html;charset=utf-8" if html else "text/plain;charset=utf-8"
        return Response(200, [("Content-Type", kind), *extra], shown.replace(b"\n", b"\r\n"))

    def _artifact(self, build: Build, path: str) -> Response | None:
        if path not in build.artifacts:
            return None
        file = build.archive / path
        when = formatdate(file.stat().st_mtime, usegmt=True)
        kind = mimetypes.guess_type(path)[0] or "application/octet-stream"
        headers = [
            ("Content-Security-Policy", CSP),
            ("X-WebKit-CSP", CSP),
            ("X-Content-Security-Policy", CSP),
            ("Last-Modified", when),
            ("Expires", when),
            ("Accept-Ranges", "bytes"),
            ("Content-Type", kind),
        ]
        return Response(200, headers, file.read_bytes())


def _submitted(text_of_form: str) -> dict[str, Any]:
    """The values of the old `json` form field."""
    entries = json.loads(text_of_form).get("parameter") or []
    return {str(e["name"]): e.get("value") for e in (entries if isinstance(entries, list) else [entries])}


def _stamp(build: Build, pattern: str | None) -> str:
    """A build's time by a few letters of Java's patterns."""
    when = datetime.fromtimestamp(build.timestamp / 1000, UTC)
    if pattern is None:
        return when.strftime("%-m/%-d/%y, %-I:%M %p")
    made = pattern
    for letters, code in (
        ("yyyy", "%Y"),
        ("MM", "%m"),
        ("dd", "%d"),
        ("HH", "%H"),
        ("mm", "%M"),
        ("ss", "%S"),
    ):
        made = made.replace(letters, when.strftime(code))
    return made
