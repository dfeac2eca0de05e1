"""The stack that mutants are tried on."""

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
    """The named file, or that of the newest kept stack of this checkout. Raises UsageError."""
    if named:
        return Path(named)
    kept = _kept()
    if not kept:
        raise UsageError("no stack of this checkout is kept", remedy="conformance up, then try again")
    return kept[-1].endpoints_file


@contextmanager
def running_stack(named: str | None) -> Iterator[Path]:
    """As `endpoints_file`; without a kept stack one is created, and removed in the end.

    Raises:
        EnvironmentFailure: it cannot be created; the reason was printed before.
    """
    if named or _kept():
        yield endpoints_file(named)
        return
    if _conformance("up"):
        raise EnvironmentFailure("no stack to try mutants on", remedy="see above why it could not be created")
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
    """The exit code of a command of the harness, which prints to this process' terminal."""
    sys.stdout.flush()
    return subprocess.run(conformance(*words), cwd=PROJECT, env=environment(), check=False).returncode
