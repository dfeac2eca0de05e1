"""Command lines and environment of the processes that this project starts of itself."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path

from conformance.core.paths import PROJECT

#: pytest's settings for the checks; those of the project's own tests are in pyproject.toml.
SETTINGS = PROJECT / "suites" / "checks.ini"


def conformance(*words: str | Path) -> list[str]:
    """`conformance WORDS` with this process' Python."""
    return [sys.executable, "-m", "conformance", *map(str, words)]


def checks(paths: Iterable[str | Path], *words: str | Path) -> list[str]:
    """pytest on `paths` below the suites, with the checks' settings."""
    root = ("--rootdir", PROJECT, "--confcutdir", PROJECT, "-c", SETTINGS, "-p", "no:cacheprovider")
    return [sys.executable, "-m", "pytest", *map(str, (*paths, *root, *words))]


def environment() -> dict[str, str]:
    """This process' environment, with the project's folders importable."""
    known = os.environ.get("PYTHONPATH")
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(PROJECT), *([known] if known else [])])}
