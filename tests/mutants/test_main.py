"""Which mutants a call means."""

from __future__ import annotations

import pytest

from mutants.__main__ import main, todays


def test_days_in_a_row_show_every_mutant_once() -> None:
    found = [str(number) for number in range(149)]
    days = [todays(found, 12, day) for day in range(20000, 20013)]
    assert sorted(name for day in days for name in day) == sorted(found)
    assert {len(day) for day in days} == {11, 12}
    assert todays(found, 12, 20013) == days[0]
    assert todays(found, 1000, 5) == found


def test_options_that_mean_no_mutant_are_reported(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--live", "--only", "no-such-mutant"]) == 3
    assert "no mutant is meant" in capsys.readouterr().err
