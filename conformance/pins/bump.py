"""The smallest set of further bumps that makes a wanted bump valid.

Searched by the number of plugins that change plus those that are certain to follow (A*), so the first
answer is a smallest one. A budget bounds the search; when it runs out, the answer is the smaller of two
quick ones (nearest releases, newest releases) and says that it was not proven smallest.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import count

from conformance.pins.known_issues import KnownIssue
from conformance.pins.model import Dependency, Release
from conformance.pins.propose import more_advisories, unacceptable
from conformance.pins.release_index import ReleaseIndex
from conformance.pins.resolve import Target
from conformance.pins.versions import older

#: sets that a search compares
BUDGET = 5000


@dataclass(frozen=True, slots=True)
class BumpPlan:
    """`changes` holds plugin to version, the wanted ones included; empty when there is no valid set.

    `proven` is False when the budget ran out first. `blockers` names the obstacles of every set
    that was tried.
    """

    changes: Mapping[str, str]
    proven: bool = True
    blockers: tuple[str, ...] = ()


def smallest(
    pins: Mapping[str, str],
    wanted: Mapping[str, str],
    index: ReleaseIndex,
    target: Target,
    *,
    issues: Iterable[KnownIssue] = (),
    budget: int = BUDGET,
) -> BumpPlan:
    """The fewest changes to `pins` (plugin to version) with which every `wanted` version is valid."""
    search = _Search(pins, index, target, tuple(issues))
    start = []
    for name, version in sorted(wanted.items()):
        release = index.release(name, version)
        if release is None or release.problem:
            return BumpPlan({}, blockers=(f"nothing is known of {name} {version}",))
        reason = search.refusal(release)
        if reason:
            return BumpPlan({}, blockers=(f"{name} {version}: {reason}",))
        start.append(release)
    return search.fewest(tuple(start), budget)


def _with(chosen: tuple[Release, ...], release: Release) -> tuple[Release, ...]:
    return (*(one for one in chosen if one.name != release.name), release)


def _plan(chosen: tuple[Release, ...], *, proven: bool) -> BumpPlan:
    return BumpPlan({one.name: one.version for one in sorted(chosen, key=lambda one: one.name)}, proven)


class _Search:
    def __init__(
        self, pins: Mapping[str, str], index: ReleaseIndex, target: Target, issues: tuple[KnownIssue, ...]
    ) -> None:
        self.pins = pins
        self.index = index
        self.target = target
        self.issues = issues
        self.blockers: set[str] = set()

    def fewest(self, start: tuple[Release, ...], budget: int) -> BumpPlan:
        order = count()
        queue = [(len(start), next(order), start)]
        seen = set()
        while queue and budget:
            budget -= 1
            _, _, chosen = heapq.heappop(queue)
            unmet = self.unmet(chosen)
            if not unmet:
                return _plan(chosen, proven=True)
            need = min(unmet.values(), key=lambda one: len(self.candidates(one)))
            for release in self.candidates(need):
                following = _with(chosen, release)
                state = frozenset((one.name, one.version) for one in following)
                if state not in seen:
                    seen.add(state)
                    certain = self.unmet(following).keys() - {one.name for one in following}
                    heapq.heappush(queue, (len(following) + len(certain), next(order), following))
        if not queue:
            return BumpPlan({}, blockers=tuple(sorted(self.blockers)))
        quick = [found for at in (0, -1) if (found := self._quick(start, at))]
        if not quick:
            return BumpPlan({}, proven=False, blockers=tuple(sorted(self.blockers)))
        return _plan(min(quick, key=len), proven=False)

    def _quick(self, chosen: tuple[Release, ...], at: int) -> tuple[Release, ...]:
        """Always take the nearest (0) or newest (-1) release that fits; empty when that leads nowhere."""
        while unmet := self.unmet(chosen):
            fitting = self.candidates(next(iter(unmet.values())))
            if not fitting:
                return ()
            chosen = _with(chosen, fitting[at])  # versions only go up, so this ends
        return chosen

    def unmet(self, chosen: tuple[Release, ...]) -> dict[str, Dependency]:
        """Unmet needs of the chosen releases (or of pins, for a new plugin): the greatest, by plugin."""
        now = dict(self.pins) | {one.name: one.version for one in chosen}
        new = {one.name for one in chosen if one.name not in self.pins}
        changed = {one.name for one in chosen}
        found: dict[str, Dependency] = {}
        needs = [need for release in chosen for need in release.dependencies]
        for name, version in self.pins.items() if new else ():
            pin = None if name in changed else self.index.release(name, version)
            needs += [need for need in pin.dependencies if need.name in new] if pin else []
        for need in needs:
            if need.name not in now and need.optional:
                continue
            if need.name not in now or older(now[need.name], need.version):
                before = found.get(need.name)
                if before is None or older(before.version, need.version):
                    found[need.name] = need
        return found

    def refusal(self, release: Release) -> str:
        """Why a release must not be taken in place of its pin; empty when it may."""
        reason = unacceptable(release, self.target, self.issues)
        return reason or more_advisories(release, self.index, self.pins.get(release.name))

    def candidates(self, need: Dependency) -> list[Release]:
        """Releases that meet the need and may be taken here, the nearest first."""
        found = []
        fitting = [one for one in self.index.releases(need.name) if not older(one.version, need.version)]
        for release in reversed(fitting):
            reason = self.refusal(release)
            if reason:
                self.blockers.add(f"{need.name} {release.version}: {reason}")
            else:
                found.append(release)
        if not fitting:
            self.blockers.add(f"no release of {need.name} at {need.version} or newer is known")
        return found
