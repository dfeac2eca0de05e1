"""The queue and its items as the remote API shows them."""

from collections.abc import Callable
from typing import Any

from ..agents.queue import Queue, QueueItem
from .builds import BuildBeans, causes_action, parameters_action
from .export import Bean, Shown
from .kinds import CLASSES, color, tag_of

PLACEHOLDER = "org.jenkinsci.plugins.workflow.support.steps.ExecutorStepExecution$PlaceholderTask"


class QueueBeans:
    """Makes the beans of one queue."""

    def __init__(self, queue: Queue, builds: BuildBeans, url: Callable[[str], str]) -> None:
        """Args: queue: what is shown; builds: shows what an item became; url: makes a path absolute."""
        self._queue, self._builds, self._url = queue, builds, url

    def whole(self) -> Bean:
        """`/queue`, the newest item first."""
        waiting = sorted(self._queue.waiting(), key=lambda item: -item.id)
        return Bean(
            "hudson.model.Queue",
            {"discoverableItems": [], "items": Shown(1, [self.item(item) for item in waiting], inline=True)},
        )

    def item(self, item: QueueItem) -> Bean:
        """An item of the queue, or one that left it."""
        names = {
            "waiting": "WaitingItem",
            "blocked": "BlockedItem",
            "buildable": "BuildableItem",
            "left": "LeftItem",
            "cancelled": "LeftItem",
        }
        actions = (
            []
            if item.is_node
            else [
                *([parameters_action(item.parameters)] if item.parameters else []),
                causes_action(item.causes),
            ]
        )
        props: dict[str, Any] = {
            "actions": actions,
            "blocked": item.state == "blocked",
            "buildable": item.state == "buildable",
            "id": item.id,
            "inQueueSince": item.since,
            "params": ""
            if item.is_node
            else "".join(f"\n{p['name']}={_said(p['value'])}" for p in item.parameters),
            "stuck": item.stuck if item.state == "buildable" else False,
            "task": self._task(item),
            "url": f"queue/item/{item.id}/",
            "why": item.why,
        }
        if item.state in {"left", "cancelled"}:
            props["cancelled"] = item.state == "cancelled"
            if item.state == "left":
                props["executable"] = (
                    Bean(PLACEHOLDER + "$PlaceholderExecutable", {})
                    if item.is_node or item.job is None or item.executable is None
                    else self._builds.show(item.job, item.executable)
                )
        elif item.state == "waiting":
            props["timestamp"] = item.since
        else:
            props["buildableStartMilliseconds"] = item.buildable_since
            if item.state == "buildable":
                props["pending"] = False
        return Bean(f"hudson.model.Queue${names[item.state]}", props)

    def _task(self, item: QueueItem) -> Bean:
        if item.is_node or item.job is None:
            return Bean(PLACEHOLDER, {})
        shown = {"name": item.job.name, "url": self._url(item.job.url), "color": color(item.job)}
        return Bean(CLASSES[tag_of(item.job)], {name: Shown(9, value) for name, value in shown.items()})


def _said(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
