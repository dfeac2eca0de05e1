"""Who is to blame is sought by the failure of the red pair, not by any failure."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from conformance.cli import nightly
from conformance.contract.load import load
from conformance.core.paths import REFERENCE
from conformance.upgrade.blame import changed
from conformance.upgrade.night import Night, PairResult
from conformance.upgrade.pairs import Pair
from environments.options import RunOptions

DAY = dt.date(2026, 3, 1)


def report(place: Path, direction: str, *failed: str) -> None:
    folder = place / direction / "results"
    folder.mkdir(parents=True)
    checks = [
        {"nodeid": name, "requirements": [name], "layer": "upgrade", "outcome": "failed", "message": "x"}
        for name in failed
    ]
    verdict = {
        "word": "not conformant",
        "exit_code": 1,
        "headline": "",
        "reason": "",
        "remedy": "",
        "counts": {},
    }
    result = {"schema_version": 1, "run": {"id": "r", "started": 0}, "verdict": verdict, "checks": checks}
    (folder / "result.json").write_text(json.dumps(result), encoding="utf-8")


@pytest.fixture
def pair(tmp_path: Path) -> Pair:
    """Two stacks that differ in their seed and in Nexus' chart."""
    for side in ("old", "new"):
        shutil.copytree(REFERENCE / "stack", tmp_path / side / "stack")
        shutil.copy(REFERENCE / "conformance.toml", tmp_path / side)
    for file in ("jobs/seed.groovy", "charts/nexus/values.yaml"):
        with (tmp_path / "new/stack" / file).open("a", encoding="utf-8") as out:
            out.write("\n")
    return Pair(*(str(tmp_path / side / "conformance.toml") for side in ("old", "new")))


def blamed(pair: Pair, night: Path, monkeypatch: pytest.MonkeyPatch, upgrade: Any) -> tuple[str, ...]:
    planned = nightly._Plan(RunOptions(contract=Path(pair.after)), night.parent, 3600, 4)
    done = Night(
        date=DAY,
        exit_code=1,
        complete=True,
        pairs=(PairResult(before=pair.before, after=pair.after, exit_code=1, ways=()),),
    )
    monkeypatch.setattr(nightly._Plan, "upgrade", upgrade)
    return nightly._blamed(planned, done, [pair], night).blamed


def test_a_trial_that_fails_for_another_reason_blames_nobody(
    pair: Pair, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A service that a busy host lets wait too long fails a trial, too."""
    night = tmp_path / "nights/2026-03-01"
    report(night / "pair-1", "forth", "JENKINS-20", "UPGRADE-15")
    old = load(Path(pair.before))

    def upgrade(_options: object, tried: Pair, place: Path, _seconds: float, *more: str) -> int:
        assert more == ("--no-back",)
        seed = "seed" in changed(old, load(Path(tried.after)))
        report(place, "forth", "JENKINS-20" if seed else "UPGRADE-14")
        return 1

    assert blamed(pair, night, monkeypatch, upgrade) == ("seed",)


def test_what_goes_wrong_on_the_way_back_is_sought_there(
    pair: Pair, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    night = tmp_path / "nights/2026-03-01"
    report(night / "pair-1", "forth")
    report(night / "pair-1", "back", "JENKINS-31")

    def upgrade(_options: object, tried: Pair, place: Path, _seconds: float, *more: str) -> int:
        assert more == ()
        wrong = "nexus_chart" in tried.after
        report(place, "forth")
        report(place, "back", *(("JENKINS-31",) if wrong else ()))
        return int(wrong)

    assert blamed(pair, night, monkeypatch, upgrade) == ("nexus chart",)
