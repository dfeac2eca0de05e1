"""The records that pass between the parts: pins, releases, advisories, findings."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

#: no-go: the pins must not be released so. error: it cannot be decided (incomplete). warning and note: told.
Level = Literal["no-go", "error", "warning", "note"]
#: What kind of file or place pins come from.
Source = Literal["values", "plugins.txt", "plugins.yaml", "terraform", "controller"]
LEVELS: tuple[Level, ...] = ("no-go", "error", "warning", "note")


@dataclass(frozen=True, slots=True)
class Location:
    """A line of a file; line 0 stands for the whole file."""

    file: str
    line: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file


@dataclass(frozen=True, slots=True)
class Pin:
    """One plugin as a file asks for it.

    `span` is the character range of the version in the file's text, for editing it in place.
    `problem` says why this is not an exact pin (latest, a URL, templated...); empty for an exact one.
    """

    name: str
    version: str
    where: Location
    span: tuple[int, int] | None = None
    url: str = ""
    problem: str = ""

    @property
    def exact(self) -> bool:
        return not self.problem


@dataclass(frozen=True, slots=True)
class Dependency:
    """What a release needs: `name` at `version` or newer; an optional one only when it is present."""

    name: str
    version: str
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Release:
    """One version of a plugin, from its manifest or from an update center document.

    `released` is an ISO date or empty; `problem` says why its data cannot be used.
    """

    name: str
    version: str
    required_core: str = ""
    min_java: str = ""
    dependencies: tuple[Dependency, ...] = ()
    released: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Advisory:
    """A warning of the update center: the version patterns are the document's own, in Java syntax."""

    id: str
    subject: str  # plugin, or "core"
    message: str
    url: str
    patterns: tuple[str, ...]
    last_versions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong or worth telling, at a line.

    `subject` is a plugin or "core"; `ref` tells findings of the same code and subject apart
    (an advisory's id) and is what a waiver names. `waived` holds the waiver's words when one applies.
    `since` is "new" when the baseline does not have it, "before" when it does, empty without a baseline.
    """

    code: str
    level: Level
    subject: str
    what: str
    where: Location
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
    """Pins as one source gives them, in the source's order, with what is wrong with the source itself."""

    where: str
    kind: Source
    pins: tuple[Pin, ...]
    findings: tuple[Finding, ...] = ()
    core: str = ""
    text: str = field(default="", repr=False)
    path: Path | None = None
    bom: bool = False  # a byte order mark stood before `text`

    def exact(self) -> dict[str, Pin]:
        """The first exact pin of each plugin, by name."""
        found: dict[str, Pin] = {}
        for pin in self.pins:
            if pin.exact:
                found.setdefault(pin.name, pin)
        return found
