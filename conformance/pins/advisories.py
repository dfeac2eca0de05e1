"""Which advisories of a document hit a version, by the document's own version patterns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from conformance.pins.model import Advisory, Finding, Location
from conformance.pins.patterns import UnusablePattern, matches
from conformance.pins.updatecenter.document import UpdateCenter


@dataclass(frozen=True, slots=True)
class Hit:
    """`problem` says why the advisory could not be evaluated; it then counts as a possible hit."""

    advisory: Advisory
    problem: str = ""


def hits(document: UpdateCenter, subject: str, version: str) -> Iterator[Hit]:
    """Advisories that hit `version` of a plugin, or of "core"."""
    for advisory in document.advisories.get(subject, ()):
        problem = "" if advisory.patterns else "it names no versions"
        hit = False
        for pattern in advisory.patterns:
            try:
                hit = hit or matches(pattern, version)
            except UnusablePattern as error:
                problem = problem or str(error)
        if hit:
            yield Hit(advisory)
        elif problem:
            yield Hit(advisory, problem)


def findings(document: UpdateCenter, subject: str, version: str, where: Location) -> Iterator[Finding]:
    """One finding for each advisory that hits, and for each that cannot be evaluated."""
    for hit in hits(document, subject, version):
        advisory = hit.advisory
        if hit.problem:
            yield Finding(
                "unreadable-advisory",
                "error",
                subject,
                f"{advisory.id} cannot be evaluated against {version}: {hit.problem}",
                where,
                next="read the advisory, then waive it or change the pin",
                ref=advisory.id,
                link=advisory.url,
            )
            continue
        last = " and ".join(advisory.last_versions)
        upto = f" (last affected: {last})" if last else ""
        yield Finding(
            "advisory",
            "no-go",
            subject,
            f"{advisory.id}: {advisory.message}; hits {version}{upto}",
            where,
            next=f"take a version after {last}" if last else "see the advisory",
            ref=advisory.id,
            link=advisory.url,
        )
