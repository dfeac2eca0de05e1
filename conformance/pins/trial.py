"""Trying pins on a real controller, as the gate sees it.

What a trial does (stand a controller up with exactly these pins, compare what runs, run suites, tear it
down) is someone else's work; the gate and the bisection need only this.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from conformance.pins.sources.controller import Running

#: failed: the pins do not work. error: the trial itself broke and says nothing about the pins.
Outcome = Literal["passed", "failed", "error"]


@dataclass(frozen=True, slots=True)
class PinSet:
    """A core and exact pins (plugin to version) to try."""

    core: str
    plugins: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class TrialResult:
    """`summary` is one line for people; `running` is what the controller ran, None if it never told."""

    outcome: Outcome
    summary: str = ""
    running: Running | None = None


class Trial(Protocol):
    def boots(self, pins: PinSet) -> TrialResult:
        """Boot a controller with `pins`, run the suites, tell. Takes minutes; bad pins raise nothing."""
        ...
