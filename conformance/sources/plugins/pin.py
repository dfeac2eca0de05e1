"""One entry of a plugin list, and the one rule of what an exact pin is.

An entry has the syntax of plugin-installation-manager: `id[:version[:url]]`. An exact pin is a plugin's id
and one version that begins with a digit, as every release in the update center has it. Everything else (no
version, `latest`, a range, a URL, an incremental build, a template expression) is not exact, and
`Pin.problem` says why.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from conformance.core.errors import UsageError
from conformance.sources.facts import Place

#: no-go: the pins must not be released. error: undecided, so the gate is incomplete. The others do not block.
Level = Literal["no-go", "error", "warning", "note"]
LEVELS: tuple[Level, ...] = ("no-go", "error", "warning", "note")
#: The kind of file or service that pins come from.
Source = Literal["values", "plugins.txt", "plugins.yaml", "terraform", "controller"]

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}")
_VERSION = re.compile(r"[0-9][0-9A-Za-z._-]{0,127}")
_OPEN = ("latest", "experimental")
_TEMPLATE = re.compile(r"\$\{|\{\{|%\{|\$[A-Za-z_]")


class PinsUnreadable(UsageError):
    """A source of pins cannot be read at all; a bad entry in a readable one is a finding instead."""


@dataclass(frozen=True, slots=True)
class Pin:
    """One plugin as a list names it.

    `span` is the character range of the version in the file's text, for editing it in place; it is empty
    where a version is missing, and `lead` is then the text that goes between name and version.
    `problem` says why this is not an exact pin; it is empty for an exact one.
    """

    name: str
    version: str
    where: Place
    span: tuple[int, int] | None = None
    url: str = ""
    problem: str = ""
    lead: str = ""

    @property
    def exact(self) -> bool:
        return not self.problem

    @property
    def unpinned(self) -> bool:
        """Does the entry name a plugin and leave its version open (none, `latest` or `experimental`)?"""
        return is_plugin_name(self.name) and not self.url and self.version.lower() in ("", *_OPEN)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong with the pins, or worth a line, at a place.

    `subject` is a plugin or "core"; `ref` separates findings of the same code and subject
    (an advisory's id) and is the name that a waiver uses. `waived` holds the waiver's words when one applies.
    `since` is "new" when the baseline does not have it, "before" when it does, empty without a baseline.
    """

    code: str
    level: Level
    subject: str
    what: str
    where: Place
    next: str = ""
    ref: str = ""
    link: str = ""
    waived: str = ""
    since: Literal["", "new", "before"] = ""

    @property
    def key(self) -> tuple[str, str, str]:
        return (self.code, self.subject, self.ref)

    @property
    def blocks(self) -> bool:
        return self.level == "no-go" and not self.waived


@dataclass(frozen=True, slots=True)
class PinFile:
    """The pins of one source in its order, with the findings about the source itself."""

    where: str
    kind: Source
    pins: tuple[Pin, ...]
    findings: tuple[Finding, ...] = ()
    core: str = ""
    text: str = field(default="", repr=False)
    path: Path | None = None
    bom: bool = False  # a byte order mark precedes `text`
    core_span: tuple[int, int] | None = None  # the characters of `core` in `text`

    def exact(self) -> dict[str, Pin]:
        return exact(self.pins)


def exact(pins: Iterable[Pin]) -> dict[str, Pin]:
    """The first exact pin of each plugin, by name."""
    found: dict[str, Pin] = {}
    for pin in pins:
        if pin.exact:
            found.setdefault(pin.name, pin)
    return found


def is_plugin_name(text: str) -> bool:
    """Is `text` the id of a plugin? All ids in the update center are of this form."""
    return _NAME.fullmatch(text) is not None


def is_version(text: str) -> bool:
    """Is `text` one version of a plugin or of the core? It begins with a digit and has no blanks."""
    return _VERSION.fullmatch(text) is not None


def parse_entry(entry: str, where: Place, offset: int | None = None) -> Pin:
    """Read one entry `id[:version[:url]]`; nothing about an inexact one is guessed.

    `offset` is where the entry begins in the file's text; None when its version cannot be edited in place.
    """
    name, colon, rest = entry.partition(":")
    at = None if offset is None else offset + len(name) + 1
    if "://" in rest:
        before, _, after = rest.partition(":")
        version, url = ("", rest) if after.startswith("//") else (before, after)
        return make_pin(name, version, where, at, url)
    if _TEMPLATE.search(entry):
        return make_pin(name, rest, where, at)
    version, _, url = rest.partition(":")
    pin = make_pin(name, version, where, at, url)
    if colon and not version and not url:
        return replace(pin, problem="a colon without a version")
    if not colon and at is not None:
        return replace(pin, span=(at - 1, at - 1), lead=":")
    return pin


def make_pin(name: str, version: str, where: Place, offset: int | None, url: str = "") -> Pin:
    """A pin from its parts; `offset` is where the version begins in the file's text."""
    problem = _problem(name, version, url)
    span = None if offset is None or url else (offset, offset + len(version))
    return Pin(name, version, where, span, url, problem)


def _problem(name: str, version: str, url: str) -> str:
    """Why this is no exact pin: the first reason that applies, empty when none does."""
    reasons = (
        (not name, "an entry without a plugin's name"),
        (
            bool(_TEMPLATE.search(name) or _TEMPLATE.search(version)),
            "it has a template expression, which only rendering resolves",
        ),
        (not is_plugin_name(name), f"{name!r} is not a plugin's name"),
        (
            bool(url) or "://" in version,
            f"it comes from a URL ({url or version}), which no update center vouches for",
        ),
        (not version, "no version: the newest of the day would be installed"),
        (version.lower() in _OPEN, f"{version!r} is not a version: the newest of the day would be installed"),
        (";" in version, f"{version!r} is an incremental build, which no update center knows"),
        (any(char.isspace() for char in version), f"the version {version!r} has spaces in it"),
        (not is_version(version), f"{version!r} is not a version"),
    )
    return next((reason for applies, reason in reasons if applies), "")
