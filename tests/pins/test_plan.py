"""The plan of upgrades: its groups are valid one after the other, and its outputs are bounded."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from conformance.pins.__main__ import main
from conformance.pins.gate import Side
from conformance.pins.output import plan as output
from conformance.pins.plan import UpgradePlan, upgrade_plan
from conformance.pins.propose import newest_set
from conformance.pins.release_index import ReleaseIndex
from conformance.pins.resolve import Target, resolve
from tests.pins.support import (
    DATA,
    LAST,
    MANIFESTS,
    PINS,
    document,
    pin_file,
    plugin,
    real_catalogue,
    real_pins,
    rules,
)

CORE = Target("2.504.3")


@pytest.fixture(scope="module")
def real() -> UpgradePlan:
    return upgrade_plan(Side(real_pins(), CORE), real_catalogue(), rules())


def test_each_group_is_valid_after_those_before_it(real: UpgradePlan) -> None:
    index = real_catalogue()
    pins = {name: pin.version for name, pin in real_pins().exact().items()}
    assert [group.kind for group in real.groups[:2]] == ["security", "rest"]
    for group in real.groups:
        assert all(pins.get(bump.name, "") == bump.old for bump in group.bumps)
        pins |= {bump.name: bump.new for bump in group.bumps}
        assert resolve(pin_file(pins).exact(), index, Target(group.core)) == []
    last = newest_set(pins, index, Target(real.groups[-1].core))
    assert not last.raised, "nothing is left for the last core"


def test_security_comes_first_with_the_smallest_set_of_bumps(real: UpgradePlan) -> None:
    first = real.groups[0]
    assert first.closes == ("SECURITY-3617", "SECURITY-3662", "SECURITY-3672", "SECURITY-3790")
    assert {bump.name for bump in first.bumps if not bump.closes} == {"jakarta-activation-api"}
    assert first.smallest
    mail = next(bump for bump in first.bumps if bump.name == "jakarta-mail-api")
    assert (mail.released, mail.age, mail.remaining) == ("2025-11-22", 204, ())
    subject, empty, *lines = first.commit_message.splitlines()
    assert (subject, empty, len(lines)) == ("Raise 4 plugins: close 4 advisories", "", 4)


def test_newer_cores_say_what_they_free(real: UpgradePlan) -> None:
    groups = {group.core: group for group in real.groups if group.kind == "core"}
    assert list(groups) == ["2.532", "2.555.1", "2.556"]
    assert {"credentials", "git-client"} < {bump.name for bump in groups["2.555.1"].bumps}
    assert groups["2.555.1"].core_closes == ("core-2_541", "core-2_551", "core-2_555")
    assert all(str(len(group.bumps)) in group.title for group in groups.values())


def test_young_releases_are_left_out() -> None:
    newest = document(plugin("a", "3") | {"releaseTimestamp": "2026-06-10T00:00:00.00Z"})
    old = document(plugin("a", "2") | {"releaseTimestamp": "2026-05-01T00:00:00.00Z"})
    index = ReleaseIndex(newest, [old, document(plugin("a", "1"))])
    for days, expected in ((0, "3"), (4, "3"), (5, "2"), (60, "")):
        side = Side(pin_file({"a": "1"}), Target("2.504.3", released_by=index.day_before(days)))
        bumps = [bump.new for group in upgrade_plan(side, index, rules()).groups for bump in group.bumps]
        assert bumps == ([expected] if expected else [])


def test_nothing_to_raise_is_an_empty_plan() -> None:
    found = upgrade_plan(Side(pin_file({"a": "1"}), CORE), ReleaseIndex(document(plugin("a", "1"))), rules())
    assert (found.groups, found.held, found.now.verdict.word) == ((), (), "GO")


def test_the_terminal_shows_the_verdict_first_and_at_most_40_lines(real: UpgradePlan) -> None:
    console = Console(record=True, width=400, file=io.StringIO())
    output.show(real, console)
    lines = console.export_text().splitlines()
    assert lines[0].startswith("NO-GO: 67 pins")
    assert len(lines) <= 40
    assert all(any(group.title in line for line in lines) for group in real.groups)


def test_markdown_is_bounded(real: UpgradePlan) -> None:
    text = output.as_markdown(real)
    assert "### 1. close advisories on this core" in text
    assert "Raise 4 plugins: close 4 advisories" in text
    for limit in (3000, 6000, 12000):
        small = output.as_markdown(real, limit)
        assert len(small) <= limit
        assert "more: see the JSON output" in small


def test_two_thousand_pins_fit_a_comment() -> None:
    entries = [plugin(f"p{number}", "2") for number in range(2000)]
    earlier = [plugin(f"p{number}", "1") for number in range(2000)]
    index = ReleaseIndex(document(*entries), [document(*earlier)])
    side = Side(pin_file({f"p{number}": "1" for number in range(2000)}), CORE)
    assert len(output.as_markdown(upgrade_plan(side, index, rules()))) <= 60_000


def test_the_command_writes_nothing_but_its_outputs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pins = tmp_path / "plugins.txt"
    pins.write_bytes(PINS.read_bytes())
    words = [
        "--candidate",
        str(pins),
        "--core",
        "2.504.3",
        "--contract",
        "none",
        "--update-center",
        str(LAST),
    ]
    more = ["--manifests", str(MANIFESTS), "--min-age", "14d", "--json", "-", "--today", "2026-06-14"]
    assert main(["gate", "plan", *words, *more]) == 1
    found = json.loads(capsys.readouterr().out)
    assert (found["schema"], found["verdict"], found["groups"][0]["kind"]) == (1, "NO-GO", "security")
    assert pins.read_bytes() == PINS.read_bytes()
    assert list(tmp_path.iterdir()) == [pins]


@pytest.mark.parametrize("age", ["a week", "-3", "999999999999"])
def test_an_age_that_is_none_is_usage(age: str) -> None:
    center = str(DATA / "cases/core-is-a-word/center.json")
    words = ["--candidate", str(PINS), "--core", "2.504.3", "--contract", "none", "--update-center", center]
    assert main(["gate", "plan", *words, f"--min-age={age}"]) == 3
