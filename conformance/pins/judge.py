"""Judge one set of pins: sources, needs, advisories, deprecations, known issues, waivers, what runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from conformance.pins import advisories, known_issues, use, waivers
from conformance.pins.known_issues import KnownIssue
from conformance.pins.model import Release
from conformance.pins.release_index import ReleaseIndex
from conformance.pins.resolve import Target, resolve
from conformance.pins.updatecenter.document import UpdateCenter
from conformance.pins.waivers import PinWaiver
from conformance.sources.facts import Place
from conformance.sources.plugins.pin import LEVELS, Finding, Level, Pin, PinFile

_DECIDES = {"warnings": "the advisories", "deprecations": "deprecated plugins"}


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules besides the data. `max_age` is in days; 0 accepts any document."""

    today: date
    waivers: tuple[PinWaiver, ...] = ()
    issues: tuple[KnownIssue, ...] = ()
    max_age: int = 0
    stack: str | None = None  # the stack's text, to find unused pins; None: not searched


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
    known = releases(pins, index)
    if rules.stack is not None and len(known) == len(pins):
        found += use.findings(pins, known, rules.stack)
    return ordered(waivers.apply(found, rules.waivers, rules.today))


def releases(pins: Mapping[str, Pin], index: ReleaseIndex) -> dict[str, Release]:
    """The release of each pin whose needs are known."""
    found = {name: index.release(name, pin.version) for name, pin in pins.items()}
    return {name: release for name, release in found.items() if release and release.complete}


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
    """Is the plugin still offered and maintained?"""
    document = index.newest
    link = document.deprecation(pin.name)
    if pin.name not in document and (index.was_known(pin.name) or link is not None):
        what = "it has disappeared from the update center, so there will be no new release"
        return [Finding("disappeared", "no-go", pin.name, what, pin.where, "replace it", link=link or "")]
    if link is not None:
        what = "it is deprecated"
        return [Finding("deprecated", "warning", pin.name, what, pin.where, "plan its end", link=link)]
    return []


def _document(document: UpdateCenter, rules: Rules) -> Iterator[Finding]:
    where = Place(document.source)
    subject = "update center"
    if document.notice:
        yield Finding("stale-document", "warning", subject, document.notice, where)
    for section in document.absent_sections:
        level: Level = "error" if section == "warnings" else "warning"
        what = f"the document has no section `{section}`, so {_DECIDES[section]} are unknown"
        yield Finding("absent-section", level, subject, what, where, "give a whole document", ref=section)
    made = document.generated.date() if document.generated else None
    if made and made > rules.today + timedelta(days=1):
        what = f"the document is from the future: it was made on {made}, and today is {rules.today}"
        yield Finding("future-document", "error", subject, what, where, "fetch it again, check the clock")
    if rules.max_age:
        age = (rules.today - made).days if made else None
        if age is None or age > rules.max_age:
            observed = "does not say when it was made" if age is None else f"is {age} days old"
            what = f"the document {observed}, at most {rules.max_age} are accepted"
            yield Finding("old-document", "error", subject, what, where, "fetch a newer one")
