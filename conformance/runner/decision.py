"""The outcome of a check: by the exception that was raised, and the phase in which it was raised."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import NoReturn

import pytest
from _pytest.outcomes import Failed, Skipped, XFailed

from conformance.core.errors import ConformanceError
from conformance.core.nonconformance import NonConformance, PreconditionFailed
from reports.events import Piece, piece

#: Characters of a traceback or message that a record keeps.
MAX_DETAILS = 48 * 1024


class NotApplicable(Exception):
    """Raised by `not_applicable`."""


class Undecided(Exception):
    """Raised by `undecided`. `remedy` names what would decide the requirement."""

    def __init__(self, reason: str, decided_by: str) -> None:
        super().__init__(reason)
        self.remedy = decided_by


class Blocked(Exception):
    """Raised for a check whose gate or precondition is broken."""


#: Exceptions that end a check without a failure, and the outcome that each one means.
ENDINGS: dict[type[Exception], str] = {
    Blocked: "blocked",
    NotApplicable: "not applicable",
    Undecided: "undecided",
}


def not_applicable(reason: str) -> NoReturn:
    """End the running check: it does not apply here, for a reason that the report prints."""
    raise NotApplicable(reason)


def undecided(reason: str, decided_by: str) -> NoReturn:
    """End the running check: what it reads does not determine the answer.

    Args:
        reason: what is unknown and why, with its file and line: "values.yaml:12 takes the tag from a
            Terraform variable without a default".
        decided_by: what would decide it: "give the variable in the contract's stack.variables". The report
            prints it as the next step.
    """
    raise Undecided(reason, decided_by)


@dataclass
class Running:
    """The state of a running check, in the process that runs it."""

    outcome: str = "passed"
    message: str = ""
    remedy: str = ""
    details: str = ""
    started: float = 0.0
    seconds: float = 0.0
    blocked_by: str = ""
    pieces: list[Piece] = field(default_factory=list)


def judge(
    running: Running,
    report: pytest.TestReport,
    error: BaseException,
    when: str,
    *,
    requirements: Collection[str],
) -> None:
    """Decide the outcome by the exception and its phase; the first thing that went wrong stays the message.

    Args:
        when: the phase of the check: setup, call or teardown.
        requirements: what the check decides. A failed precondition of another requirement blocks it.
    """
    if running.outcome in ("failed", "error"):
        running.details = f"{running.details}\n\nthen, in its {when}:\n{error}"[:MAX_DETAILS]
        return
    if isinstance(error, PreconditionFailed) and error.requirement not in requirements:
        error = Blocked(f"{error.requirement}: {error.dependents}")
    first = (str(error).strip().splitlines() or [type(error).__name__])[0]
    running.message, running.remedy, running.details = first, getattr(error, "remedy", ""), ""
    if ending := next((name for kind, name in ENDINGS.items() if isinstance(error, kind)), ""):
        running.outcome = ending
        # pytest's own outcome: none of them is a failure
        report.outcome = "skipped"
        report.longrepr = (report.location[0], report.location[1] or 0, first)
        return
    if isinstance(error, NonConformance):
        running.outcome, running.details = "failed", str(error)
    elif isinstance(error, ConformanceError):
        running.outcome, running.details = "error", str(error)
    elif isinstance(error, XFailed):
        # before the next, because pytest derives it from its Failed
        running.outcome = "error"
        running.message = f"pytest.xfail ({first}); a known non-conformance belongs into the waivers"
    elif when == "call" and _says_failed(error):
        running.outcome, running.details = "failed", report.longreprtext
        # the message of an assertion without words is its expression
        running.message = first if first != "AssertionError" else _assertion_line(report)
    else:
        running.outcome, running.details = "error", report.longreprtext
        running.message = f"{type(error).__name__}: {first}"
        if isinstance(error, Skipped):
            running.message = f"skipped by pytest.skip ({first}); a check says not_applicable(reason)"
    if report.sections:
        running.pieces += [piece(title, text) for title, text in report.sections if text.strip()]
    running.details = running.details[:MAX_DETAILS]


def _says_failed(error: BaseException) -> bool:
    if isinstance(error, Failed):
        # a limit on the check's own time says nothing about the stack
        return "from pytest-timeout" not in str(error)
    return isinstance(error, AssertionError)


def _assertion_line(report: pytest.TestReport) -> str:
    lines = [line[1:].strip() for line in report.longreprtext.splitlines() if line.startswith("E ")]
    return lines[0] if lines else "an assertion without words failed"
