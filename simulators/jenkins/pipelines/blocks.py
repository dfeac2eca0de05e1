"""Steps with a body: the effects of opening and closing each of them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

from ..unsupported import unsupported
from .arguments import Arguments
from .credentials import bind
from .flow import Context, Interruption
from .groovy_host import StepError
from .nodes import Nodes
from .spans import seconds_of, span

Open = Callable[[Context, Arguments], None]


class Blocks:
    """Opens and closes the bodies of one controller's pipelines; `credential` finds one by its id."""

    def __init__(self, nodes: Nodes, credential: Callable[[str], Mapping[str, Any] | None]) -> None:
        self._credential = credential
        self._open: dict[str, Open] = {
            "node": nodes.node,
            "podTemplate": nodes.pod_template,
            "stage": _stage,
            "container": _container,
            "withEnv": _with_env,
            "withCredentials": self._with_credentials,
            "timeout": _timeout,
            "parallel": lambda _context, _arguments: None,
            "parallel-branch": _branch,
        }

    def begin(self, parent: Context, name: str, arguments: Arguments) -> Context:
        """Open a block inside another.

        Raises:
            StepError: it cannot be opened, or the build is stopped meanwhile.
        """
        branch = name == "parallel-branch"
        if name not in self._open:
            raise StepError("abort", unsupported(f"a body of the step {name!r}"))
        if not branch:
            parent.check()
        context = parent.flow.open(parent, name)
        if not branch:
            parent.mark(name)
        try:
            self._open[name](context, arguments)
        except BaseException:
            parent.mark(f"// {name}")
            parent.flow.close(context)
            raise
        if name != "parallel":
            parent.mark("{" + (f" ({context.label})" if context.label else ""))
        return context

    def end(self, context: Context, error: Mapping[str, Any] | None) -> None:
        """Close a block."""
        if context.block != "parallel":
            context.mark("}")
        if context.close is not None:
            context.close(context, error)
        if context.block != "parallel-branch":
            context.mark(f"// {context.block}")
        context.flow.close(context)

    def _with_credentials(self, context: Context, arguments: Arguments) -> None:
        bindings = arguments.need("bindings", first=True)
        if not context.flow.bound:
            context.flow.bound = True
            context.flow.build.hidden_actions += 1
        names: list[str] = []
        for binding in bindings:
            bound = bind(binding, self._credential)
            context.env |= bound.env
            context.masks += bound.masks
            names += bound.masked
        if names:
            context.log("Masking supported pattern matches of " + " or ".join(f"${name}" for name in names))


def _stage(context: Context, arguments: Arguments) -> None:
    context.label = str(arguments.need("name", first=True))
    context.env = {"STAGE_NAME": context.label}


def _container(context: Context, arguments: Arguments) -> None:
    name = str(arguments.need("name", first=True))
    computer = context.agent()
    if not any(entry["name"] == name for entry in computer.pod["spec"]["containers"]):
        raise StepError("abort", f"container {name} was not found in the pod {computer.name}")
    context.container = name


def _with_env(context: Context, arguments: Arguments) -> None:
    for pair in arguments.need("overrides", first=True):
        name, _, value = str(pair).partition("=")
        context.env[name] = value


def _timeout(context: Context, arguments: Arguments) -> None:
    seconds = seconds_of(arguments.need("time", first=True), str(arguments.get("unit", "MINUTES")))
    context.log(f"Timeout set to expire in {span(seconds)}")

    def expire() -> None:
        context.log("Cancelling nested steps due to timeout")
        context.stop = Interruption(("Timeout has been exceeded",))

    timer = threading.Timer(seconds, expire)
    timer.daemon = True
    timer.start()
    context.close = lambda _context, _error: timer.cancel()


def _branch(context: Context, arguments: Arguments) -> None:
    name = arguments.positional[0]
    context.label = f"Branch: {name}"

    def close(_: Context, error: Mapping[str, Any] | None) -> None:
        if error:
            context.log(f"Failed in branch {name}")

    context.close = close
