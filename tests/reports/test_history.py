"""Comparing, merging, and the trend of a history."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from conformance.core.errors import EnvironmentFailure, UsageError
from reports import history, page
from reports.compare import compare
from reports.history import DirectoryStore, S3Store, Store
from reports.merge import merge
from reports.model import RunResult
from tests.reports.builders import check, results


def night(tmp_path: Path, number: int, *checks: dict[str, Any], **run: Any) -> RunResult:
    about = {"started": 1_790_000_000.0 + number * 86400, "ended": 1_790_000_300.0 + number * 86400, **run}
    return results(tmp_path / f"night{number}", *checks, run=about)


def test_compare_separates_outcomes_from_causes(tmp_path: Path) -> None:
    before = night(tmp_path, 1, check("NEXUS-01"), check("STATIC-01", seconds=1.0), pins=[["git", "5.7.0"]])
    after = night(
        tmp_path,
        2,
        check("NEXUS-01", "failed"),
        check("STATIC-01", seconds=9.0),
        check("JENKINS-01"),
        pins=[["git", "5.8.0"]],
    )
    found = compare(before, after)
    assert [(c.what, c.before, c.after) for c in found.outcomes] == [
        ("NEXUS-01 test_nexus_01", "passed", "failed"),
        ("JENKINS-01 test_jenkins_01", "", "passed"),
    ]
    assert ("plugin git", "5.7.0", "5.8.0") in [(c.what, c.before, c.after) for c in found.causes]
    assert [c.what for c in found.durations] == ["STATIC-01 test_static_01"]
    assert not found.same
    assert compare(before, before).same


def test_merge_keeps_the_worst_and_is_finished_only_if_all_are(tmp_path: Path) -> None:
    night(tmp_path, 1, check("NEXUS-01"), check("STATIC-01"))
    night(tmp_path, 2, check("NEXUS-01", "failed"), check("JENKINS-01"))
    (tmp_path / "night1" / "pytest-live.log").write_text("1 passed")
    (tmp_path / "night2" / "diagnostics").mkdir()
    (tmp_path / "night2" / "diagnostics" / "pods.txt").write_text("pods of 2")
    merged = merge([tmp_path / "night1", tmp_path / "night2"], tmp_path / "merged")
    assert {c.requirements[0]: str(c.outcome) for c in merged.checks} == {
        "STATIC-01": "passed",
        "NEXUS-01": "failed",
        "JENKINS-01": "passed",
    }
    assert len(merged.sessions) == 2
    assert (tmp_path / "merged" / "diagnostics" / "shard2" / "pods.txt").read_text() == "pods of 2"
    assert (tmp_path / "merged" / "pytest-shard1-live.log").read_text() == "1 passed"
    assert merged.verdict.word == "not conformant"
    results(tmp_path / "cut", check("AGENTS-01"), ended=False)
    open_end = merge([tmp_path / "night1", tmp_path / "cut"], tmp_path / "merged2")
    assert open_end.verdict.word == "incomplete"


def test_merge_refuses_different_contracts(tmp_path: Path) -> None:
    night(tmp_path, 1, check("NEXUS-01"))
    night(tmp_path, 2, check("NEXUS-01"), contract_sha256="1" * 64)
    with pytest.raises(UsageError, match="different contracts"):
        merge([tmp_path / "night1", tmp_path / "night2"], tmp_path / "merged")
    with pytest.raises(UsageError, match="at least two"):
        merge([tmp_path / "night1"], tmp_path / "merged")
    with pytest.raises(UsageError, match="is not empty"):
        merge([tmp_path / "night1", tmp_path / "night2"], tmp_path / "night1")


def nights(tmp_path: Path) -> list[RunResult]:
    """Green, green, red since the pins changed; and one check that flips without any cause."""
    steady = {"pins": [["git", "5.7.0"]]}
    bumped = {"pins": [["git", "5.8.0"]]}
    return [
        night(tmp_path, 1, check("JENKINS-01"), check("AGENTS-01"), **steady),
        night(tmp_path, 2, check("JENKINS-01"), check("AGENTS-01", "failed"), **steady),
        night(tmp_path, 3, check("JENKINS-01"), check("AGENTS-01"), **steady),
        night(tmp_path, 4, check("JENKINS-01", "failed"), check("AGENTS-01", "blocked"), **bumped),
        night(tmp_path, 5, check("JENKINS-01", "failed"), check("AGENTS-01"), **bumped),
    ]


def test_a_trend_explains_failures_and_names_flakes(tmp_path: Path) -> None:
    found = history.trend(nights(tmp_path))
    assert [point.pass_rate for point in found.points] == [1.0, 0.5, 1.0, 0.0, 0.5]
    failure = found.failures[0]
    assert (failure.first_seen, failure.last_green, failure.runs) == ("night4", "night3", 2)
    assert [(c.what, c.before, c.after) for c in failure.causes] == [("plugin git", "5.7.0", "5.8.0")]
    assert [(flake.requirements, flake.changes) for flake in found.flakes] == [(("AGENTS-01",), 2)]
    text = "\n".join(history.lines(found, ("x.json: schema version 2",)))
    assert "broken: JENKINS-01 since night4, last green in night3" in text
    assert "changed in between: plugin git: 5.7.0 to 5.8.0" in text
    assert "x.json: schema version 2" in text
    html = page.render_trend(found, ("x.json: schema version 2",))
    assert html.count("<svg") == 2
    assert "x.json: schema version 2" in html


def test_an_undecided_check_is_neither_green_nor_broken(tmp_path: Path) -> None:
    runs = [
        night(tmp_path, 1, check("NEXUS-01"), check("STATIC-01")),
        night(tmp_path, 2, check("NEXUS-01", "undecided"), check("STATIC-01")),
        night(tmp_path, 3, check("NEXUS-01", "failed"), check("STATIC-01")),
    ]
    found = history.trend(runs)
    assert [point.pass_rate for point in found.points] == [1.0, 1.0, 0.5]
    assert (found.failures[0].first_seen, found.failures[0].last_green) == ("night3", "night1")
    changes = compare(runs[0], runs[1]).outcomes
    assert [(c.before, c.after) for c in changes] == [("passed", "undecided")]
    merged = merge([tmp_path / "night1", tmp_path / "night2"], tmp_path / "merged")
    assert merged.verdict.counts == {"passed": 1, "undecided": 1}, "undecided in one shard: never passed"


def test_agent_latency_comes_from_the_evidence(tmp_path: Path) -> None:
    one = results(
        tmp_path,
        check("AGENTS-01"),
        evidence={"AGENTS-01": {"timeline": {"queued": 0.5, "first step": 11.5}}},
    )
    assert history.trend([one]).points[0].agent_seconds == 11.5


@pytest.fixture(params=["directory", "s3"])
def kept(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    if request.param == "directory":
        yield DirectoryStore(tmp_path / "history")
        return
    for name, value in (
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
        ("AWS_DEFAULT_REGION", "us-east-1"),
    ):
        monkeypatch.setenv(name, value)
    with mock_aws():
        boto3.client("s3").create_bucket(Bucket="nights")
        yield S3Store("nights", "conformance/reference")


def test_a_history_returns_its_results(tmp_path: Path, kept: Store) -> None:
    for result in reversed(nights(tmp_path)):
        history.remember(result, kept)
    runs, unread = history.recall(kept)
    assert [run.run.id for run in runs] == ["night1", "night2", "night3", "night4", "night5"]
    assert unread == ()
    assert [run.run.id for run in history.recall(kept, last=2)[0]] == ["night4", "night5"]


def test_unreadable_results_are_reported_and_left_alone(tmp_path: Path, kept: Store) -> None:
    history.remember(nights(tmp_path)[0], kept)
    kept.put("20990101T000000Z-new.json", json.dumps({"schema_version": 2}).encode())
    kept.put("20990102T000000Z-broken.json", b"{")
    kept.put("20990103T000000Z-odd.json", json.dumps({"schema_version": 1}).encode())
    runs, unread = history.recall(kept)
    assert len(runs) == 1
    assert [line.split(":")[0] for line in unread] == [
        "20990101T000000Z-new.json",
        "20990102T000000Z-broken.json",
        "20990103T000000Z-odd.json",
    ]
    assert len(kept.names()) == 4


def test_a_missing_bucket_is_one_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
        ("AWS_DEFAULT_REGION", "us-east-1"),
    ):
        monkeypatch.setenv(name, value)
    with mock_aws(), pytest.raises(EnvironmentFailure, match="cannot be read") as caught:
        history.recall(history.store("s3://no-such-bucket/x"))
    assert "NoSuchBucket" in str(caught.value)
    with pytest.raises(UsageError, match="names no bucket"):
        history.store("s3://")
