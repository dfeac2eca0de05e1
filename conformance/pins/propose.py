""" "Upgraded to the latest version without known issues": the newest set of releases that fits a core.

Requirements between plugins are lower bounds only, so of two sets that hold, the set with the newer
release of each plugin holds too: there is exactly one newest set. It is found from above: every plugin
starts at its newest acceptable release and steps down while something it needs is out of reach.
No pin ever goes below what it is now.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from conformance.pins import known_issues
from conformance.pins.edit import edited
from conformance.pins.known_issues import KnownIssue
from conformance.pins.model import Dependency, Release
from conformance.pins.release_index import ReleaseIndex
from conformance.pins.resolve import Target
from conformance.pins.versions import key_of, older
from conformance.sources.plugins.pin import PinFile
from conformance.sources.plugins.read import parse


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


@dataclass(slots=True)
class _Choice:
    """Releases still open for a plugin, newest first; the pin itself, if any, is last and never leaves."""

    open: list[Release]
    pinned: bool
    reasons: dict[str, str] = field(default_factory=dict)  # refused version to reason

    @property
    def now(self) -> Release:
        return self.open[0]

    def refuse(self, reason: str) -> bool:
        """Step down; False when only the pin itself is left. A new plugin can lose its last release."""
        if self.pinned and len(self.open) == 1:
            return False
        self.reasons[self.open.pop(0).version] = reason
        return True


def unacceptable(release: Release, index: ReleaseIndex, target: Target, issues: Iterable[KnownIssue]) -> str:
    """Why a release must not be taken on this core, whatever else is pinned; empty when it may."""
    if target.core and release.required_core and older(target.core, release.required_core):
        return f"needs core {release.required_core}"
    if target.java and release.min_java and older(target.java, release.min_java):
        return f"needs Java {release.min_java}"
    issue = known_issues.hit(issues, release.name, release.version, target.core)
    if issue:
        return f"known issue: {issue.what}"
    hits = index.affecting(release.name, release.version)
    return f"advisory {', '.join(hits)}" if hits else ""


def newest_set(
    pins: Mapping[str, str], index: ReleaseIndex, target: Target, issues: Iterable[KnownIssue] = ()
) -> Plan:
    """The newest set for `target` that holds everything in `pins` (plugin to version) and what it needs."""
    search = _Search(pins, index, target, tuple(issues))
    search.run()
    chosen = search.wanted()
    versions = {name: search.choices[name].now.version for name in chosen}
    raised = {
        name: (old, versions[name]) for name, old in pins.items() if key_of(old) != key_of(versions[name])
    }
    held = tuple(found for name in sorted(versions) if (found := search.held(name)))
    added = {name: versions[name] for name in sorted(chosen) if name not in pins}
    return Plan(versions, raised, added, held)


class _Search:
    def __init__(
        self, pins: Mapping[str, str], index: ReleaseIndex, target: Target, issues: tuple[KnownIssue, ...]
    ) -> None:
        self.pins = pins
        self.index = index
        self.target = target
        self.issues = issues
        self.choices: dict[str, _Choice] = {}
        for name, version in pins.items():
            pin = index.release(name, version)
            if pin is None or pin.problem:
                pin = Release(name, version)
            self.choices[name] = self._choice(name, pin)

    def run(self) -> None:
        before: tuple[int, int] | None = None
        while before != (now := (len(self.choices), sum(len(one.open) for one in self.choices.values()))):
            before = now  # a release refused or a plugin that came along: look at all again
            for name in list(self.choices):
                choice = self.choices[name]
                while choice.open and (reason := self._obstacle(choice.now)):
                    if not choice.refuse(reason):
                        break

    def wanted(self) -> list[str]:
        """The pinned plugins, then what they need: an addition that nobody needs any more is dropped."""
        found = list(self.pins)
        for name in found:
            for need in self.choices[name].now.dependencies:
                known = self.choices.get(need.name)
                if not need.optional and need.name not in found and known and known.open:
                    found.append(need.name)
        return found

    def held(self, name: str) -> Held | None:
        choice = self.choices[name]
        known = self.index.releases(name)
        if not known or not older(choice.now.version, known[0].version):
            return None
        reason = choice.reasons.get(known[0].version, "an older release is pinned and nothing newer fits")
        return Held(name, choice.now.version, known[0].version, reason)

    def _choice(self, name: str, pin: Release | None) -> _Choice:
        choice = _Choice([], pinned=pin is not None)
        for release in self.index.releases(name):
            if pin and not older(pin.version, release.version):
                break
            reason = unacceptable(release, self.index, self.target, self.issues)
            if reason:
                choice.reasons[release.version] = reason
            else:
                choice.open.append(release)
        if pin:
            choice.open.append(pin)
        return choice

    def _obstacle(self, release: Release) -> str:
        """What `release` needs and cannot get, in words; empty when it can stay."""
        for need in release.dependencies:
            if need.name not in self.choices:
                if need.optional:
                    continue
                self.choices[need.name] = self._choice(need.name, None)
            reason = self._unmet(need)
            if reason:
                return reason
        return ""

    def _unmet(self, need: Dependency) -> str:
        choice = self.choices[need.name]
        if not choice.open:
            if need.optional:
                return ""
            why = next(iter(choice.reasons.values()), "no release of it is known")
            return f"needs {need.name} {need.version}, which cannot be had ({why})"
        if not older(choice.now.version, need.version):
            return ""
        known = [one for one in choice.reasons if not older(one, need.version)]
        why = choice.reasons[known[0]] if known else "no newer release of it is known"
        return f"needs {need.name} {need.version}; {need.name} stays at {choice.now.version} ({why})"


@dataclass(frozen=True, slots=True)
class Proposal:
    """`text` is the edited file; `plan` says what changed and what is held back."""

    text: str
    plan: Plan

    def file(self, like: PinFile) -> PinFile:
        """The proposal, read back as the file it would be."""
        return parse(self.text, like.where, like.path)


def propose(file: PinFile, index: ReleaseIndex, target: Target, issues: Iterable[KnownIssue]) -> Proposal:
    """The newest set for `target`, written into the text of `file`.

    Raises:
        UsageError: the file is of a shape that cannot be edited in place.
    """
    pins = {name: pin.version for name, pin in file.exact().items()}
    plan = newest_set(pins, index, target, issues)
    raised = {name: new for name, (_, new) in plan.raised.items()}
    return Proposal(edited(file, raised, plan.added), plan)
