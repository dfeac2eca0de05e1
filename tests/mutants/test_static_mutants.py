"""Every static requirement has a mutant that it fails for, and nothing else fails with it."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from conformance.contract import catalogue
from conformance.core.paths import REFERENCE
from mutants.model import Mutant, load
from mutants.static_run import checks, verdict

MUTANTS = tuple(mutant for mutant in load() if mutant.layer == "static")


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.id)
def test_mutant_is_reported_and_nothing_else(mutant: Mutant, tmp_path: Path) -> None:
    seen = verdict(mutant.make(tmp_path))
    assert set(seen.failed) == set(mutant.breaks)
    first_lines = " ".join(line for requirement in mutant.breaks for line in seen.failed[requirement])
    for word in mutant.says:
        assert word in first_lines


def test_reference_stack_conforms() -> None:
    start = time.monotonic()
    seen = verdict(REFERENCE / "conformance.toml")
    assert seen.failed == {}
    assert seen.blocked == set()
    assert time.monotonic() - start < 3


def test_every_static_requirement_has_a_mutant() -> None:
    static = {requirement.id for requirement in catalogue.load() if requirement.layer == "static"}
    broken = {requirement for mutant in MUTANTS for requirement in mutant.breaks}
    assert static - broken == set()


def test_every_static_requirement_has_a_check() -> None:
    static = {requirement.id for requirement in catalogue.load() if requirement.layer == "static"}
    assert {requirement for check in checks() for requirement in check.requirements} == static
