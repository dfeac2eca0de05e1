"""The order agrees with Jenkins' own and is an order on all strings."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.pins.versions import Version, key_of, older
from tests.pins.support import DATA

ORACLE = [line.split("\t") for line in (DATA / "version-order.tsv").read_text().split("\n")[:-1]]
likely = st.lists(
    st.sampled_from([*"0129.-*ab v", "10", "rc", "beta", "ea", "ga", "sp", "snapshot", "vdea_", "-SNAPSHOT"]),
    max_size=8,
).map("".join)
any_version = st.one_of(likely, st.text(max_size=12))


def sign(left: str, right: str) -> str:
    return "=" if key_of(left) == key_of(right) else "<" if older(left, right) else ">"


def test_agrees_with_recorded_comparisons() -> None:
    assert len(ORACLE) > 1700
    wrong = [(left, said, right) for left, said, right in ORACLE if sign(left, right) != said]
    assert wrong == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("1967.vdea_d580c1a_b_a_", "1967.1969.v205fd594c821"),
        ("5.6-191.v6a_9e", "5.6.1-195.v65ffe15189a_d"),
        ("5.3.3-2", "5.3.3-3"),
        ("2.13.1-152.v0", "2.13.1-153.vb_3d0c48a_a_b_4a_"),
        ("4355.v1", "4356.vfa_556c21f086"),
        ("2.0.ea", "2.0"),
        ("2.504.3-rc1", "2.504.3"),
        ("2.504", "2.504.3"),
        ("1.9", "1.10"),
    ],
)
def test_pairs_that_went_wrong_elsewhere(old: str, new: str) -> None:
    assert older(old, new)
    assert not older(new, old)


@pytest.mark.parametrize(
    ("lower", "higher"), [("2.0.999", "2.0.*"), ("1", "1-0.1"), ("1.0b2", "1.0-sp1"), ("1.0.alpha", "1.sp")]
)
def test_corners_where_jenkins_contradicts_itself_are_decided(lower: str, higher: str) -> None:
    assert older(lower, higher)


def test_snapshots() -> None:
    assert older("2.0.3-20170207.105042-2", "2.0.3-20170207.105042-13")
    assert older("2.0.3-20170207.105042-13", "2.0.3")
    assert key_of("1.12-SNAPSHOT (private-08/24/2008 12:13-hudson)") == key_of("1.12-SNAPSHOT")


def test_long_numbers_and_many_dashes_are_versions_too() -> None:
    assert older("9" * 5000, "1" + "0" * 5000)
    assert older("1-1" * 3000, "1-1" * 3000 + ".1")
    assert key_of("\u0661") == key_of("1")


def test_zeros_at_the_end_do_not_count() -> None:
    assert Version("2.0") == Version("2.0.0")
    assert hash(Version("2.0")) == hash(Version("2"))
    assert min(Version("2.1"), Version("2.0.1")).text == "2.0.1"


@given(any_version, any_version)
def test_exactly_one_of_less_equal_greater(left: str, right: str) -> None:
    relations = [older(left, right), older(right, left), key_of(left) == key_of(right)]
    assert relations.count(True) == 1


@given(any_version, any_version, any_version)
def test_transitive(one: str, two: str, three: str) -> None:
    low, middle, high = sorted((one, two, three), key=key_of)
    assert not older(middle, low)
    assert not older(high, middle)
    assert not older(high, low)


@given(any_version)
def test_reflexive(version: str) -> None:
    assert sign(version, version) == "="
