"""A contract is rewritten for a trial by what its TOML means, not by how it is written."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from conformance.contract.load import load
from conformance.contract.rewrite import rewrite
from conformance.core.paths import REFERENCE


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "trial").mkdir()
    shutil.copytree(REFERENCE / "stack", tmp_path / "trial/stack", symlinks=True)
    return tmp_path / "trial"


def test_the_stack_and_the_core_change_and_nothing_else(folder: Path) -> None:
    source = load(REFERENCE / "conformance.toml")
    made = load(rewrite(source, folder, core="2.516.1"))
    assert made.stack_dir == folder / "stack"
    assert made.contract.jenkins.version == "2.516.1"
    jenkins = made.contract.jenkins.model_copy(update={"version": source.contract.jenkins.version})
    assert made.contract.model_copy(update={"jenkins": jenkins}) == source.contract
    assert (folder / source.contract.stack.update_center).is_file()


@pytest.mark.parametrize(
    "stack",
    [
        '[stack]\npath = "../elsewhere"',
        '[stack] # of the team\npath="../elsewhere"',
        "stack.path = '../elsewhere'",
    ],
)
def test_every_way_to_write_the_path(folder: Path, tmp_path: Path, stack: str) -> None:
    text = (REFERENCE / "conformance.toml").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("path = ")]
    at = lines.index("[stack]")
    if stack.startswith("["):
        lines[at : at + 1] = stack.splitlines()
    else:
        end = next(n for n in range(at + 1, len(lines)) if lines[n].startswith("["))
        table = [f"stack.{line}" for line in lines[at + 1 : end] if line.strip() and not line.startswith("#")]
        lines[at:end] = []
        lines[:0] = [stack, *table]
    contract = tmp_path / "conformance.toml"
    contract.write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert load(rewrite(load(contract), folder)).stack_dir == folder / "stack"


def test_a_contract_without_a_path_gets_one(folder: Path, tmp_path: Path) -> None:
    text = (REFERENCE / "conformance.toml").read_text(encoding="utf-8")
    contract = tmp_path / "conformance.toml"
    contract.write_text("\n".join(x for x in text.splitlines() if not x.startswith("path = ")) + "\n")
    assert load(rewrite(load(contract), folder)).contract.stack.path == "stack"
