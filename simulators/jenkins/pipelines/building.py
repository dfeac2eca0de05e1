"""Builds from their request to their end: queued, started, stopped."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..agents.computers import Computer, Computers
from ..agents.queue import Queue, QueueItem
from ..home.accounts import User
from ..home.builds import Build
from ..home.configured import Configured
from ..home.items import Item
from ..home.jobxml import parameter_values
from ..home.store import Store
from .flow import Interruption
from .runner import Runner

DELETION = 15.0
"""Seconds that builds have to end when their job is deleted (jenkins.model.queue.ItemDeletion)."""


@dataclass(frozen=True)
class Building:
    """The builds of one controller."""

    queue: Queue
    computers: Computers
    runner: Runner
    configured: Configured
    store: Store

    def submit(
        self, job: Item, given: Mapping[str, Any], user: User | None, delay: float | None = None
    ) -> QueueItem:
        """Queue a job for a user.

        Raises:
            ValueError: a choice that does not exist.
        """
        quiet = self.configured.quiet_period if delay is None else delay
        item = self.queue.schedule(job, parameter_values(job.config, given), [_cause(user)], float(quiet))
        self.store.keep_queue_id(self.queue.last_id)
        return item

    def start(self, item: QueueItem) -> Build:
        """Begin the build of a queued job."""
        build = item.job.new_build(
            queue_id=item.id, job=item.job.full_name, parameters=item.parameters, causes=item.causes
        )
        item.executable = build  # before it runs: a short build is over before this returns
        self.runner.start(item, build, lambda: self._done(item))
        return build

    def _done(self, item: QueueItem) -> None:
        item.job.prune()
        if item.computer is not None:
            self.computers.release(item.computer, item)

    def stop(self, build: Build, user: User | None) -> None:
        """Abort a build for a user."""
        flow = self.runner.flow_of(build)
        if flow is not None and flow.interruption is None:
            build.log(f"Aborted by {user.name if user else 'anonymous'}")
            flow.interrupt(Interruption((f"Aborted by {user.id if user else 'anonymous'}",)))

    def end_all(self, item: Item) -> int:
        """Before an item is deleted: cancel the queue items of its jobs and interrupt their builds.

        Returns:
            The number of builds that did not end in time.
        """
        jobs = [item, *item.walk()]
        for waiting in self.queue.waiting():
            # a step's placeholder ends with its build
            if not waiting.is_node and any(waiting.job is job for job in jobs):
                waiting.cancel()
        running = self.runner.running.intersection(
            build for job in jobs for build in list(job.builds.values())
        )
        return self.runner.end(running, Interruption(()), DELETION)

    def lost(self, computer: Computer, item: QueueItem | None) -> None:
        """Stop the body that ran on an agent whose pod is gone."""
        build = (item.build or item.executable) if item else None
        flow = self.runner.flow_of(build) if build else None
        if build is None or flow is None:
            return
        build.log(f"Agent {computer.name} was deleted; cancelling node body")
        build.log(f"Could not connect to {computer.name} to send interrupt signal to process")
        for context in list(flow.blocks.values()):
            if context.computer is computer and context.node is item:
                context.stop = Interruption(("Agent was removed",))


def _cause(user: User | None) -> dict[str, Any]:
    """The cause of a build that a user, or an anonymous visitor, requested."""
    name = user.name if user else "anonymous"
    return {
        "_class": "hudson.model.Cause$UserIdCause",
        "shortDescription": f"Started by user {name}",
        "userId": user.id if user else None,
        "userName": name,
    }
