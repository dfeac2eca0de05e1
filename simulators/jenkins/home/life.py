"""The state of one start of a controller."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path


class State(StrEnum):
    """The progress of a start."""

    STARTING = "starting"
    UP = "up"
    FAILED = "failed"
    UNREADABLE = "unreadable"
    RESTARTING = "restarting"
    SAFE_RESTARTING = "safe restarting"


@dataclass
class Life:
    """The state of one start, and the files that configured it."""

    state: State = State.STARTING
    reason: str = ""
    quieting_down: bool = False
    sources: list[Path] = field(default_factory=list)
