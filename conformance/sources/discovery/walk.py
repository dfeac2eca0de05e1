"""The files of a repository: without links out of it, ignored and vendored folders, and files too large."""

from __future__ import annotations

import fnmatch
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from conformance.sources import texts
from conformance.sources.facts import Place, SourceError

#: folders that hold what others have made
VENDORED = frozenset(
    (
        ".git",
        ".hg",
        ".svn",
        ".terraform",
        ".terragrunt-cache",
        ".venv",
        "venv",
        "node_modules",
        "bower_components",
        "__pycache__",
        ".tox",
        ".gradle",
        ".idea",
        "target",
        "dist",
    )
)
MAX_FILES = 50_000
#: bytes of a file that is looked at for what it is
MAX_LOOK = 2_000_000


@dataclass(frozen=True, slots=True)
class Files:
    """Paths from the root on, in their order."""

    root: Path
    paths: tuple[str, ...]
    errors: tuple[SourceError, ...] = ()

    def __contains__(self, path: str) -> bool:
        return path in self.paths


@dataclass(frozen=True, slots=True)
class _Rule:
    """One line of a `.gitignore`."""

    folder: str
    pattern: str
    negated: bool
    folders_only: bool
    anchored: bool

    def matches(self, path: str, is_folder: bool) -> bool:
        if self.folders_only and not is_folder:
            return False
        prefix = f"{self.folder}/" if self.folder else ""
        if not path.startswith(prefix):
            return False
        inner = path[len(prefix) :]
        if self.anchored:
            return _glob(inner.split("/"), self.pattern.split("/"))
        return fnmatch.fnmatchcase(inner.rpartition("/")[2], self.pattern)


def _glob(path: list[str], pattern: list[str]) -> bool:
    if not pattern:
        return not path
    if pattern[0] == "**":
        return any(_glob(path[skip:], pattern[1:]) for skip in range(len(path) + 1))
    return bool(path) and fnmatch.fnmatchcase(path[0], pattern[0]) and _glob(path[1:], pattern[1:])


def _rules(file: Path, folder: str, root: Path) -> Iterator[_Rule]:
    text = texts.read(file, root)
    if isinstance(text, SourceError):
        return
    for line in text.value.splitlines()[:2000]:
        word = line.rstrip()
        if not word or word.startswith("#"):
            continue
        negated = word.startswith("!")
        word = word.removeprefix("!")
        folders_only = word.endswith("/")
        word = word.rstrip("/")
        anchored = "/" in word
        if word:
            yield _Rule(folder, word.lstrip("/"), negated, folders_only, anchored)


def _ignored(rules: list[_Rule], path: str, is_folder: bool) -> bool:
    found = False
    for rule in rules:
        if rule.matches(path, is_folder):
            found = not rule.negated
    return found


def walk(root: Path) -> Files:
    """Every file of the repository that counts."""
    found: list[str] = []
    errors: list[SourceError] = []
    rules: list[_Rule] = []
    real_root = root.resolve()
    for folder, folders, names in os.walk(root, followlinks=False):
        here = Path(folder)
        inner = texts.relative(here, root)
        inner = "" if inner == "." else inner
        if ".gitignore" in names:
            rules += _rules(here / ".gitignore", inner, root)
        kept = [name for name in folders if name not in VENDORED and not (here / name).is_symlink()]
        folders[:] = sorted(
            name for name in kept if not _ignored(rules, f"{inner}/{name}" if inner else name, True)
        )
        for name in sorted(names):
            path = f"{inner}/{name}" if inner else name
            if _ignored(rules, path, False):
                continue
            full = here / name
            if full.is_symlink() and not full.resolve().is_relative_to(real_root):
                errors.append(
                    SourceError(Place(path), "the file is a link to a place outside of the repository")
                )
                continue
            if full.is_file():
                found.append(path)
            if len(found) >= MAX_FILES:
                errors.append(SourceError(Place(path), f"only the first {MAX_FILES} files are looked at"))
                return Files(root, tuple(sorted(found)), tuple(errors))
    return Files(root, tuple(sorted(found)), tuple(errors))
