"""The record of a run, true at any moment."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from conformance.contract.load import load
from conformance.core.errors import EnvironmentFailure, UsageError
from conformance.core.paths import REFERENCE
from reports.load import load_results
from reports.recorder import Recorder
from tests.runner.suite_run import catalogue


def recorder(tmp_path: Path) -> Recorder:
    return Recorder(
        tmp_path / "results",
        run_id="r1",
        environment="kind",
        contract=load(REFERENCE / "conformance.toml"),
        command="conformance run",
        requirements=catalogue(tmp_path),
        pins={"git": "5.7.0"},
    )


def test_a_run_that_is_killed_after_its_first_moment_is_incomplete(tmp_path: Path) -> None:
    recorder(tmp_path)
    found = load_results(tmp_path / "results")
    assert (found.run.id, found.run.state, found.run.contract) == (
        "r1",
        "running",
        "reference build infrastructure",
    )
    assert (found.verdict.word, found.verdict.reason) == ("incomplete", "the run did not end")
    assert len(found.requirements) == 11
    assert len(found.run.contract_sha256) == 64
    kept = (tmp_path / "results" / "contract.toml").read_bytes()
    assert hashlib.sha256(kept).hexdigest() == found.run.contract_sha256


def test_a_stand_up_that_failed_is_the_verdicts_reason(tmp_path: Path) -> None:
    running = recorder(tmp_path)
    running.components([{"name": "controller", "version": "2.504.3", "stand_in": "its API", "digest": ""}])
    running.step("nexus", "running")
    running.problem(
        EnvironmentFailure("nexus did not become ready", observed="OOMKilled", remedy="free memory"), "nexus"
    )
    with running.timeline.open("w") as out:
        out.write(
            json.dumps({"name": "nexus", "needs": [], "start": 1.0, "end": 3.0, "ok": False, "note": "OOM"})
        )
    running.finish()
    found = load_results(tmp_path / "results")
    assert (found.verdict.word, found.verdict.reason, found.verdict.remedy) == (
        "incomplete",
        "nexus did not become ready",
        "free memory",
    )
    # the problem is in run.json and in the events, and is reported once
    assert len(found.problems) == 1
    assert (found.problems[0].where, found.problems[0].observed) == ("nexus", "OOMKilled")
    assert [(span.name, span.ok) for span in found.timeline] == [("nexus", False)]
    assert found.run.ended is not None
    assert not (tmp_path / "results" / "reserve").exists()


def test_an_interrupted_run_says_so(tmp_path: Path) -> None:
    recorder(tmp_path).finish(interrupted=True)
    assert load_results(tmp_path / "results").verdict.reason == "the run was interrupted"


def test_a_folder_with_another_run_is_refused(tmp_path: Path) -> None:
    recorder(tmp_path)
    with pytest.raises(UsageError, match="results of another run"):
        recorder(tmp_path)


def test_waivers_are_recorded_with_the_run(tmp_path: Path) -> None:
    file = tmp_path / "waivers.toml"
    file.write_text(
        '[[waiver]]\nrequirement = "NEXUS-99"\nowner = "build team"\n'
        'reason = "x"\nlink = "y"\nexpires = 2020-01-01\n'
    )
    running = Recorder(
        tmp_path / "results",
        run_id="r1",
        environment="kind",
        contract=None,
        waivers=file,
        requirements=catalogue(tmp_path),
    )
    running.finish()
    found = load_results(tmp_path / "results")
    assert found.waivers[0].state == "expired"
    assert found.verdict.exit_code == 1
