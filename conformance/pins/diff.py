"""What a candidate changes, with the facts that matter to a bump."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from conformance.pins.catalogue import Catalogue
from conformance.pins.model import Location, Pin, Release
from conformance.pins.versions import key_of

Kind = Literal["added", "removed", "up", "down", "core"]


@dataclass(frozen=True, slots=True)
class Change:
    """One difference. `facts` are short remarks: how old the release is, how far the jump, its core."""

    kind: Kind
    name: str
    old: str
    new: str
    where: Location
    facts: tuple[str, ...] = ()


def diff(
    baseline: Mapping[str, Pin],
    candidate: Mapping[str, Pin],
    catalogue: Catalogue,
    cores: tuple[str, str] = ("", ""),
    core_where: Location | None = None,
) -> tuple[Change, ...]:
    """Changes from baseline to candidate, the core first, then by name. `cores` are (old, new)."""
    found: list[Change] = []
    facts: tuple[str, ...]
    old_core, new_core = cores
    if old_core and new_core and key_of(old_core) != key_of(new_core):
        where = core_where or Location("core")
        facts = ("down",) if key_of(new_core) < key_of(old_core) else ()
        found.append(Change("core", "core", old_core, new_core, where, facts))
    for name in sorted({*baseline, *candidate}):
        before, after = baseline.get(name), candidate.get(name)
        if before is None and after is not None:
            facts = _facts(None, catalogue.release(name, after.version), catalogue)
            found.append(Change("added", name, "", after.version, after.where, facts))
        elif before is not None and after is None:
            found.append(Change("removed", name, before.version, "", before.where))
        elif before is not None and after is not None and key_of(before.version) != key_of(after.version):
            kind: Kind = "up" if key_of(before.version) < key_of(after.version) else "down"
            old, new = catalogue.release(name, before.version), catalogue.release(name, after.version)
            facts = _facts(old, new, catalogue)
            if _first(before.version) != _first(after.version):
                facts = ("first number changes", *facts)
            found.append(Change(kind, name, before.version, after.version, after.where, facts))
    return tuple(found)


def _facts(old: Release | None, new: Release | None, catalogue: Catalogue) -> tuple[str, ...]:
    if new is None:
        return ("nothing known of this release",)
    facts = []
    released, document = _day(new.released), _day(catalogue.newest.day)
    if released and document:
        facts.append(f"released {(document - released).days} days before the document")
    before = _day(old.released) if old else None
    if released and before:
        facts.append(f"{(released - before).days} days after the old one")
    if new.required_core and (old is None or old.required_core != new.required_core):
        facts.append(f"needs core {new.required_core}")
    return tuple(facts)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None


def _first(version: str) -> str:
    """The leading number when the version is of the 1.2.3 kind; a plain build number says nothing."""
    head, dot, rest = version.partition(".")
    return head if dot and rest[:1].isdigit() else ""
