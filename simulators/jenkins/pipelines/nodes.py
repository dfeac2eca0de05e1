"""The steps `node` and `podTemplate`: how a pipeline gets an agent and gives it back."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from ..agents import podspec
from ..agents.cloud import Cloud
from ..agents.computers import AGENT
from ..agents.queue import QueueItem
from .arguments import Args
from .flow import Ctx, Flow, Interruption
from .groovy_host import StepError

STILL_WAITING = 15.0
"""Seconds after which the console says why a `node` step waits."""


class Host(Protocol):
    """What getting an agent needs of the controller."""

    def wait_for_node(self, flow: Flow, label: str | None) -> QueueItem:
        """Queue a `node` step."""

    def withdraw(self, item: QueueItem) -> None:
        """Take a step that is stopped out of the queue."""

    def release(self, item: QueueItem) -> None:
        """Give an executor back."""


class Nodes:
    """Opens and closes the blocks that hold an agent."""

    def __init__(self, host: Host, cloud: Callable[[str | None], Cloud | None]) -> None:
        """Args: host: the controller; cloud: finds one by its name, without a name the first."""
        self._host, self._cloud = host, cloud

    def node(self, ctx: Ctx, args: Args) -> None:
        """Wait for an executor.

        Raises:
            StepError: the wait is stopped, or given up.
        """
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
        ctx.computer, ctx.cwd, ctx.container = computer, workspace, AGENT
        ctx.data |= {"workspace": workspace, "close": self._leave_node, "item": item}
        ctx.env = {
            "NODE_NAME": computer.name,
            "NODE_LABELS": " ".join(computer.labels),
            "EXECUTOR_NUMBER": "0",
            "WORKSPACE": workspace,
            "WORKSPACE_TMP": workspace + "@tmp",
        }

    def _leave_node(self, ctx: Ctx, error: Mapping[str, Any] | None) -> None:
        computer = ctx.computer
        if computer is not None:
            ctx.flow.workspaces[computer.name] -= 1
        self._host.release(ctx.data["item"])

    def pod_template(self, ctx: Ctx, args: Args) -> None:
        """Declare a template that lives as long as the block.

        Raises:
            StepError: its cloud or the template that it inherits from does not exist.
        """
        cloud = self._cloud(args.get("cloud"))
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
