"""Which advisories of a document hit a version, by the document's own version patterns.

The patterns are Java's and come from a document that may be hostile. RE2 matches them in linear time, and a
budget bounds the work for one document. RE2 has no look-ahead; real patterns use it only as a negative one
at the beginning, `(?!X)Y`, which is "Y matches the whole and X no beginning": two matches of RE2. Whatever
else RE2 lacks or reads differently from Java is not evaluated: such an advisory is undecided and never counts
as one that does not apply.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from conformance.pins.model import Advisory, printable
from conformance.pins.updatecenter.document import UpdateCenter
from conformance.sources.facts import Place
from conformance.sources.plugins.pin import Finding

_LENGTH = 4096
_VERSION_LENGTH = 256
_NO_LOOK_AHEAD = "(?!"
#: Findings about advisories of one version that cannot be evaluated; the others are counted.
_UNREAD = 20
#: The work for all patterns of one document, about a second. A match of a large program costs its
#: instructions times the version's characters, that of a small one (an automaton in RE2) a sixteenth;
#: compiling costs 32 for each instruction. A real document with all its plugins pinned takes a tenth of this.
_WORK = 20_000_000
_SMALL, _SMALL_SHARE, _COMPILING = 600, 16, 32
#: The cost of a pattern that RE2 refuses as too large, which takes some milliseconds.
_REFUSED_WORK = 100_000
#: Reluctant and possessive quantifiers, inline flags and look-around, escapes beyond the common ones,
#: intersections and classes in classes, a repetition without a lower bound.
_FOREIGN = re.compile(r"\(\?[^:]|\\[^.\-+*\\\[\]()|?{}^$dwsDWS]|&&|[*+?}][+?]|\[[^\]]*\[|\{,")


class UnusablePattern(ValueError):
    """A pattern that is not evaluated; the text says why."""


@dataclass(frozen=True, slots=True)
class Hit:
    """`problem` says why the advisory could not be evaluated; it then counts as a possible hit."""

    advisory: Advisory
    problem: str = ""


def hits(document: UpdateCenter, subject: str, version: str) -> Iterator[Hit]:
    """Advisories that hit `version` of a plugin, or of "core"."""
    for advisory in document.advisories.get(subject, ()):
        problem, hit = "", not advisory.patterns
        for pattern in advisory.patterns:
            try:
                hit = hit or _matches_within(document, pattern, version)
            except UnusablePattern as error:
                problem = problem or str(error)
        if hit:
            yield Hit(advisory)
        elif problem:
            yield Hit(advisory, problem)


def findings(document: UpdateCenter, subject: str, version: str, where: Place) -> Iterator[Finding]:
    """One finding for each advisory that hits, and for each that cannot be evaluated, up to a number."""
    unread = 0
    for hit in hits(document, subject, version):
        advisory = hit.advisory
        unread += bool(hit.problem)
        if hit.problem and unread > _UNREAD:
            continue
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
    if unread > _UNREAD:
        what = f"{unread - _UNREAD} more advisories cannot be evaluated against {version}"
        yield Finding("unreadable-advisory", "error", subject, what, where, "read the document", "more")


def matches(pattern: str, version: str) -> bool:
    """Does the whole of `version` match, as Java's `Pattern.matches` has it? Raises UnusablePattern."""
    if len(version) > _VERSION_LENGTH:
        raise UnusablePattern("the version is too long to be one")
    whole, unwanted = _compiled(pattern)
    return whole.fullmatch(version) is not None and not (unwanted and unwanted.match(version))


def _matches_within(document: UpdateCenter, pattern: str, version: str) -> bool:
    if document.pattern_work > _WORK:
        raise UnusablePattern("the patterns of this document take too long; the rest was not evaluated")
    try:
        whole, _ = _compiled(pattern)
    except UnusablePattern:
        document.pattern_work += _REFUSED_WORK
        raise
    cost = whole.programsize * (len(version) + 1)
    document.pattern_work += cost // _SMALL_SHARE if whole.programsize <= _SMALL else cost
    if pattern not in document.patterns:
        document.patterns.add(pattern)
        document.pattern_work += whole.programsize * _COMPILING
    return matches(pattern, version)


@lru_cache(maxsize=4096)
def _compiled(pattern: str) -> tuple[Any, Any]:
    """The pattern for the whole version, and the one that no beginning of it may match (or None)."""
    if not pattern:
        raise UnusablePattern("it has no pattern")
    if len(pattern) > _LENGTH:
        raise UnusablePattern(f"its pattern is longer than {_LENGTH} characters")
    if pattern.startswith(_NO_LOOK_AHEAD):
        end = _closing(pattern)
        return _re2(pattern[end + 1 :]), _re2(pattern[len(_NO_LOOK_AHEAD) : end])
    return _re2(pattern), None


def _closing(pattern: str) -> int:
    """The index of the parenthesis that closes the one at the beginning."""
    depth, at, in_class = 0, 0, False
    while at < len(pattern):
        char = pattern[at]
        if char == "\\":
            at += 1
        elif in_class:
            in_class = char != "]"
        elif char == "[":
            in_class = True
            at += pattern[at + 1 : at + 2] == "]"
        elif char in "()":
            depth += 1 if char == "(" else -1
            if depth == 0:
                return at
        at += 1
    raise UnusablePattern("its pattern is not valid: a parenthesis is not closed")


def _re2(pattern: str) -> Any:
    import re2  # only a pin with advisories pays for loading it

    if _FOREIGN.search(pattern):
        raise UnusablePattern("its pattern uses what Java and RE2 read differently")
    options = re2.Options()
    options.log_errors = False
    options.max_mem = 1 << 20
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        reason = error.args[0] if error.args else error
        text = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
        raise UnusablePattern(f"its pattern is not evaluated: {printable(text, 120)}") from error
