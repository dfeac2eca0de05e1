"""The words that every output shares, so that they cannot disagree."""

from __future__ import annotations

from conformance.pins.bisect import BisectResult
from conformance.pins.gate import GateResult
from conformance.sources.plugins.pin import Finding


def heading(result: GateResult) -> str:
    """One line: verdict, how many pins, which core, which document."""
    core = f"core {result.target.core}" if result.target.core else "core not given"
    day = result.document_day or "a document that does not say its day"
    return f"{result.verdict.word}: {result.pinned} pins, {core}, update center of {day}"


def level(finding: Finding) -> str:
    return "waived" if finding.waived else finding.level


def what(finding: Finding) -> str:
    return f"{finding.what} ({finding.waived})" if finding.waived else finding.what


def bisection(found: BisectResult) -> str:
    """The culprits in one line."""
    if not found.culprits:
        return f"{found.note} ({found.trials} trials)"
    listed = ", ".join(
        f"{name} {old or 'absent'} -> {new or 'removed'}" for name, (old, new) in found.culprits.items()
    )
    sure = "smallest set of changes that fails" if found.minimal else "fails, perhaps not the smallest set"
    return f"{sure}: {listed} ({found.trials} trials)" + (f"; {found.note}" if found.note else "")
