"""The steps `node` and `podTemplate`: how a pipeline gets an agent and gives it back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..agents import podspec
from ..agents.cloud import Cloud
from ..agents.clouds import Clouds
from ..agents.computers import AGENT, Computers
from ..agents.queue import Queue, QueueItem, QueueState
from .arguments import Arguments
from .flow import Context, Interruption
from .groovy_host import StepError

STILL_WAITING = 15.0
"""Seconds after which the console says why a `node` step waits."""


@dataclass(frozen=True)
class Nodes:
    """Opens and closes the blocks that hold an agent."""

    queue: Queue
    computers: Computers
    clouds: Clouds

    def node(self, context: Context, arguments: Arguments) -> None:
        """Wait for an executor.

        Raises:
            StepError: the wait is stopped, or given up.
        """
        label = arguments.get("label", first=True)
        flow = context.flow
        item = self.queue.wait_for_node(flow.job, flow.build, str(label) if label else None)
        try:
            if not context.wait(item.decided.is_set, STILL_WAITING):
                context.log(f"Still waiting to schedule task\n{item.why}")
                context.wait(item.decided.is_set)
        except StepError:
            self._withdraw(item)
            raise
        computer = item.computer
        if computer is None:
            raise Interruption((item.cancel_reason or "Queue task was cancelled",)).error()
        shown = computer.template.setdefault("shown", {})
        if not shown.get(computer.name):
            shown[computer.name] = True
            context.log(f"Agent {computer.name} is provisioned from template {computer.template.get('name')}")
            context.log("---\n" + podspec.show(computer.pod, computer.secret))
        used = flow.workspaces.get(computer.name, 0) + 1
        flow.workspaces[computer.name] = used
        workspace = f"{computer.workdir}/workspace/{flow.job.full_name}" + (f"@{used}" if used > 1 else "")
        context.log(f"Running on {computer.name} in {workspace}")
        flow.build.hidden_actions += 1
        context.computer, context.node, context.container = computer, item, AGENT
        context.workspace = workspace
        context.close = self._leave
        context.env = {
            "NODE_NAME": computer.name,
            "NODE_LABELS": " ".join(computer.labels),
            "EXECUTOR_NUMBER": "0",
            "WORKSPACE": workspace,
            "WORKSPACE_TMP": workspace + "@tmp",
        }

    def _withdraw(self, item: QueueItem) -> None:
        """Take a step that is stopped out of the queue."""
        if item.state == QueueState.LEFT and item.computer is not None:
            self.computers.release(item.computer, item)
        else:
            item.cancel()

    def _leave(self, context: Context, error: Mapping[str, Any] | None) -> None:
        computer = context.agent()
        context.flow.workspaces[computer.name] -= 1
        self.computers.release(computer, context.node)

    def pod_template(self, context: Context, arguments: Arguments) -> None:
        """Declare a template that lives as long as the block.

        Raises:
            StepError: its cloud or the template that it inherits from does not exist.
        """
        cloud = self.clouds.named(arguments.get("cloud"))
        if cloud is None:
            raise StepError("abort", f"Cloud does not exist: {arguments.get('cloud')}")
        flow = context.flow
        label = arguments.get("label") or podspec.label_value(
            f"{flow.job.full_name}_{flow.build.number}-{podspec.suffix()}"
        )
        template = _inherited(cloud, arguments) | {
            "label": label,
            "name": f"{arguments.get('name') or label}-{podspec.suffix()}",
            "id": podspec.suffix() + podspec.suffix(),
            "nodeUsageMode": "EXCLUSIVE",
            "dynamic": True,
            "run_url": f"{flow.job.url}{flow.build.number}/",
            "log": flow.build.log,
            "shown": {},
        }
        cloud.dynamic[label] = template
        context.variables["POD_LABEL"] = label
        flow.build.env_used = True

        def close(_: Context, __: Mapping[str, Any] | None) -> None:
            cloud.dynamic.pop(label, None)

        context.close = close


def _inherited(cloud: Cloud, arguments: Arguments) -> dict[str, Any]:
    """The arguments of a `podTemplate` step over the templates that it inherits from."""
    inherit = arguments.get("inheritFrom")
    parents = cloud.inherited(inherit)
    if inherit and len(parents) < len(str(inherit).split()):
        raise StepError("illegal", f"Unable to find pod template named {inherit!r}")
    template: dict[str, Any] = {}
    for parent in parents:
        facts = {key: value for key, value in parent.items() if key not in {"id", "label", "name", "shown"}}
        template = podspec.merge(template, facts)
    template |= {
        key: value
        for key, value in arguments.named.items()
        if key not in {"label", "inheritFrom", "cloud", "name", "yaml"} and value not in (None, "")
    }
    inherited = [parent["yaml"] for parent in parents if parent.get("yaml")]
    own = [arguments.get("yaml")] if arguments.get("yaml") else []
    merging = template.get("yamlMergeStrategy") == "merge" or not own
    template["yamls"] = inherited + own if merging else own
    return template
