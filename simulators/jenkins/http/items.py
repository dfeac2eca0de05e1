"""Folders and jobs over HTTP."""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import quote

from ..api.export import Bean, to_json
from ..api.items import Beans
from ..home.items import BadName, Item, check_name
from ..home.jobxml import FOLDER, parse
from .answers import Answers
from .builds import BuildRoutes
from .pages import redirect, text
from .security import Caller
from .server import Request, Response

if TYPE_CHECKING:
    from ..controller import Controller

EMPTY_FOLDER = f'<?xml version="1.1" encoding="UTF-8"?><{FOLDER}><properties/></{FOLDER}>'


class ItemRoutes:
    """Everything under `/job` and the creation of items."""

    def __init__(self, controller: "Controller", answers: Answers) -> None:
        """Args: controller: whose items; answers: the common ones."""
        self.c, self._answers = controller, answers
        self._builds = BuildRoutes(controller, answers)
        self._actions: dict[str, Callable[[Request, Caller, Item], Response | None]] = {
            "build": self._builds.start,
            "buildWithParameters": self._builds.start,
            "doDelete": self._delete,
            "disable": self._switch,
            "enable": self._switch,
            "confirmRename": self._rename,
            "doRename": self._rename,
        }

    def answer(self, request: Request, caller: Caller) -> Response | None:
        """Answer, or None where there is nothing."""
        item, rest = self.c.jobs.root, request.segments
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
                return self._deleted(item, Response(204, []))
            return self.c.look.html(
                200, f"{item.full_display_name} - Jenkins", f"<h1>{item.full_display_name}</h1>"
            )
        if rest[0] == "api" and len(rest) == 2:
            return self._answers.api(request, Beans(self.c).item(item), rest[1])
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
            return self._answers.api(
                request, beans.view("all", beans.children(item), beans.url(item.url)), rest[3]
            )
        if item.is_folder and rest[:5] == ("credentials", "store", "folder", "domain", "_"):
            domain = Bean(
                "com.cloudbees.plugins.credentials.CredentialsStoreAction$DomainWrapper", {"credentials": []}
            )
            return self._answers.api(request, domain, rest[-1]) if rest[5:6] == ("api",) else None
        return None if item.is_folder else self._builds.answer(request, caller, item, rest)

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
            self.c.jobs.put(f"{parent.full_name}/{name}".strip("/"), EMPTY_FOLDER)
            return redirect("/" + quote(f"{parent.url}job/{name}/"))
        if request.param("mode") == "copy":
            return self._copy(request, parent, name)
        if "content-type" not in request.headers:
            return look.failure("No Content-Type header set")
        full = f"{parent.full_name}/{name}".strip("/")
        try:
            self.c.jobs.put(full, request.body.decode("utf-8", "replace"))
        except ValueError as error:
            return self._answers.oops(500, f"java.io.IOException: Unable to read {full}/config.xml: {error}")
        return Response(200, [])

    def _copy(self, request: Request, parent: Item, name: str) -> Response:
        wanted = request.param("from") or ""
        source = self.c.jobs.find(wanted if wanted.startswith("/") else f"{parent.full_name}/{wanted}")
        if source is None:
            return self.c.look.failure(f"No such job: {wanted}")
        self.c.jobs.put(f"{parent.full_name}/{name}".strip("/"), source.xml)
        return redirect("/" + quote(f"{parent.url}job/{name}/"))

    def _config(self, request: Request, item: Item) -> Response:
        if request.method != "POST":
            return text(item.xml, "application/xml")
        xml = request.body.decode("utf-8", "replace")
        try:
            config = parse(xml)
        except ValueError as error:
            return self._answers.oops(500, f"java.io.IOException: Failed to persist config.xml: {error}")
        body = xml.partition("?>")[2] if xml.lstrip().startswith("<?xml") else xml
        item.write('<?xml version="1.1" encoding="UTF-8"?>' + body, config)
        return Response(200, [])

    def _delete(self, request: Request, caller: Caller, item: Item) -> Response:
        if request.method != "POST":
            return self._answers.post_only(request)
        return self._deleted(item, redirect("/" + (item.parent.url if item.parent else "")))

    def _deleted(self, item: Item, answer: Response) -> Response:
        if count := self.c.building.end_all(item):
            return self._answers.oops(
                400, f"Failed to interrupt and stop {count} builds of {item.full_display_name}"
            )
        item.remove()
        return answer

    def _switch(self, request: Request, caller: Caller, item: Item) -> Response:
        if request.method != "POST":
            return self._answers.post_only(request)
        off = request.segments[-1] == "disable"
        bare = re.sub(r"\s*<disabled>[^<]*</disabled>", "", item.xml)
        end = bare.rindex("</")
        xml = bare[:end] + f"<disabled>{str(off).lower()}</disabled>" + bare[end:]
        item.write(xml, parse(xml))
        return redirect("/" + item.url)

    def _rename(self, request: Request, caller: Caller, item: Item) -> Response:
        if request.method != "POST":
            return self._answers.post_only(request)
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
