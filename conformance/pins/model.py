"""What is known of plugins: releases, what they need, and the advisories against them."""

from __future__ import annotations

from dataclasses import dataclass

from conformance.core.errors import ConformanceError


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


class UpdateCenterUnreadable(ConformanceError):
    """The update center document is not there, broken, or not what it says it is. The gate is incomplete."""
