"""One upgrade of a stack that stands, watched: work under way, probes on every service, then once more."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from conformance.clients.stack_clients import StackClients
from conformance.contract.model import LoadedContract
from conformance.core import timeline
from conformance.core.errors import ConformanceError, EnvironmentFailure
from conformance.core.nonconformance import NonConformance
from conformance.core.process import run
from conformance.upgrade import acknowledged, diagnosis
from conformance.upgrade.diagnosis import Cause
from conformance.upgrade.inflight import Inflight, Outcome
from conformance.upgrade.interruptions import Disturbable, Interrupted, Interruption
from conformance.upgrade.kinds import Kind
from conformance.upgrade.observed import Observed, Step
from conformance.upgrade.pairs import Side
from conformance.upgrade.probing.availability import Away, away
from conformance.upgrade.probing.in_cluster_prober import asking
from conformance.upgrade.probing.local_prober import Prober, probes
from conformance.upgrade.probing.probes import forget, questions
from conformance.upgrade.rollback_limits import obstacles
from environments.runs import Run

COMMAND_SECONDS = 1800
#: within which a build that was resumed or not is known to be
SETTLED = 90
Say = Callable[[str], None]


class Changeable(Protocol):
    """An environment that can bring its stack to another contract, in place."""

    def change(self, to: LoadedContract, timeline: Path) -> None:
        """Raises EnvironmentFailure."""

    def disturbances(self) -> Disturbable:
        """What may be done to it meanwhile."""


@dataclass(frozen=True, slots=True)
class Made:
    """How the change went: `error` of the last try; the steps of all."""

    error: str
    steps: tuple[Step, ...]
    interruption: Interruption | None = None
    interrupted: Interrupted | None = None

    def kills(self, service: str) -> tuple[tuple[float, float], ...]:
        return self.interruption.kills(service) if self.interruption else ()


@dataclass(frozen=True, slots=True)
class Course:
    """`environment` is the kept stack of `run`."""

    environment: Changeable
    run: Run
    say: Say

    def go(
        self,
        before: Side,
        after: Side,
        direction: Literal["forth", "back"],
        folder: Path,
        interrupt: Kind | None = None,
    ) -> Observed:
        """Bring the stack from `before` to `after` and tell what was seen, also of an upgrade that failed."""
        stack = self.stack(before)
        inflight = Inflight(stack)
        cannot = obstacles(before.loaded, after.loaded) if direction == "back" else ()
        for each in cannot:
            self.say(f"what cannot go back: {each}")
        self.say(f"{direction}: {before.name} -> {after.name}, with a build running and one queued")
        with ExitStack() as watching:
            inside = watching.enter_context(asking(stack))
            outside = watching.enter_context(Prober(probes(stack, questions(stack, "outside"))))
            start = time.monotonic()
            made = self._upgrade(stack, after, folder, interrupt)
            seconds = time.monotonic() - start
            # so that the last failure is seen to be the last
            time.sleep(2)
        seen: acknowledged.Seen = {"outside": outside.samples, "inside": inside.samples}
        told = tuple(
            away(service, way, samples, where)
            for where, asked in seen.items()
            for (service, way), samples in asked.items()
        )
        self._tell(told, inside.unmeasured)
        observed = Observed(
            direction=direction,
            before=before.name,
            after=after.name,
            seconds=seconds,
            error=made.error,
            steps=made.steps,
            away=told,
            unmeasured=inside.unmeasured,
            interrupted=made.interrupted,
            cause=self._cause(after) if made.error else None,
            cannot=cannot,
        )
        if not made.error:
            observed = self._ended(observed, inflight, after, seen, made)
            observed = observed.model_copy(update={"again": self._again(after, folder)})
        observed.save(folder)
        return observed

    def stack(self, side: Side) -> StackClients:
        """Hands for the stack as it stands, judged by the contract of `side`."""
        endpoints = self.run.endpoints()
        if endpoints is None:
            raise EnvironmentFailure(f"the stack {self.run.id} has no endpoints")
        return StackClients(side.loaded.contract, endpoints)

    def _upgrade(self, stack: StackClients, to: Side, folder: Path, interrupt: Kind | None) -> Made:
        """The change; one that was interrupted and stopped is made a second time, undisturbed."""
        steps = folder / "steps.jsonl"
        if interrupt is None:
            error = self._tried(to, steps)
            return Made(error, _steps(steps))
        with Interruption(interrupt, stack, self.environment.disturbances(), self.say) as interruption:
            stopped = error = self._tried(to, steps)
        first = _steps(steps)
        if stopped:
            self.say(f"the interrupted upgrade stopped: {stopped.splitlines()[0]}; a second try")
            error = self._tried(to, folder / "second.jsonl")
        made = Interrupted(kind=interrupt, events=tuple(interruption.events), stopped=stopped)
        return Made(error, (*first, *_steps(folder / "second.jsonl")), interruption, made)

    def _tried(self, to: Side, steps: Path) -> str:
        try:
            self._change(to, steps)
        except ConformanceError as failure:
            return str(failure)
        return ""

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

    def _ended(
        self, observed: Observed, inflight: Inflight, to: Side, seen: acknowledged.Seen, made: Made
    ) -> Observed:
        """What is known only of an upgrade that came to its end."""
        stack = self.stack(to)
        # a controller that never went away has nothing to settle
        outcome = self._settled(inflight, stack, SETTLED if observed.was_away("jenkins") else 5)
        known = observed.model_copy(update={"inflight": outcome})
        try:
            inflight.forget(stack)
            lost = tuple(acknowledged.lost(stack, seen, made.kills))
            for where, asked in seen.items():
                forget(stack, where, acknowledged.written(asked))
        except (ConformanceError, NonConformance) as error:
            # a service that does not let its administrator in any more is for the suites to tell
            self.say(f"what was acknowledged is not known: {str(error).partition(chr(10))[0]}")
            return known
        for each in lost:
            self.say(f"{each}{' (known of Nexus)' if each.known else ''}")
        return known.model_copy(update={"lost": lost})

    def _cause(self, to: Side) -> Cause | None:
        """What the service that did not come up says."""
        found = diagnosis.cause(self.stack(to))
        if found:
            self.say(f"why: {found.what}; next: {found.remedy or 'see its log in the diagnostics'}")
        return found

    def _settled(self, inflight: Inflight, stack: StackClients, patience: float) -> Outcome:
        try:
            outcome = inflight.outcome(stack, patience)
        except (ConformanceError, NonConformance) as error:
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

    def _tell(self, seen: tuple[Away, ...], unmeasured: str) -> None:
        for each in seen:
            failed = f"{each.failed} of {each.asked} failed"
            self.say(f"{each.service} {each.way} from {each.where}: away {each.seconds:.1f} s ({failed})")
        if unmeasured:
            self.say(f"not measured from inside: {unmeasured}")


def _generations(stack: StackClients) -> dict[str, str]:
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
