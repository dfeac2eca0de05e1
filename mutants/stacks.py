"""Which stack mutants are tried on."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from conformance.core.command import conformance, environment
from conformance.core.errors import EnvironmentFailure, UsageError
from conformance.core.paths import PROJECT
from environments import runs


def endpoints_file(named: str | None) -> Path:
    """The file that was named, or the newest kept stack's that was made from this checkout."""
    if named:
        return Path(named)
    kept = _kept()
    if not kept:
        raise UsageError("no stack of this checkout is kept", remedy="conformance up, then try again")
    return kept[-1].endpoints_file


@contextmanager
def standing(named: str | None) -> Iterator[Path]:
    """As `endpoints_file`; where no stack stands, one is stood up and removed in the end.

    Raises EnvironmentFailure when it cannot be stood up; what went wrong is on the screen by then.
    """
    if named or _kept():
        yield endpoints_file(named)
        return
    if _conformance("up"):
        raise EnvironmentFailure(
            "no stack to try mutants on", remedy="see above why it could not be stood up"
        )
    run = _kept()[-1]
    try:
        yield run.endpoints_file
    finally:
        _conformance("down", run.id)


def _kept() -> list[runs.Run]:
    return [
        run
        for run in runs.all_runs()
        if run.kept and run.endpoints() is not None and Path(run.contract).resolve().is_relative_to(PROJECT)
    ]


def _conformance(*words: str) -> int:
    """A command of ours, in a process of its own: what it says is for whoever watches."""
    sys.stdout.flush()
    return subprocess.run(conformance(*words), cwd=PROJECT, env=environment(), check=False).returncode
