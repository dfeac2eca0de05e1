"""The git repositories that a kept stack is served from, changed by one commit that can be left again."""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path

from conformance.core.errors import UsageError
from conformance.core.process import run
from environments import runs
from mutants.actions import Commit

MAIN = "refs/heads/main"


def change(run_id: str, action: Commit) -> tuple[str, str]:
    """Make the commit, which no branch has yet; returns the one that main is at, and the new one.

    Raises:
        UsageError: the stack serves no such repository, or the text is not in the file.
    """
    bare = _bare(run_id, action.repository)
    before = _git(bare, "rev-parse", MAIN)
    mode, _, _, _ = _git(bare, "ls-tree", before, action.file).split()
    # not through _git, which takes the last line's end away
    text = run(["git", "-C", bare, "show", f"{before}:{action.file}"]).stdout
    changed, count = re.subn(action.find, action.replace, text)
    if not count:
        raise UsageError(
            f"a mutant's commit does not fit {action.repository}/{action.file}", expected=action.find
        )
    blob = _git(bare, "hash-object", "-w", "--stdin", stdin=changed)
    with tempfile.TemporaryDirectory(prefix="mutant-index-") as folder:
        index = {"GIT_INDEX_FILE": str(Path(folder) / "index")}
        _git(bare, "read-tree", before, more=index)
        _git(bare, "update-index", "--cacheinfo", f"{mode},{blob},{action.file}", more=index)
        tree = _git(bare, "write-tree", more=index)
    return before, _git(bare, "commit-tree", tree, "-p", before, "-m", "mutant")


def point(run_id: str, repository: str, commit: str) -> None:
    """Let main of the served repository be at this commit."""
    _git(_bare(run_id, repository), "update-ref", MAIN, commit)


def _bare(run_id: str, repository: str) -> Path:
    found = [one.scratch / "git" / f"{repository}.git" for one in runs.all_runs() if one.id == run_id]
    if not found or not found[0].is_dir():
        raise UsageError(f"stack {run_id} serves no repository {repository} from this host")
    return found[0]


def _git(bare: Path, *words: str, stdin: str | None = None, more: dict[str, str] | None = None) -> str:
    author = {
        f"GIT_{role}_{what}": value
        for role in ("AUTHOR", "COMMITTER")
        for what, value in (("NAME", "mutant"), ("EMAIL", "mutant@example.org"))
    }
    environment = {**os.environ, **author, **(more or {})}
    return run(["git", "-C", bare, *words], env=environment, stdin=stdin).stdout.strip()
