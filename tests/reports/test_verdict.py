"""One word, and the lowest broken thing first."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from reports.load import load_results
from reports.model import RunResult
from reports.verdict import undecided_causes
from tests.reports.builders import check, requirement, results


def verdict_of(tmp_path: Path, *checks: dict[str, Any], **more: Any) -> tuple[str, int, str]:
    found = results(tmp_path, *checks, **more).verdict
    return found.word, found.exit_code, found.reason


def test_everything_passed_or_did_not_apply(tmp_path: Path) -> None:
    found = verdict_of(tmp_path, check("STATIC-01"), check("NEXUS-01", "not applicable"))
    assert found == ("conformant", 0, "")


def test_nothing_checked_is_not_conformant(tmp_path: Path) -> None:
    assert verdict_of(tmp_path) == ("incomplete", 2, "nothing was checked")


def test_nothing_but_not_applicable_is_not_conformant(tmp_path: Path) -> None:
    assert verdict_of(tmp_path, check("STATIC-01", "not applicable"))[1] == 2


def test_the_lowest_broken_thing_comes_first_and_its_requirement_gives_the_remedy(tmp_path: Path) -> None:
    found = results(
        tmp_path,
        check("PIPELINES-01", "blocked"),
        check("JENKINS-02", "failed"),
        check("NEXUS-02", "failed"),
        check("NEXUS-01", "failed", gate=True),
        check("STATIC-01", "error"),
    ).verdict
    assert found.word == "not conformant"
    assert found.reason == "NEXUS-01 failed: NEXUS-01 is not so"
    assert found.remedy == "repair NEXUS-01"


def test_a_checks_own_remedy_wins(tmp_path: Path) -> None:
    found = results(tmp_path, check("NEXUS-01", "failed", remedy="set ALLOW_ONCE")).verdict
    assert found.remedy == "set ALLOW_ONCE"


def test_an_error_is_never_the_stacks_fault(tmp_path: Path) -> None:
    found = results(tmp_path, check("STATIC-01"), check("NEXUS-01", "error")).verdict
    assert (found.word, found.exit_code, found.remedy) == ("incomplete", 2, "")


@pytest.mark.parametrize("outcome", ["error", "blocked", "not run"])
def test_what_is_open_is_incomplete(tmp_path: Path, outcome: str) -> None:
    assert verdict_of(tmp_path, check("STATIC-01"), check("NEXUS-01", outcome))[:2] == ("incomplete", 2)


@pytest.mark.parametrize("level", ["SHOULD", "MAY"])
def test_a_failed_recommendation_decides_nothing(tmp_path: Path, level: str) -> None:
    found = results(
        tmp_path,
        check("STATIC-01"),
        check("NEXUS-01", "failed"),
        requirements=[requirement("STATIC-01"), requirement("NEXUS-01", level=level)],
    ).verdict
    assert found.headline == "conformant, 1 recommendation not met"


def undecided(name: str, reason: str = "the repository is set by a script") -> dict[str, Any]:
    return check(name, "undecided", message=reason, remedy="a controller that runs the seed")


def test_undecided_checks_are_counted_and_decide_nothing(tmp_path: Path) -> None:
    checks = [check("STATIC-01"), undecided("STATIC-02"), undecided("STATIC-03"), undecided("NEXUS-01", "x")]
    found = results(tmp_path, *checks).verdict
    assert (found.headline, found.exit_code) == ("conformant, 3 undecided", 0)
    assert found.counts == {"passed": 1, "undecided": 3}
    failed = results(tmp_path / "failed", *checks, check("NEXUS-02", "failed")).verdict
    assert failed.headline == "not conformant, 3 undecided"
    assert failed.reason == "NEXUS-02 failed: NEXUS-02 is not so"


def test_a_run_of_undecided_checks_alone_is_incomplete(tmp_path: Path) -> None:
    found = results(tmp_path, undecided("STATIC-02"), check("NEXUS-01", "not applicable")).verdict
    assert (found.word, found.exit_code) == ("incomplete", 2)
    assert found.reason == "nothing was decided: 1 undecided, the repository is set by a script"
    assert found.remedy == "a controller that runs the seed"


def test_each_cause_of_undecided_checks_is_named_once(tmp_path: Path) -> None:
    found = results(tmp_path, undecided("STATIC-02"), undecided("STATIC-03"), undecided("NEXUS-01", "x"))
    causes = undecided_causes(found.checks)
    assert [(cause.requirements, cause.reason) for cause in causes] == [
        (("STATIC-02", "STATIC-03"), "the repository is set by a script"),
        (("NEXUS-01",), "x"),
    ]


def test_a_waiver_of_an_undecided_check_is_left_alone(tmp_path: Path) -> None:
    found = waived(tmp_path, waiver("NEXUS-01", 10), undecided("NEXUS-01"), check("STATIC-01"))
    assert (found.waivers[0].state, found.verdict.word) == ("not needed here", "conformant")


def test_a_simulator_is_in_the_headline(tmp_path: Path) -> None:
    part = {"name": "controller", "version": "2.504.3", "simulator": "its REST API and pipelines"}
    found = results(tmp_path, check("STATIC-01"), head={"components": [part]}).verdict
    assert found.headline == "conformant, with a simulated controller"


def test_what_was_not_checked_because_nothing_may_change_is_in_the_headline(tmp_path: Path) -> None:
    checks = [check("STATIC-01"), check("NEXUS-01", "not applicable")]
    assert results(tmp_path, *checks, run={"read_only": True}).verdict.headline == (
        "conformant, read-only: 1 check not made"
    )


def test_a_part_of_the_requirements_is_in_the_headline(tmp_path: Path) -> None:
    known = [requirement("STATIC-01"), requirement("NEXUS-01")]
    found = results(tmp_path, check("STATIC-01"), requirements=known, run={"selection": "-k static"})
    assert found.verdict.headline == "conformant, 1 of 2 requirements checked"
    assert [one.id for one in found.unchecked] == ["NEXUS-01"]


def test_a_problem_outside_of_checks_is_incomplete_with_its_remedy(tmp_path: Path) -> None:
    problem = {"what": "the cluster did not start", "remedy": "free some memory"}
    found = results(tmp_path, check("STATIC-01"), head={"problems": [problem]}).verdict
    assert (found.word, found.reason, found.remedy) == (
        "incomplete",
        "the cluster did not start",
        "free some memory",
    )


def test_a_run_that_did_not_end_is_incomplete(tmp_path: Path) -> None:
    found = results(tmp_path, check("STATIC-01"), ended=False)
    assert found.verdict.word == "incomplete"
    assert found.verdict.reason == "the run ended before its session live"


def test_an_interrupted_run_is_incomplete(tmp_path: Path) -> None:
    assert verdict_of(tmp_path, check("STATIC-01"), run={"state": "interrupted"})[1] == 2


def waiver(name: str, days: int, **changes: str) -> dict[str, str]:
    day = dt.datetime.fromtimestamp(1_790_000_000, dt.UTC).date() + dt.timedelta(days=days)
    return {
        "requirement": name,
        "owner": "build team",
        "reason": "moved this month",
        "link": "https://example.org/1",
        "expires": day.isoformat(),
        "match": "",
        **changes,
    }


def waived(tmp_path: Path, one: dict[str, str], *checks: dict[str, Any]) -> RunResult:
    return results(tmp_path, *checks, head={"waivers": [one]})


def test_a_waived_failure_does_not_decide_and_is_counted(tmp_path: Path) -> None:
    one = check("NEXUS-01", "waived", waiver="NEXUS-01")
    found = waived(tmp_path, waiver("NEXUS-01", 10), one, check("STATIC-01"))
    assert found.verdict.headline == "conformant, 1 waived"
    assert (found.waivers[0].state, found.waivers[0].days_left) == ("used", 10)


def test_an_expired_waiver_fails_the_run(tmp_path: Path) -> None:
    found = waived(tmp_path, waiver("NEXUS-01", -1), check("NEXUS-01"))
    assert (found.waivers[0].state, found.verdict.exit_code) == ("expired", 1)
    assert "expired on 2026-09-2" in found.verdict.reason


@pytest.mark.parametrize("name", ["NEXUS-99", "NEXUS-01"])
def test_a_waiver_that_matches_nothing_fails_the_run(tmp_path: Path, name: str) -> None:
    found = waived(tmp_path, waiver(name, 10, match="another text"), check("NEXUS-01", "failed"))
    assert found.waivers[0].state == "unmatched"
    found = waived(tmp_path / "b", waiver("NEXUS-99", 10), check("NEXUS-01"))
    assert (found.waivers[0].state, found.verdict.exit_code) == ("unmatched", 1)


def test_a_waiver_of_a_passed_check_is_to_be_removed(tmp_path: Path) -> None:
    found = waived(tmp_path, waiver("NEXUS-01", 10), check("NEXUS-01"))
    assert (found.waivers[0].state, found.verdict.word) == ("passes", "conformant")


def test_a_waiver_outside_of_the_selection_is_left_alone(tmp_path: Path) -> None:
    known = [requirement("STATIC-01"), requirement("NEXUS-01")]
    found = results(
        tmp_path, check("STATIC-01"), requirements=known, head={"waivers": [waiver("NEXUS-01", 10)]}
    )
    assert (found.waivers[0].state, found.verdict.exit_code) == ("not needed here", 0)


def test_a_second_try_never_hides_a_first_failure(tmp_path: Path) -> None:
    results(tmp_path, check("NEXUS-01", "failed"))
    again = tmp_path / "events-again.jsonl"
    again.write_text((tmp_path / "events-live.jsonl").read_text().replace('"failed"', '"passed"'))
    assert load_results(tmp_path).verdict.word == "not conformant"


def test_a_failure_in_a_run_that_was_cut_short_says_both(tmp_path: Path) -> None:
    found = results(tmp_path, check("STATIC-01", "failed"), ended=False, run={"state": "interrupted"}).verdict
    assert (found.word, found.reason) == ("not conformant", "STATIC-01 failed: STATIC-01 is not so")
    assert found.headline == "not conformant, the run was interrupted"


def test_a_run_that_was_cut_short_says_so_once(tmp_path: Path) -> None:
    found = results(tmp_path, check("STATIC-01"), ended=False, run={"state": "interrupted"}).verdict
    assert (found.headline, found.reason) == ("incomplete", "the run was interrupted")
