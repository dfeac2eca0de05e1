"""The changes of a candidate, with the facts that matter to a bump."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from conformance.pins.model import Release
from conformance.pins.release_index import ReleaseIndex
from conformance.pins.updatecenter.document import page_of
from conformance.pins.versions import key_of, older
from conformance.sources.facts import Place
from conformance.sources.plugins.pin import Finding, Pin

Kind = Literal["added", "removed", "up", "down", "core"]


@dataclass(frozen=True, slots=True)
class PinChange:
    """One difference. `facts` are short remarks: how old the release is, how far the jump, its core."""

    kind: Kind
    name: str
    old: str
    new: str
    where: Place
    facts: tuple[str, ...] = ()


def diff(
    baseline: Mapping[str, Pin],
    candidate: Mapping[str, Pin],
    index: ReleaseIndex,
    cores: tuple[str, str] = ("", ""),
    core_where: Place | None = None,
) -> tuple[PinChange, ...]:
    """Changes from baseline to candidate, the core first, then by name. `cores` are (old, new)."""
    found: list[PinChange] = []
    facts: tuple[str, ...]
    old_core, new_core = cores
    if old_core and new_core and key_of(old_core) != key_of(new_core):
        where = core_where or Place("core")
        facts = ("down",) if key_of(new_core) < key_of(old_core) else ()
        found.append(PinChange("core", "core", old_core, new_core, where, facts))
    for name in sorted({*baseline, *candidate}):
        before, after = baseline.get(name), candidate.get(name)
        if before is None and after is not None:
            facts = _facts(None, index.release(name, after.version), index)
            found.append(PinChange("added", name, "", after.version, after.where, facts))
        elif before is not None and after is None:
            found.append(PinChange("removed", name, before.version, "", before.where))
        elif before is not None and after is not None and key_of(before.version) != key_of(after.version):
            kind: Kind = "up" if key_of(before.version) < key_of(after.version) else "down"
            old, new = index.release(name, before.version), index.release(name, after.version)
            facts = _facts(old, new, index)
            if _first(before.version) != _first(after.version):
                facts = ("first number changes", *facts)
            found.append(PinChange(kind, name, before.version, after.version, after.where, facts))
    return tuple(found)


def compatibility(changes: Iterable[PinChange], index: ReleaseIndex) -> Iterator[Finding]:
    """A warning for each upgrade over a version since which older data or configuration is not compatible."""
    for change in changes:
        release = index.release(change.name, change.new) if change.kind == "up" else None
        since = release.compatible_since if release else ""
        if since and older(change.old, since) and not older(change.new, since):
            yield Finding(
                "incompatible-jump",
                "warning",
                change.name,
                f"{change.old} -> {change.new} passes {since}, since which the plugin is not fully "
                "compatible with the data and configuration of older versions",
                change.where,
                next="read the release notes before the upgrade; going back may not be possible",
                ref=since,
                link=page_of(change.name),
            )


def _facts(old: Release | None, new: Release | None, index: ReleaseIndex) -> tuple[str, ...]:
    if new is None:
        return ("nothing is known of this release",)
    facts = []
    released, document = _day(new.released), _day(index.newest.day)
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
