"""Bare repositories made from the stack."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.core.process import run
from environments.deploy import git


@pytest.fixture
def stack(tmp_path: Path) -> Path:
    stack = tmp_path / "stack"
    for name, text in {
        "jobs/seed.groovy": "folder('x')\n",
        "pipelines/scripts/require": "#!/bin/sh\n",
        "products/shop/pom.xml": "<project/>\n",
        "products/shop/target/shop.jar": "built\n",
        "products/shop/.gitignore": "pom.xml\n",
        "products/vendor/README.md": "a release package only\n",
        "terraform/.terraform/provider": "large\n",
    }.items():
        file = stack / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    (stack / "pipelines/scripts/require").chmod(0o755)
    return stack


def listed(repository: Path) -> list[str]:
    return run(["git", "-C", repository, "ls-tree", "-r", "--name-only", "main"]).stdout.split()


def test_the_stack_is_one_repository_and_each_product_another(stack: Path, tmp_path: Path) -> None:
    made = git.build(stack, tmp_path / "git")
    assert [each.path.name for each in made] == ["cloudops.git", "shop.git"]
    assert listed(made[0].path) == ["jobs/seed.groovy", "pipelines/scripts/require"]
    # what a product's own rules would ignore is part of it all the same
    assert listed(made[1].path) == [".gitignore", "pom.xml"]


def test_the_same_content_is_the_same_commit(
    stack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = git.build(stack, tmp_path / "one")
    monkeypatch.setenv("GIT_AUTHOR_NAME", "someone else")
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    second = git.build(stack, tmp_path / "two")
    assert [each.commit for each in first] == [each.commit for each in second]
    (stack / "jobs/seed.groovy").write_text("folder('y')\n", encoding="utf-8")
    third = git.build(stack, tmp_path / "one")
    assert third[0].commit != first[0].commit
    assert third[1].commit == first[1].commit


def test_it_can_be_cloned_with_modes(stack: Path, tmp_path: Path) -> None:
    made = git.build(stack, tmp_path / "git")
    run(
        [
            "git",
            "clone",
            "--quiet",
            "--depth",
            "1",
            "--branch",
            "main",
            made[0].path.as_uri(),
            tmp_path / "clone",
        ]
    )
    assert (tmp_path / "clone/pipelines/scripts/require").stat().st_mode & 0o111
    assert run(["git", "-C", tmp_path / "clone", "rev-parse", "HEAD"]).stdout.strip() == made[0].commit


def test_a_product_has_the_branches_that_lie_beside_it(stack: Path, tmp_path: Path) -> None:
    file = stack / "products/shop.branches/failing-test/src/FailingTest.java"
    file.parent.mkdir(parents=True)
    file.write_text("class FailingTest {}\n", encoding="utf-8")
    made = git.build(stack, tmp_path / "git")
    # no product of its own, and nothing of it on the main branch
    assert [each.path.name for each in made] == ["cloudops.git", "shop.git"]
    assert listed(made[1].path) == [".gitignore", "pom.xml"]
    names = run(["git", "-C", made[1].path, "ls-tree", "-r", "--name-only", "failing-test"]).stdout.split()
    assert names == [".gitignore", "pom.xml", "src/FailingTest.java"]
    assert run(["git", "-C", made[1].path, "rev-parse", "HEAD"]).stdout.strip() == made[1].commit
