"""The project's own list of releases that are known to be bad: they are never taken as "the latest"."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from conformance.core.errors import UsageError
from conformance.pins import ranges, tomlfile
from conformance.pins.model import Finding, Pin

DEFAULT = Path(__file__).with_name("known-issues.toml")
_REQUIRED: dict[str, type] = {"plugin": str, "versions": str, "what": str, "link": str}


@dataclass(frozen=True, slots=True)
class KnownIssue:
    """`versions` and `core` are conditions (see pins.ranges); an empty `core` means any core."""

    plugin: str
    versions: str
    what: str
    link: str
    core: str = ""

    def hits(self, name: str, version: str, core: str) -> bool:
        """An issue of some cores only is taken to hit when the core is not known."""
        if name != self.plugin or not ranges.holds(self.versions, version):
            return False
        return not self.core or not core or ranges.holds(self.core, core)


def read(path: Path) -> tuple[KnownIssue, ...]:
    """Raises UsageError for an entry without plugin, versions, what or link, or with a bad condition."""
    found = []
    for number, entry in enumerate(tomlfile.entries(path, "issue", _REQUIRED, {"core": str}), 1):
        for key in ("versions", "core"):
            try:
                ranges.check(entry.get(key, "*"))
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
