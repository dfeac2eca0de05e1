"""Judge one set of pins: sources, needs, advisories, deprecations, known issues, waivers, what runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from conformance.pins import advisories, known_issues, use, waivers
from conformance.pins.known_issues import KnownIssue
from conformance.pins.model import Release
from conformance.pins.release_index import ReleaseIndex
from conformance.pins.resolve import Target, resolve
from conformance.pins.updatecenter.document import UpdateCenter
from conformance.pins.waivers import PinWaiver
from conformance.sources.facts import Place
from conformance.sources.plugins.pin import LEVELS, Finding, Pin, PinFile


@dataclass(frozen=True, slots=True)
class Rules:
    """What to judge by, besides the data. `max_age` is in days; 0 accepts any document."""

    today: date
    waivers: tuple[PinWaiver, ...] = ()
    issues: tuple[KnownIssue, ...] = ()
    max_age: int = 0
    stack: str | None = None  # the stack's text, to tell unused pins; None: do not tell


def judge(file: PinFile, index: ReleaseIndex, target: Target, rules: Rules) -> list[Finding]:
    """All findings, worst first, then by line."""
    pins = file.exact()
    found = list(file.findings)
    found += resolve(pins, index, target)
    found += _document(index.newest, rules)
    found += known_issues.findings(rules.issues, pins.values(), target.core)
    if target.core:
        found += advisories.findings(index.newest, "core", target.core, target.where)
    for pin in pins.values():
        found += advisories.findings(index.newest, pin.name, pin.version, pin.where)
        found += standing(pin, index)
    if rules.stack is not None:
        found += use.findings(pins, releases(pins, index), rules.stack)
    return ordered(waivers.apply(found, rules.waivers, rules.today))


def releases(pins: Mapping[str, Pin], index: ReleaseIndex) -> dict[str, Release]:
    """The release of each pin of which one is known and usable."""
    found = {name: index.release(name, pin.version) for name, pin in pins.items()}
    return {name: release for name, release in found.items() if release and not release.problem}


def ordered(findings: list[Finding]) -> list[Finding]:
    return sorted(
        findings,
        key=lambda one: (
            bool(one.waived),
            LEVELS.index(one.level),
            one.where.file,
            one.where.line,
            one.subject,
            one.ref,
        ),
    )


def standing(pin: Pin, index: ReleaseIndex) -> list[Finding]:
    """Is the plugin still offered, and still cared for?"""
    document = index.newest
    found = []
    if pin.name not in document and (index.was_known(pin.name) or pin.name in document.deprecations):
        why = document.deprecations.get(pin.name, "")
        what = "it has disappeared from the update center, so nothing new will come of it"
        step = "replace it"
        found.append(Finding("disappeared", "no-go", pin.name, what, pin.where, step, link=why))
    elif pin.name in document.deprecations:
        why = document.deprecations[pin.name]
        what = "it is deprecated"
        found.append(Finding("deprecated", "warning", pin.name, what, pin.where, "plan its end", link=why))
    return found


def _document(document: UpdateCenter, rules: Rules) -> list[Finding]:
    where = Place(document.source)
    found = []
    if document.notice:
        found.append(Finding("stale-document", "warning", "update center", document.notice, where))
    if rules.max_age:
        age = (rules.today - document.generated.date()).days if document.generated else None
        if age is None or age > rules.max_age:
            said = "does not say when it was made" if age is None else f"is {age} days old"
            what = f"the document {said}, at most {rules.max_age} are accepted"
            found.append(Finding("old-document", "error", "update center", what, where, "fetch a newer one"))
    return found
