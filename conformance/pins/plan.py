"""The upgrades of a pin set in groups that can be merged one after the other.

First the smallest set of bumps that closes advisories on the present core, then the rest of the newest set
for this core. After them, for each newer core, the bumps that it frees. Nothing is written.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from conformance.pins.bump import smallest
from conformance.pins.gate import GateResult, Side, gate
from conformance.pins.judge import Rules
from conformance.pins.propose import Held, newest_set
from conformance.pins.release_index import ReleaseIndex
from conformance.pins.resolve import Target
from conformance.pins.updatecenter.document import page_of
from conformance.pins.versions import key_of, older

#: Newer cores that a plan considers, the nearest first.
_CORES = 12
Kind = Literal["security", "rest", "core"]


@dataclass(frozen=True, slots=True)
class Bump:
    """One upgrade; `old` is empty for an addition. `age` is in days at the document's day or None."""

    name: str
    old: str
    new: str
    released: str
    age: int | None
    closes: tuple[str, ...]
    remaining: tuple[str, ...]
    link: str


@dataclass(frozen=True, slots=True)
class Group:
    """Bumps that belong together. `core` is the core that they need; `smallest` is False when not proven."""

    kind: Kind
    title: str
    core: str
    bumps: tuple[Bump, ...]
    core_closes: tuple[str, ...] = ()
    smallest: bool = True

    @property
    def closes(self) -> tuple[str, ...]:
        return tuple(sorted({one for bump in self.bumps for one in bump.closes} | {*self.core_closes}))

    @property
    def commit_message(self) -> str:
        """Subject of at most 60 characters, and a line for each bump."""
        count = len(self.bumps)
        subject = f"Raise {count} plugin{'s' if count != 1 else ''}"
        if self.kind == "core":
            subject += f" with core {self.core}"
        elif self.closes:
            subject += f": close {len(self.closes)} advisor{'ies' if len(self.closes) != 1 else 'y'}"
        lines = [
            f"- {one.name} {one.old + ' -> ' if one.old else ''}{one.new}"
            + (f" closes {', '.join(one.closes)}" if one.closes else "")
            for one in self.bumps
        ]
        return "\n".join([subject[:60], "", *lines]) + "\n"


@dataclass(frozen=True, slots=True)
class UpgradePlan:
    """`now` judges the pins as they are; `held` are the plugins that the present core or others hold back."""

    now: GateResult
    groups: tuple[Group, ...]
    held: tuple[Held, ...]


def upgrade_plan(side: Side, index: ReleaseIndex, rules: Rules) -> UpgradePlan:
    """Group the upgrades of a pin set; see the module."""
    pins = {name: pin.version for name, pin in side.file.exact().items()}
    newest = newest_set(pins, index, side.target, rules.issues)
    groups = []
    closing = {
        name: new
        for name, (old, new) in newest.raised.items()
        if len(index.affecting(name, new)) < len(index.affecting(name, old))
    }
    first = smallest(pins, closing, index, side.target, issues=rules.issues) if closing else None
    after = dict(pins)
    if first and first.changes:
        bumps = _bumps(pins, first.changes, index)
        title = "close advisories on this core"
        groups.append(Group("security", title, side.target.core, bumps, smallest=first.proven))
        after |= first.changes
    rest = _bumps(after, newest.versions, index)
    if rest:
        groups.append(Group("rest", "the rest of the newest set for this core", side.target.core, rest))
    groups += _by_core(pins, dict(newest.versions), index, side.target, rules)
    return UpgradePlan(gate(side, index, rules), tuple(groups), newest.held)


def _by_core(
    pins: Mapping[str, str], before: dict[str, str], index: ReleaseIndex, target: Target, rules: Rules
) -> list[Group]:
    """The bumps that each newer core frees, after those of the core before it."""
    needed = {release.required_core for name in before for release in index.releases(name)[:1]}
    newer = sorted((core for core in needed if core and older(target.core, core)), key=key_of)
    groups = []
    last = target.core
    for core in newer[:_CORES]:
        versions = newest_set(pins, index, replace(target, core=core), rules.issues).versions
        freed = _bumps(before, versions, index)
        open_ = {*index.affecting("core", core)}
        closes = tuple(one for one in index.affecting("core", last) if one not in open_)
        if freed:
            count = f"{len(freed)} bump{'s' if len(freed) != 1 else ''}"
            groups.append(Group("core", f"core {core} frees {count}", core, freed, closes))
            before, last = before | dict(versions), core
    return groups


def _bumps(before: Mapping[str, str], after: Mapping[str, str], index: ReleaseIndex) -> tuple[Bump, ...]:
    """The differences, those that close advisories first, then by name."""
    found = []
    for name, new in sorted(after.items()):
        old = before.get(name, "")
        if old and key_of(old) == key_of(new):
            continue
        release = index.release(name, new)
        released = release.released if release else ""
        remaining = index.affecting(name, new)
        closes = tuple(one for one in index.affecting(name, old) if one not in remaining) if old else ()
        age = _days(released, index.newest.day)
        found.append(Bump(name, old, new, released, age, closes, remaining, page_of(name)))
    return tuple(sorted(found, key=lambda one: (not one.closes, one.name)))


def _days(start: str, end: str) -> int | None:
    try:
        return (date.fromisoformat(end) - date.fromisoformat(start)).days
    except ValueError:
        return None
