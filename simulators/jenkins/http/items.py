"""Folders and jobs over HTTP."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import dataclass

from ..api.items import ItemBeans
from ..home.items import BadName, Item, check_name
from ..home.jobs import Jobs
from ..home.jobxml import DECLARATION, body, parse, read, written
from ..pipelines.building import Building
from .answers import Answers, Routes
from .builds import BuildRoutes
from .pages import redirect, text
from .security import Caller
from .server import Request, Response


@dataclass(frozen=True)
class ItemRoutes:
    """Everything under `/job`, and the creation of items."""

    answers: Answers
    jobs: Jobs
    building: Building
    beans: ItemBeans
    builds: BuildRoutes

    def routes(self) -> Routes:
        """By the first segment."""
        return {"job": self._answer, "createItem": self._answer}

    def _answer(self, request: Request, caller: Caller) -> Response | None:
        item, rest = self.jobs.root, request.segments
        while len(rest) > 1 and rest[0] == "job":
            child = item.children.get(rest[1])
            if child is None:
                return self.answers.pages.not_found()
            item, rest = child, rest[2:]
        if rest == ("createItem",) and item.is_folder:
            return self._create(request, item)
        actions: dict[tuple[str, ...], Callable[[], Response | None]] = {
            ("api", "json"): lambda: self.answers.api(
                request, len(request.segments) - 2, self.beans.item(item)
            ),
            ("config.xml",): lambda: self._config(request, item),
            (): lambda: self.answers.pages.headed(item.full_display_name),
            ("build",): lambda: self.builds.start(request, caller, item),
            ("buildWithParameters",): lambda: self.builds.start(request, caller, item),
            ("doDelete",): lambda: self._delete(request, item),
            ("disable",): lambda: self._switch(request, item),
            ("enable",): lambda: self._switch(request, item),
        }
        if item.name and rest in actions:
            return actions[rest]()
        return None if item.is_folder or not rest else self.builds.answer(request, caller, item, rest)

    def _create(self, request: Request, parent: Item) -> Response:
        name = request.query.get("name", [None])[0]
        pages = self.answers.pages
        if name is None:
            return pages.failure("Query parameter 'name' is required")
        try:
            check_name(name, parent.children)
        except BadName as error:
            return pages.failure(str(error), error.header)
        if request.param("mode") is not None:
            return pages.unsupported(request)
        if "content-type" not in request.headers:
            return pages.failure("No Content-Type header set")
        full = f"{parent.full_name}/{name}".strip("/")
        try:
            self.jobs.put(full, request.text())
        except ValueError as error:
            return self.answers.oops(500, f"java.io.IOException: Unable to read {full}/config.xml: {error}")
        return Response(200, [])

    def _config(self, request: Request, item: Item) -> Response:
        if not request.posted:
            return text(item.xml, "application/xml")
        xml = request.text()
        try:
            config = parse(xml)
        except ValueError as error:
            return self.answers.oops(500, f"java.io.IOException: Failed to persist config.xml: {error}")
        item.write(DECLARATION + body(xml), config)
        return Response(200, [])

    def _delete(self, request: Request, item: Item) -> Response:
        if not request.posted:
            return self.answers.pages.post_only(request)
        if count := self.building.end_all(item):
            return self.answers.oops(
                400, f"Failed to interrupt and stop {count} builds of {item.full_display_name}"
            )
        item.remove()
        return redirect("/" + (item.parent.url if item.parent else ""))

    def _switch(self, request: Request, item: Item) -> Response:
        if not request.posted:
            return self.answers.pages.post_only(request)
        root = read(item.xml)
        for old in root.findall("disabled"):
            root.remove(old)
        ET.SubElement(root, "disabled").text = str(request.segments[-1] == "disable").lower()
        item.write(written(root), parse(written(root)))
        return redirect("/" + item.url)
