"""What is known of plugins: releases, what they need, and the advisories against them."""

from __future__ import annotations

from dataclasses import dataclass

from conformance.core.errors import ConformanceError
from conformance.core.text import shortened


class UpdateCenterUnreadable(ConformanceError):
    """The update center document is absent, broken, or not what it claims to be. The gate is incomplete."""


@dataclass(frozen=True, slots=True)
class Dependency:
    """A need of a release: `name` at `version` or newer; an optional one only when it is present."""

    name: str
    version: str
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Release:
    """One version of a plugin, from its manifest or from an update center document.

    `problem` says why its data cannot be used. `unknown` names the facts that its data leaves out: they are
    unknown, not empty. `released` is an ISO date or empty. `compatible_since` is the oldest version whose
    data and configuration this release can take over; empty when the maintainers name none.
    """

    name: str
    version: str
    required_core: str = ""
    min_java: str = ""
    dependencies: tuple[Dependency, ...] = ()
    released: str = ""
    problem: str = ""
    unknown: tuple[str, ...] = ()
    compatible_since: str = ""

    @property
    def complete(self) -> bool:
        """Is everything known that decides whether this release fits?"""
        return not self.problem and not self.unknown


@dataclass(frozen=True, slots=True)
class Advisory:
    """A warning of the update center: the version patterns are the document's own, in Java syntax.

    Without patterns it hits every version, as in Jenkins' core.
    """

    id: str
    subject: str  # plugin, or "core"
    message: str
    url: str
    patterns: tuple[str, ...]
    last_versions: tuple[str, ...] = ()


def printable(text: object, most: int = 600) -> str:
    """`text` on one line, at most `most` characters long, with control characters shown as escapes.

    Text of a document may hold escape sequences of a terminal, line breaks, marks that reorder a line, or
    lone surrogates, which no output can encode.
    """
    flat = str(text)
    if not flat.isprintable():
        flat = "".join(
            char if char.isprintable() else char.encode("unicode_escape").decode("ascii") for char in flat
        )
    return shortened(flat, most)
