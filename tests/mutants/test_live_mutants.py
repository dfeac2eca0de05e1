"""Live mutants as declared: each requirement of a live layer has one."""

from __future__ import annotations

import pytest

from conformance.contract import catalogue
from mutants import live
from mutants.live import LiveMutant

MUTANTS = live.load()
#: upgrades have mutants of their own (test_upgrade_mutants.py)
APART = ("static", "upgrade")
LIVE = {requirement.id: requirement for requirement in catalogue.load() if requirement.layer not in APART}


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.id)
def test_mutant_breaks_a_requirement_of_its_layer(mutant: LiveMutant) -> None:
    for name in mutant.breaks:
        assert LIVE[name].layer == mutant.layer
    assert mutant.layer in mutant.layers


def test_every_live_requirement_has_a_mutant() -> None:
    assert set(LIVE) == {name for mutant in MUTANTS for name in mutant.breaks}


def test_there_are_enough() -> None:
    assert len(MUTANTS) >= 120
