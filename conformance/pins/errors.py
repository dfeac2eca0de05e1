"""What keeps a gate from deciding."""

from __future__ import annotations

from conformance.core.errors import ConformanceError, UsageError


class PinsUnreadable(UsageError):
    """A source of pins cannot be read at all; a bad entry in a readable one is a finding instead."""


class UpdateCenterUnreadable(ConformanceError):
    """The update center document is not there, broken, or not what it says it is. The gate is incomplete."""
