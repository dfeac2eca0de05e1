"""Which of the bumps breaks it: the smallest dependency-closed set of changes that still fails.

Changes are laid out so that whatever a change needs comes before it; then every prefix is a valid pin set
(with what was asked for so far), and the shortest failing prefix is found by halving. Its last change must
belong to the answer. That is repeated until what is known to belong fails by itself: about log2(n) trials
for each culprit. A last pass takes away each remaining change that nothing else in the set needs, to see
that the set still needs it: the answer is then minimal even where failures are not monotonic.

Every trial is kept in a file when it ends, so an interrupted bisection goes on where it was.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from conformance.pins.catalogue import Catalogue
from conformance.pins.model import Dependency
from conformance.pins.trial import PinSet, Trial, TrialResult
from conformance.pins.versions import older

CORE = "core"
Change = str  # the name of the plugin that changes, or CORE


@dataclass(frozen=True, slots=True)
class BisectResult:
    """`culprits`: plugin (or "core") to (old, new), empty versions for absent.

    `minimal` is False when the budget ran out or a trial broke; `note` then says which.
    """

    culprits: Mapping[Change, tuple[str, str]]
    minimal: bool
    trials: int
    note: str = ""


class OutOfBudget(Exception):
    """No trials are left, or one broke: the search ends with what it knows."""


@dataclass(slots=True)
class Memory:
    """Outcomes of trials that were done, by the set of changes; appended to `file` as they end."""

    file: Path | None = None
    known: dict[frozenset[Change], TrialResult] = field(default_factory=dict)

    def load(self, fingerprint: str) -> None:
        """Take over what a former bisection of the same two pin sets learned; a cut-off line is ignored."""
        if self.file is None:
            return
        lines = self.file.read_text(encoding="utf-8").splitlines() if self.file.exists() else []
        for line in lines:
            try:
                entry = json.loads(line)
            except ValueError:
                continue
            if entry.get("of") == fingerprint and entry["outcome"] != "error":
                self.known[frozenset(entry["changes"])] = TrialResult(entry["outcome"], entry["summary"])

    def keep(self, fingerprint: str, changes: frozenset[Change], result: TrialResult) -> None:
        self.known[changes] = result
        if self.file is None:
            return
        self.file.parent.mkdir(parents=True, exist_ok=True)
        entry = {
            "of": fingerprint,
            "changes": sorted(changes),
            "outcome": result.outcome,
            "summary": result.summary,
        }
        with self.file.open("a", encoding="utf-8") as out:
            out.write(json.dumps(entry) + "\n")


def bisect(
    baseline: PinSet,
    candidate: PinSet,
    trial: Trial,
    catalogue: Catalogue,
    *,
    budget: int = 20,
    memory: Memory | None = None,
) -> BisectResult:
    """Find what in `candidate` breaks it. `budget` is in trials; remembered ones cost nothing."""
    search = _Search(baseline, candidate, trial, catalogue, budget=budget, memory=memory or Memory())
    return search.run()


class _Search:
    def __init__(
        self,
        baseline: PinSet,
        candidate: PinSet,
        trial: Trial,
        catalogue: Catalogue,
        *,
        budget: int,
        memory: Memory,
    ) -> None:
        self.baseline = baseline
        self.candidate = candidate
        self.trial = trial
        self.catalogue = catalogue
        self.budget = budget
        self.memory = memory
        self.trials = 0
        self._closures: dict[frozenset[Change], frozenset[Change]] = {}
        self.changes = self._changes()
        self.fingerprint = json.dumps(
            [[one.core, sorted(one.plugins.items())] for one in (baseline, candidate)], separators=(",", ":")
        )
        memory.load(self.fingerprint)

    def run(self) -> BisectResult:
        best = frozenset(self.changes)
        try:
            if self._fails(frozenset()):
                return self._result(frozenset(), note="the baseline fails too: the bumps are not the cause")
            if not self._fails(best):
                return self._result(
                    frozenset(), note="the candidate passes when tried again: it fails by chance"
                )
            required: frozenset[Change] = frozenset()
            while not self._fails(required):
                required, best = self._one_more(required, best)
            best = self._minimal(required)
        except OutOfBudget as end:
            return self._result(best, minimal=False, note=str(end))
        return self._result(best, minimal=True)

    def _one_more(
        self, required: frozenset[Change], best: frozenset[Change]
    ) -> tuple[frozenset[Change], frozenset[Change]]:
        """The last change of the shortest failing prefix, with what it needs; and that prefix."""
        prefixes = self._prefixes(required, best)
        low, high = 0, len(prefixes) - 1  # prefixes[low] passes, prefixes[high] fails
        while high - low > 1:
            middle = (low + high) // 2
            if self._fails(prefixes[middle]):
                high = middle
            else:
                low = middle
        return self.closed(required | (prefixes[high] - prefixes[low])), prefixes[high]

    def _prefixes(self, required: frozenset[Change], within: frozenset[Change]) -> list[frozenset[Change]]:
        """Growing closed sets from `required` to `within`, each a step larger."""
        found = [required]
        rest = sorted(within, key=lambda one: (len(self.closed({one})), one))
        for change in rest:
            following = self.closed(found[-1] | {change})
            if following != found[-1]:
                found.append(following)
        return found

    def _minimal(self, failing: frozenset[Change]) -> frozenset[Change]:
        again = True
        while again:
            again = False
            for change in sorted(failing):
                smaller = frozenset(one for one in failing if change not in self.closed({one}))
                if smaller and self._fails(smaller):
                    failing, again = smaller, True
                    break
        return failing

    def _fails(self, changes: frozenset[Change]) -> bool:
        if changes not in self.memory.known:
            if self.trials >= self.budget:
                raise OutOfBudget(f"the budget of {self.budget} trials is used up; run again to go on")
            self.trials += 1
            result = self.trial.boots(self.pins(changes))
            if result.outcome == "error":
                raise OutOfBudget(f"a trial broke, which says nothing about the pins: {result.summary}")
            self.memory.keep(self.fingerprint, changes, result)
        return self.memory.known[changes].outcome == "failed"

    def pins(self, changes: Iterable[Change]) -> PinSet:
        """The baseline with these changes made."""
        plugins = dict(self.baseline.plugins)
        core = self.baseline.core
        for name in changes:
            if name == CORE:
                core = self.candidate.core
            elif name in self.candidate.plugins:
                plugins[name] = self.candidate.plugins[name]
            else:
                plugins.pop(name, None)
        return PinSet(core, plugins)

    def closed(self, changes: Iterable[Change]) -> frozenset[Change]:
        """The changes with all others that a valid pin set needs along with them."""
        asked = found = frozenset(changes)
        if asked not in self._closures:
            while more := self._along(found):
                found |= more
            self._closures[asked] = found
        return self._closures[asked]

    def _along(self, changes: frozenset[Change]) -> frozenset[Change]:
        pins = self.pins(changes)
        more: set[Change] = set()
        for name, version in pins.plugins.items():
            release = self.catalogue.release(name, version)
            if release is None:
                continue
            if release.required_core and pins.core and older(pins.core, release.required_core):
                more |= self._mend(name, CORE, changes)
            for need in release.dependencies:
                if self._unmet(need, pins):
                    more |= self._mend(name, need.name, changes)
        return frozenset(more)

    def _mend(self, by: str, needed: str, changes: frozenset[Change]) -> set[Change]:
        """Change what is needed if the candidate does, else what needs it; else it cannot be mended."""
        return next(({one} for one in (needed, by) if one in self.changes and one not in changes), set())

    @staticmethod
    def _unmet(need: Dependency, pins: PinSet) -> bool:
        now = pins.plugins.get(need.name)
        return not need.optional if now is None else older(now, need.version)

    def _changes(self) -> Sequence[Change]:
        before, after = self.baseline.plugins, self.candidate.plugins
        found = [name for name in sorted({*before, *after}) if before.get(name) != after.get(name)]
        core = [CORE] if self.baseline.core != self.candidate.core else []
        return (*core, *found)

    def _result(self, culprits: Iterable[Change], *, minimal: bool = False, note: str = "") -> BisectResult:
        said = {}
        for name in sorted(culprits):
            if name == CORE:
                said[name] = (self.baseline.core, self.candidate.core)
            else:
                said[name] = (self.baseline.plugins.get(name, ""), self.candidate.plugins.get(name, ""))
        return BisectResult(said, minimal, self.trials, note)
