"""One upgrade of a stack that stands, watched: work under way, probes on every service, then once more."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from contract.model import LoadedContract
from core import timeline
from core.errors import ConformanceError, EnvironmentFailure
from core.process import run
from environments.runs import Run
from fixtures.hands import Stack, connect
from fixtures.nonconformance import NonConformance
from upgrade import explained
from upgrade.inflight import Inflight, Outcome
from upgrade.observed import Observed, Step
from upgrade.pairs import Side
from upgrade.prober import Away, Prober, forget, probes

COMMAND_SECONDS = 1800
#: within which a build that was resumed or not is known to be
SETTLED = 90
Say = Callable[[str], None]


class Changeable(Protocol):
    """An environment that can bring its stack to another contract, in place."""

    def change(self, to: LoadedContract, timeline: Path) -> None:
        """Raises EnvironmentFailure."""


@dataclass(frozen=True, slots=True)
class Course:
    """`environment` is the kept stack of `run`."""

    environment: Changeable
    run: Run
    say: Say

    def go(self, before: Side, after: Side, direction: Literal["forth", "back"], folder: Path) -> Observed:
        """Bring the stack from `before` to `after` and tell what was seen, also of an upgrade that failed."""
        stack = self.stack(before)
        inflight = Inflight(stack)
        self.say(f"{direction}: {before.name} -> {after.name}, with a build running and one queued")
        steps, start = folder / "steps.jsonl", time.monotonic()
        error, outcome, again = "", None, None
        with Prober(probes(stack)) as prober:
            try:
                self._change(after, steps)
            except ConformanceError as failure:
                error = str(failure)
            seconds = time.monotonic() - start
            # so that the last failure is seen to be the last
            time.sleep(2)
        self._tell(prober.away())
        if not error:
            stack = self.stack(after)
            # a controller that never went away has nothing to settle
            restarted = any(each.seconds for each in prober.away() if each.service == "jenkins")
            outcome = self._settled(inflight, stack, SETTLED if restarted else 5)
            again = self._again(after, folder)
        cause = explained.cause(self.stack(after)) if error else None
        if cause:
            self.say(f"why: {cause.what}; next: {cause.remedy or 'see its log in the diagnostics'}")
        seen = Observed(
            direction=direction, before=before.name, after=after.name, seconds=seconds, error=error,
            steps=_steps(steps), away=prober.away(), cause=cause, inflight=outcome,
            again=again,
        )  # fmt: skip
        seen.save(folder)
        return seen

    def stack(self, side: Side) -> Stack:
        """Hands for the stack as it stands, judged by the contract of `side`."""
        endpoints = self.run.endpoints()
        if endpoints is None:
            raise EnvironmentFailure(f"the stack {self.run.id} has no endpoints")
        return connect(endpoints, side.loaded.contract)

    def _change(self, to: Side, steps: Path) -> None:
        command = to.loaded.contract.upgrade.command
        if not command:
            self.environment.change(to.loaded, steps)
            return
        environment = os.environ | {
            "KUBECONFIG": str(self.run.kubeconfig),
            "CONFORMANCE_ENDPOINTS": str(self.run.endpoints_file),
            "CONFORMANCE_CONTRACT": str(to.loaded.file),
            "CONFORMANCE_STACK": str(to.loaded.stack_dir),
        }
        with timeline.Timeline(steps).span("upgrade command"):
            run(command, timeout=COMMAND_SECONDS, env=environment, cwd=to.loaded.file.parent)

    def _settled(self, inflight: Inflight, stack: Stack, patience: float) -> Outcome:
        try:
            outcome = inflight.outcome(stack, patience)
            inflight.forget(stack)
            forget(stack)
        except (ConformanceError, NonConformance) as error:
            # a service that does not let its administrator in any more is for the suites to tell
            outcome = Outcome(running="lost", reason=str(error).partition("\n")[0], queued="lost")
        said = f"{outcome.running} ({outcome.reason})"
        self.say(f"the build that ran: {said}; the queued one: {outcome.queued}")
        return outcome

    def _again(self, to: Side, folder: Path) -> tuple[str, ...]:
        """What the same change changes when it is made once more."""
        before = _generations(self.stack(to))
        try:
            self._change(to, folder / "again.jsonl")
        except ConformanceError as failure:
            return (f"it fails: {str(failure).splitlines()[0]}",)
        after = _generations(self.stack(to))
        return tuple(
            f"{name}: {before.get(name, 'not there')} -> {after.get(name, 'not there')}"
            for name in sorted(before.keys() | after.keys())
            if before.get(name) != after.get(name)
        )

    def _tell(self, seen: tuple[Away, ...]) -> None:
        for each in seen:
            failed = f"{each.failed} of {each.asked} failed"
            self.say(f"{each.service} {each.way}: away {each.seconds:.1f} s ({failed})")


def _generations(stack: Stack) -> dict[str, str]:
    """What would tell a change: pods of the releases by name and uid, ECR repositories by creation."""
    found = {}
    for part in (stack.contract.jenkins, stack.contract.nexus):
        for pod in stack.kube.pods(part.namespace, f"app.kubernetes.io/instance={part.release}"):
            if not pod.deleted:
                found[f"pod {pod.name}"] = pod.uid
    for name, raw in stack.ecr.repositories().items():
        found[f"repository {name}"] = f"{raw['createdAt']} {raw['imageTagMutability']}"
    return found


def _steps(file: Path) -> tuple[Step, ...]:
    spans = timeline.read(file) if file.is_file() else ()
    return tuple(Step(name=span.name, seconds=span.seconds, ok=span.ok, note=span.note) for span in spans)
