"""The queue and its items as the remote API shows them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..agents.queue import Queue, QueueItem, QueueState
from .builds import BuildBeans, causes_action, parameters_action
from .export import Bean, Shown, always
from .kinds import CLASSES, color, tag_of

PLACEHOLDER = "org.jenkinsci.plugins.workflow.support.steps.ExecutorStepExecution$PlaceholderTask"
CLASS_OF = {
    QueueState.WAITING: "WaitingItem",
    QueueState.BLOCKED: "BlockedItem",
    QueueState.BUILDABLE: "BuildableItem",
    QueueState.LEFT: "LeftItem",
    QueueState.CANCELLED: "LeftItem",
}


@dataclass(frozen=True)
class QueueBeans:
    """Makes the beans of one queue; `absolute` makes the URL of a path below the root."""

    queue: Queue
    builds: BuildBeans
    absolute: Callable[[str], str]

    def whole(self) -> Bean:
        """`/queue`, the newest item first."""
        waiting = sorted(self.queue.waiting(), key=lambda item: -item.id)
        items = Shown(1, [self.item(item) for item in waiting], inline=True)
        return Bean("hudson.model.Queue", {"discoverableItems": [], "items": items})

    def item(self, item: QueueItem) -> Bean:
        """An item of the queue, or one that left it."""
        actions: list[Bean] = []
        parameters = ""
        if not item.is_node:
            actions = [parameters_action(item.parameters)] if item.parameters else []
            actions.append(causes_action(item.causes))
            parameters = "".join(f"\n{each['name']}={_shown(each['value'])}" for each in item.parameters)
        buildable = item.state == QueueState.BUILDABLE
        props: dict[str, Any] = {
            "actions": actions,
            "blocked": item.state == QueueState.BLOCKED,
            "buildable": buildable,
            "id": item.id,
            "inQueueSince": item.since,
            "params": parameters,
            "stuck": item.stuck and buildable,
            "task": self._task(item),
            "url": f"queue/item/{item.id}/",
            "why": item.why,
        }
        if item.state in {QueueState.LEFT, QueueState.CANCELLED}:
            props["cancelled"] = item.state == QueueState.CANCELLED
            if item.state == QueueState.LEFT:
                props["executable"] = (
                    Bean(PLACEHOLDER + "$PlaceholderExecutable", {})
                    if item.is_node or item.executable is None
                    else self.builds.show(item.job, item.executable)
                )
        elif item.state == QueueState.WAITING:
            props["timestamp"] = item.since
        else:
            props["buildableStartMilliseconds"] = item.buildable_since
            if buildable:
                props["pending"] = False
        return Bean(f"hudson.model.Queue${CLASS_OF[item.state]}", props)

    def _task(self, item: QueueItem) -> Bean:
        if item.is_node:
            return Bean(PLACEHOLDER, {})
        shown = {"name": item.job.name, "url": self.absolute(item.job.url), "color": color(item.job)}
        return Bean(CLASSES[tag_of(item.job)], always(shown))


def _shown(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
