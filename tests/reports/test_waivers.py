"""The keys of a waiver, and how long it holds."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from conformance.core.errors import ContractError
from reports.waivers import Waiver, find, load

TODAY = dt.date(2026, 3, 1)
ENTRY = {
    "requirement": '"NEXUS-04"',
    "owner": '"build team"',
    "reason": '"emptied this month"',
    "link": '"https://tracker.example.org/1"',
    "expires": "2026-03-31",
}


def written(folder: Path, **changes: str) -> Path:
    """A file with one waiver; a change to nothing leaves the key out."""
    file = folder / "waivers.toml"
    entry = {key: value for key, value in {**ENTRY, **changes}.items() if value}
    file.write_text("[[waiver]]\n" + "".join(f"{key} = {value}\n" for key, value in entry.items()))
    return file


def test_a_missing_file_waives_nothing(tmp_path: Path) -> None:
    assert load(tmp_path / "waivers.toml") == ()


def test_ninety_days_ahead_is_the_most(tmp_path: Path) -> None:
    last = TODAY + dt.timedelta(days=90)
    assert load(written(tmp_path, expires=str(last)), day=TODAY)[0].expires == last
    with pytest.raises(ContractError, match="2026-05-31 is more than 90 days ahead"):
        load(written(tmp_path, expires=str(last + dt.timedelta(days=1))), day=TODAY)


@pytest.mark.parametrize(
    ("change", "mistake"),
    [
        ({"expires": ""}, "expires must be a date"),
        ({"expires": '"2026-03-31"'}, "expires must be a date"),
        ({"expires": "2026-03-31T00:00:00"}, "expires must be a date"),
        ({"owner": ""}, "owner must be a text that is not empty"),
        ({"reason": '" "'}, "reason must be a text that is not empty"),
        ({"link": ""}, "link must be a text that is not empty"),
        ({"match": "7"}, "match must be a text"),
        ({"until": "2026-03-31"}, "unknown key until"),
    ],
)
def test_mistakes_in_a_waiver(tmp_path: Path, change: dict[str, str], mistake: str) -> None:
    with pytest.raises(ContractError) as raised:
        load(written(tmp_path, **change), day=TODAY)
    assert mistake in str(raised.value)
    assert "waivers.toml:1" in str(raised.value)


def test_it_holds_through_its_last_day_and_for_what_it_names_only(tmp_path: Path) -> None:
    waivers = load(written(tmp_path, match='"snapshots"'), day=TODAY)

    def found(day: int, nodeid: str = "test_x", message: str = "", month: int = 3) -> Waiver | None:
        return find(waivers, ("NEXUS-04",), nodeid, message, dt.date(2026, month, day))

    assert found(31, "test_x[maven-snapshots]") == waivers[0]
    assert found(31, message="snapshots are kept") == waivers[0]
    assert found(1, "test_x[maven-snapshots]", month=4) is None
    assert found(31) is None
    assert find(waivers, ("NEXUS-05",), "snapshots", "", TODAY) is None
