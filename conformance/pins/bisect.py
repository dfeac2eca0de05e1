"""Which of the bumps breaks it: the smallest dependency-closed set of changes that still fails.

Changes are laid out so that whatever a change needs comes before it; then every prefix is a valid pin set
(with the changes that are known to belong), and the shortest failing prefix is found by halving. Its last
change must belong to the answer. That repeats until the changes that are known to belong fail alone: about
log2(n) trials for each culprit. A last pass removes each remaining change that nothing else in the set needs,
to see whether the rest still fails: the answer is then minimal even where failures are not monotonic.

Every trial is kept in a file when it ends, so an interrupted bisection continues.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from conformance.pins.model import Dependency
from conformance.pins.release_index import ReleaseIndex
from conformance.pins.trial import PinSet, Trial, TrialMemory
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
    """No trials are left, or one broke: the search ends with the best answer so far."""


def bisect(
    baseline: PinSet,
    candidate: PinSet,
    trial: Trial,
    index: ReleaseIndex,
    *,
    budget: int = 20,
    memory: TrialMemory | None = None,
) -> BisectResult:
    """Find the changes of `candidate` that break it. `budget` is in trials; remembered ones cost nothing."""
    search = _Search(baseline, candidate, trial, index, budget=budget, memory=memory or TrialMemory())
    return search.run()


class _Search:
    def __init__(
        self,
        baseline: PinSet,
        candidate: PinSet,
        trial: Trial,
        index: ReleaseIndex,
        *,
        budget: int,
        memory: TrialMemory,
    ) -> None:
        self.baseline = baseline
        self.candidate = candidate
        self.trial = trial
        self.index = index
        self.budget = budget
        self.memory = memory
        self.trials = 0
        self._closures: dict[frozenset[Change], frozenset[Change]] = {}
        self.changes = self._changes()
        both = [[one.core, sorted(one.plugins.items())] for one in (baseline, candidate)]
        memory.begin(json.dumps(both, separators=(",", ":")))

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
            self.memory.keep(changes, result)
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
        start = found = frozenset(changes)
        if start not in self._closures:
            while more := self._along(found):
                found |= more
            self._closures[start] = found
        return self._closures[start]

    def _along(self, changes: frozenset[Change]) -> frozenset[Change]:
        pins = self.pins(changes)
        more: set[Change] = set()
        for name, version in pins.plugins.items():
            release = self.index.release(name, version)
            if release is None:
                continue
            if release.required_core and pins.core and older(pins.core, release.required_core):
                more |= self._repair(name, CORE, changes)
            for need in release.dependencies:
                if self._unmet(need, pins):
                    more |= self._repair(name, need.name, changes)
        return frozenset(more)

    def _repair(self, by: str, needed: str, changes: frozenset[Change]) -> set[Change]:
        """Change what is needed if the candidate does, else the plugin that needs it, else nothing."""
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
        changed = {}
        for name in sorted(culprits):
            if name == CORE:
                changed[name] = (self.baseline.core, self.candidate.core)
            else:
                changed[name] = (self.baseline.plugins.get(name, ""), self.candidate.plugins.get(name, ""))
        return BisectResult(changed, minimal, self.trials, note)
