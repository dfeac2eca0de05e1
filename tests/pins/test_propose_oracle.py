"""Proposals against brute force on small random universes, and against the same data in another order."""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from conformance.pins.judge import judge
from conformance.pins.propose import Plan, newest_set
from conformance.pins.release_index import ReleaseIndex, read_manifests
from conformance.pins.resolve import Target
from conformance.pins.updatecenter.document import UpdateCenter
from tests.pins.support import LAST, MANIFESTS, real_pins, rules

PINNED, OTHERS = ("p", "q", "r"), ("y", "z")
NAMES, VERSIONS = (*PINNED, *OTHERS), ("1", "2", "3")
TARGET = Target("2.504.3")


@dataclass(frozen=True)
class Fact:
    """One release of the universe. `needs`: (plugin, version, optional)."""

    needs: tuple[tuple[str, str, bool], ...]
    core: str
    advisories: int
    known: bool

    @property
    def acceptable(self) -> bool:
        return self.known and self.core == "2.479.1"


NEED = st.tuples(st.sampled_from((*NAMES, *OTHERS, *OTHERS)), st.sampled_from(VERSIONS), st.booleans())
FACT = st.builds(
    Fact,
    st.lists(NEED, max_size=3, unique_by=lambda need: need[0]).map(tuple),
    st.sampled_from(["2.479.1"] * 6 + ["2.600"]),
    st.sampled_from([0] * 6 + [1, 2]),
    st.sampled_from([True] * 8 + [False]),
)
UNIVERSES = st.dictionaries(
    st.sampled_from([(name, version) for name in NAMES for version in VERSIONS]), FACT, min_size=10
)
PINS = st.fixed_dictionaries({name: st.sampled_from(("1", "2")) for name in PINNED})
Universe = dict[tuple[str, str], Fact]


def index_of(universe: Universe, shuffled: random.Random | None = None) -> ReleaseIndex:
    """Documents of three days, one for each version; with `shuffled` in another order."""

    def ordered(several: list[Any]) -> list[Any]:
        if shuffled:
            shuffled.shuffle(several)
        return several

    days = []
    for version in VERSIONS:
        entries = ordered([(name, fact) for (name, at), fact in universe.items() if at == version])
        plugins = {}
        for name, fact in entries:
            needs = ordered([{"name": to, "version": least, "optional": o} for to, least, o in fact.needs])
            plugins[name] = {"version": version, "requiredCore": fact.core, "dependencies": needs}
            if not fact.known:
                del plugins[name]["dependencies"]
        days.append({"plugins": plugins, "warnings": [], "deprecations": {}})
    days[-1]["warnings"] = ordered(
        [
            {
                "id": f"S-{name}{version}{number}",
                "type": "plugin",
                "name": name,
                "versions": [{"pattern": version}],
            }
            for (name, version), fact in universe.items()
            for number in range(fact.advisories)
        ]
    )
    *earlier, newest = (UpdateCenter(one, "a universe") for one in days)
    return ReleaseIndex(newest, earlier)


def sets(universe: Universe, pins: dict[str, str]) -> Iterator[dict[str, str]]:
    """Every valid set in which no plugin is older than its pin or has more advisories."""

    def count(name: str, version: str) -> int:
        fact = universe.get((name, version))
        return fact.advisories if fact else 0

    choices: list[list[str]] = []
    for name in NAMES:
        pin = pins.get(name)
        newer = [
            version
            for version in VERSIONS
            if (name, version) in universe
            and universe[name, version].acceptable
            and (pin is None or version > pin)
            and count(name, version) <= (count(name, pin) if pin else 0)
        ]
        choices.append([pin or "", *newer])
    for versions in product(*choices):
        chosen = {name: version for name, version in zip(NAMES, versions, strict=True) if version}
        if all(holds(universe, pins, chosen, name) for name in chosen):
            yield chosen


def holds(universe: Universe, pins: dict[str, str], chosen: dict[str, str], name: str) -> bool:
    """Are the needs of one plugin of the set met? A pin that stays is never refused."""
    if pins.get(name) == chosen[name]:
        return True
    for to, least, optional in universe[name, chosen[name]].needs:
        if to not in chosen:
            if not optional:
                return False
        elif chosen[to] < least:
            return False
    return True


def unmet(universe: Universe, chosen: dict[str, str]) -> set[tuple[str, str]]:
    """(plugin, needed plugin) for each mandatory need that is not met, as far as needs are known."""
    return {
        (name, to)
        for name, version in chosen.items()
        if (name, version) in universe and universe[name, version].known
        for to, least, optional in universe[name, version].needs
        if not optional and chosen.get(to, "") < least
    }


def no_worse(one: dict[str, str], other: dict[str, str]) -> bool:
    return all(one[name] >= other[name] for name in PINNED)


OF = "2.479.1"
#: p 2 brings y, with which q 2 does not go; in the second, p 2 needs q 2 and goes away again, and y with it
BOTH_OR_ONE: Universe = {
    **{(name, "1"): Fact((), OF, 0, True) for name in PINNED},
    ("p", "2"): Fact((("y", "1", False),), OF, 0, True),
    ("q", "2"): Fact((("y", "3", True),), OF, 0, True),
    ("y", "2"): Fact((), OF, 0, True),
}
GOES_AWAY = BOTH_OR_ONE | {("p", "2"): Fact((("y", "1", False), ("q", "2", False)), OF, 0, True)}
ONES = dict.fromkeys(PINNED, "1")


@settings(max_examples=120, deadline=None)
@given(UNIVERSES, PINS)
@example(BOTH_OR_ONE, ONES)
@example(GOES_AWAY, ONES)
def test_no_valid_set_is_better(universe: Universe, pins: dict[str, str]) -> None:
    plan = newest_set(pins, index_of(universe), TARGET)
    result = dict(plan.versions)

    def counts(chosen: dict[str, str]) -> list[int]:
        facts = [universe.get((name, chosen[name])) for name in PINNED]
        return [fact.advisories if fact else 0 for fact in facts]

    valid = list(sets(universe, pins))
    assert result in valid
    mine = counts(result)
    missing = unmet(universe, result)
    for other in (one for one in valid if unmet(universe, one) <= missing):
        theirs = counts(other)
        if all(a <= b for a, b in zip(theirs, mine, strict=True)):
            assert theirs == mine, ("fewer advisories", other)
            newer = no_worse(other, result) and any(other[name] > result[name] for name in PINNED)
            assert not newer, ("newer", other)
            if [other[name] for name in PINNED] == [result[name] for name in PINNED]:
                same = other.keys() == result.keys() and other != result
                assert not same or any(other[name] < result[name] for name in other), ("newer", other)


@settings(max_examples=100, deadline=None)
@given(UNIVERSES, PINS)
def test_only_what_is_needed_is_added_and_all_that_can_be(universe: Universe, pins: dict[str, str]) -> None:
    """Also for a pin whose needs cannot all be met: those that can are added, in whatever order they are."""
    result = dict(newest_set(pins, index_of(universe), TARGET).versions)
    needs = {
        name: universe[name, version].needs
        for name, version in result.items()
        if (name, version) in universe and universe[name, version].known
    }
    for name in result.keys() - pins.keys():
        assert any(to == name and not optional for needed in needs.values() for to, _, optional in needed), (
            name
        )
    valid = list(sets(universe, pins))
    for name, needed in needs.items():
        for to, least, optional in needed:
            if optional or to in result:
                continue
            assert pins.get(name) == result[name], "only a pin that stays may lack a need"
            fuller = [
                one for one in valid if to in one and one[to] >= least and result.items() <= one.items()
            ]
            assert not fuller, (name, to, fuller)


@settings(max_examples=80, deadline=None)
@given(UNIVERSES, PINS, st.randoms(use_true_random=False))
def test_the_order_of_the_data_changes_nothing(
    universe: Universe, pins: dict[str, str], shuffled: random.Random
) -> None:
    other = dict(shuffled.sample(list(pins.items()), len(pins)))
    assert newest_set(pins, index_of(universe), TARGET) == newest_set(
        other, index_of(universe, shuffled), TARGET
    )


@pytest.mark.parametrize("core", ["2.504.3", "2.528.3", "2.568"])
def test_a_real_document_in_another_order(core: str) -> None:
    raw = json.loads(gzip.decompress(LAST.read_bytes()))
    shuffled = random.Random(7)
    other = {**raw, "plugins": {}}
    for name in shuffled.sample(list(raw["plugins"]), len(raw["plugins"])):
        entry = dict(raw["plugins"][name])
        shuffled.shuffle(entry["dependencies"])
        other["plugins"][name] = entry
    other["warnings"] = shuffled.sample(raw["warnings"], len(raw["warnings"]))
    file, target = real_pins(), Target(core)
    pins = {name: pin.version for name, pin in file.exact().items()}
    plans: list[Plan] = []
    findings = []
    for document in (raw, other):
        index = ReleaseIndex(UpdateCenter(document, "here"), (), read_manifests(MANIFESTS))
        plans.append(newest_set(pins, index, target))
        reported = judge(file, index, target, rules())
        findings.append([replace(one, what="") for one in reported])
    assert plans[0] == plans[1]
    assert findings[0] == findings[1]
