"""Faults planted in real data: each is found, nothing else is, and unbroken data has none."""

from __future__ import annotations

import copy
import gzip
import json
from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.pins.judge import judge
from conformance.pins.model import UpdateCenterUnreadable
from conformance.pins.release_index import ReleaseIndex
from conformance.pins.resolve import Target
from conformance.pins.updatecenter.document import UpdateCenter
from conformance.pins.updatecenter.load import parse
from conformance.sources.plugins.pin import PinFile
from tests.pins.support import LAST, keys, pin_file, rules

RAW: dict[str, Any] = json.loads(gzip.decompress(LAST.read_bytes()))
PINS = {name: entry["version"] for name, entry in RAW["plugins"].items()}
NAMES = sorted(PINS)
TARGET = Target("2.568")
EDGES = sorted(
    (name, need["name"])
    for name, entry in RAW["plugins"].items()
    for need in entry["dependencies"]
    if need["name"] in PINS
)
NEEDED = sorted(
    {
        need["name"]
        for entry in RAW["plugins"].values()
        for need in entry["dependencies"]
        if not need["optional"]
    }
    & set(PINS)
)
ENTRIES = st.sampled_from(NAMES)
#: The kinds of fault, each with what it is planted in.
FAULTS = st.one_of(
    st.tuples(st.just("need"), st.sampled_from(EDGES)),
    st.tuples(st.just("core"), ENTRIES),
    st.tuples(st.just("advisory"), ENTRIES),
    st.tuples(st.just("removed"), st.sampled_from(NEEDED)),
    st.tuples(st.just("circle"), st.sampled_from(NAMES)),
    st.tuples(st.just("entry"), ENTRIES),
)
Fault = tuple[str, Any]


def verdicts(raw: dict[str, Any], pins: dict[str, str]) -> list[tuple[str, str]]:
    index = ReleaseIndex(UpdateCenter(raw, "planted"))
    file: PinFile = pin_file(pins)
    return keys(judge(file, index, TARGET, rules()))


def plant(raw: dict[str, Any], pins: dict[str, str], fault: Fault) -> tuple[str, str]:
    """Plant one fault; what must be found for it."""
    kind, at = fault
    if kind == "need":
        name, needed = at
        for need in raw["plugins"][name]["dependencies"]:
            if need["name"] == needed:
                need["version"] = pins[needed] + ".1"
        return ("too-old", needed)
    if kind == "core":
        raw["plugins"][at]["requiredCore"] = "2.569"
        return ("core-too-old", at)
    if kind == "advisory":
        pattern = "".join(f"[{char}]" if char not in "^_" else char for char in pins[at])
        raw["warnings"].append(
            {"id": "PLANTED", "type": "plugin", "name": at, "message": "", "versions": [{"pattern": pattern}]}
        )
        return ("advisory", at)
    if kind == "removed":
        del pins[at]
        return ("missing", at)
    if kind == "entry":
        raw["plugins"][at]["dependencies"] = "broken"
        return ("broken-entry", at)
    raw["plugins"][at]["dependencies"].append({"name": at, "version": "0", "optional": False})
    return ("circle", at)


def test_unbroken_data_has_none() -> None:
    assert len(PINS) == 73
    assert verdicts(RAW, PINS) == []


@settings(max_examples=100, deadline=None)
@given(FAULTS)
def test_one_planted_fault_is_found_and_nothing_else(fault: Fault) -> None:
    raw, pins = copy.deepcopy(RAW), dict(PINS)
    assert verdicts(raw, pins) == []
    expected = plant(raw, pins, fault)
    assert verdicts(raw, pins) == [expected]


@settings(max_examples=100, deadline=None)
@given(st.lists(FAULTS, min_size=2, max_size=8, unique_by=lambda fault: str(fault[1])))
def test_many_planted_faults_are_all_found_and_none_invented(faults: list[Fault]) -> None:
    """Faults that hide others (a broken entry, a removed pin) are planted apart, see the test above."""
    raw, pins = copy.deepcopy(RAW), dict(PINS)
    shown = [fault for fault in faults if fault[0] in ("need", "core", "advisory", "circle")]
    expected = Counter(plant(raw, pins, fault) for fault in shown)
    found = Counter(verdicts(raw, pins))
    assert set(found) == set(expected)
    for key, count in expected.items():
        assert found[key] == (1 if key[0] == "too-old" else count)


def test_two_plugins_that_need_each_other() -> None:
    raw = copy.deepcopy(RAW)
    for one, other in (("structs", "scm-api"), ("scm-api", "structs")):
        raw["plugins"][one]["dependencies"] = [{"name": other, "version": "0", "optional": False}]
    assert verdicts(raw, PINS) == [("circle", "scm-api")]


@settings(max_examples=60, deadline=None)
@given(st.integers(min_value=0, max_value=LAST.stat().st_size - 1))
def test_a_truncated_document_is_never_half_believed(length: int) -> None:
    with pytest.raises(UpdateCenterUnreadable):
        parse(LAST.read_bytes()[:length], "cut.json.gz")


@settings(max_examples=60, deadline=None)
@given(st.integers(min_value=0, max_value=len(gzip.decompress(LAST.read_bytes())) - 1))
def test_a_truncated_plain_document_is_never_half_believed(length: int) -> None:
    with pytest.raises(UpdateCenterUnreadable):
        parse(gzip.decompress(LAST.read_bytes())[:length], "cut.json")


@settings(max_examples=40, deadline=None)
@given(st.binary(min_size=1, max_size=6), st.integers(min_value=12, max_value=LAST.stat().st_size - 20))
def test_damaged_gzip_is_an_error_or_the_same_document(noise: bytes, at: int) -> None:
    content = LAST.read_bytes()
    damaged = content[:at] + noise + content[at + len(noise) :]
    if damaged == content:
        return
    with pytest.raises(UpdateCenterUnreadable):
        parse(damaged, "damaged.json.gz")
