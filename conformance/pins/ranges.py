"""Version conditions as people write them: `1.2`, `>=1.2`, `>=1.2, <2.0`, `*`; comma means and."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable

from conformance.pins.versions import Key, key_of

_PART = re.compile(r"(>=|<=|>|<|=|!=)?\s*([0-9A-Za-z][0-9A-Za-z._+-]*)")
_TESTS: dict[str, Callable[[Key, Key], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
    "=": operator.eq,
    "!=": operator.ne,
}


def check(condition: str) -> None:
    """Raises ValueError, with the part that is not a condition."""
    for part in condition.split(","):
        if part.strip() != "*" and not _PART.fullmatch(part.strip()):
            raise ValueError(f"{part.strip()!r} is not a version condition such as '>=1.2'")


def holds(condition: str, version: str) -> bool:
    """Is `version` within `condition`? The condition was checked before."""
    key = key_of(version)
    for part in condition.split(","):
        found = _PART.fullmatch(part.strip())
        if found and not _TESTS[found.group(1) or "="](key, key_of(found.group(2))):
            return False
    return True
