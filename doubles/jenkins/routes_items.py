"""Folders, jobs and builds over HTTP."""

import json
import mimetypes
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import formatdate
from html import escape
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from .beans import PERMALINKS, Beans
from .builds import NOTE, Build
from .cloud import Cloud
from .computers import Computer
from .credentials import KINDS
from .export import Bean, to_json
from .items import FOLDER, BadName, Item, check_name, parse
from .pages import jetty, redirect, text
from .plugins import Plugin
from .security import Caller
from .web import Request, Response

if TYPE_CHECKING:
    from .controller import Controller

Api = Callable[[Request, Bean, str], Response | None]
EMPTY_FOLDER = f'<?xml version="1.1" encoding="UTF-8"?><{FOLDER}><properties/></{FOLDER}>'
CSP = "sandbox allow-same-origin; default-src 'none'; img-src 'self'; style-src 'self';"


class ItemRoutes:
    """Everything under `/job` and the creation of items."""

    def __init__(self, controller: "Controller", api: Api, oops: Callable[[int, str], Response]) -> None:
        """Args: controller: whose items; api: renders a bean; oops: makes an error page."""
        self.c, self._api, self._oops = controller, api, oops
        self._actions: dict[str, Callable[[Request, Caller, Item], Response | None]] = {
            "build": self._build,
            "buildWithParameters": self._build,
            "doDelete": self._delete,
            "disable": self._switch,
            "enable": self._switch,
            "confirmRename": self._rename,
            "doRename": self._rename,
        }

    def answer(self, request: Request, caller: Caller) -> Response | None:
        """Answer, or None where there is nothing."""
        item, rest = self.c.root, request.segments
        while len(rest) > 1 and rest[0] == "job":
            child = item.children.get(rest[1])
            if child is None:
                return None
            item, rest = child, rest[2:]
        return self._of_item(request, caller, item, rest)

    def _of_item(  # noqa: C901, PLR0911 - a table of ways
        self, request: Request, caller: Caller, item: Item, rest: tuple[str, ...]
    ) -> Response | None:
        if rest == ("createItem",) and item.is_folder:
            return self._create(request, item)
        if not item.name:
            return None
        if not rest:
            if request.method == "DELETE":
                item.remove()
                return Response(204, [])
            return self.c.look.html(
                200, f"{item.full_display_name} - Jenkins", f"<h1>{item.full_display_name}</h1>"
            )
        if rest[0] == "api" and len(rest) == 2:
            return self._api(request, Beans(self.c).item(item), rest[1])
        if rest == ("config.xml",):
            return self._config(request, item)
        if len(rest) == 1 and rest[0] in self._actions:
            return self._actions[rest[0]](request, caller, item)
        if rest[0] == "descriptorByName" and rest[-1] == "checkScriptCompile" and self.c.groovy is not None:
            found = self.c.groovy.call("compile", script=request.param("value") or "")
            body = found or {"status": "success"}
            return text(to_json(body, pretty=False), "application/json;charset=utf-8")
        if rest[0] == "view" and item.is_folder and rest[1:2] == ("all",) and rest[2:3] == ("api",):
            beans = Beans(self.c)
            return self._api(request, beans.view("all", beans.children(item), beans.url(item.url)), rest[3])
        if item.is_folder and rest[:5] == ("credentials", "store", "folder", "domain", "_"):
            domain = Bean(
                "com.cloudbees.plugins.credentials.CredentialsStoreAction$DomainWrapper", {"credentials": []}
            )
            return self._api(request, domain, rest[-1]) if rest[5:6] == ("api",) else None
        return None if item.is_folder else self._of_build(request, caller, item, rest)

    # -- items

    def _create(self, request: Request, parent: Item) -> Response:  # noqa: PLR0911 - a table of ways
        name = request.query.get("name", [None])[0]
        look = self.c.look
        if name is None:
            return look.failure("Query parameter 'name' is required")
        try:
            check_name(name)
        except BadName as error:
            return look.failure(str(error), error.header)
        if name in parent.children:
            return look.failure(
                f"A job already exists with the name ‘{name}’", f"A job already exists with the name  {name} "
            )
        if request.param("mode") == FOLDER:
            self.c.put(f"{parent.full_name}/{name}".strip("/"), EMPTY_FOLDER)
            return redirect("/" + quote(f"{parent.url}job/{name}/"))
        if request.param("mode") == "copy":
            return self._copy(request, parent, name)
        if "content-type" not in request.headers:
            return look.failure("No Content-Type header set")
        full = f"{parent.full_name}/{name}".strip("/")
        try:
            self.c.put(full, request.body.decode("utf-8", "replace"))
        except ValueError as error:
            return self._oops(500, f"java.io.IOException: Unable to read {full}/config.xml: {error}")
        return Response(200, [])

    def _copy(self, request: Request, parent: Item, name: str) -> Response:
        wanted = request.param("from") or ""
        source = self.c.find(wanted if wanted.startswith("/") else f"{parent.full_name}/{wanted}")
        if source is None:
            return self.c.look.failure(f"No such job: {wanted}")
        self.c.put(f"{parent.full_name}/{name}".strip("/"), source.xml)
        return redirect("/" + quote(f"{parent.url}job/{name}/"))

    def _config(self, request: Request, item: Item) -> Response:
        if request.method != "POST":
            return text(item.xml, "application/xml")
        xml = request.body.decode("utf-8", "replace")
        try:
            config = parse(xml)
        except ValueError as error:
            return self._oops(500, f"java.io.IOException: Failed to persist config.xml: {error}")
        body = xml.partition("?>")[2] if xml.lstrip().startswith("<?xml") else xml
        item.write('<?xml version="1.1" encoding="UTF-8"?>' + body, config)
        return Response(200, [])

    def _delete(self, request: Request, caller: Caller, item: Item) -> Response:  # noqa: ARG002 - an action
        if request.method != "POST":
            return self.c.look.post_only(f"http://{request.host}{request.path}")
        item.remove()
        return redirect("/" + (item.parent.url if item.parent else ""))

    def _switch(self, request: Request, caller: Caller, item: Item) -> Response:  # noqa: ARG002 - an action
        if request.method != "POST":
            return self.c.look.post_only(f"http://{request.host}{request.path}")
        off = request.segments[-1] == "disable"
        bare = re.sub(r"\s*<disabled>[^<]*</disabled>", "", item.xml)
        end = bare.rindex("</")
        xml = bare[:end] + f"<disabled>{str(off).lower()}</disabled>" + bare[end:]
        item.write(xml, parse(xml))
        return redirect("/" + item.url)

    def _rename(self, request: Request, caller: Caller, item: Item) -> Response:  # noqa: ARG002 - an action
        if request.method != "POST":
            return self.c.look.post_only(f"http://{request.host}{request.path}")
        name = request.param("newName") or ""
        try:
            check_name(name)
        except BadName as error:
            return self.c.look.failure(str(error), error.header)
        siblings = item.parent.children if item.parent else {}
        if name in siblings:
            return self.c.look.failure(f"The name “{name}” is already in use.")
        item.rename(name)
        return redirect("/" + item.url.rstrip("/"))

    # -- builds

    def _build(self, request: Request, caller: Caller, item: Item) -> Response | None:  # noqa: PLR0911 - a table of ways
        config = item.config
        if item.is_folder or config is None:
            return None
        if request.method != "POST":
            return self.c.look.build_by_post()
        if config.disabled:
            return self._oops(409, f"java.lang.IllegalStateException: {item.full_name} is not buildable")
        with_values = request.segments[-1] == "buildWithParameters"
        if with_values and not config.parameters:
            return self._oops(500, "java.lang.IllegalStateException: This build is not parameterized!")
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
            queued = self.c.submit(
                item, given, caller.user, float(delay.removesuffix("sec")) if delay else None
            )
        except ValueError as error:
            return self._oops(500, f"java.lang.IllegalArgumentException: {error}")
        return Response(201, [("Location", f"http://{request.host}/queue/item/{queued.id}/")])

    def _of_build(  # noqa: PLR0911 - a table of ways
        self, request: Request, caller: Caller, item: Item, rest: tuple[str, ...]
    ) -> Response | None:
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
            return self._api(request, Beans(self.c).build(item, build), what[1])
        if what in {("stop",), ("term",), ("kill",)}:
            if request.method != "POST":
                return self.c.look.post_only(f"http://{request.host}{request.path}")
            self.c.stop_build(build, caller.user) if what == ("stop",) else self.c.kill_build(build)
            return redirect("/" + "/".join(quote(piece) for piece in request.segments[:-1]) + "/")
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
        file = build.directory / "archive" / path
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


def agent_xml(agent: Computer, cloud: Cloud) -> str:
    """An agent's configuration."""
    tunnel = cloud.data.get("jenkinsTunnel")
    return (
        '<?xml version="1.1" encoding="UTF-8"?>\n<org.csanchez.jenkins.plugins.kubernetes.KubernetesSlave '
        f'plugin="kubernetes@4356.vfa_556c21f086">\n  <name>{agent.name}</name>\n  '
        f"<description>{agent.template.get('name')}</description>\n"
        f"  <numExecutors>1</numExecutors>\n  "
        f"<mode>{agent.template.get('nodeUsageMode') or 'NORMAL'}</mode>\n"
        '  <launcher class="org.csanchez.jenkins.plugins.kubernetes.KubernetesLauncher">\n'
        + (f"    <tunnel>{tunnel}</tunnel>\n" if tunnel else "")
        + f"    <webSocket>{str(cloud.data.get('webSocket') or False).lower()}</webSocket>\n    "
        f"<launched>true</launched>\n  </launcher>\n"
        f"  <label>{agent.template.get('label')}</label>\n  <nodeProperties/>\n  "
        f"<cloudName>{cloud.name}</cloudName>\n"
        f"  <namespace>{agent.namespace}</namespace>\n  "
        f"<podTemplateId>{agent.template.get('id')}</podTemplateId>\n"
        f"  <remoteFS>{agent.workdir}</remoteFS>\n</org.csanchez.jenkins.plugins.kubernetes.KubernetesSlave>"
    )


def credential_xml(data: Mapping[str, Any], plugins: list[Plugin]) -> str:
    """A credential's configuration, its secret hidden."""
    kind = KINDS[str(data["kind"])]
    version = next((p.version for p in plugins if p.name == kind.plugin), "")
    lines = [
        f'<{kind.element} plugin="{kind.plugin}@{version}">',
        f"  <scope>{data.get('scope') or 'GLOBAL'}</scope>",
        f"  <id>{data['id']}</id>",
    ]
    lines.append(f"  <description>{data.get('description') or ''}</description>")
    hidden = ("password",) if data["kind"] == "usernamePassword" else ("secret",)
    if data["kind"] == "usernamePassword":
        lines.append(f"  <username>{data.get('username')}</username>")
    lines += [f"  <{name}>\n    <secret-redacted/>\n  </{name}>" for name in hidden]
    if data["kind"] == "usernamePassword":
        lines.append(f"  <usernameSecret>{str(data.get('usernameSecret') or False).lower()}</usernameSecret>")
    return "\n".join([*lines, f"</{kind.element}>"])
