"""A served repository is changed by one commit, and left as it was."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from conformance.core.errors import UsageError
from conformance.core.process import run
from environments.deploy import git
from mutants import repositories
from mutants.actions import Commit

ACTION = Commit(do="commit", repository="shop", file="bin/say", find="hello", replace="goodbye")


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The bare repository of a product, as a kept stack serves it."""
    files = {
        "jobs/seed.groovy": "folder('x')\n",
        "products/shop/pom.xml": "<project/>\n",
        "products/shop/bin/say": "#!/bin/sh\necho hello\n",
    }
    for name, text in files.items():
        file = tmp_path / "stack" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    (tmp_path / "stack/products/shop/bin/say").chmod(0o755)
    git.build(tmp_path / "stack", tmp_path / "git")
    kept = (SimpleNamespace(id="1", scratch=tmp_path),)
    monkeypatch.setattr("mutants.repositories.runs.all_runs", lambda: kept)
    return tmp_path / "git/shop.git"


def _main(bare: Path, *words: str) -> str:
    return run(["git", "-C", bare, *words]).stdout


def test_nobody_sees_the_commit_until_main_points_at_it(served: Path) -> None:
    before, after = repositories.change("1", ACTION)
    assert _main(served, "show", "main:bin/say") == "#!/bin/sh\necho hello\n"
    repositories.point("1", "shop", after)
    assert _main(served, "show", "main:bin/say") == "#!/bin/sh\necho goodbye\n"
    assert _main(served, "show", "main:pom.xml") == "<project/>\n"
    assert _main(served, "ls-tree", "main", "bin/say").startswith("100755")
    repositories.point("1", "shop", before)
    assert _main(served, "rev-parse", "main").strip() == before


@pytest.mark.usefixtures("served")
def test_a_commit_that_does_not_fit_is_refused() -> None:
    with pytest.raises(UsageError, match="does not fit shop/bin/say"):
        repositories.change("1", ACTION.model_copy(update={"find": "good morning"}))
    with pytest.raises(UsageError, match="serves no repository other"):
        repositories.change("1", ACTION.model_copy(update={"repository": "other"}))
