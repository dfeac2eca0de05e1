"""The step `milestone`: builds pass it in the order of their numbers; one that comes late is ended."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from ..home.builds import Build
from ..home.items import Item
from .arguments import Args
from .flow import Ctx, Flow, Interruption
from .groovy_host import StepError


@dataclass
class Milestone:
    """One milestone of a job."""

    last: int = 0
    """The newest build that passed it."""
    in_sight: set[int] = field(default_factory=set)
    """Builds that passed it and no later one yet."""


class Milestones:
    """The milestones of one controller's jobs, by job and ordinal."""

    def __init__(self, flow_of: Callable[[Build], Flow | None]) -> None:
        """Args: flow_of: finds the running pipeline of a build."""
        self._flow_of = flow_of
        self._lock = threading.Lock()
        self._known: dict[str, dict[int, Milestone]] = {}

    def reach(self, ctx: Ctx, args: Args) -> None:
        """Pass a milestone.

        Raises:
            StepError: a newer build was here already, or the ordinal is not in order.
        """
        flow = ctx.flow
        branches = sum(1 for block in list(flow.blocks.values()) if block.block == "parallel-branch")
        if branches > 1 and not args.get("unsafe"):
            raise StepError("abort", "Using a milestone step inside parallel is not allowed")
        wanted, previous = args.get("ordinal", first=True), flow.milestone
        if wanted is not None and previous is not None and previous >= int(wanted):
            raise StepError("abort", f"Invalid ordinal {wanted}, as the previous one was {previous}")
        ordinal = int(wanted) if wanted is not None else 0 if previous is None else previous + 1
        flow.milestone = ordinal
        ctx.log(f"Trying to pass milestone {ordinal}")
        with self._lock:
            own = self._known.setdefault(flow.job.full_name, {}).setdefault(ordinal, Milestone())
            self._go_on(flow.job, flow.build)
            newer = own.last if flow.build.number < own.last else 0
            if not newer:
                own.last = flow.build.number
                own.in_sight.add(flow.build.number)
        if newer:
            ctx.log(f"Canceled since build #{newer} already got here")
            raise Interruption((f"Superseded by {flow.job.full_name}#{newer}",), "NOT_BUILT").error()

    def leave(self, job: Item, build: Build) -> None:
        """A build is over: whoever is behind it at a milestone is too late."""
        with self._lock:
            self._go_on(job, build)

    def _go_on(self, job: Item, build: Build) -> None:
        for milestone in self._known.get(job.full_name, {}).values():
            if build.number not in milestone.in_sight:
                continue
            milestone.in_sight.discard(build.number)
            for number in sorted(n for n in milestone.in_sight if n < build.number):
                flow = self._flow_of(job.builds[number]) if number in job.builds else None
                if flow is not None:
                    flow.interrupt(Interruption((f"Superseded by #{build.number}",), "NOT_BUILT"))
