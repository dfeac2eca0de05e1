"""Match an advisory's version pattern, as Java's `Pattern.matches` would, without trusting it.

Patterns come from a document that may be hostile. What could take forever (a repetition of something
that repeats or branches) or what Python and Java read differently is refused, and the caller says so:
an advisory that cannot be evaluated never counts as one that does not apply.
"""

from __future__ import annotations

import re
from functools import lru_cache

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
