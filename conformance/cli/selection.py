"""What the words behind `--` ask of pytest: some of the suites by path, and the rest as it is.

A run has two pytest processes, one for the static layer and one for the live ones. Each takes those of the
paths that are its own; one that none is left for does not begin, nor does a stack stand up for it.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from conformance.core.errors import UsageError
from conformance.core.paths import PROJECT

SUITES = PROJECT / "suites"


def folders() -> list[Path]:
    """The suites, one folder for a layer."""
    return sorted(file.parent for file in SUITES.glob("*/__init__.py"))


@dataclass(frozen=True, slots=True)
class Asked:
    """`paths` below the suites, absolute, perhaps with `::NAME`; `more` is for every pytest process."""

    paths: tuple[str, ...]
    more: tuple[str, ...]

    def of(self, own: Sequence[Path]) -> list[str]:
        """What a session runs that would run `own` if nobody asked for less."""
        if not self.paths:
            return [str(folder) for folder in own]
        within = [path for path in self.paths if any(_file(path).is_relative_to(one) for one in own)]
        return within + [str(one) for one in own if any(_above(path, one) for path in self.paths)]


def asked(words: Sequence[str]) -> Asked:
    """Words that name something of the suites, from the current folder or from the project's, and the others.

    Raises:
        UsageError: a path below the suites does not exist.
    """
    paths = {word: found for word in words if (found := _below_suites(word))}
    return Asked(tuple(paths.values()), tuple(word for word in words if word not in paths))


def _below_suites(word: str) -> str:
    # a bare word may be the value of an option, as in `-k nexus`
    if word.startswith("-") or (os.sep not in word and word != SUITES.name):
        return ""
    name, colons, check = word.partition("::")
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
    return next((f"{place}{colons}{check}" for place in below if place.exists()), "")


def _file(path: str) -> Path:
    return Path(path.partition("::")[0])


def _above(path: str, folder: Path) -> bool:
    return folder != _file(path) and folder.is_relative_to(_file(path))
