"""Bare git repositories made from folders of the stack, for the git server of the cluster.

The same content always gives the same commit: author, dates and order are fixed.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from conformance.core.process import run

BRANCH = "main"
#: 2026-01-01T00:00:00Z: a commit's time says nothing here, but decides its id
WHEN = "1767225600 +0000"
#: never part of a repository, wherever they are
LEFT_OUT = frozenset({".git", ".terraform", "target", "__pycache__"})


@dataclass(frozen=True, slots=True)
class Repository:
    """A bare repository and the commit of its main branch."""

    path: Path
    commit: str


def build(stack: Path, folder: Path) -> tuple[Repository, ...]:
    """`cloudops.git` from the stack and one repository per product that has sources, in `folder`.

    A product is a folder of `stack/products` with a `pom.xml`. It has another branch for each folder of
    `stack/products/NAME.branches`, whose files lie over the product's own. Repositories that are there
    are replaced.

    Raises:
        CommandFailed: git is missing or refused.
    """
    folder.mkdir(parents=True, exist_ok=True)
    products = sorted(pom.parent for pom in (stack / "products").glob("*/pom.xml"))
    made = [_bare(stack, folder / "cloudops.git", without=frozenset({"products"}))]
    for product in products:
        branches = sorted(path for path in product.with_name(f"{product.name}.branches").glob("*"))
        made.append(_bare(product, folder / f"{product.name}.git", branches=branches))
    return tuple(made)


def _bare(
    source: Path, target: Path, without: frozenset[str] = frozenset(), branches: Iterable[Path] = ()
) -> Repository:
    with tempfile.TemporaryDirectory(prefix="conformance-git-") as scratch:
        tree, made = Path(scratch) / "tree", Path(scratch) / "made.git"
        top = str(source)

        def left_out(folder: str, names: Iterable[str]) -> set[str]:
            return {name for name in names if name in LEFT_OUT or (folder == top and name in without)}

        shutil.copytree(source, tree, ignore=left_out)
        environment = _environment(scratch)

        def git(*words: str | Path) -> str:
            return run(["git", *words], env=environment, cwd=tree).stdout.strip()

        git("init", "--quiet", "--initial-branch", BRANCH)
        git("add", "--all", "--force")
        git("commit", "--quiet", "--message", f"{target.stem}, as it is in the stack")
        commit = git("rev-parse", "HEAD")
        for branch in branches:
            git("checkout", "--quiet", "-b", branch.name, commit)
            shutil.copytree(branch, tree, dirs_exist_ok=True)
            git("add", "--all", "--force")
            git("commit", "--quiet", "--message", f"{branch.name}, as it is in the stack")
        git("checkout", "--quiet", BRANCH)
        git("clone", "--quiet", "--bare", tree, made)
        if target.exists():
            shutil.rmtree(target)
        shutil.move(made, target)
    return Repository(target, commit)


def _environment(scratch: str) -> dict[str, str]:
    """git's environment without anything of the user's that would change commits or ask questions."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    who = {
        f"GIT_{role}_{what}": value
        for role in ("AUTHOR", "COMMITTER")
        for what, value in (("NAME", "conformance"), ("EMAIL", "conformance@example.org"), ("DATE", WHEN))
    }
    return {
        **kept,
        **who,
        "HOME": scratch,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_TERMINAL_PROMPT": "0",
    }
