"""The one error hierarchy: each error says what, where, expected, observed and what to do next.

`str(error)` is what a person reads; the command line prints it without a traceback.
"""

from __future__ import annotations

from typing import ClassVar

#: exit codes of every command; 1 is "not conformant" (or NO-GO) and has no other source
INCOMPLETE, USAGE = 2, 3


class ConformanceError(Exception):
    """Base of everything the harness raises on purpose.

    `what` is one sentence. The other parts are optional and are shown a line each.
    `exit_code` is the process' exit code when this error ends a command
    (2: the run is incomplete; 3: usage or configuration; never 1, which is the stack's own failure).
    """

    exit_code: ClassVar[int] = INCOMPLETE

    def __init__(
        self, what: str, *, where: str = "", expected: str = "", observed: str = "", remedy: str = ""
    ) -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.expected = expected
        self.observed = observed
        self.remedy = remedy

    def __str__(self) -> str:
        parts = [self.what]
        for label in ("where", "expected", "observed"):
            value: str = getattr(self, label)
            if value:
                parts.append(f"  {label + ':':<10}{value}")
        if self.remedy:
            parts.append(f"  {'next:':<10}{self.remedy}")
        return "\n".join(parts)


class UsageError(ConformanceError):
    """The command line asks for something that does not exist or does not go together."""

    exit_code = USAGE


class ContractError(UsageError):
    """The contract cannot be read: `where` is `file:line`, `what` names the key."""


class EnvironmentFailure(ConformanceError):
    """A part of the environment did not come up, or went away; never a verdict about the stack."""


class HostUnfit(EnvironmentFailure):
    """The host lacks something that the environment needs (engine, disk, kernel feature)."""


class BuildFailure(EnvironmentFailure):
    """An image or tool could not be built or fetched."""


class CommandFailed(EnvironmentFailure):
    """A program that we ran ended with a non-zero status or could not be started."""


class WaitTimeout(EnvironmentFailure):
    """`eventually` ran out of time; `observed` holds the last value or the last exception."""


class TerminalState(EnvironmentFailure):
    """`eventually` saw a state from which the awaited one cannot be reached any more."""
