"""Propose the next pin set: "the latest versions without known issues" that fit a core.

Requirements between plugins are lower bounds, so of two sets that hold, the set with the newer release of
each plugin holds too: there is exactly one newest set. It is found from above. Every plugin starts at its
newest acceptable release and steps down while something that it needs is out of reach; no pin goes down.

Advisories: no plugin gets a release with more advisories than its pin has, and then fewer advisories win over
newer versions, as long as no other plugin gets more. The result is a function of the data: nothing that the
search refused on its way changes it, and neither does the order of plugins or dependencies in the document.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass

from conformance.pins import known_issues
from conformance.pins.edit import edited, without_repeats
from conformance.pins.known_issues import KnownIssue
from conformance.pins.model import Dependency, Release
from conformance.pins.release_index import ReleaseIndex
from conformance.pins.resolve import Target
from conformance.pins.versions import key_of, older
from conformance.sources.plugins.pin import PinFile
from conformance.sources.plugins.read import parse

#: How many plugins a reason names at most, from the held one to the end of the chain.
_CHAIN = 6


@dataclass(frozen=True, slots=True)
class Held:
    """A plugin that is not at its newest release, and the first reason why the newest was not taken."""

    name: str
    version: str
    newest: str
    reason: str


@dataclass(frozen=True, slots=True)
class Plan:
    """`versions` holds every plugin of the new set; `added` are those that were not pinned before."""

    versions: Mapping[str, str]
    raised: Mapping[str, tuple[str, str]]  # plugin to (from, to)
    added: Mapping[str, str]  # plugin to version
    held: tuple[Held, ...]


@dataclass(frozen=True, slots=True)
class Proposal:
    """`text` is the edited file; `plan` has the changes and the plugins that are held back."""

    text: str
    plan: Plan

    def file(self, like: PinFile) -> PinFile:
        """The proposal, read back as the file it would be."""
        return parse(self.text, like.where, like.path)


def propose(file: PinFile, index: ReleaseIndex, target: Target, issues: Iterable[KnownIssue]) -> Proposal:
    """The newest set for `target`, written into the text of `file`, each plugin once, with the target's core.

    Raises:
        UsageError: the file is of a shape that cannot be edited in place.
    """
    pins = {name: pin.version for name, pin in file.exact().items()}
    unpinned = {pin.name for pin in file.pins if pin.unpinned} - pins.keys()
    plan = newest_set(pins, index, target, issues, unpinned=unpinned)
    changed = {name: new for name, (_, new) in plan.raised.items()}
    changed |= {name: plan.versions[name] for name in unpinned if name in plan.versions}
    added = {name: version for name, version in plan.added.items() if name not in unpinned}
    once = without_repeats(file)
    return Proposal(edited(once, changed, added, core=target.core), plan)


def unacceptable(release: Release, target: Target, issues: Iterable[KnownIssue]) -> str:
    """Why a release must not be taken on this core, whatever else is pinned; empty when it may."""
    if release.unknown:
        return f"its data does not say {' and '.join(release.unknown)}"
    if target.core and release.required_core and older(target.core, release.required_core):
        return f"needs core {release.required_core}"
    if target.java and release.min_java and older(target.java, release.min_java):
        return f"needs Java {release.min_java}"
    if target.released_by and not "" < release.released <= target.released_by:
        return f"released {release.released or 'on an unknown day'}, after {target.released_by}"
    issue = known_issues.hit(issues, release.name, release.version, target.core)
    return f"known issue: {issue.what}" if issue else ""


def more_advisories(release: Release, index: ReleaseIndex, pinned: str | None) -> str:
    """The advisories of a release when it has more than the pinned version; empty when it may be taken."""
    hits = index.affecting(release.name, release.version)
    before = len(index.affecting(release.name, pinned)) if pinned else 0
    return f"advisory {', '.join(hits[:5])}" if len(hits) > before else ""


def newest_set(
    pins: Mapping[str, str],
    index: ReleaseIndex,
    target: Target,
    issues: Iterable[KnownIssue] = (),
    *,
    unpinned: Iterable[str] = (),
) -> Plan:
    """The newest set for `target` with `pins` (plugin to version), `unpinned` plugins and their needs."""
    search = _Search(pins, index, target, tuple(issues), tuple(sorted(unpinned)))
    chosen = search.best()
    raised = {
        name: (old, chosen[name].version)
        for name, old in sorted(pins.items())
        if key_of(old) != key_of(chosen[name].version)
    }
    held = tuple(found for name in sorted(chosen) if (found := search.held(name, chosen)))
    added = {name: chosen[name].version for name in sorted(chosen) if name not in pins}
    return Plan({name: one.version for name, one in sorted(chosen.items())}, raised, added, held)


Chosen = dict[str, Release]


class _Search:
    def __init__(
        self,
        pins: Mapping[str, str],
        index: ReleaseIndex,
        target: Target,
        issues: tuple[KnownIssue, ...],
        unpinned: tuple[str, ...],
    ) -> None:
        self.index = index
        self.target = target
        self.issues = issues
        self.unpinned = unpinned
        self.pins: Chosen = {}
        for name, version in sorted(pins.items()):
            known = index.release(name, version)
            self.pins[name] = known if known and not known.problem else Release(name, version)
        self._candidates: dict[str, list[Release]] = {}
        #: the most advisories that each plugin may have: as many as its pin, any number without a pin
        self.floor = {name: self.advisories(one) for name, one in self.pins.items()}
        for name in self.unpinned:
            self.floor[name] = max((self.advisories(one) for one in self.candidates(name)), default=0)

    def best(self) -> Chosen:
        """The newest set with as few advisories as possible, without more of them for any plugin."""
        chosen = self.newest(self.floor)
        again = True
        while again:
            again = False
            for name in sorted(self.floor):
                if better := self._fewer(name, chosen):
                    chosen, again = better, True
            if not again and (better := self._newer(chosen)):
                chosen, again = better, True
        return chosen

    def _fewer(self, name: str, chosen: Chosen) -> Chosen:
        """A set with fewer advisories for one plugin and no more for the others; empty without one."""
        now = self.counted(chosen)
        counts = {self.advisories(one) for one in self.candidates(name)} | {self.floor[name]}
        for count in sorted(one for one in counts if one < now.get(name, 0)):
            for banned in ((), *self._in_the_way(chosen)):
                most = now | {name: count}
                tried = self.newest(most, frozenset(banned))
                if self._fits(tried, chosen, most):
                    return tried
        return {}

    def _newer(self, chosen: Chosen) -> Chosen:
        """A set that is newer because it adds less; empty without one."""
        now = self.counted(chosen)
        for banned in self._in_the_way(chosen):
            tried = self.newest(now, frozenset(banned))
            newer = any(tried.get(name) != chosen.get(name) for name in self.floor)
            if newer and self._no_older(tried, chosen) and self._fits(tried, chosen, now):
                return tried
        return {}

    def _in_the_way(self, chosen: Chosen) -> list[tuple[str, ...]]:
        """Plugins that the set adds and that conflict with an optional need of a release that may be taken.

        The set without one of them, or without all, may have something better.
        """
        added = chosen.keys() - self.floor.keys()
        found = {
            need.name
            for releases in self._candidates.values()
            for release in releases
            for need in release.dependencies
            if need.optional and need.name in added and older(chosen[need.name].version, need.version)
        }
        names = sorted(found)
        return [*((name,) for name in names), *([tuple(names)] if len(names) > 1 else [])]

    def _fits(self, tried: Chosen, chosen: Chosen, most: Mapping[str, int]) -> bool:
        """Has `tried` the plugins of the file, no more advisories than `most`, and no more unmet needs?"""
        counts = self.counted(tried)
        within = counts.keys() == most.keys() and all(counts[name] <= most[name] for name in counts)
        return within and self._unmet_needs(tried) <= self._unmet_needs(chosen)

    def _unmet_needs(self, chosen: Chosen) -> set[tuple[str, str]]:
        """(plugin, needed plugin) for each mandatory need that the set does not meet."""
        return {
            (name, need.name)
            for name, release in chosen.items()
            for need in release.dependencies
            if not need.optional
            and (need.name not in chosen or older(chosen[need.name].version, need.version))
        }

    def counted(self, chosen: Chosen) -> dict[str, int]:
        """Advisories by plugin, of those that were in the file."""
        return {name: self.advisories(chosen[name]) for name in self.floor if name in chosen}

    def newest(self, most: Mapping[str, int], banned: Set[str] = frozenset()) -> Chosen:
        """The newest set without `banned` in which no plugin of the file has more than `most` advisories.

        An optional need counts when its plugin is in the set. Plugins of the file always are; which others
        are depends on the set, so their presence is assumed, and the assumption is widened until it holds. A
        plugin that was assumed and is not needed in the end must hold nothing back: the search repeats
        without it, as long as that makes no plugin older.
        """
        present: frozenset[str] = frozenset()
        best: Chosen = {}
        while True:
            chosen = self._settled(most, present, banned)
            extra = frozenset(chosen) - self.floor.keys()
            if not extra <= present:
                present |= extra
                continue
            if not self._no_older(chosen, best):
                return best
            best = chosen
            unneeded = present - extra
            if not unneeded:
                return chosen
            banned = banned | unneeded
            present -= unneeded

    def _no_older(self, chosen: Chosen, best: Chosen) -> bool:
        """Does `chosen` have each plugin of the file that `best` has, and none of them older?"""
        return all(
            name in chosen and not older(chosen[name].version, one.version)
            for name, one in best.items()
            if name in self.floor
        )

    def _settled(self, most: Mapping[str, int], present: Set[str], banned: Set[str]) -> Chosen:
        """The newest set without the `banned`, when optional needs of the `present` plugins count."""
        # plugin to its releases that are still possible, newest first; a pin itself is last and stays
        possible = {
            name: [one for one in self.candidates(name) if self.advisories(one) <= most.get(name, 0)]
            for name in self.floor
        }
        for name, pin in self.pins.items():
            possible[name].append(pin)
        for name in banned:
            possible[name] = []
        counted = self.floor.keys() | present
        todo = [*self.pins, *self.unpinned]
        needed_by: dict[str, set[str]] = {}
        while todo:
            name = todo.pop()
            before = len(possible[name])
            while possible[name] and not (name in self.pins and len(possible[name]) == 1):
                if self._met(possible[name][0], possible, counted, needed_by, todo):
                    break
                possible[name].pop(0)
            if possible[name]:  # the pin itself is never refused; its needs are searched too
                self._met(possible[name][0], possible, counted, needed_by, todo)
            if len(possible[name]) != before:
                todo += sorted(needed_by.get(name, ()))
        return self._reached({name: found[0] for name, found in possible.items() if found})

    def _met(
        self,
        release: Release,
        possible: dict[str, list[Release]],
        counted: Set[str],
        needed_by: dict[str, set[str]],
        todo: list[str],
    ) -> bool:
        """Are all needs of `release` still possible? Plugins that are new go into `todo`."""
        met = True
        for need in release.dependencies:
            if need.optional and need.name not in counted:
                continue
            if need.name not in possible:
                possible[need.name] = [one for one in self.candidates(need.name) if not self.advisories(one)]
                todo.append(need.name)
            needed_by.setdefault(need.name, set()).add(release.name)
            there = possible[need.name]
            if not there:
                met = met and need.optional
            elif older(there[0].version, need.version):
                met = False
        return met

    def _reached(self, newest: Chosen) -> Chosen:
        """The pinned and unpinned plugins with what they need: a plugin that nothing needs is left out."""
        found = {name: newest[name] for name in (*self.pins, *self.unpinned) if name in newest}
        todo = list(found.values())
        for release in todo:
            for need in release.dependencies:
                there = newest.get(need.name)
                if need.optional or need.name in found or there is None:
                    continue
                if not older(there.version, need.version):
                    found[need.name] = there
                    todo.append(there)
        return found

    def candidates(self, name: str) -> list[Release]:
        """Releases that may be taken here and are newer than the pin, newest first."""
        if name not in self._candidates:
            pin = self.pins.get(name)
            self._candidates[name] = [
                release
                for release in self.index.releases(name)
                if (pin is None or older(pin.version, release.version))
                and not unacceptable(release, self.target, self.issues)
            ]
        return self._candidates[name]

    def advisories(self, release: Release) -> int:
        return len(self.index.affecting(release.name, release.version))

    def held(self, name: str, chosen: Chosen) -> Held | None:
        known = self.index.releases(name)
        if not known or not older(chosen[name].version, known[0].version):
            return None
        reason = self.reason(known[0], chosen, (name,)) or "an older release is pinned and nothing newer fits"
        return Held(name, chosen[name].version, known[0].version, reason)

    def reason(self, release: Release, chosen: Chosen, chain: tuple[str, ...]) -> str:
        """The obstacle to `release`, down to the plugin or core at the end of the chain; or nothing."""
        now = chosen.get(release.name)
        own = unacceptable(release, self.target, self.issues)
        hits = self.index.affecting(release.name, release.version)
        if not own and len(hits) > (self.advisories(now) if now else 0):
            own = f"advisory {', '.join(hits[:5])}"
        if own:
            return own
        for need in sorted(release.dependencies, key=lambda one: one.name):
            why = self._unmet(need, chosen, chain)
            if why:
                return why
        return ""

    def _unmet(self, need: Dependency, chosen: Chosen, chain: tuple[str, ...]) -> str:
        now = chosen.get(need.name)
        if (now is None and need.optional) or (now and not older(now.version, need.version)):
            return ""
        fitting = [one for one in self.index.releases(need.name) if not older(one.version, need.version)]
        usable = [one for one in self.candidates(need.name) if one in fitting]
        if need.name in chain or len(chain) >= _CHAIN:
            why = f"these hold each other: {', '.join(chain)}"
        elif not fitting:
            why = "no newer release of it is known" if now else "no such release of it is known"
        else:
            why = self.reason((usable or fitting)[-1], chosen, (*chain, need.name))
        if now is None:
            # a plugin without an obstacle of its own would be added: something else is in the way
            return f"needs {need.name} {need.version}, which cannot be had ({why})" if why else ""
        return f"needs {need.name} {need.version}; {need.name} stays at {now.version}" + (why and f" ({why})")
