"""Trials of pins on a real controller, and the memory of trials that searches for a culprit share.

A trial starts a controller with exactly these pins, compares the running plugins and runs suites.
The gate and the bisection need only this protocol; conformance.cli.trial implements it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol, get_args

from conformance.pins.running import RunningPlugins

#: failed: the change does not work. error: the trial itself broke and says nothing about the change.
Outcome = Literal["passed", "failed", "error"]


@dataclass(frozen=True, slots=True)
class PinSet:
    """A core and exact pins (plugin to version) to try."""

    core: str
    plugins: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class TrialResult:
    """`summary` is one line for people; `running` is None when the list of plugins could not be read."""

    outcome: Outcome
    summary: str = ""
    running: RunningPlugins | None = None


class Trial(Protocol):
    def boots(self, pins: PinSet) -> TrialResult:
        """Boot a controller with `pins` and run the suites. It takes minutes; bad pins raise nothing."""
        ...


@dataclass(slots=True)
class TrialMemory:
    """Outcomes of finished trials by their set of changes, so that an interrupted search continues.

    Each trial is one line of `file`, appended when the trial ends. A trial that broke is never kept.
    """

    file: Path | None = None
    known: dict[frozenset[str], TrialResult] = field(default_factory=dict)
    _search: str = ""

    def begin(self, search: str) -> None:
        """Read the trials of an earlier run of the same `search`; a line that was cut off is ignored."""
        self._search = search
        lines = []
        if self.file is not None and self.file.is_file():
            lines = self.file.read_text(encoding="utf-8", errors="replace").splitlines()
        for line in lines:
            try:
                entry = json.loads(line)
                if entry["of"] == search and entry["outcome"] in get_args(Outcome)[:2]:
                    self.known[frozenset(entry["changes"])] = TrialResult(entry["outcome"], entry["summary"])
            except (ValueError, KeyError, TypeError):
                continue

    def keep(self, changes: frozenset[str], result: TrialResult) -> None:
        """Remember a trial that decided something."""
        if result.outcome == "error":
            return
        self.known[changes] = result
        if self.file is None:
            return
        self.file.parent.mkdir(parents=True, exist_ok=True)
        entry = {
            "of": self._search,
            "changes": sorted(changes),
            "outcome": result.outcome,
            "summary": result.summary,
        }
        with self.file.open("a", encoding="utf-8") as out:
            out.write(json.dumps(entry) + "\n")
