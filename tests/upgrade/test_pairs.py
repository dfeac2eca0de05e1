"""What `--from`, `--to` and a matrix of pairs may name."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from conformance.core.errors import ContractError, UsageError
from conformance.core.paths import REFERENCE
from conformance.upgrade import pairs
from conformance.upgrade.pairs import Pair


def git(folder: Path, *words: str) -> None:
    who = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *who, "-C", str(folder), *words], check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with a contract and its stack, tagged v1, and changed since."""
    top = tmp_path / "repository"
    (top / "ours").mkdir(parents=True)
    shutil.copy(REFERENCE / "conformance.toml", top / "ours/conformance.toml")
    (top / "ours/stack").mkdir()
    (top / "ours/stack/mark").write_text("one")
    git(tmp_path, "init", "--quiet", str(top))
    git(top, "add", ".")
    git(top, "commit", "--quiet", "--message", "one")
    git(top, "tag", "v1")
    (top / "ours/stack/mark").write_text("two")
    git(top, "commit", "--quiet", "--all", "--message", "two")
    return top / "ours/conformance.toml"


def test_a_revision_is_written_out_with_its_stack(repository: Path, tmp_path: Path) -> None:
    assert pairs.newest_release(repository) == "stack@v1"
    old = pairs.side("stack@v1", repository, tmp_path / "out")
    assert (old.loaded.stack_dir / "mark").read_text() == "one"
    new = pairs.side(str(repository), repository, tmp_path / "out")
    assert (new.loaded.stack_dir / "mark").read_text() == "two"
    assert old.name == "stack@v1"


def test_an_unknown_revision_is_an_error(repository: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="git does not know"):
        pairs.side("stack@v9", repository, tmp_path / "out")
    git(repository.parent.parent, "tag", "--delete", "v1")
    with pytest.raises(UsageError, match="no release to upgrade from") as caught:
        pairs.newest_release(repository)
    assert "--from" in caught.value.remedy


def test_a_matrix_of_pairs(tmp_path: Path) -> None:
    file = tmp_path / "pairs.toml"
    file.write_text(
        '[[pair]]\nfrom = "stack@v1"\nto = "stack@v2"\n[[pair]]\nfrom = "stack@v2"\nto = "c.toml"\n'
    )
    assert list(pairs.matrix(file)) == [Pair("stack@v1", "stack@v2"), Pair("stack@v2", "c.toml")]


@pytest.mark.parametrize("text", ["", "[[pair]]\nfrom = 1\nto = 'x'\n", "[[pair]]\nfrom = 'x'\n", "[[pair"])
def test_a_malformed_matrix_is_reported_with_its_file(tmp_path: Path, text: str) -> None:
    file = tmp_path / "pairs.toml"
    file.write_text(text)
    with pytest.raises(ContractError) as caught:
        list(pairs.matrix(file))
    assert str(file) in str(caught.value)
