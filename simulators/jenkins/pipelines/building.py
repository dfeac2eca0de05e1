"""From the request for a build to its end: queued, started, given an executor, stopped."""

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..agents.computers import Computer
from ..agents.queue import QueueItem
from ..agents.scheduler import cause_of
from ..home.builds import Build
from ..home.items import Item
from ..home.jobxml import parameter_values
from ..http.security import User
from .flow import Flow, Interruption
from .groovy_host import StepError

if TYPE_CHECKING:
    from ..controller import Controller

DELETION = 15.0
"""Seconds that builds have to end when their job is deleted (jenkins.model.queue.ItemDeletion)."""


class Building:
    """What happens to the builds of one controller."""

    def __init__(self, controller: "Controller") -> None:
        """Args: controller: whose builds."""
        self._c = controller

    def environment(self, job: Item, build: Build) -> dict[str, str]:
        """What every step of a build sees."""
        root, number = self._c.root_url(), str(build.number)
        job_url = root + job.url
        return {
            "CI": "true",
            "JENKINS_HOME": str(self._c.settings.home),
            "JENKINS_URL": root,
            "HUDSON_URL": root,
            "BUILD_NUMBER": number,
            "BUILD_ID": number,
            "BUILD_DISPLAY_NAME": f"#{number}",
            "BUILD_TAG": f"jenkins-{job.full_name.replace('/', '-')}-{number}",
            "BUILD_URL": f"{job_url}{number}/",
            "JOB_NAME": job.full_name,
            "JOB_BASE_NAME": job.name,
            "JOB_URL": job_url,
            "RUN_DISPLAY_URL": f"{job_url}{number}/display/redirect",
            **self._c.configured.environment,
            **{
                name: str(value).lower() if isinstance(value, bool) else str(value)
                for name, value in build.values().items()
            },
        }

    def submit(
        self, job: Item, given: Mapping[str, Any], user: User | None, delay: float | None = None
    ) -> QueueItem:
        """Queue a job for a person."""
        quiet = delay if delay is not None else (job.config.quiet_period if job.config else None)
        quiet = self._c.configured.quiet_period if quiet is None else quiet
        item = self._c.queue.schedule(
            job, parameter_values(job.config, given), [cause_of(user)], float(quiet)
        )
        self._c.store.keep_queue_id(self._c.queue.last_id)
        return item

    def start(self, item: QueueItem) -> Build:
        """Begin the build of a queued job."""
        if item.job is None:
            raise ValueError("a build needs a job")
        now = int(time.time() * 1000)
        build = item.job.new_build(
            queue_id=item.id, job=item.job.full_name, parameters=item.parameters, causes=item.causes
        )
        if item.is_node or item.computer is not None:
            build.buildable_ms = now - item.buildable_since
        build.waiting_ms = max(0, (item.buildable_since or now) - item.since)
        item.executable = build  # before it runs: a short build is over before this returns
        self._c.runner.start(item, build, self._done)
        return build

    def _done(self, job: Item, build: Build) -> None:
        job.prune()
        self._c.milestones.leave(job, build)
        for item in self._c.queue.items:
            if item.executable is build and item.computer is not None:
                self._c.scheduler.release(item)
        self._c.wake()

    def stop(self, build: Build, user: User | None) -> None:
        """Abort a build for a person."""
        name = user.name if user else "anonymous"
        flow = self._c.runner.flow_of(build)
        if flow is not None and flow.interruption is None:
            build.log(f"Aborted by {name}", hidden=267)
            flow.interrupt(Interruption((f"Aborted by {user.id if user else 'anonymous'}",)))

    def kill(self, build: Build) -> None:
        """End a build at once, without causes."""
        flow = self._c.runner.flow_of(build)
        if flow is not None and flow.interruption is None:
            if flow.sleeping:
                build.log("Terminating sleep")
            flow.interrupt(Interruption((), recorded=False))

    def end_all(self, item: Item) -> int:
        """Before an item is deleted: cancel what waits for its jobs and those below it, interrupt what runs.
        Returns how many builds did not end in time."""
        jobs = [item, *item.walk()]
        for waiting in self._c.queue.waiting():
            # a step's placeholder goes with its build
            if not waiting.is_node and any(waiting.job is job for job in jobs):
                waiting.cancel()
        running = self._c.runner.running.intersection(
            build for job in jobs for build in list(job.builds.values())
        )
        return self._c.runner.end(running, Interruption(()), DELETION)

    def wait_for_node(self, flow: Flow, label: str | None) -> QueueItem:
        """Queue a `node` step."""
        return self._c.queue.wait_for_node(flow.job, flow.build, label)

    def withdraw(self, item: QueueItem) -> None:
        """Take a step that is stopped out of the queue."""
        if item.state == "left":
            self._c.scheduler.release(item)
        else:
            item.cancel()

    def release(self, item: QueueItem) -> None:
        """Give an executor back."""
        if item.build is not None:
            now = int(time.time() * 1000)
            item.build.sub_tasks += 1
            item.build.executing_ms += int((time.monotonic() - item.left_at) * 1000)
            item.build.buildable_ms += int(now - item.since - (time.monotonic() - item.left_at) * 1000)
        self._c.scheduler.release(item)

    def trigger(self, flow: Flow, job: str, parameters: list[Mapping[str, Any]]) -> QueueItem:
        """Queue another job for a `build` step.

        Raises:
            StepError: there is none of that name.
        """
        near = f"{flow.job.parent.full_name}/{job}" if flow.job.parent and not job.startswith("/") else job
        target = self._c.jobs.find(near) or self._c.jobs.find(job)
        if target is None or target.is_folder:
            raise StepError("abort", f"No item named {job} found")
        given = {str(p.get("name")): p.get("value") for p in parameters}
        upstream = {
            "_class": "org.jenkinsci.plugins.workflow.support.steps.build.BuildUpstreamCause",
            "shortDescription": f'Started by upstream project "{flow.job.full_name}" '
            f"build number {flow.build.number}",
            "upstreamBuild": flow.build.number,
            "upstreamProject": flow.job.full_name,
            "upstreamUrl": flow.job.url,
        }
        return self._c.queue.schedule(target, parameter_values(target.config, given), [upstream], 0.0)

    def cancel_waiting(self, computer: Computer, reason: str) -> None:
        """Give up the items that wait for an agent."""
        for item in self._c.queue.waiting():
            if item.label in computer.labels:
                item.cancel(reason)

    def lost(self, computer: Computer, item: QueueItem | None) -> None:
        """An agent's pod is gone: stop the body that ran on it."""
        if item is None:
            return
        build = item.build or item.executable
        flow = self._c.runner.flow_of(build) if build else None
        if build is None or flow is None:
            return
        build.log(f"Agent {computer.name} was deleted; cancelling node body")
        build.log(f"Could not connect to {computer.name} to send interrupt signal to process")
        for ctx in list(flow.blocks.values()):
            if ctx.computer is computer and ctx.data.get("item") is item:
                ctx.stop = Interruption(("Agent was removed",))
