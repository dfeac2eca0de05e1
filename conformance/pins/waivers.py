"""Waivers: a finding that someone answers for, with a reason, until a day.

A waiver file holds tables `[[waiver]]` with `finding` (an advisory's id or a finding's code), `plugin`
("core" for the core), `owner`, `reason` and `expires` (a date, the last day on which it holds). A waiver
that has expired waives nothing and is itself a NO-GO while its finding is there; one that nothing needs
is a warning, so that the list stays true.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path

from conformance.core.errors import UsageError
from conformance.pins import tomlfile
from conformance.sources.facts import Place
from conformance.sources.plugins.pin import Finding

_KEYS: dict[str, type] = {"finding": str, "plugin": str, "owner": str, "reason": str, "expires": date}


@dataclass(frozen=True, slots=True)
class PinWaiver:
    finding: str
    plugin: str
    owner: str
    reason: str
    expires: date
    where: Place

    def covers(self, finding: Finding) -> bool:
        return finding.subject == self.plugin and self.finding in (finding.ref, finding.code)


def read(path: Path) -> tuple[PinWaiver, ...]:
    """Raises UsageError: no waiver is valid without owner, reason and expiry."""
    text_lines = None
    found = []
    for number, entry in enumerate(tomlfile.entries(path, "waiver", _KEYS, {}), 1):
        if isinstance(entry["expires"], datetime):
            raise UsageError("expires must be a date", where=f"{path}: [[waiver]] number {number}")
        if text_lines is None:
            text_lines = _lines(path)
        where = Place(str(path), text_lines[number - 1] if number <= len(text_lines) else 0)
        found.append(PinWaiver(**entry, where=where))
    return tuple(found)


def apply(findings: Iterable[Finding], waivers: Iterable[PinWaiver], today: date) -> list[Finding]:
    """The findings, waived where a waiver holds, and findings about the waivers themselves.

    Only findings that keep the gate from GO (no-go and error) can be waived.
    """
    result = list(findings)
    for waiver in waivers:
        covered = [
            at for at, one in enumerate(result) if one.level in ("no-go", "error") and waiver.covers(one)
        ]
        if not covered:
            result.append(_unneeded(waiver))
        elif waiver.expires < today:
            result.append(_expired(waiver, result[covered[0]]))
        else:
            words = f"waived by {waiver.owner} until {waiver.expires}: {waiver.reason}"
            for at in covered:
                result[at] = replace(result[at], waived=words)
    return result


def _unneeded(waiver: PinWaiver) -> Finding:
    what = f"the waiver of {waiver.finding} waives nothing: there is no such finding"
    return Finding(
        "waiver-unneeded", "warning", waiver.plugin, what, waiver.where, "remove it", ref=waiver.finding
    )


def _expired(waiver: PinWaiver, finding: Finding) -> Finding:
    what = f"the waiver of {waiver.finding} by {waiver.owner} expired on {waiver.expires}: {finding.what}"
    step = "repair the waived finding, or have its owner decide again"
    return Finding("waiver-expired", "no-go", waiver.plugin, what, waiver.where, step, ref=waiver.finding)


def _lines(path: Path) -> list[int]:
    lines = path.read_text(encoding="utf-8").splitlines()
    return [number for number, line in enumerate(lines, 1) if line.strip().startswith("[[waiver]]")]
