"""The smallest set of changes that fails, within a number of trials, going on where it was."""

from __future__ import annotations

import itertools
import shutil
from pathlib import Path

import pytest

from conformance.contract.load import load
from conformance.contract.model import LoadedContract
from conformance.core.paths import REFERENCE
from conformance.pins.trial import Outcome, TrialMemory
from conformance.upgrade import blame

ALL = ("jenkins chart", "nexus chart", "nexus configuration", "seed", "pipelines", "plugins", "values")


class Attempt:
    """Fails when all of `culprits` are taken."""

    def __init__(self, *culprits: str) -> None:
        self.culprits = frozenset(culprits)
        self.tried: list[frozenset[str]] = []
        self.breaks_at = -1

    def __call__(self, taken: frozenset[str]) -> Outcome:
        self.tried.append(taken)
        if len(self.tried) == self.breaks_at:
            return "error"
        return "failed" if self.culprits <= taken else "passed"


@pytest.mark.parametrize("culprits", [*itertools.combinations(ALL, 1), *itertools.combinations(ALL, 2)])
def test_the_culprits_and_nothing_else(culprits: tuple[str, ...]) -> None:
    attempt = Attempt(*culprits)
    found = blame.blame(ALL, attempt, budget=60)
    assert set(found.components) == set(culprits)
    assert found.minimal
    assert len(attempt.tried) == len(set(attempt.tried)) == found.trials


def test_one_culprit_takes_few_trials() -> None:
    assert max(blame.blame(ALL, Attempt(name), budget=60).trials for name in ALL) <= 8


def test_a_budget_ends_it_with_what_is_known(tmp_path: Path) -> None:
    memory = tmp_path / "blame.jsonl"
    first = blame.blame(ALL, Attempt("seed"), budget=2, memory=TrialMemory(memory))
    assert not first.minimal
    assert "seed" in first.components
    assert "used up" in first.note
    memory.write_text(memory.read_text() + '{"components": ["cut')
    second = Attempt("seed")
    found = blame.blame(ALL, second, budget=60, memory=TrialMemory(memory))
    assert found.components == ("seed",)
    assert len(second.tried) == found.trials == blame.blame(ALL, Attempt("seed"), budget=60).trials - 2


def test_a_trial_that_breaks_is_no_verdict() -> None:
    attempt = Attempt("seed")
    attempt.breaks_at = 2
    found = blame.blame(ALL, attempt, budget=60)
    assert (found.components, found.minimal) == (("seed",), True), "the search goes on without it"
    assert "broke" in found.note
    assert len({tuple(sorted(each)) for each in attempt.tried}) == len(attempt.tried), "none is tried twice"


def test_a_trial_that_breaks_and_could_have_reported_more_is_reported() -> None:
    outcome = {frozenset({"a"}): "error", frozenset({"b"}): "passed"}
    found = blame.blame(("a", "b"), lambda taken: outcome[taken])  # type: ignore[arg-type, return-value]
    assert (found.components, found.minimal, found.note) == (("a", "b"), False, "the trial of a broke")


@pytest.fixture
def pair(tmp_path: Path) -> tuple[LoadedContract, LoadedContract]:
    """The reference stack, and one with changes in three components."""
    for name in ("old", "new"):
        shutil.copytree(REFERENCE / "stack", tmp_path / name / "stack")
        shutil.copy(REFERENCE / "conformance.toml", tmp_path / name / "conformance.toml")
    new = tmp_path / "new/stack"
    seed = next((new / "jobs").rglob("*.groovy"))
    seed.write_text(seed.read_text() + "// changed\n")
    values = new / "jenkins-helm-values.yaml.tmpl"
    values.write_text(values.read_text().replace("- git:5.7.0", "- git:5.8.0") + "# changed\n")
    return load(tmp_path / "old/conformance.toml"), load(tmp_path / "new/conformance.toml")


def test_components_that_changed(pair: tuple[LoadedContract, LoadedContract]) -> None:
    old, new = pair
    assert blame.changed(old, new) == ("seed", "plugins", "values")
    assert blame.changed(old, old) == ()


def test_a_hybrid_has_what_was_taken_and_the_rest_of_the_old(
    pair: tuple[LoadedContract, LoadedContract], tmp_path: Path
) -> None:
    old, new = pair
    for number, taken in enumerate(({"seed"}, {"plugins"}, {"values"}, {"seed", "plugins", "values"}, set())):
        made = load(blame.hybrid(old, new, taken, tmp_path / f"h{number}"))
        assert set(blame.changed(old, made)) - {"contract"} == taken
        assert set(blame.changed(made, new)) - {"contract"} == {"seed", "plugins", "values"} - taken
