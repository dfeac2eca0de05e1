"""Where one start of a controller stands."""

from dataclasses import dataclass, field
from pathlib import Path

STARTING, UP, FAILED, UNREADABLE, RESTARTING, SAFE_RESTARTING = (
    "starting",
    "up",
    "failed",
    "unreadable",
    "restarting",
    "safe restarting",
)


@dataclass
class Life:
    """Where one start of the controller stands."""

    state: str = STARTING
    reason: str = ""
    quieting_down: bool = False
    applied_at: float = 0.0
    sources: list[Path] = field(default_factory=list)
