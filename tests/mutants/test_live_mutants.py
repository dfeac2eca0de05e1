"""Live mutants as declared: each requirement of a live layer has one, or a reason why not."""

from __future__ import annotations

import tomllib

import pytest

from contract import catalogue
from tests.mutants import live
from tests.mutants.live import FOLDER, LiveMutant

MUTANTS = live.load()
#: upgrades have mutants of their own (test_upgrade_mutants.py)
APART = ("static", "upgrade")
LIVE = {requirement.id: requirement for requirement in catalogue.load() if requirement.layer not in APART}
UNPROVEN: dict[str, str] = tomllib.loads((FOLDER / "unproven.toml").read_text(encoding="utf-8"))["unproven"]


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.id)
def test_mutant_breaks_a_requirement_of_its_layer(mutant: LiveMutant) -> None:
    for name in mutant.breaks:
        assert LIVE[name].layer == mutant.layer
    assert mutant.layer in mutant.layers


def test_every_live_requirement_has_a_mutant_or_a_reason() -> None:
    broken = {name for mutant in MUTANTS for name in mutant.breaks}
    assert set(LIVE) - broken == set(UNPROVEN)
    assert all(UNPROVEN.values())


def test_there_are_enough() -> None:
    assert len(MUTANTS) >= 120
