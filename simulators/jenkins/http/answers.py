"""Answers that every family of URLs gives: the remote API of an object, and the error page."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass

from ..api.export import Bean, ByDepth, ByTree, parse_tree, render, to_json
from ..home.settings import log
from .pages import Pages
from .security import Caller
from .server import Request, Response

Route = Callable[[Request, Caller], "Response | None"]
"""Answers a request; None says that the URL is not implemented."""
Routes = dict[str, Route]
"""Routes by the first segment of the path."""


@dataclass(frozen=True)
class Answers:
    """The common answers of one start."""

    pages: Pages

    def api(self, request: Request, used: int, bean: Bean) -> Response | None:
        """The bean, when the rest of the path is `api/json`.

        Raises:
            TreeError: the `tree` parameter is malformed.
        """
        if request.segments[used:] != ("api", "json"):
            return None
        tree = request.param("tree")
        pruner: ByTree | ByDepth = (
            parse_tree(tree) if tree is not None else ByDepth(1 - int(request.param("depth") or 0))
        )
        return self.pages.api(to_json(render(bean, pruner)))

    def oops(self, status: int, reason: str) -> Response:
        """An error page; the log has the reason under the page's id."""
        number = str(uuid.uuid4())
        log(
            "WARNING",
            "h.i.i.InstallUncaughtExceptionHandler#handleException",
            f"Caught unhandled exception with ID {number}\n{reason}",
        )
        return self.pages.oops(status, number)
