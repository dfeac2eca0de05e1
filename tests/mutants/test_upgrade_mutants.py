"""Upgrade mutants fit the stack of today, and every requirement of an upgrade has one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from conformance.contract import catalogue
from conformance.contract.load import load as load_contract
from conformance.contract.model import LoadedContract
from conformance.core.paths import REFERENCE
from conformance.upgrade.state.model import Item, Manifest
from mutants import upgrades
from mutants.actions import Ask, Both, Step
from mutants.upgrade_run import Broken
from mutants.upgrades import UpgradeMutant

MUTANTS = upgrades.load()
RUNNING = load_contract(REFERENCE / "conformance.toml")


def ids(mutants: Sequence[UpgradeMutant]) -> list[str]:
    return [mutant.id for mutant in mutants]


@pytest.mark.parametrize("mutant", MUTANTS, ids=ids(MUTANTS))
def test_a_mutant_fits(mutant: UpgradeMutant, tmp_path: Path) -> None:
    """Its patches apply to the stack, and leave a contract that can be read."""
    known = {requirement.id for requirement in catalogue.load()}
    assert set(mutant.breaks) <= known
    assert mutant.after(RUNNING, tmp_path / "next").is_file()
    if mutant.before:
        assert mutant.before_it(RUNNING, tmp_path / "before").is_file()


def test_every_requirement_of_an_upgrade_has_a_mutant() -> None:
    wanted = {requirement.id for requirement in catalogue.load() if requirement.layer == "upgrade"}
    assert wanted <= {name for mutant in MUTANTS for name in mutant.breaks} | upgrades.unproven().keys()
    assert upgrades.unproven().keys() <= wanted


def test_one_upgrade_is_sound() -> None:
    """It shows that what fails in the others fails for what they break."""
    assert [mutant.id for mutant in MUTANTS if mutant.sound] == ["sound"]
    with pytest.raises(ValueError, match="breaks nothing"):
        UpgradeMutant(id="nothing", what="it says what it does not do", breaks=("UPGRADE-01",), says=("x",))


def test_placeholders_are_what_state_is_found_by() -> None:
    items = tuple(Item(service="nexus", kind="user", name=name, key={"id": name}) for name in ("one", "two"))
    state = Manifest(seed=1, stack="s", items=items)
    drop = Ask(service="nexus", method="DELETE", path="/users/{user id}")
    mutant = UpgradeMutant(
        id="dropped", what="w", breaks=("UPGRADE-05",), says=("user {user name}",), then=(Both(step=drop),)
    )
    filled = mutant.with_state(state)
    assert filled.says == ("user one",)
    action = filled.then[0]
    assert isinstance(action, Both)
    assert isinstance(action.step, Ask)
    assert action.step.path == "/users/one"
    assert mutant.model_copy(update={"says": ("{user name 2}",)}).with_state(state).says == ("two",)


class FakeBench:
    """Stands for the bench and the field: writes down what is done."""

    def __init__(self) -> None:
        self.done: list[str] = []

    def take(self, step: Step) -> None:
        assert isinstance(step, Ask)
        self.done.append(step.path)

    def change(self, _to: LoadedContract, _timeline: Path) -> None:
        self.done.append("change")


def test_what_breaks_an_upgrade_is_done_once(tmp_path: Path) -> None:
    bench = FakeBench()
    first, then = (Ask(service="nexus", method="GET", path=path) for path in ("first", "then"))
    broken = Broken(bench, bench, (first,), (then,))  # type: ignore[arg-type]
    broken.change(RUNNING, tmp_path)
    broken.change(RUNNING, tmp_path)
    assert bench.done == ["first", "change", "then", "change"]
