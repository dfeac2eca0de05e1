"""Which advisories of a document hit a version, by the document's own version patterns."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from conformance.pins.model import Advisory
from conformance.pins.updatecenter.document import UpdateCenter
from conformance.sources.facts import Place
from conformance.sources.plugins.pin import Finding


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


def findings(document: UpdateCenter, subject: str, version: str, where: Place) -> Iterator[Finding]:
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


_LENGTH = 4096
_VERSION_LENGTH = 256
_REPEATS = 8  # unbounded ones in one pattern; the largest real pattern has three
_OPEN = re.compile(r"[*+]|\{\d+,\}")
# Possessive and reluctant quantifiers, inline flags, look-behind, back references, \Q..\E, class operators.
_FOREIGN = re.compile(r"\(\?[^:!=]|\\[^.\-+*\\\[\]()|?{}^$dw]|&&|[*+?}][+?]|\[[^\]]*\[")


class UnusablePattern(ValueError):
    """A pattern that is not evaluated; the text says why."""


def matches(pattern: str, version: str) -> bool:
    """Does the whole of `version` match? Raises UnusablePattern."""
    if len(version) > _VERSION_LENGTH:
        raise UnusablePattern("the version is too long to be one")
    return _compiled(pattern).fullmatch(version) is not None


@lru_cache(maxsize=4096)
def _compiled(pattern: str) -> re.Pattern[str]:
    if not pattern:
        raise UnusablePattern("it has no pattern")
    if len(pattern) > _LENGTH:
        raise UnusablePattern(f"its pattern is longer than {_LENGTH} characters")
    if _FOREIGN.search(pattern):
        raise UnusablePattern("its pattern uses what only Java knows")
    if len(_OPEN.findall(_without_classes(pattern))) > _REPEATS or _repeats_a_group(pattern):
        raise UnusablePattern("its pattern could take forever")
    try:
        return re.compile(pattern, re.ASCII)
    except (re.error, OverflowError, RecursionError) as error:
        raise UnusablePattern(f"its pattern is not valid: {error}") from error


def _without_classes(pattern: str) -> str:
    return re.sub(r"\\.|\[[^\]]*\]", "c", pattern)


def _repeats_a_group(pattern: str) -> bool:
    """Is a group repeated without bound, or a large number of times?"""
    return re.search(r"\)(?:[*+]|\{\d*,?\d{2,}\}|\{\d+,\})", _without_classes(pattern)) is not None
