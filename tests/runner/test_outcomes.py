"""Each way in which a check can end, distinguished."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from reports.load import load_results
from reports.model import Outcome
from tests.runner.suite_run import checks, outcomes, run, suite

WAYS = """
class Boom(Exception): pass

@need("NEXUS-02")
def test_passes(): pass

@need("NEXUS-02")
def test_assertion(): assert [1, 2] == [1, 3], "members differ"

@need("NEXUS-02")
def test_bare_assertion(): assert 1 == 2

@need("NEXUS-02")
def test_nonconformance():
    raise NonConformance("redeploy was taken", expected="400", observed="201", remedy="set ALLOW_ONCE")

@need("NEXUS-02")
def test_pytest_fail(): pytest.fail("said so")

@need("NEXUS-02")
def test_environment(): raise EnvironmentFailure("the cluster went away", remedy="look at the node")

@need("NEXUS-02")
def test_connection(): raise ConnectionError("refused")

@need("NEXUS-02")
def test_skip(): pytest.skip("not today")

@need("NEXUS-02")
def test_xfail(): pytest.xfail("known")

@need("NEXUS-02")
def test_not_applicable(): not_applicable("no proxy is declared")

@need("NEXUS-02")
def test_undecided(): undecided("a variable sets the tag", decided_by="give its value in the contract")

@pytest.fixture
def unknown(): undecided("the list comes from a program", "run the stack")

@need("NEXUS-02")
def test_setup_undecided(unknown): pass

@pytest.fixture
def broken(): assert False, "the fixture's own"

@pytest.fixture
def unready(): raise NonConformance("Nexus is not writable")

@pytest.fixture
def untidy():
    yield
    raise RuntimeError("could not clean up")

@need("NEXUS-02")
def test_setup(broken): pass

@need("NEXUS-02")
def test_setup_nonconformance(unready): pass

@need("NEXUS-02")
def test_teardown(untidy): pass

@need("NEXUS-02")
def test_failed_then_untidy(untidy): raise NonConformance("first")
"""


@pytest.fixture(scope="module", params=["0", "2"])
def ended(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = suite(tmp_path_factory.mktemp("ways"), nexus=WAYS)
    run(folder, "-n", request.param)
    return folder


def test_each_way_to_end_has_its_outcome(ended: Path) -> None:
    assert outcomes(ended) == {
        "test_passes": "passed",
        "test_assertion": "failed",
        "test_bare_assertion": "failed",
        "test_nonconformance": "failed",
        "test_pytest_fail": "failed",
        "test_environment": "error",
        "test_connection": "error",
        "test_skip": "error",
        "test_xfail": "error",
        "test_not_applicable": "not applicable",
        "test_undecided": "undecided",
        "test_setup_undecided": "undecided",
        "test_setup": "error",
        "test_setup_nonconformance": "failed",
        "test_teardown": "error",
        "test_failed_then_untidy": "failed",
    }


def test_the_one_line_and_the_remedy(ended: Path) -> None:
    found = checks(ended)
    assert found["test_assertion"].message == "members differ"
    assert found["test_bare_assertion"].message == "assert 1 == 2"
    assert found["test_nonconformance"].message == "redeploy was taken"
    assert found["test_nonconformance"].remedy == "set ALLOW_ONCE"
    assert "observed: 201" in found["test_nonconformance"].details
    assert "Traceback" not in found["test_nonconformance"].details
    assert found["test_environment"].remedy == "look at the node"
    assert found["test_connection"].message == "ConnectionError: refused"
    assert found["test_failed_then_untidy"].message == "first"
    assert "could not clean up" in found["test_failed_then_untidy"].details
    assert "waivers" in found["test_xfail"].message
    assert found["test_not_applicable"].message == "no proxy is declared"
    assert found["test_undecided"].message == "a variable sets the tag"
    assert found["test_undecided"].remedy == "give its value in the contract"


def test_the_verdict_names_a_failure_and_its_remedy(ended: Path) -> None:
    verdict = load_results(ended / "results").verdict
    assert (verdict.word, verdict.exit_code) == ("not conformant", 1)
    assert verdict.counts == {"passed": 1, "failed": 6, "error": 6, "not applicable": 1, "undecided": 2}


def test_a_check_without_or_with_an_unknown_requirement_is_not_collected(tmp_path: Path) -> None:
    suite(tmp_path, nexus="def test_free(): pass\n@need('NEXUS-20')\ndef test_odd(): pass\n")
    done = run(tmp_path)
    assert done.returncode == 2
    assert "decides no requirement" in done.stdout
    assert "unknown requirement NEXUS-20; did you mean NEXUS-02" in done.stdout
    result = load_results(tmp_path / "results")
    assert result.verdict.word == "incomplete"
    assert "decides no requirement" in result.verdict.reason


@pytest.mark.parametrize("docstring", ["", "Something else."])
def test_a_check_without_its_requirements_sentence_is_not_collected(tmp_path: Path, docstring: str) -> None:
    source = f"@pytest.mark.requirement('NEXUS-02')\ndef test_a():\n    {docstring!r}\n"
    done = run(suite(tmp_path, nexus=source))
    assert done.returncode == 2
    assert '"""What NEXUS-02 asks for."""' in done.stdout


@pytest.mark.parametrize("mark", ["skip", "skipif(True, reason='x')", "xfail"])
def test_a_marker_that_hides_an_outcome_is_not_collected(tmp_path: Path, mark: str) -> None:
    suite(tmp_path, nexus=f"@need('NEXUS-02')\n@pytest.mark.{mark}\ndef test_a(): pass\n")
    done = run(tmp_path)
    assert done.returncode == 2
    assert "must not be marked" in done.stdout


def test_the_projects_own_tests_need_no_requirement(tmp_path: Path) -> None:
    suite(tmp_path, nexus="@need('NEXUS-02')\ndef test_a(): pass\n")
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_own.py").write_text("def test_own(): pass\n")
    done = run(tmp_path)
    assert done.returncode == 0, done.stdout
    assert outcomes(tmp_path) == {"test_a": "passed"}


@pytest.mark.parametrize("workers", ["0", "2"])
def test_evidence_and_secrets_reach_the_one_writer(tmp_path: Path, workers: str) -> None:
    source = """
from reports.redact import register
@need("NEXUS-02")
def test_seen(evidence):
    register("sesame-open-9912", "token")
    evidence.add("answer", {"status": 201, "token": "sesame-open-9912"})
    evidence.add("raw", b"\\xff\\x00sesame-open-9912\\xfe")
    evidence.add("console", "text with sesame-open-9912 " + "x" * 3_000_000)
    raise NonConformance("token sesame-open-9912 was refused")
"""
    suite(tmp_path, nexus=source)
    run(tmp_path, "-n", workers, "--tb=no", "--show-capture=no")
    check = checks(tmp_path)["test_seen"]
    assert check.message == "token [redacted: token] was refused"
    by_name = {kept.name: kept for kept in check.evidence}
    assert [by_name[name].kind for name in ("answer", "raw", "console")] == ["json", "binary", "text"]
    assert by_name["console"].size > 3_000_000 > by_name["console"].stored
    assert by_name["console"].note.startswith("cut: the first")
    everything = b"".join(file.read_bytes() for file in (tmp_path / "results").rglob("*") if file.is_file())
    # gates and plans hold only what the records hold
    assert b"sesame-open" not in everything


def test_waived_failures_and_waivers_that_lie(tmp_path: Path) -> None:
    source = """
@need("NEXUS-02")
def test_waived(): raise NonConformance("snapshots are kept for ever")
@need("NEXUS-02")
def test_not_waived(): raise NonConformance("releases can be overwritten")
"""
    suite(tmp_path, nexus=source)
    (tmp_path / "waivers.toml").write_text(
        '[[waiver]]\nrequirement = "NEXUS-02"\nmatch = "snapshots"\nowner = "build team"\n'
        'reason = "moved this month"\nlink = "https://tracker.example.org/1"\nexpires = ' + _days_ahead(30)
    )
    run(tmp_path)
    assert outcomes(tmp_path) == {"test_waived": "waived", "test_not_waived": "failed"}


def test_a_waivers_file_with_mistakes_is_reported_with_its_line(tmp_path: Path) -> None:
    suite(tmp_path, nexus="@need('NEXUS-02')\ndef test_a(): pass\n")
    (tmp_path / "waivers.toml").write_text('\n[[waiver]]\nrequirement = "NEXUS-02"\nexpires = "soon"\n')
    done = run(tmp_path)
    assert done.returncode == 4
    assert re.search(r"waivers\.toml:2: owner must be a text", done.stderr)
    assert "Traceback" not in done.stderr


def test_a_killed_session_is_incomplete_and_says_what_did_not_run(tmp_path: Path) -> None:
    source = """
@need("STATIC-02")
def test_a(): pass
@need("STATIC-02")
def test_b(): os.kill(os.getpid(), 9)
@need("STATIC-02")
def test_c(): pass
"""
    suite(tmp_path, static=source)
    assert run(tmp_path).returncode == -9
    result = load_results(tmp_path / "results")
    assert [str(check.outcome) for check in result.checks] == ["passed", "not run", "not run"]
    assert result.checks[1].message == "it was running when the run ended"
    assert result.verdict.word == "incomplete"
    assert result.checks[2].outcome is Outcome.NOT_RUN


def _days_ahead(days: int) -> str:
    return (datetime.now(UTC) + timedelta(days=days)).date().isoformat()


def test_workers_of_a_run_that_names_no_folder_write_into_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    names = "@pytest.mark.parametrize('n', range(4))\n@need('NEXUS-02')\ndef test_{}(n, pytestconfig):\n"
    suite(
        tmp_path,
        a=names.format("a") + "    print('at', pytestconfig.option.results_dir)\n    assert 0, 'no'\n",
    )
    done = run(tmp_path, "-n", "2", "--results-dir=", "--session-name=")
    (folder,) = (tmp_path / "state").glob("*/results/*")
    found = load_results(folder).checks
    assert [str(check.outcome) for check in found] == ["failed"] * 4
    assert {line for line in done.stdout.splitlines() if line.startswith("at ")} == {f"at {folder}"}
    assert not (tmp_path / "gates").exists()
    (closed,) = (folder / "gates").glob("closed-*.json")
    assert closed.stem != "closed-"
