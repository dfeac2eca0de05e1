"""Run records: what each run made, who owns it, and whether it is to be kept.

A record is written before the first thing is made, so that whatever ends the run, the next one knows what to
remove. Everything made carries the run's id in its name or labels; the id holds the owner's process id.
"""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from conformance.core.files import write_atomically
from conformance.core.owners import born
from conformance.core.paths import cache_root, state_root
from conformance.core.process import RUN_MARK
from environments.base import Endpoints

#: names a file to which the runs of this process and of its children write their ids
LOG_VARIABLE = "CONFORMANCE_RUN_LOG"


@dataclass(frozen=True, slots=True)
class Run:
    """One run. `owner_start` (clock ticks since boot) sets a process apart from a later one of its number."""

    id: str
    owner: int
    owner_start: str
    created: float
    contract: str
    environment: str
    #: hash of what the stack was made from; a kept stack is used again only when it is the same
    inputs: str
    kept: bool = False

    @property
    def folder(self) -> Path:
        """State of the run: record, kubeconfig, endpoints, timeline, results, diagnostics."""
        return state_root() / "runs" / self.id

    @property
    def scratch(self) -> Path:
        """Large things of the run, on the cache's file system."""
        return cache_root() / "runs" / self.id

    @property
    def cluster(self) -> str:
        return f"conf-{self.id}"

    @property
    def kubeconfig(self) -> Path:
        return self.folder / "kubeconfig"

    @property
    def timeline(self) -> Path:
        return self.folder / "timeline.jsonl"

    @property
    def results(self) -> Path:
        return self.folder / "results"

    @property
    def endpoints_file(self) -> Path:
        return self.folder / "endpoints.json"

    @property
    def alive(self) -> bool:
        """Does the process that made it still run?"""
        return born(self.owner) == self.owner_start

    @property
    def orphaned(self) -> bool:
        return not self.kept and not self.alive

    def save(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_atomically(self.folder / "run.json", json.dumps(dataclasses.asdict(self), indent=1))

    def save_endpoints(self, endpoints: Endpoints) -> None:
        """Keep where the stack is, for its owner's eyes: passwords are in it."""
        write_atomically(self.endpoints_file, endpoints.to_json(), 0o600)

    def keep(self) -> Run:
        kept = dataclasses.replace(self, kept=True)
        kept.save()
        return kept

    def endpoints(self) -> Endpoints | None:
        try:
            return Endpoints.from_json(self.endpoints_file.read_text(encoding="utf-8"))
        except (OSError, ValueError, KeyError, TypeError):
            return None  # not written yet, or cut off by a kill

    def forget_stack(self) -> None:
        """Drop what only makes sense while the stack is there; results, timeline and diagnostics stay."""
        shutil.rmtree(self.scratch, ignore_errors=True)
        for name in ("kubeconfig", "endpoints.json", "ca.pem", "run.json"):
            (self.folder / name).unlink(missing_ok=True)


def new(contract: str, environment: str, inputs: str) -> Run:
    """A run of this process, recorded."""
    now = time.time()
    run = Run(
        id=f"{time.strftime('%y%m%d-%H%M%S', time.gmtime(now))}-{os.getpid()}",
        owner=os.getpid(),
        owner_start=born(os.getpid()),
        created=now,
        contract=contract,
        environment=environment,
        inputs=inputs,
    )
    run.save()
    os.environ[RUN_MARK] = run.id
    if log := os.environ.get(LOG_VARIABLE):
        with Path(log).open("a", encoding="utf-8") as out:
            out.write(f"{run.id}\n")
    return run


def forget(ids: Iterable[str]) -> None:
    """Remove what these runs left on disk, all but those with a stack."""
    for name in ids:
        folder = state_root() / "runs" / name
        if name and not (folder / "run.json").exists():
            shutil.rmtree(folder, ignore_errors=True)


def all_runs() -> tuple[Run, ...]:
    """Every run that has a stack or makes one, oldest first. An unreadable record is skipped."""
    found = []
    for record in sorted((state_root() / "runs").glob("*/run.json")):
        try:
            found.append(Run(**json.loads(record.read_text(encoding="utf-8"))))
        except (OSError, ValueError, TypeError):
            continue
    return tuple(sorted(found, key=lambda run: run.created))


def orphans(environment: str) -> tuple[Run, ...]:
    """Runs of `environment` whose process was killed before it removed its stack."""
    return tuple(run for run in all_runs() if run.environment == environment and run.orphaned)


def kept_run(inputs: str) -> Run | None:
    """The newest kept run whose stack was made from the same inputs."""
    kept = [run for run in all_runs() if run.kept and run.inputs == inputs and run.endpoints()]
    return kept[-1] if kept else None
