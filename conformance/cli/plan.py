"""From a run's options to what is stood up: the one path of `up`, `run`, `upgrade` and the gate's trials."""

from __future__ import annotations

import dataclasses
import hashlib
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from conformance.contract.load import load
from conformance.contract.model import LoadedContract
from conformance.core.errors import UsageError
from conformance.core.paths import cache_root
from environments import registry, runs
from environments.images.catalogue import tree_hash
from environments.options import RunOptions
from environments.runs import Run

if TYPE_CHECKING:
    from environments.environment import Environment

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Plan:
    """A contract, an environment and what the stack is made from, settled before anything is made."""

    loaded: LoadedContract
    options: RunOptions
    environment: Environment
    inputs: str

    @property
    def stack_revision(self) -> str:
        """What the stack's files are: twelve hexadecimal digits over all of them."""
        return tree_hash(self.loaded.stack_dir)[:12]

    def adopt(self, run: Run) -> Run:
        """`run`, whose stack was brought to this plan, so that it is found as made from it."""
        changed = dataclasses.replace(run, inputs=self.inputs, contract=str(self.loaded.file))
        changed.save()
        return changed

    def kept(self) -> Run | None:
        """A kept stack made from the same inputs."""
        return runs.kept_run(self.inputs)


def plan(options: RunOptions, say: Say) -> Plan:
    """Read the contract and settle the environment. Its first line names contract, stack and environment.

    Raises ContractError, UsageError.
    """
    loaded = load(options.contract)
    if not loaded.stack_dir.is_dir():
        raise UsageError(
            "the stack's folder is not there",
            where=f"{loaded.file}: stack.path",
            observed=str(loaded.stack_dir),
        )
    if options.kit and "://" not in options.kit and not Path(options.kit).is_file():
        raise UsageError(
            "there is no such kit", where=options.kit, remedy="conformance kit export writes one"
        )
    sources = tree_hash(loaded.stack_dir)
    say(
        f"contract {loaded.file}, stack {loaded.stack_dir} (revision {sources[:12]}), "
        f"environment {options.environment}"
    )
    environment = registry.find(options.environment)
    # nothing is made for the static layer: no images, whatever the contract's versions are
    made_from = () if options.static_only else environment.inputs(loaded, options, say)
    parts = [
        loaded.file.read_text(encoding="utf-8"),
        sources,
        options.environment,
        *made_from,
        options.ecr,
        options.deployer,
    ]
    inputs = hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
    return Plan(loaded, options, environment, inputs)


def scratch(name: str) -> Path:
    """A folder for large things of this process; `reap` takes it when the process was killed."""
    cache_root().mkdir(parents=True, exist_ok=True)
    return Path(tempfile.mkdtemp(prefix=f"{name}-pid{os.getpid()}-", dir=cache_root()))
