"""Bisection against controllers that are played: what is found, at what price, and going on after an end."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.pins.bisect import BisectResult, bisect
from conformance.pins.release_index import ReleaseIndex
from conformance.pins.resolve import Target, resolve
from conformance.pins.trial import PinSet, TrialMemory, TrialResult
from tests.pins.support import document, pin_file, plugin

NAMES = [f"p{number:02}" for number in range(40)]


class Played:
    """A trial that fails when `bad` says so; remembers its pin sets, and checks that each is valid."""

    def __init__(self, bad: Callable[[PinSet], bool], index: ReleaseIndex | None = None) -> None:
        self.bad = bad
        self.index = index
        self.tried: list[PinSet] = []

    def boots(self, pins: PinSet) -> TrialResult:
        self.tried.append(pins)
        if self.index:
            assert resolve(pin_file(dict(pins.plugins)).exact(), self.index, Target(pins.core)) == []
        return TrialResult("failed" if self.bad(pins) else "passed", "played")


def world(*edges: tuple[str, str], core: str = "2.479.1", names: list[str] = NAMES) -> ReleaseIndex:
    """All plugins at 1 and 2; release 2 of the first of an edge needs release 2 of the second."""
    needs = {name: {to: "2" for by, to in edges if by == name} for name in names}
    newest = document(*(plugin(name, "2", core, **needs[name]) for name in names))
    return ReleaseIndex(newest, [document(*(plugin(name, "1") for name in names))])


OLD = PinSet("2.504.3", dict.fromkeys(NAMES, "1"))
NEW = PinSet("2.504.3", dict.fromkeys(NAMES, "2"))


def run(trial: Played, index: ReleaseIndex, **more: object) -> BisectResult:
    return bisect(OLD, NEW, trial, index, **more)  # type: ignore[arg-type]


def has(*names: str) -> Callable[[PinSet], bool]:
    return lambda pins: all(pins.plugins.get(name) == "2" for name in names)


def test_one_culprit_costs_a_logarithm() -> None:
    trial = Played(has("p17"))
    found = run(trial, world())
    assert found.culprits == {"p17": ("1", "2")}
    assert found.minimal
    assert len(trial.tried) == found.trials <= 2 + math.ceil(math.log2(len(NAMES))) + 1


def test_every_trial_is_closed_over_dependencies() -> None:
    index = world(("p17", "p03"), ("p03", "p30"), ("p05", "p17"))
    trial = Played(has("p17"), index)
    found = run(trial, index)
    assert set(found.culprits) == {"p17", "p03", "p30"}
    assert found.minimal


def test_two_bumps_that_only_fail_together() -> None:
    found = run(Played(has("p02", "p33")), world())
    assert set(found.culprits) == {"p02", "p33"}
    assert found.minimal


def test_a_core_bump_comes_along_where_it_is_needed() -> None:
    names = ["a", "b", "c"]
    index = world(core="2.516.1", names=names)
    old, new = PinSet("2.504.3", dict.fromkeys(names, "1")), PinSet("2.516.1", dict.fromkeys(names, "2"))
    found = bisect(old, new, Played(has("b"), index), index)
    assert found.culprits == {"core": ("2.504.3", "2.516.1"), "b": ("1", "2")}


def test_removed_and_added_plugins_are_changes() -> None:
    old, new = PinSet("", {"a": "1", "gone": "1"}), PinSet("", {"a": "2", "new": "1"})
    index = ReleaseIndex(document(plugin("a", "1"), plugin("gone", "1"), plugin("new", "1")))
    assert bisect(old, new, Played(lambda pins: "gone" not in pins.plugins), index).culprits == {
        "gone": ("1", "")
    }
    assert bisect(old, new, Played(lambda pins: "new" in pins.plugins), index).culprits == {"new": ("", "1")}


def test_a_failure_that_is_not_monotonic_is_still_minimal() -> None:
    """p10 fails only as long as p11 is not there too; with both and p20 it fails again."""

    def bad(pins: PinSet) -> bool:
        there = {name for name in ("p10", "p11", "p20") if pins.plugins[name] == "2"}
        return there in ({"p10"}, {"p10", "p20"}, {"p10", "p11", "p20"})

    found = run(Played(bad), world(), budget=60)
    assert found.minimal
    assert set(found.culprits) == {"p10"}


def test_a_baseline_that_fails_too_is_reported() -> None:
    found = run(Played(lambda pins: True), world())
    assert (found.culprits, found.trials) == ({}, 1)
    assert "baseline fails too" in found.note


def test_a_candidate_that_passes_when_tried_again_is_reported() -> None:
    found = run(Played(lambda pins: False), world())
    assert (found.culprits, found.trials) == ({}, 2)
    assert "by chance" in found.note


def test_the_budget_ends_it_and_memory_goes_on(tmp_path: Path) -> None:
    memory = tmp_path / "bisection.jsonl"
    first = Played(has("p17"))
    found = run(first, world(), budget=4, memory=TrialMemory(memory))
    assert not found.minimal
    assert "p17" in found.culprits
    assert "budget of 4" in found.note
    with memory.open("a") as out:
        out.write('{"of": "cut o')
    second = Played(has("p17"))
    found = run(second, world(), budget=20, memory=TrialMemory(memory))
    assert (set(found.culprits), found.minimal) == ({"p17"}, True)
    tried = [tuple(sorted(one.plugins.items())) for one in first.tried + second.tried]
    assert len(tried) == len(set(tried))


def test_memory_of_other_pins_is_not_believed(tmp_path: Path) -> None:
    memory = tmp_path / "bisection.jsonl"
    run(Played(has("p17")), world(), memory=TrialMemory(memory))
    other = PinSet("2.516.1", NEW.plugins)
    trial = Played(has("p18"))
    assert "p18" in bisect(OLD, other, trial, world(), memory=TrialMemory(memory)).culprits
    assert trial.tried[0].plugins == OLD.plugins


def test_a_trial_that_breaks_says_nothing_about_pins(tmp_path: Path) -> None:
    class Broken:
        def boots(self, pins: PinSet) -> TrialResult:
            return TrialResult("error", "no space left")

    memory = tmp_path / "bisection.jsonl"
    found = bisect(OLD, NEW, Broken(), world(), memory=TrialMemory(memory))
    assert not found.minimal
    assert "no space left" in found.note
    assert not memory.exists()


pairs = st.tuples(st.integers(0, 11), st.integers(0, 11))


@settings(max_examples=60, deadline=None)
@given(st.lists(pairs, max_size=12), st.sets(st.integers(0, 11), min_size=1, max_size=3))
def test_any_culprits_in_any_graph(edges: list[tuple[int, int]], culprits: set[int]) -> None:
    """The answer is the culprits with all that they need, no more; every trial is valid."""
    names = NAMES[:12]
    named = {(names[by], names[to]) for by, to in edges if to < by}
    index = world(*named, names=names)
    bad = [names[one] for one in culprits]
    expected, todo = set(bad), list(bad)
    while todo:
        by = todo.pop()
        more = {to for one, to in named if one == by} - expected
        expected |= more
        todo += more
    old, new = PinSet("2.504.3", dict.fromkeys(names, "1")), PinSet("2.504.3", dict.fromkeys(names, "2"))
    found = bisect(old, new, Played(has(*bad), index), index, budget=100)
    assert (set(found.culprits), found.minimal) == (expected, True)
