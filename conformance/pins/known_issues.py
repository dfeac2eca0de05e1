"""The project's own list of releases that are known to be bad: they are never taken as "the latest"."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from conformance.core.errors import UsageError
from conformance.pins import tomlfile
from conformance.pins.versions import Key, key_of
from conformance.sources.plugins.pin import Finding, Pin

DEFAULT = Path(__file__).with_name("known-issues.toml")
_REQUIRED: dict[str, type] = {"plugin": str, "versions": str, "what": str, "link": str}


@dataclass(frozen=True, slots=True)
class KnownIssue:
    """`versions` and `core` are conditions such as `1.2`, `>=1.2, <2.0` or `*`; no `core` means any core."""

    plugin: str
    versions: str
    what: str
    link: str
    core: str = ""

    def hits(self, name: str, version: str, core: str) -> bool:
        """An issue of some cores only is taken to hit when the core is not known."""
        if name != self.plugin or not holds(self.versions, version):
            return False
        return not self.core or not core or holds(self.core, core)


def read(path: Path) -> tuple[KnownIssue, ...]:
    """Raises UsageError for an entry without plugin, versions, what or link, or with a bad condition."""
    found = []
    for number, entry in enumerate(tomlfile.entries(path, "issue", _REQUIRED, {"core": str}), 1):
        for key in ("versions", "core"):
            try:
                check(entry.get(key, "*"))
            except ValueError as error:
                where = f"{path}: [[issue]] number {number}"
                raise UsageError(f"{key} is not a condition", where=where, observed=str(error)) from error
        found.append(KnownIssue(**entry))
    return tuple(found)


def hit(issues: Iterable[KnownIssue], name: str, version: str, core: str) -> KnownIssue | None:
    return next((issue for issue in issues if issue.hits(name, version, core)), None)


def findings(issues: Iterable[KnownIssue], pins: Iterable[Pin], core: str) -> Iterator[Finding]:
    listed = tuple(issues)
    for pin in pins:
        issue = hit(listed, pin.name, pin.version, core)
        if issue:
            on = f" on core {core}" if issue.core and core else ""
            yield Finding(
                "known-issue",
                "no-go",
                pin.name,
                f"{pin.version}{on}: {issue.what}",
                pin.where,
                next=f"take a version outside {issue.versions}",
                ref=issue.link,
                link=issue.link,
            )


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
