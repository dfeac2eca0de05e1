"""One entry of a plugin list, in the syntax of plugin-installation-manager: `id[:version[:url]]`."""

from __future__ import annotations

import re

from conformance.pins.model import Location, Pin

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_VERSION = re.compile(r"[0-9A-Za-z][0-9A-Za-z._+-]*")
_TEMPLATE = re.compile(r"\$\{|\{\{|%\{|\$[A-Za-z_]")


def parse(entry: str, where: Location, offset: int | None) -> Pin:
    """Read one entry; whatever is not an exact pin says so in `problem`, nothing is guessed.

    `offset` is where the entry begins in the file's text; None when its version cannot be edited in place.
    """
    if _TEMPLATE.search(entry) and "://" not in entry:
        name, _, version = entry.partition(":")
        return make(name, version, where, offset and offset + len(name) + 1)
    name, colon, rest = entry.partition(":")
    version, _, url = rest.partition(":")
    if colon and not version and not url:
        return Pin(name, "", where, problem="a colon without a version")
    at = None if offset is None else offset + len(name) + 1
    return make(name, version, where, at, url)


def make(name: str, version: str, where: Location, offset: int | None, url: str = "") -> Pin:
    """A pin from its parts; `offset` is where the version begins in the file's text."""
    problem = _problem(name, version, url)
    span = (offset, offset + len(version)) if offset is not None and version and not url else None
    return Pin(name, version, where, span, url, problem)


def _problem(name: str, version: str, url: str) -> str:
    """Why this is no exact pin: the first reason that applies, empty when none does."""
    lower = version.lower()
    reasons = (
        (not name, "an entry without a plugin's name"),
        (
            bool(_TEMPLATE.search(name) or _TEMPLATE.search(version)),
            "a template expression stands where the version should: it is known only after rendering",
        ),
        (not _NAME.fullmatch(name), f"{name!r} is not a plugin's name"),
        (
            bool(url) or "://" in version,
            f"it comes from a URL ({url or version}), which no update center vouches for",
        ),
        (not version, "no version: the newest of the day would be installed"),
        (
            lower in ("latest", "experimental"),
            f"{version!r} is not a version: the newest of the day would be installed",
        ),
        (";" in version, f"{version!r} is an incremental build, which no update center knows"),
        (any(char.isspace() for char in version), f"the version {version!r} has spaces in it"),
        (not _VERSION.fullmatch(version), f"{version!r} is not a version"),
    )
    return next((reason for applies, reason in reasons if applies), "")
