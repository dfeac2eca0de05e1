"""The order of Jenkins core and plugin versions, as `hudson.util.VersionNumber` has it.

No published library has this order. The closest, univers' `MavenVersion`, orders newer Maven's way
(wrong on `*`, `.ea` and time-stamped snapshots), raises on long digit runs and on many dashes, and is
no order at all on `1.0.alpha < 1 < 1.sp < 1.0.alpha`. So a version is turned into a flat sort key here:
comparing keys is total and transitive by construction, and no string is refused.

`VersionNumber` itself contradicts itself in four corners; the key decides them like this:
`*` is above every number; a time-stamped snapshot is above the plain one; `1-0.1` is above `1`; and a
zero that only leads to a pre-release (`1.0.alpha`) sorts with pre-releases. Everywhere else the two agree.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache, total_ordering

_SNAPSHOT = re.compile(r"^.*((?:-\d{8}\.\d{6}-\d+)|-SNAPSHOT)( \(.*\))?$", re.ASCII)
_QUALIFIERS = {"snapshot": 0, "alpha": 1, "beta": 2, "milestone": 3, "rc": 4}
_ALIASES = {"ga": "", "final": "", "cr": "rc", "ea": "rc"}
_SHORT = {"a": "alpha", "b": "beta", "m": "milestone"}

# Ranks of one component, lowest first. A missing component has _END, so a pre-release sorts below the
# release it leads to, and anything else above the shorter version.
_PRE, _EMPTY_PRE, _ZERO_PRE, _END, _EMPTY, _SP, _WORD, _LIST, _NUMBER, _ANY = range(10)

Component = tuple[int, int, str]  # rank, magnitude (digits of a number, index of a qualifier), text
Key = tuple[tuple[Component, ...], int, str, int, str]


@total_ordering
class Version:
    """A version that sorts as Jenkins sorts it. `Version("2.0") == Version("2.0.0")`."""

    __slots__ = ("key", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.key = key_of(text)

    def __eq__(self, other: object) -> bool:
        return self.key == other.key if isinstance(other, Version) else NotImplemented

    def __lt__(self, other: Version) -> bool:
        return self.key < other.key

    def __hash__(self) -> int:
        return hash(self.key)

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"Version({self.text!r})"


def older(left: str, right: str) -> bool:
    """Is `left` an older version than `right`?"""
    return key_of(left) < key_of(right)


@lru_cache(maxsize=16384)
def key_of(text: str) -> Key:
    """The sort key of a version; total on all strings."""
    snapshot = (0, "", 0, "")
    matched = _SNAPSHOT.match(text)
    if matched:
        tail = matched.group(1)
        if tail == "-SNAPSHOT":
            snapshot = (1, "", 0, "")
        else:
            number = tail[17:].lstrip("0")
            snapshot = (2, tail[1:16], len(number), number)
        text = text[: matched.start(1)] + "-SNAPSHOT"
    return (_mark_leading_zeros(_components(text.lower())), *snapshot)


def _components(text: str) -> list[Component]:
    """Split into components; nested lists are laid flat, since a list is always the last of its parent."""
    found: list[Component] = []
    floor = 0  # where the innermost list begins; trailing nothings are trimmed no further
    start = 0
    digits = False
    for at, char in enumerate(text):
        if char in ".-":
            found.append(_item(text[start:at], digits) if at > start else _number("0"))
            start = at + 1
            if char == "-" and digits:
                _trim(found, floor)
                if text[at + 1 : at + 2].isdecimal():
                    found.append((_LIST, 0, ""))
                    floor = len(found)
        elif char == "*":
            found.append((_ANY, 0, ""))
            start = at + 1
        elif char.isdecimal():
            if not digits and at > start:
                found.append(_word(text[start:at], followed_by_digit=True))
                start = at
            digits = True
        else:
            blank = char.isspace()
            if at > start and (digits or blank):
                piece = text[start:at]
                found.append(_number(piece) if digits else _word(piece, followed_by_digit=True))
                start = at
            digits = False
    if len(text) > start:
        found.append(_item(text[start:], digits))
    _trim(found, 0)
    return found


def _item(piece: str, digits: bool) -> Component:
    return _number(piece) if digits else _word(piece, followed_by_digit=False)


def _number(piece: str) -> Component:
    if not piece.isascii():
        piece = "".join(str(unicodedata.decimal(char, 0)) for char in piece)
    value = piece.lstrip("0")
    return (_NUMBER, len(value), value)  # by length, then digits: no limit on how long a number may be


def _word(piece: str, *, followed_by_digit: bool) -> Component:
    if followed_by_digit:
        piece = _SHORT.get(piece, piece)
    piece = _ALIASES.get(piece, piece)
    if piece in _QUALIFIERS:
        return (_PRE, _QUALIFIERS[piece], "")
    if piece == "":
        return (_EMPTY, 0, "")
    return (_SP, 0, "") if piece == "sp" else (_WORD, 0, piece)


def _trim(found: list[Component], floor: int) -> None:
    """Drop trailing zeros, empty words and empty lists: 1.0 is 1."""
    while len(found) > floor and (found[-1][0] in (_EMPTY, _LIST) or found[-1] == (_NUMBER, 0, "")):
        found.pop()


def _mark_leading_zeros(found: list[Component]) -> tuple[Component, ...]:
    """Rank a nothing (0, empty word) by what follows it: before a pre-release it is below the end."""
    leads_to_pre = False
    for at in range(len(found) - 1, -1, -1):
        rank, size, _ = found[at]
        if rank == _PRE:
            leads_to_pre = True
        elif rank == _EMPTY:
            if leads_to_pre:
                found[at] = (_EMPTY_PRE, 0, "")
        elif rank == _NUMBER and size == 0:
            if leads_to_pre:
                found[at] = (_ZERO_PRE, 0, "")
        else:
            leads_to_pre = False
    return (*found, (_END, 0, ""))
