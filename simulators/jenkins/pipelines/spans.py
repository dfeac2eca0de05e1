"""Time spans as a controller writes them."""

from __future__ import annotations

from typing import Any

from .groovy_host import StepError


def span(seconds: float) -> str:
    """`5 min 0 sec`, `10 min`, `1 hr 0 min`, `3.5 sec`, `250 ms`."""
    whole = int(seconds)
    days, hours, minutes = whole // 86400, whole // 3600 % 24, whole // 60 % 60
    pairs = ((days, "day", hours, "hr"), (hours, "hr", minutes, "min"), (minutes, "min", whole % 60, "sec"))
    for big, name, small, below in pairs:
        if big:
            return f"{big} {name}" + (f" {small} {below}" if big < 10 else "")
    if seconds >= 10 or (seconds >= 1 and seconds == whole):
        return f"{whole} sec"
    return f"{seconds:.1f} sec" if seconds >= 0.1 else f"{int(seconds * 1000)} ms"


def seconds_of(time: Any, unit: str) -> float:
    """Seconds of a step's `time` and `unit`.

    Raises:
        StepError: there is no such unit.
    """
    if unit not in UNITS:
        raise StepError("illegal", f"No enum constant java.util.concurrent.TimeUnit.{unit}")
    return float(time) * UNITS[unit]


UNITS = {
    "NANOSECONDS": 1e-9,
    "MICROSECONDS": 1e-6,
    "MILLISECONDS": 1e-3,
    "SECONDS": 1.0,
    "MINUTES": 60.0,
    "HOURS": 3600.0,
    "DAYS": 86400.0,
}
