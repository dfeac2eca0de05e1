"""Answers that every family of URLs gives: the remote API of an object, and the error page."""

import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import quote

from ..api.export import Bean, ByDepth, ByTree, parse_tree, render, to_json, to_python, to_xml, xpath
from ..home.settings import log
from .security import Caller
from .server import Request, Response

if TYPE_CHECKING:
    from ..controller import Controller

Routes = dict[str, Callable[[Request, Caller], Response | None]]
"""What answers, by the first segment of the path."""


class Answers:
    """The common answers of one controller."""

    def __init__(self, controller: "Controller") -> None:
        """Args: controller: what is asked."""
        self.c = controller

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

    def oops(self, status: int, why: str) -> Response:
        """An error page; the log says why under the page's id."""
        number = str(uuid.uuid4())
        log(
            "WARNING",
            "h.i.i.InstallUncaughtExceptionHandler#handleException",
            f"Caught unhandled exception with ID {number}\n{why}",
        )
        return self.c.look.oops(status, number)

    def post_only(self, request: Request) -> Response:
        """The page that asks for a POST."""
        return self.c.look.post_only(f"http://{request.host}{quote(request.path, safe='/?=&%()-._~')}")
