"""The selection of a run: the words behind `--`, some of them paths of the suites, the rest pytest's own.

A run has two pytest processes, one for the static layer and one for the live ones. Each takes those of the
paths that are its own. A process without a path of its own does not start, and without the live one no stack
is stood up.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from conformance.core import command
from conformance.core.errors import UsageError
from conformance.core.paths import PROJECT

SUITES = PROJECT / "suites"
#: pytest's exit status when nothing is selected
NOTHING_COLLECTED = 5


def folders() -> list[Path]:
    """The suites, one folder for a layer."""
    return sorted(file.parent for file in SUITES.glob("*/__init__.py"))


@dataclass(frozen=True, slots=True)
class Selection:
    """`paths` below the suites, absolute, perhaps with `::NAME`; `arguments` go to every pytest process."""

    paths: tuple[str, ...]
    arguments: tuple[str, ...]

    def below(self, own: Sequence[Path]) -> list[str]:
        """The selected paths of a process that would run `own` without a selection."""
        if not self.paths:
            return [str(folder) for folder in own]
        within = [path for path in self.paths if any(_file(path).is_relative_to(one) for one in own)]
        return within + [str(one) for one in own if any(_above(path, one) for path in self.paths)]


def selection(words: Sequence[str]) -> Selection:
    """Sort words into paths of the suites (from the current folder or the project's) and pytest's arguments.

    Raises:
        UsageError: a path below the suites does not exist.
    """
    paths = {word: found for word in words if (found := _below_suites(word))}
    return Selection(tuple(paths.values()), tuple(word for word in words if word not in paths))


def check(paths: Sequence[str], arguments: Sequence[str], contract: Path) -> None:
    """Let pytest collect `paths` with `arguments` before anything is stood up.

    Raises:
        UsageError: pytest does not accept an argument or an expression, or nothing is selected.
    """
    with tempfile.TemporaryDirectory() as results:
        own = ("--collect-only", "--quiet", "--contract", contract, "--results-dir", results)
        done = subprocess.run(
            command.checks(paths, *own, *arguments),
            cwd=PROJECT,
            env=command.environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode in (0, 1):
        return
    printed = [line for line in (done.stderr + done.stdout).splitlines() if line.strip()]
    errors = [line for line in printed if "error" in line.lower()] or printed[-1:]
    nothing = done.returncode == NOTHING_COLLECTED
    raise UsageError(
        "the selection matches no check" if nothing else "pytest does not accept the selection",
        where=" ".join(arguments) or ", ".join(paths),
        observed="" if nothing else errors[0][:300],
        remedy="conformance list shows the requirements; pytest's -k takes parts of their checks' names",
    )


def _below_suites(word: str) -> str:
    # a bare word may be the value of an option, as in `-k nexus`
    if word.startswith("-") or (os.sep not in word and word != SUITES.name):
        return ""
    name, colons, check_name = word.partition("::")
    places = [(base / name).resolve() for base in (Path.cwd(), PROJECT)]
    below = [place for place in places if place.is_relative_to(SUITES)]
    if below and not any(place.exists() for place in below):
        known = ", ".join(f"suites/{folder.name}" for folder in folders())
        raise UsageError(
            "there is no such part of the suites",
            where=word,
            expected=known,
            remedy="name a folder or a file of it, or choose by -k",
        )
    return next((f"{place}{colons}{check_name}" for place in below if place.exists()), "")


def _file(path: str) -> Path:
    return Path(path.partition("::")[0])


def _above(path: str, folder: Path) -> bool:
    return folder != _file(path) and folder.is_relative_to(_file(path))
