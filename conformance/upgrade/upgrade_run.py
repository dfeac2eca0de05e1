"""One upgrade under observation: builds in flight, probes of every service, then the same once more."""

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
from conformance.upgrade.probing.in_cluster_prober import probe_in_cluster
from conformance.upgrade.probing.local_prober import LocalProber, senders
from conformance.upgrade.probing.probes import clean_up, create_probes
from conformance.upgrade.rollback_limits import obstacles
from environments.runs import Run

COMMAND_SECONDS = 1800
#: seconds after which it is known whether a build was resumed
SETTLED = 90
Say = Callable[[str], None]


class Changeable(Protocol):
    """An environment that can bring its stack to another contract, in place."""

    def change(self, to: LoadedContract, timeline: Path) -> None:
        """Change the stack, with the spans of the steps in `timeline`. Raises EnvironmentFailure."""

    def disturbances(self) -> Disturbable:
        """The disturbances that an upgrade can be interrupted with."""


@dataclass(frozen=True, slots=True)
class Change:
    """The outcome of a change: the `error` of the last attempt, empty for none; the steps of all attempts."""

    error: str
    steps: tuple[Step, ...]
    interruption: Interruption | None = None
    interrupted: Interrupted | None = None

    def kills(self, service: str) -> tuple[tuple[float, float], ...]:
        """Begin and end of each time in which `service` was killed, in seconds of the samples' clock."""
        return self.interruption.kills(service) if self.interruption else ()


@dataclass(frozen=True, slots=True)
class UpgradeRun:
    """Upgrades the kept stack of `run`, which `environment` changes; `say` prints a line."""

    environment: Changeable
    run: Run
    say: Say

    def execute(
        self,
        before: Side,
        after: Side,
        direction: Literal["forth", "back"],
        folder: Path,
        interrupt: Kind | None = None,
    ) -> Observed:
        """Bring the stack from `before` to `after`; returns the observations, also of an upgrade that failed.

        They are written into `folder`, too.
        """
        stack = self.stack(before)
        inflight = Inflight(stack)
        cannot = obstacles(before.loaded, after.loaded) if direction == "back" else ()
        for each in cannot:
            self.say(f"cannot go back: {each}")
        self.say(f"{direction}: {before.name} -> {after.name}, with a build running and one queued")
        with ExitStack() as watching:
            inside = watching.enter_context(probe_in_cluster(stack))
            outside = watching.enter_context(LocalProber(senders(stack, create_probes(stack, "outside"))))
            start = time.monotonic()
            change = self._upgrade(stack, after, folder, interrupt)
            seconds = time.monotonic() - start
            # time for a good answer after the last failure
            time.sleep(2)
        samples: acknowledged.Samples = {"outside": outside.samples, "inside": inside.samples}
        outages = tuple(
            away(service, access, series, where)
            for where, by_probe in samples.items()
            for (service, access), series in by_probe.items()
        )
        self._report(outages, inside.unmeasured)
        observed = Observed(
            direction=direction,
            before=before.name,
            after=after.name,
            seconds=seconds,
            error=change.error,
            steps=change.steps,
            away=outages,
            unmeasured=inside.unmeasured,
            interrupted=change.interrupted,
            cause=self._cause(after) if change.error else None,
            cannot=cannot,
        )
        if not change.error:
            observed = self._ended(observed, inflight, after, samples, change)
            observed = observed.model_copy(update={"again": self._again(after, folder)})
        observed.save(folder)
        return observed

    def stack(self, side: Side) -> StackClients:
        """Clients of the running stack, with the contract of `side`. Raises EnvironmentFailure."""
        endpoints = self.run.endpoints()
        if endpoints is None:
            raise EnvironmentFailure(f"the stack {self.run.id} has no endpoints")
        return StackClients(side.loaded.contract, endpoints)

    def _upgrade(self, stack: StackClients, to: Side, folder: Path, interrupt: Kind | None) -> Change:
        """Make the change; one that was interrupted and stopped is made a second time, undisturbed."""
        steps = folder / "steps.jsonl"
        if interrupt is None:
            error = self._attempt(to, steps)
            return Change(error, _steps(steps))
        with Interruption(interrupt, stack, self.environment.disturbances(), self.say) as interruption:
            stopped = error = self._attempt(to, steps)
        first = _steps(steps)
        if stopped:
            self.say(f"the interrupted upgrade stopped: {stopped.splitlines()[0]}; a second attempt")
            error = self._attempt(to, folder / "second.jsonl")
        interrupted = Interrupted(kind=interrupt, events=tuple(interruption.events), stopped=stopped)
        return Change(error, (*first, *_steps(folder / "second.jsonl")), interruption, interrupted)

    def _attempt(self, to: Side, steps: Path) -> str:
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
        self, observed: Observed, inflight: Inflight, to: Side, samples: acknowledged.Samples, change: Change
    ) -> Observed:
        """`observed` with the facts that only a completed upgrade has."""
        stack = self.stack(to)
        # a controller that never went away has nothing to settle
        outcome = self._settled(inflight, stack, SETTLED if observed.was_away("jenkins") else 5)
        known = observed.model_copy(update={"inflight": outcome})
        try:
            inflight.clean_up(stack)
            lost = tuple(acknowledged.lost(stack, samples, change.kills))
            for where, by_probe in samples.items():
                clean_up(stack, where, acknowledged.written(by_probe))
        except (ConformanceError, NonConformance) as error:
            # the suites report a service that refuses its administrator from now on
            self.say(f"lost writes are unknown: {str(error).partition(chr(10))[0]}")
            return known
        for each in lost:
            self.say(f"{each}{' (known of Nexus)' if each.known else ''}")
        return known.model_copy(update={"lost": lost})

    def _cause(self, to: Side) -> Cause | None:
        """The cause in the log of the service that did not come up."""
        found = diagnosis.cause(self.stack(to))
        if found:
            self.say(f"why: {found.what}; next: {found.remedy or 'see its log in the diagnostics'}")
        return found

    def _settled(self, inflight: Inflight, stack: StackClients, patience: float) -> Outcome:
        try:
            outcome = inflight.outcome(stack, patience)
        except (ConformanceError, NonConformance) as error:
            outcome = Outcome(running="lost", reason=str(error).partition("\n")[0], queued="lost")
        self.say(f"the running build: {outcome.running} ({outcome.reason}); the queued one: {outcome.queued}")
        return outcome

    def _again(self, to: Side, folder: Path) -> tuple[str, ...]:
        """The differences that the same change makes when it is made once more."""
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

    def _report(self, outages: tuple[Away, ...], unmeasured: str) -> None:
        for each in outages:
            failed = f"{each.failed} of {each.requests} failed"
            self.say(f"{each.service} {each.access} from {each.where}: away {each.seconds:.1f} s ({failed})")
        if unmeasured:
            self.say(f"not measured from inside: {unmeasured}")


def _generations(stack: StackClients) -> dict[str, str]:
    """The identity of pods (uid) and ECR repositories (creation), by name: it differs after a change."""
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
