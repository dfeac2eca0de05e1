"""The protocol of an environment: a kind of place where stacks run, built in or from another package.

An environment is one object, registered by name (see `environments.registry`). It holds no state of a run:
what it made is found again by the run's id, also by a later process.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from conformance.contract.model import LoadedContract
from conformance.core.graph import Observer, Task, ignore
from conformance.core.process import end_marked
from environments import runs
from environments.base import Endpoints
from environments.options import RunOptions
from environments.runs import Run

Say = Callable[[str], None]
Expected = Callable[[str], float]
#: Shows tasks while they run. `Expected` gives the seconds that a task of this name usually takes.
Watch = Callable[[Sequence[Task], Expected], AbstractContextManager[Observer]]


def unwatched(_tasks: Sequence[Task], _expected: Expected) -> AbstractContextManager[Observer]:
    """A `Watch` that shows nothing."""
    return nullcontext(ignore)


@dataclass(frozen=True, slots=True)
class Order:
    """What `Environment.up` gets. `say` prints one line; `watch` shows the tasks of a graph."""

    loaded: LoadedContract
    options: RunOptions
    run: Run
    say: Say
    watch: Watch = unwatched


class Environment(ABC):
    """A kind of place where a stack runs. Every method may raise ConformanceError."""

    #: what `--environment` calls it
    name: str = ""
    #: one line for `--help`
    summary: str = ""
    #: does `up` make a stack (which can be kept and is removed), or find one that belongs to others?
    makes: bool = True

    @abstractmethod
    def up(self, order: Order) -> Endpoints:
        """Make or find the stack. After an error `down` removes what was made."""

    @abstractmethod
    def diagnose(self, run: Run, target: Path) -> None:
        """Write what explains a failure into the folder `target`."""

    @abstractmethod
    def down(self, run: Run) -> None:
        """Remove everything that `up` made for `run`; a second call does nothing."""

    def endpoints(self, run: Run) -> Endpoints | None:
        """Where the stack of `run` is, or None without one. `up`'s answer is kept in the run's folder."""
        return run.endpoints()

    def reap(self) -> tuple[str, ...]:
        """Remove what killed runs of this environment left; one line for each thing removed."""
        removed = []
        for run in runs.orphans(self.name):
            removed += [f"process {number} of run {run.id}" for number in end_marked(run.id)]
            self.down(run)
            run.forget_stack()
            removed.append(f"run {run.id}")
        return tuple(removed)

    def inputs(self, loaded: LoadedContract, options: RunOptions, say: Say) -> tuple[str, ...]:
        """What the stack is made from beside contract and sources.

        A kept stack of equal inputs is used again.
        """
        return ()

    def has_stopped(self, run: Run) -> bool:
        """Is `run` a kept stack that does not run any more?"""
        return False
