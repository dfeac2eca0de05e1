"""Which stack mutants are tried on."""

from __future__ import annotations

from pathlib import Path

from core.errors import UsageError
from core.paths import PROJECT
from environments import runs


def endpoints_file(named: str | None) -> Path:
    """The file that was named, or the newest kept stack's that was made from this checkout."""
    if named:
        return Path(named)
    kept = [
        run for run in runs.all_runs()
        if run.kept and run.endpoints() is not None and Path(run.contract).resolve().is_relative_to(PROJECT)
    ]  # fmt: skip
    if not kept:
        raise UsageError("no stack of this checkout is kept", remedy="conformance up, then try again")
    return kept[-1].endpoints_file
