"""Breaks a running stack in one place at a time, runs the suites on it, and repairs it again.

The steps that undo a mutant are written into the journal before the first of its steps is done. So the next
run repairs what an interrupted one left broken, before anything else.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from conformance.core.command import checks, environment
from conformance.core.errors import ConformanceError, EnvironmentFailure
from conformance.core.files import write_atomically
from conformance.core.paths import PROJECT, REFERENCE
from environments.base import Endpoints
from mutants.actions import Action, Step, Undo
from mutants.bench import Bench
from mutants.fault_proxy import FaultProxies
from mutants.live import LiveMutant
from mutants.model import STACK

#: a run of the suites that takes longer than this hangs
SECONDS = 600


@dataclass
class Result:
    """The result of one mutant; `collateral` and `errors` are first lines by requirement."""

    mutant: str
    breaks: tuple[str, ...]
    detected: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)
    collateral: dict[str, str] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    mute: list[str] = field(default_factory=list)
    blocked: int = 0
    seconds: float = 0.0
    first: str = ""
    undone: bool = True
    layers: tuple[str, ...] = ()
    broke: str = ""
    #: seconds from before the mutant until the stack is repaired
    whole: float = 0.0

    @property
    def proven(self) -> bool:
        bad = self.missed or self.collateral or self.errors or self.mute or self.broke
        # without anything to break, nothing may fail
        return bool(self.undone and not bad and bool(self.detected) == bool(self.breaks))

    def line(self) -> str:
        parts = [
            f"{'ok  ' if self.proven else 'BAD '} {self.mutant:40}",
            f"{self.seconds:5.1f} s",
            f"failed {', '.join(self.detected) or 'nothing'}",
        ]
        parts += [f"{self.whole:.0f} s in all"] if self.whole else []
        parts += [f"missed {', '.join(self.missed)}"] if self.missed else []
        parts += [f"collateral {', '.join(sorted(self.collateral))}"] if self.collateral else []
        parts += [f"errors {', '.join(sorted(self.errors))}"] if self.errors else []
        parts += [f"not in the message: {', '.join(self.mute)}"] if self.mute else []
        parts += [f"blocked {self.blocked}"] if self.blocked else []
        parts += ["NOT UNDONE"] if not self.undone else []
        parts += [self.broke] if self.broke else []
        return "  ".join(parts) + (f"\n     {self.first}" if self.first else "")


@dataclass(frozen=True)
class Record:
    """One check's outcome."""

    requirements: tuple[str, ...]
    nodeid: str
    outcome: str
    message: str
    ended: float


class Journal:
    """The mutant that is applied and not yet undone, in a file that outlives this process."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def applied(self, mutant: str, undo: Sequence[Step]) -> None:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        steps = Undo(steps=tuple(undo)).model_dump(mode="json", by_alias=True)
        # an object that is put back may be a secret
        write_atomically(self._file, json.dumps({"mutant": mutant, **steps}), 0o600)

    def undone(self) -> None:
        self._file.unlink(missing_ok=True)

    def pending(self) -> tuple[str, tuple[Step, ...]]:
        """The mutant that a run left applied, with the steps that undo it; empty when there is none."""
        try:
            raw = json.loads(self._file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return "", ()
        return raw["mutant"], Undo.model_validate({"steps": raw["steps"]}).steps


class Runner:
    """Live mutants on one stack."""

    def __init__(self, stack: Path, *, workers: str = "2", everything: bool = False) -> None:
        self.stack = stack
        self.endpoints = Endpoints.from_json(stack.read_text(encoding="utf-8"))
        self.bench = Bench(self.endpoints)
        self.journal = Journal(stack.parent / "mutants" / "applied.json")
        self._workers = workers
        self._everything = everything

    def repair(self) -> str:
        """Undo what an interrupted run left; returns the mutant's id, empty when there was none."""
        name, steps = self.journal.pending()
        if name:
            self._undo(steps)
        return name

    def judge(self, mutant: LiveMutant) -> Result:
        """Break, run, repair, and check the repair. Faults of the stack or of a tool go into the result."""
        result = Result(mutant.id, mutant.breaks, layers=mutant.layers)
        with tempfile.TemporaryDirectory(prefix=f"mutant-{mutant.id}-") as name:
            folder = Path(name)
            try:
                with FaultProxies(self.endpoints, mutant.proxy, folder) as proxies:
                    ids = self._failed_checks(mutant, proxies.endpoints, folder, result)
                if mutant.action and ids:
                    again, _ = self.suites(
                        folder / "again", self.endpoints, ids, REFERENCE / "conformance.toml"
                    )
                    still = [one for one in again if one.outcome not in {"passed", "not applicable"}]
                    passed = any(one.outcome == "passed" for one in again)
                    result.undone = not still and passed == mutant.applies
                    if still:
                        result.broke = still[0].message
            except (ConformanceError, OSError, subprocess.SubprocessError) as error:
                result.broke = " ".join(str(error).split())[:400]
        return result

    @contextmanager
    def broken(self, name: str, actions: Sequence[Action]) -> Iterator[None]:
        """The stack while these actions hold; undone whatever happens, and in the journal until then."""
        plans = [self.bench.plan(action) for action in actions]
        undo = [step for _, steps in reversed(plans) for step in steps]
        if undo:
            self.journal.applied(name, undo)
        try:
            for steps, _ in plans:
                for step in steps:
                    self.bench.take(step)
            yield
        finally:
            if undo:
                self._undo(undo)

    def _failed_checks(
        self, mutant: LiveMutant, endpoints: Endpoints, folder: Path, result: Result
    ) -> list[str]:
        """Run the suites on the broken stack; returns the node ids of the expected checks."""
        contract = _patched(mutant, folder)
        with self.broken(mutant.id, mutant.action):
            time.sleep(mutant.pause)
            paths = [f"suites/{layer}" for layer in mutant.layers]
            records, began = self.suites(folder / "broken", endpoints, paths, contract)
        compare(mutant.breaks, mutant.says, records, began, result)
        return [one.nodeid for one in records if set(one.requirements) & set(mutant.breaks)]

    def _undo(self, steps: Iterable[Step]) -> None:
        for step in steps:
            self.bench.take(step)
        self.bench.settled()
        self.journal.undone()

    def suites(
        self,
        folder: Path,
        endpoints: Endpoints,
        what: Sequence[str],
        contract: Path,
        options: Sequence[str] = (),
    ) -> tuple[list[Record], float]:
        """Run pytest in a process of its own; the checks' records and when it began."""
        folder.mkdir(parents=True)
        stack = folder / "endpoints.json"
        stack.touch(mode=0o600)
        stack.write_text(endpoints.to_json(), encoding="utf-8")
        many = any(part in {"suites/nexus", "suites/agents", "suites/pipelines"} for part in what)
        command = checks(
            what,
            "-q",
            *("--stack", stack),
            *("--contract", contract),
            *("--results-dir", folder / "results"),
            *("-n", self._workers if many else "0"),
            *options,
            # the suites do not use it, and with it each process takes twice as long to start
            *("-p", "no:hypothesispytest"),
        )
        began = time.time()
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                command, cwd=PROJECT, env=environment(), stdout=log, stderr=log, start_new_session=True
            )
            try:
                process.wait(timeout=SECONDS)
            except BaseException:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, 15)  # its workers are of its session
                process.wait(timeout=30)
                raise
        records = list(_records(folder / "results"))
        if not records:
            tail = (folder / "log").read_text(encoding="utf-8", errors="replace")[-400:]
            raise EnvironmentFailure("the suites did not run", observed=tail)
        return records, began


def _patched(mutant: LiveMutant, folder: Path) -> Path:
    if not mutant.patch:
        return REFERENCE / "conformance.toml"
    root = folder / "stack"
    root.mkdir()
    for name in STACK:
        source = REFERENCE / name
        shutil.copytree(source, root / name) if source.is_dir() else shutil.copy2(source, root / name)
    for patch in mutant.patch:
        patch.apply(root)
    return root / "conformance.toml"


def _records(results: Path) -> Iterable[Record]:
    for file in sorted(results.glob("events-*.jsonl")):
        for line in file.read_text(encoding="utf-8").splitlines():
            event: dict[str, Any] = json.loads(line)
            if event["kind"] == "check":
                raw = event["check"]
                yield Record(
                    tuple(raw["requirements"]),
                    raw["nodeid"],
                    raw["outcome"],
                    raw.get("message", ""),
                    raw["started"] + raw["seconds"],
                )


def compare(
    breaks: Sequence[str], says: Sequence[str], records: Sequence[Record], began: float, result: Result
) -> None:
    """Write into `result` which of the expected failures came, and which others."""
    expected = set(breaks)
    failed = [one for one in records if one.outcome == "failed"]
    hits = [one for one in failed if set(one.requirements) & expected]
    seen = {name for one in hits for name in one.requirements}
    result.detected = sorted(expected & seen)
    result.missed = sorted(expected - seen)
    for one in failed:
        if not set(one.requirements) & expected:
            result.collateral.setdefault(one.requirements[0], one.message)
    for one in records:
        if one.outcome == "error":
            result.errors.setdefault(one.requirements[0], one.message)
    result.blocked = sum(one.outcome == "blocked" for one in records)
    if hits:
        result.seconds = min(one.ended for one in hits) - began
        result.first = hits[0].message
    messages = " ".join(check.message for check in hits)
    result.mute = [word for word in says if word not in messages]


def dump(result: Result) -> str:
    """A line of the file that a run goes on from."""
    return json.dumps({**asdict(result), "proven": result.proven})
