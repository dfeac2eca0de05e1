"""Ten nights through the command itself, on a clock that is turned: who is to blame, what the trend shows.

A team changes one component of its stack a day, in a real repository; the sixth change is bad and stays.
Only the upgrade is played: it fails when the stack that it comes to has the bad change in it.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import shutil
import subprocess
from functools import partialmethod
from pathlib import Path
from typing import Any

import pytest

from conformance.cli import nightly
from conformance.core.paths import REFERENCE
from conformance.upgrade import night, pairs
from conformance.upgrade.observed import Observed
from conformance.upgrade.pairs import Pair
from reports.history import recall, store, trend

FIRST = dt.datetime(2026, 3, 1, 2, 0, tzinfo=dt.UTC)
BAD_DAY, BAD = 6, "// drops a folder that people made by hand\n"
#: day -> (file that changes, component that it is of)
CHANGES = {
    1: ("stack/products/commerce/README.md", "products"),
    2: ("stack/charts/nexus/values.yaml", "nexus chart"),
    3: ("stack/pipelines/build-commerce/Jenkinsfile", "pipelines"),
    4: ("stack/nexus/repositories.json", "nexus configuration"),
    5: ("stack/charts/jenkins/values.yaml", "jenkins chart"),
    6: ("stack/jobs/seed.groovy", "seed"),
    7: ("stack/terraform/README.md", "registry and releases"),
    8: ("conformance.toml", "contract"),
    9: ("stack/jenkins-helm-values.yaml.tmpl", "values"),
    10: ("stack/charts/nexus/Chart.yaml", "nexus chart"),
}


def git(folder: Path, *words: str) -> None:
    who = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *who, "-C", str(folder), *words], check=True, capture_output=True)


class Played:
    """A simulated upgrade; `trials` counts those of the search for the blame."""

    def __init__(self, contract: Path, scratch: Path) -> None:
        self.contract, self.scratch = contract, scratch
        self.now, self.runs, self.trials = FIRST, 0, 0

    def __call__(self, _options: object, pair: Pair, place: Path, _seconds: float, *more: str) -> int:
        self.runs += 1
        self.trials += "--no-back" in more
        new = pairs.side(pair.after, self.contract, self.scratch / str(self.runs)).loaded
        bad = BAD in (new.stack_dir / "jobs/seed.groovy").read_text(encoding="utf-8")
        for minutes, direction in enumerate(("forth", "back")):
            wrong = bad and direction == "forth"
            self._leave(place / direction, wrong, self.now + dt.timedelta(minutes=minutes))
        return int(bad)

    def _leave(self, place: Path, wrong: bool, when: dt.datetime) -> None:
        (place / "results").mkdir(parents=True)
        Observed(direction="forth", before="v1", after="new", seconds=300).save(place)
        word = "not conformant" if wrong else "conformant"
        reason = "UPGRADE-09 failed: job team is gone" if wrong else ""
        result: dict[str, Any] = {
            "schema_version": 1,
            "run": {"id": f"{when:%Y-%m-%d}-{self.runs}-{place.name}", "started": when.timestamp()},
            "verdict": {
                "word": word,
                "exit_code": int(wrong),
                "headline": word,
                "reason": reason,
                "remedy": "let the seed remove only what it made",
                "counts": {},
            },
            "checks": [
                {
                    "nodeid": "suites/upgrade/test_upgrade.py::test_jobs",
                    "requirements": ["UPGRADE-09"],
                    "layer": "upgrade",
                    "outcome": "failed" if wrong else "passed",
                    "started": when.timestamp(),
                    "seconds": 1,
                    "message": reason,
                }
            ],
        }
        (place / "results/result.json").write_text(json.dumps(result), encoding="utf-8")


@pytest.fixture
def contract(tmp_path: Path) -> Path:
    """A team's repository with the reference stack, released as v1."""
    top = tmp_path / "team"
    top.mkdir()
    shutil.copy(REFERENCE / "conformance.toml", top)
    shutil.copytree(REFERENCE / "stack", top / "stack")
    git(tmp_path, "init", "--quiet", str(top))
    git(top, "add", ".")
    git(top, "commit", "--quiet", "--message", "v1")
    git(top, "tag", "v1")
    return top / "conformance.toml"


def test_ten_nights(contract: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    played = Played(contract, tmp_path / "read")

    class Turned(dt.datetime):
        @classmethod
        def now(cls, tz: dt.tzinfo | None = None) -> Turned:
            return cls.fromtimestamp(played.now.timestamp(), tz)

    monkeypatch.setattr("conformance.cli.nightly.dt.datetime", Turned)
    monkeypatch.setattr(nightly._Plan, "upgrade", partialmethod(played))
    kept = tmp_path / "nights"
    options = argparse.Namespace(
        contract=contract,
        pairs=None,
        nights=kept,
        budget=60,
        keep_nights=30,
        blame=12,
        webhook_env="",
        webhook_form="generic",
    )
    codes, sent = [], []
    for day, (file, _) in CHANGES.items():
        with (contract.parent / file).open("a", encoding="utf-8") as out:
            out.write(BAD if day == BAD_DAY else "\n")
        git(contract.parent, "commit", "--quiet", "--all", "--message", f"day {day}")
        codes.append(nightly.nightly(options))
        sent.append(json.loads((kept / f"{played.now:%Y-%m-%d}" / "summary.json").read_text()))
        played.now += dt.timedelta(days=1)

    assert codes == [0] * 5 + [1] * 5
    assert [each.word for each in night.nights(kept)] == ["green"] * 5 + ["red"] * 5
    assert {tuple(each["blamed"]) for each in sent[5:]} == {("seed",)}
    assert {tuple(each["blamed"]) for each in sent[:5]} == {()}
    assert {(each["last_green"], each["first_red"]) for each in sent[5:]} == {("2026-03-05", "2026-03-06")}
    assert (
        sent[9]["reason"] == "stack@v1 -> " + str(contract) + ", forth: UPGRADE-09 failed: job team is gone"
    )
    assert played.trials <= 5 * options.blame

    runs, unread = recall(store(str(kept / "history")))
    assert (len(runs), unread) == (20, ())
    words = [point.word for point in trend(runs).points]
    assert words == ["conformant"] * 10 + ["not conformant", "conformant"] * 5
    (failure,) = trend([run for run in runs if run.run.id.endswith("forth")]).failures
    assert failure.first_seen.startswith("2026-03-06")
    assert failure.last_green.startswith("2026-03-05")
    assert failure.runs == 5
