"""Steps with a body: what opening and closing each of them does."""

import threading
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from . import podspec
from .cloud import Cloud
from .credentials import bind
from .flow import Ctx, Flow, Interruption
from .jvm import StepError
from .queue import QueueItem
from .spans import UNITS, span

STILL_WAITING = 15.0
"""Seconds after which the console says why a `node` step waits."""


class Host(Protocol):
    """What blocks need of the controller."""

    def wait_for_node(self, flow: Flow, label: str | None) -> QueueItem:
        """Queue a `node` step."""

    def withdraw(self, item: QueueItem) -> None:
        """Take a step that is stopped out of the queue."""

    def release(self, item: QueueItem) -> None:
        """Give an executor back."""

    def cloud(self, name: str | None) -> Cloud | None:
        """A Kubernetes cloud."""

    def credential(self, credentials_id: str) -> Mapping[str, Any] | None:
        """A credential of the system store."""


class Args:
    """The arguments of a step: named ones, and the single one that needs no name."""

    def __init__(self, positional: list[Any], named: dict[str, Any]) -> None:
        """Args: as the script gave them."""
        self.positional, self.named = positional, named

    def get(self, name: str, default: Any = None, first: bool = False) -> Any:
        """An argument; `first` also takes the unnamed one."""
        if name in self.named:
            return self.named[name]
        return self.positional[0] if first and self.positional else default

    def need(self, name: str, first: bool = False) -> Any:
        """An argument that must be there.

        Raises:
            StepError: it is not.
        """
        value = self.get(name, first=first)
        if value is None:
            raise StepError("illegal", f'Missing required parameter: "{name}"')
        return value


Open = Callable[[Ctx, Args], None]
Close = Callable[[Ctx, "Mapping[str, Any] | None"], "dict[str, Any] | None"]


def _nothing(ctx: Ctx, args: Args) -> None:
    """Open a block that needs nothing."""


class Blocks:
    """Opens and closes the bodies of one controller's pipelines."""

    def __init__(self, host: Host) -> None:
        """Args: host: the controller."""
        self._host = host
        self._open: dict[str, Open] = {
            "node": self._node,
            "podTemplate": self._pod_template,
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
        parent.check()
        branch = name == "parallel-branch"
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

    def _node(self, ctx: Ctx, args: Args) -> None:
        label = args.get("label", first=True)
        flow = ctx.flow
        item = self._host.wait_for_node(flow, str(label) if label else None)
        try:
            if not ctx.wait(item.decided.is_set, STILL_WAITING):
                ctx.log(f"Still waiting to schedule task\n{item.why}")
                ctx.wait(item.decided.is_set)
        except StepError:
            self._host.withdraw(item)
            raise
        if item.state == "cancelled":
            raise Interruption((item.cancel_reason or "Queue task was cancelled",)).error()
        computer = item.computer
        if not computer.template.get("shown", {}).get(computer.name):
            computer.template.setdefault("shown", {})[computer.name] = True
            ctx.log(f"Agent {computer.name} is provisioned from template {computer.template.get('name')}")
            ctx.log("---\n" + podspec.show(computer.pod, computer.secret))
        used = flow.workspaces.get(computer.name, 0) + 1
        flow.workspaces[computer.name] = used
        workspace = f"{computer.workdir}/workspace/{flow.job.full_name}" + (f"@{used}" if used > 1 else "")
        ctx.log(f"Running on {computer.name} in {workspace}")
        flow.build.hidden_actions += 1
        ctx.computer, ctx.cwd, ctx.container = computer, workspace, "jnlp"
        ctx.data |= {"workspace": workspace, "close": self._leave_node, "item": item}
        ctx.env = {
            "NODE_NAME": computer.name,
            "NODE_LABELS": " ".join(computer.labels),
            "EXECUTOR_NUMBER": "0",
            "WORKSPACE": workspace,
            "WORKSPACE_TMP": workspace + "@tmp",
        }

    def _leave_node(self, ctx: Ctx, error: Mapping[str, Any] | None) -> None:  # noqa: ARG002 - a Close
        computer = ctx.computer
        if computer is not None:
            ctx.flow.workspaces[computer.name] -= 1
        self._host.release(ctx.data["item"])

    def _pod_template(self, ctx: Ctx, args: Args) -> None:
        cloud = self._host.cloud(args.get("cloud"))
        if cloud is None:
            raise StepError("abort", f"Cloud does not exist: {args.get('cloud')}")
        flow = ctx.flow
        inherit = args.get("inheritFrom")
        parents = cloud.inherited(inherit)
        if inherit and len(parents) < len(str(inherit).split()):
            raise StepError("illegal", f"Unable to find pod template named {inherit!r}")
        label = args.get("label") or podspec.label_value(
            f"{flow.job.full_name}_{flow.build.number}-{podspec.suffix()}"
        )
        template: dict[str, Any] = {}
        for parent in parents:
            template = podspec.merge(
                template, {k: v for k, v in parent.items() if k not in {"id", "label", "name", "shown"}}
            )
        own = {
            k: v
            for k, v in args.named.items()
            if k not in {"label", "inheritFrom", "cloud", "name", "yaml", "containers", "volumes", "envVars"}
        }
        template |= {k: v for k, v in own.items() if v not in (None, "")}
        inherited_yaml = [t["yaml"] for t in parents if t.get("yaml")]
        yaml = [args.get("yaml")] if args.get("yaml") else []
        template["yamls"] = (
            inherited_yaml + yaml if (template.get("yamlMergeStrategy") == "merge" or not yaml) else yaml
        )
        template["containers"] = podspec.merge(template.get("containers") or [], args.get("containers") or [])
        template |= {
            "label": label,
            "name": f"{args.get('name') or label}-{podspec.suffix()}",
            "id": podspec.suffix() + podspec.suffix(),
            "nodeUsageMode": "EXCLUSIVE",
            "dynamic": True,
            "run_url": f"{flow.job.url}{flow.build.number}/",
            "log": flow.build.log,
            "shown": {},
        }
        cloud.dynamic[label] = template
        ctx.variables["POD_LABEL"] = label
        flow.build.env_used = True

        def close(_: Ctx, __: Mapping[str, Any] | None) -> None:
            cloud.dynamic.pop(label, None)

        ctx.data["close"] = close

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
            bound = bind(binding, self._host.credential)
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
            parent = ctx.parent
            if error and parent is not None and parent.data.get("fail_fast") and parent.stop is None:
                ctx.log(f"Failed in branch {args.positional[0]}")
                parent.stop = Interruption(("Failed in another branch",), recorded=False)

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


ORDER = ("SUCCESS", "UNSTABLE", "FAILURE", "NOT_BUILT", "ABORTED")


def worse(flow: Flow, result: str) -> None:
    """Set a build's result unless it has a worse one."""
    current = flow.build.pending_result or "SUCCESS"
    flow.build.pending_result = max(current, result, key=ORDER.index)
