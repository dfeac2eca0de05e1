"""Which stack mutants are tried on."""

from __future__ import annotations

from pathlib import Path

from core.errors import UsageError
from environments import runs


def endpoints_file(named: str | None) -> Path:
    """The file that was named, or the newest kept stack's."""
    if named:
        return Path(named)
    kept = [run for run in runs.all_runs() if run.kept and run.endpoints() is not None]
    if not kept:
        raise UsageError("no stack is kept", remedy="conformance up, then try again")
    return kept[-1].endpoints_file
