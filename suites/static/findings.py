"""Findings of one check, and what its sources leave open."""

from __future__ import annotations

from typing import TypeVar

from conformance.core.nonconformance import require_none
from conformance.runner.decision import undecided
from conformance.sources.facts import Fact, Undecided

T = TypeVar("T")


class Findings(list[str]):
    """Sentences about what is wrong; `conclude` fails with them, or says what is not decided."""

    def __init__(self) -> None:
        super().__init__()
        self._open: list[tuple[str, str]] = []

    def known(self, fact: Fact[T] | None) -> T | None:
        """The fact's value. One that is not decided is noted, and is None here."""
        if fact is None:
            return None
        if isinstance(fact.value, Undecided):
            self.leave_open(fact.value, str(fact.place))
            return None
        return fact.value

    def leave_open(self, reason: Undecided, place: str) -> None:
        """Note that the sources do not determine something that the check needs."""
        self._open.append((f"{place}: {reason.reason}", reason.decided_by))

    def conclude(self, what: str, *, expected: object = "", remedy: str = "") -> None:
        """Raise NonConformance for findings; else end the check as undecided if something is open."""
        require_none(dict.fromkeys(self), what, expected=expected, remedy=remedy)
        if self._open:
            reason, decided_by = self._open[0]
            more = f" (and {len(self._open) - 1} more)" if len(self._open) > 1 else ""
            undecided(
                f"{reason}{more}",
                f"give {decided_by} in the contract's [stack.inputs]"
                if decided_by
                else "write the value where the sources say it, or check it in the running stack",
            )
