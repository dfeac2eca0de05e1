"""Steps with a body: what opening and closing each of them does."""

import threading
from collections.abc import Callable, Mapping
from typing import Any

from .arguments import Args
from .credentials import bind
from .flow import Ctx, Interruption, worse
from .groovy_host import StepError
from .nodes import Nodes
from .spans import UNITS, span

Open = Callable[[Ctx, Args], None]
Close = Callable[[Ctx, "Mapping[str, Any] | None"], "dict[str, Any] | None"]


def _nothing(ctx: Ctx, args: Args) -> None:
    """Open a block that needs nothing."""


class Blocks:
    """Opens and closes the bodies of one controller's pipelines."""

    def __init__(self, nodes: Nodes, credential: Callable[[str], Mapping[str, Any] | None]) -> None:
        """Args: nodes: how a pipeline gets an agent; credential: finds one by its id."""
        self._credential = credential
        self._open: dict[str, Open] = {
            "node": nodes.node,
            "podTemplate": nodes.pod_template,
            "stage": self._stage,
            "container": self._container,
            "withEnv": self._with_env,
            "withCredentials": self._with_credentials,
            "dir": self._dir,
            "ws": self._ws,
            "timeout": self._timeout,
            "retry": _nothing,
            "waitUntil": _nothing,
            "timestamps": _nothing,
            "parallel": self._parallel,
            "parallel-branch": self._branch,
            "catchError": self._catch_error,
            "warnError": self._warn_error,
        }

    def known(self) -> set[str]:
        """Names of the steps with a body."""
        return set(self._open) - {"parallel-branch"}

    def begin(self, parent: Ctx, name: str, args: Args) -> Ctx:
        """Open a block inside another.

        Raises:
            StepError: it cannot be opened, or the build is stopped meanwhile.
        """
        branch = name == "parallel-branch"
        if not branch:
            parent.check()
        ctx = parent.flow.open(parent, name)
        if not branch:
            parent.mark(name)
        try:
            self._open[name](ctx, args)
        except BaseException:
            parent.mark(f"// {name}")
            parent.flow.close(ctx)
            raise
        if name == "parallel":
            return ctx
        label = (
            f" (Branch: {args.positional[0]})"
            if branch
            else f" ({ctx.data['label']})"
            if "label" in ctx.data
            else ""
        )
        parent.mark("{" + label)
        return ctx

    def end(self, ctx: Ctx, error: Mapping[str, Any] | None) -> dict[str, Any]:
        """Close a block; the answer may say that its error goes no further."""
        if ctx.block != "parallel":
            ctx.mark("}")
        close: Close | None = ctx.data.get("close")
        answer = close(ctx, error) if close else None
        if ctx.block != "parallel-branch":
            ctx.mark(f"// {ctx.block}")
        ctx.flow.close(ctx)
        return answer or {}

    def _stage(self, ctx: Ctx, args: Args) -> None:
        ctx.data["label"] = str(args.need("name", first=True))
        ctx.env = {"STAGE_NAME": ctx.data["label"]}

    def _container(self, ctx: Ctx, args: Args) -> None:
        name = str(args.need("name", first=True))
        computer = ctx.agent()
        if not any(c["name"] == name for c in computer.pod["spec"]["containers"]):
            raise StepError("abort", f"container {name} was not found in the pod {computer.name}")
        ctx.container = name

    def _with_env(self, ctx: Ctx, args: Args) -> None:
        for pair in args.need("overrides", first=True):
            name, _, value = str(pair).partition("=")
            ctx.env[name] = value

    def _with_credentials(self, ctx: Ctx, args: Args) -> None:
        bindings = args.need("bindings", first=True)
        if not ctx.flow.bound:
            ctx.flow.bound = True
            ctx.flow.build.hidden_actions += 1
        names: list[str] = []
        for binding in bindings:
            bound = bind(binding, self._credential)
            ctx.env |= bound.env
            ctx.masks += bound.masks
            names += bound.shown
        if names:
            ctx.log("Masking supported pattern matches of " + " or ".join(f"${name}" for name in names))

    def _dir(self, ctx: Ctx, args: Args) -> None:
        path = str(args.need("path", first=True))
        ctx.agent()
        ctx.cwd = path if path.startswith("/") else f"{ctx.where()}/{path}"
        ctx.log(f"Running in {ctx.cwd}")

    def _ws(self, ctx: Ctx, args: Args) -> None:
        self._dir(ctx, args)
        ctx.env = {"WORKSPACE": ctx.cwd or ""}

    def _timeout(self, ctx: Ctx, args: Args) -> None:
        seconds = float(args.need("time", first=True)) * UNITS[str(args.get("unit", "MINUTES"))]
        ctx.log(f"Timeout set to expire in {span(seconds)}")

        def expire() -> None:
            ctx.log("Cancelling nested steps due to timeout")
            ctx.stop = Interruption(("Timeout has been exceeded",))

        timer = threading.Timer(seconds, expire)
        timer.daemon = True
        timer.start()

        def close(_: Ctx, __: Mapping[str, Any] | None) -> None:
            timer.cancel()

        ctx.data["close"] = close

    def _parallel(self, ctx: Ctx, args: Args) -> None:
        ctx.data["fail_fast"] = bool(args.get("failFast"))

    def _branch(self, ctx: Ctx, args: Args) -> None:
        def close(_: Ctx, error: Mapping[str, Any] | None) -> None:
            parent, said = ctx.parent, f"Failed in branch {args.positional[0]}"
            if not error:
                return
            ctx.log(said)
            if parent is not None and parent.data.get("fail_fast") and parent.stop is None:
                parent.stop = Interruption((said,), recorded=False)

        ctx.data["close"] = close

    def _catch_error(self, ctx: Ctx, args: Args) -> None:
        result = str(args.get("buildResult", "FAILURE"))
        message = args.get("message", first=True)
        interruptions = args.get("catchInterruptions", True)

        def close(_: Ctx, error: Mapping[str, Any] | None) -> dict[str, Any] | None:
            if not error or ctx.flow.interruption or (error.get("causes") and not interruptions):
                return None
            if message:
                ctx.log(str(message))
            ctx.log(f"ERROR: {error.get('message')}")
            if result != "SUCCESS":
                worse(ctx.flow, str(error.get("result") or result))
            return {"swallow": True}

        ctx.data["close"] = close

    def _warn_error(self, ctx: Ctx, args: Args) -> None:
        args.named.setdefault("message", args.get("message", first=True))
        args.named["buildResult"] = "UNSTABLE"
        self._catch_error(ctx, args)
