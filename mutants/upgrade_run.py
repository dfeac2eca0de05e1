"""Upgrades a running stack with one thing broken at a time, judges the result, and goes back.

A whole pair takes minutes. Here the old stack runs once, with its state; for each mutant it is upgraded
(the product's own way: upgrade.course), judged by the checks of the upgrade and of the layers that cost
little, brought back in place, and what was lost of the state is made again.
"""

from __future__ import annotations

import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests

from conformance.clients.stack_clients import StackClients
from conformance.contract.load import load
from conformance.contract.model import LoadedContract
from conformance.core.errors import ConformanceError
from conformance.core.nonconformance import NonConformance
from conformance.upgrade.inflight import FOLDER
from conformance.upgrade.interruptions import Disturbable
from conformance.upgrade.observed import STATE
from conformance.upgrade.pairs import Side
from conformance.upgrade.probing.probes import job
from conformance.upgrade.state.model import Manifest
from conformance.upgrade.upgrade_run import UpgradeRun
from environments.kind.disturb import Disturbances
from mutants.actions import Step
from mutants.bench import Bench
from mutants.field import Field
from mutants.live_run import Journal, Result, Runner, compare
from mutants.upgrade_state import made_again, settled
from mutants.upgrades import UpgradeMutant

FAULTS = (ConformanceError, NonConformance, OSError, subprocess.SubprocessError, requests.RequestException)


@dataclass
class Broken:
    """An upgrade with what breaks it around it, once: made again, it is what its contract says."""

    field: Field
    bench: Bench
    first: Sequence[Step]
    then: Sequence[Step]
    done: bool = False

    def change(self, to: LoadedContract, timeline: Path) -> None:
        once, self.done = not self.done, True
        for step in self.first if once else ():
            self.bench.take(step)
        self.field.change(to, timeline)
        for step in self.then if once else ():
            self.bench.take(step)

    def disturbances(self) -> Disturbable:
        return Disturbances(self.field.where)


class UpgradeRunner:
    """Upgrade mutants on one stack."""

    def __init__(self, field: Field) -> None:
        self.field = field
        self.runner = Runner(field.run.endpoints_file)
        self.bench = self.runner.bench
        folder = field.run.folder / "mutants"
        self.journal = Journal(folder / "upgrade.json")
        self.state = folder / STATE

    def ready(self, *, back: bool = True) -> None:
        """Undo what is not undone, go back to the stack's own contract, and have the state whole.

        `back` is False when the stack was never brought to another contract.

        Raises ConformanceError or NonConformance: the stack is not what it was.
        """
        for step in self.journal.pending()[1]:
            self.bench.take(step)
        self.journal.undone()
        self.state.parent.mkdir(parents=True, exist_ok=True)
        if back:
            with tempfile.TemporaryDirectory(prefix="upgrade-back-") as name:
                self.field.back(Path(name) / "steps.jsonl")
        self.bench.settled()
        stack = self._stack()
        for left in (FOLDER, job("outside"), job("inside")):
            stack.jenkins.delete_job(left)
        settled(stack, self.state)

    def _stack(self) -> StackClients:
        return StackClients(self.field.planned.loaded.contract, self.runner.endpoints)

    def judge(self, mutant: UpgradeMutant) -> Result:
        """Upgrade, judge, go back. Never raises what the stack or a tool did wrong."""
        result = Result(mutant.id, mutant.breaks, layers=mutant.layers)
        began = time.monotonic()
        with tempfile.TemporaryDirectory(prefix=f"upgrade-{mutant.id}-") as name:
            try:
                tag = self.field.load_nexus_before() if mutant.needs else ""
                if mutant.fresh:
                    made_again(self._stack(), self.state, mutant.fresh)
                self._judged(mutant.with_state(Manifest.load(self.state), tag), Path(name), result)
            except FAULTS as error:
                result.broke = " ".join(str(error).split())[:400]
            try:
                self.ready(back=mutant.goes_elsewhere)
            except FAULTS as error:
                result.undone = False
                result.broke = result.broke or " ".join(str(error).split())[:400]
        result.whole = time.monotonic() - began
        return result

    def _judged(self, mutant: UpgradeMutant, folder: Path, result: Result) -> None:
        running = self.field.planned.loaded
        after = Side("the next one", load(mutant.after(running, folder / "next")))
        before = Side("the running one", running)
        if mutant.before:
            before = Side("the one before", load(mutant.before_it(running, folder / "before")))
            self.field.change(before.loaded, folder / "before.jsonl")
            settled(StackClients(before.loaded.contract, self.runner.endpoints), self.state)
        watched = folder / "watched"
        watched.mkdir()
        (watched / STATE).write_bytes(self.state.read_bytes())
        with self._broken(mutant) as broken:
            course = UpgradeRun(broken, self.field.run, lambda _: None)
            course.execute(before, after, "forth", watched)
            records, began = self.runner.suites(
                folder / "judged",
                self.runner.endpoints,
                [f"suites/{layer}" for layer in mutant.layers],
                after.loaded.file,
                ("--upgrade", str(watched)),
            )
        compare(mutant.breaks, mutant.says, records, began, result)

    @contextmanager
    def _broken(self, mutant: UpgradeMutant) -> Iterator[Broken]:
        """Steps are planned, and what undoes them is written down, before anything is changed."""
        first, then = (
            [self.bench.plan(action) for action in actions] for actions in (mutant.first, mutant.then)
        )
        undo = [step for _, steps in reversed([*first, *then]) for step in steps]
        self.journal.applied(mutant.id, undo)
        yield Broken(
            self.field,
            self.bench,
            [step for steps, _ in first for step in steps],
            [step for steps, _ in then for step in steps],
        )
