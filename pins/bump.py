"""The smallest set of further bumps that makes a wanted bump valid.

Searched by the number of plugins that change, so the first answer is a smallest one. A budget bounds the
search; when it runs out the answer says that it was not proven smallest.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import count

from pins.catalogue import Catalogue
from pins.known_issues import KnownIssue
from pins.model import Dependency, Release
from pins.resolve import Target
from pins.upgrade import unacceptable
from pins.versions import older

BUDGET = 5000  # sets looked at


@dataclass(frozen=True, slots=True)
class BumpPlan:
    """`changes` holds plugin to version, the wanted ones included; empty when there is no valid set.

    `proven` is False when the budget ran out first. `blockers` says what stood in the way of every
    set that was tried.
    """

    changes: Mapping[str, str]
    proven: bool = True
    blockers: tuple[str, ...] = ()


def smallest(
    pins: Mapping[str, str],
    wanted: Mapping[str, str],
    catalogue: Catalogue,
    target: Target,
    issues: Iterable[KnownIssue] = (),
    budget: int = BUDGET,
) -> BumpPlan:
    """The fewest changes to `pins` (plugin to version) with which every `wanted` version is valid."""
    search = _Search(pins, catalogue, target, tuple(issues))
    start = []
    for name, version in sorted(wanted.items()):
        release = catalogue.release(name, version)
        if release is None or release.problem:
            return BumpPlan({}, blockers=(f"nothing is known of {name} {version}",))
        reason = unacceptable(release, catalogue, target, search.issues)
        if reason:
            return BumpPlan({}, blockers=(f"{name} {version}: {reason}",))
        start.append(release)
    order = count()
    queue = [(len(start), next(order), tuple(start))]
    seen = set()
    while queue and budget:
        budget -= 1
        _, _, chosen = heapq.heappop(queue)
        state = frozenset((one.name, one.version) for one in chosen)
        if state in seen:
            continue
        seen.add(state)
        unmet = search.unmet(chosen)
        if unmet is None:
            return BumpPlan({one.name: one.version for one in chosen})
        for release in search.candidates(unmet):
            others = tuple(one for one in chosen if one.name != release.name)
            heapq.heappush(queue, (len(others) + 1, next(order), (*others, release)))
    return BumpPlan({}, proven=not queue, blockers=tuple(sorted(search.blockers)))


class _Search:
    def __init__(
        self, pins: Mapping[str, str], catalogue: Catalogue, target: Target, issues: tuple[KnownIssue, ...]
    ) -> None:
        self.pins = pins
        self.catalogue = catalogue
        self.target = target
        self.issues = issues
        self.blockers: set[str] = set()

    def unmet(self, chosen: tuple[Release, ...]) -> Dependency | None:
        """The first thing the chosen releases need, or that a pin needs of a new plugin, and do not have."""
        now = dict(self.pins) | {one.name: one.version for one in chosen}
        for release in chosen:
            for need in release.dependencies:
                if need.name not in now and need.optional:
                    continue
                if need.name not in now or older(now[need.name], need.version):
                    return need
        new = {one.name: one.version for one in chosen if one.name not in self.pins}
        changed = {one.name for one in chosen}
        for name, version in self.pins.items() if new else ():
            pin = None if name in changed else self.catalogue.release(name, version)
            for need in pin.dependencies if pin else ():
                if need.name in new and older(new[need.name], need.version):
                    return need
        return None

    def candidates(self, need: Dependency) -> list[Release]:
        """Releases that meet the need and may be taken here, the nearest first."""
        found = []
        fitting = [one for one in self.catalogue.releases(need.name) if not older(one.version, need.version)]
        for release in reversed(fitting):
            reason = unacceptable(release, self.catalogue, self.target, self.issues)
            if reason:
                self.blockers.add(f"{need.name} {release.version}: {reason}")
            else:
                found.append(release)
        if not fitting:
            self.blockers.add(f"no release of {need.name} at {need.version} or newer is known")
        return found
