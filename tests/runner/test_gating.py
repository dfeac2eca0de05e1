"""A broken gate blocks every layer above it, and waiting for gates never stops a run."""

from __future__ import annotations

import random
import subprocess
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from conformance.contract.catalogue import LAYERS, ORDER, below
from reports.load import load_results
from tests.runner.suite_run import REQUIREMENTS, checks, command, environment, outcomes, run, suite

WORKERS = pytest.mark.parametrize("workers", ["0", "2", "3"])


def source(bodies: dict[str, str] | None = None, copies: int = 1, seed: int = 0) -> str:
    """One check or more per requirement, in a random order; `bodies` by requirement."""
    functions = []
    for name, _, _ in REQUIREMENTS:
        for copy in range(copies):
            body = (bodies or {}).get(name, "pass")
            function = f"test_{name.lower().replace('-', '_')}_{copy}"
            functions.append(f"@need('{name}')\ndef {function}():\n    {body}\n")
    random.Random(seed).shuffle(functions)
    return "\n".join(functions)


def test_the_layer_graph_is_ordered_and_as_designed() -> None:
    for layer, lower in LAYERS.items():
        assert all(ORDER.index(name) < ORDER.index(layer) for name in lower)
    assert below("static") == ()
    assert below("agents") == ("static", "platform", "jenkins")
    assert below("pipelines") == ("static", "platform", "nexus", "registry", "jenkins", "agents")


@WORKERS
def test_a_failed_gate_blocks_what_stands_on_it_and_nothing_else(tmp_path: Path, workers: str) -> None:
    suite(tmp_path, all=source({"JENKINS-01": "raise NonConformance('no login page')"}))
    run(tmp_path, "-n", workers)
    found = {name.removesuffix("_0"): outcome for name, outcome in outcomes(tmp_path).items()}
    assert found == {
        "test_static_01": "passed",
        "test_static_02": "passed",
        "test_platform_01": "passed",
        "test_nexus_01": "passed",
        "test_nexus_02": "passed",
        "test_registry_01": "passed",
        "test_jenkins_01": "failed",
        "test_jenkins_02": "passed",
        "test_agents_01": "blocked",
        "test_agents_02": "blocked",
        "test_pipelines_01": "blocked",
    }
    blocked = checks(tmp_path)["test_pipelines_01_0"]
    assert blocked.message == "jenkins is broken: JENKINS-01 failed: no login page"
    assert blocked.blocked_by.endswith("::test_jenkins_01_0")
    verdict = load_results(tmp_path / "results").verdict
    assert verdict.reason == "JENKINS-01 failed: no login page"
    assert verdict.remedy == "repair JENKINS-01"


@WORKERS
def test_an_error_of_a_gate_blocks_too_and_leaves_the_run_incomplete(tmp_path: Path, workers: str) -> None:
    suite(tmp_path, all=source({"PLATFORM-01": "raise EnvironmentFailure('no cluster')"}))
    run(tmp_path, "-n", workers)
    found = outcomes(tmp_path)
    assert {name for name, outcome in found.items() if outcome == "passed"} == {
        "test_static_01_0",
        "test_static_02_0",
    }
    assert sum(outcome == "blocked" for outcome in found.values()) == 8
    verdict = load_results(tmp_path / "results").verdict
    assert (verdict.word, verdict.reason) == ("incomplete", "PLATFORM-01 error: no cluster")


@WORKERS
def test_a_failure_that_is_no_gate_blocks_nothing(tmp_path: Path, workers: str) -> None:
    suite(tmp_path, all=source({"STATIC-02": "raise NonConformance('a pin is a range')"}))
    run(tmp_path, "-n", workers)
    assert sorted(outcomes(tmp_path).values()) == ["failed", *["passed"] * 10]


@pytest.mark.parametrize(("workers", "seed"), [("2", 1), ("3", 2), ("4", 3)])
def test_slow_gates_are_waited_for(tmp_path: Path, workers: str, seed: int) -> None:
    """Every check notes when it begins and ends: none begins before the gates below it have ended."""
    note = "open(os.environ['NOTES'], 'a').write(f'{time.time()} {os.environ[\"PYTEST_CURRENT_TEST\"]}\\n')"
    slow = f"time.sleep(0.2); {note}"
    bodies = {name: slow if gate else note for name, _, gate in REQUIREMENTS}
    suite(tmp_path, all=source(bodies, copies=3, seed=seed))
    notes = tmp_path / "notes"
    done = subprocess.run(
        command(tmp_path, "-n", workers),
        cwd=tmp_path,
        env={**environment(), "NOTES": str(notes)},
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    times = {}
    for line in notes.read_text().splitlines():
        when, nodeid, _ = line.split()
        times[nodeid.rpartition("::")[2]] = float(when)
    assert len(times) == 3 * len(REQUIREMENTS)
    for name, layer, _ in REQUIREMENTS:
        for gate, gate_layer, is_gate in REQUIREMENTS:
            if is_gate and gate_layer in below(layer):
                mine = min(times[key] for key in times if key.startswith(_function(name)))
                theirs = max(times[key] for key in times if key.startswith(_function(gate)))
                assert theirs <= mine, (gate, name)


@pytest.mark.parametrize(
    ("workers", "victim"),
    [
        ("1", "PLATFORM-01"),
        ("1", "PIPELINES-01"),
        ("2", "STATIC-02"),
        ("2", "PLATFORM-01"),
        ("3", "NEXUS-01"),
        ("3", "JENKINS-02"),
    ],
)
def test_a_worker_that_dies_costs_its_check_only(tmp_path: Path, workers: str, victim: str) -> None:
    suite(tmp_path, all=source({victim: "os._exit(9)"}, copies=2, seed=5))
    done = run(tmp_path, "-n", workers, timeout=90)
    found = outcomes(tmp_path)
    dead = _function(victim)
    layer = next(its for name, its, _ in REQUIREMENTS if name == victim)
    gate = next(its for name, _, its in REQUIREMENTS if name == victim)
    for name, its_layer, _ in REQUIREMENTS:
        for key in (f"{_function(name)}_0", f"{_function(name)}_1"):
            blocked = gate and layer in below(its_layer)
            expected = "error" if key.startswith(dead) else "blocked" if blocked else "passed"
            assert found[key] == expected, (key, done.stdout)
    assert "died" in checks(tmp_path)[f"{dead}_0"].message


def test_no_replacement_for_dead_workers_ends_the_wait(tmp_path: Path) -> None:
    suite(tmp_path, all=source({"PLATFORM-01": "os._exit(9)"}, copies=4, seed=7))
    began = time.monotonic()
    run(tmp_path, "-n", "2", "--max-worker-restart=0", timeout=60)
    assert time.monotonic() - began < 45
    result = load_results(tmp_path / "results")
    assert result.verdict.word == "incomplete"
    assert result.verdict.exit_code == 2


def test_a_gate_of_another_session_blocks_as_well(tmp_path: Path) -> None:
    suite(
        tmp_path,
        low="@need('STATIC-01')\ndef test_low(): time.sleep(1.5); raise NonConformance('a pin is a range')\n",
        high="@need('NEXUS-02')\ndef test_high(): pass\n",
    )
    low = subprocess.Popen(
        command(tmp_path, "suites/test_low.py", session="static"),
        cwd=tmp_path,
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    plan = tmp_path / "results" / "plan-static.json"
    while not plan.exists() and low.poll() is None:
        time.sleep(0.05)
    run(tmp_path, "suites/test_high.py", "-n", "2")
    low.wait(30)
    assert outcomes(tmp_path) == {"test_low": "failed", "test_high": "blocked"}
    assert [session.name for session in load_results(tmp_path / "results").sessions] == ["static", "live"]


def test_a_session_that_was_killed_before_its_gate_blocks_too(tmp_path: Path) -> None:
    suite(
        tmp_path,
        low="@need('STATIC-01')\ndef test_low(): os.kill(os.getpid(), 9)\n",
        high="@need('NEXUS-02')\ndef test_high(): pass\n",
    )
    run(tmp_path, "suites/test_low.py", session="static")
    run(tmp_path, "suites/test_high.py")
    high = checks(tmp_path)["test_high"]
    assert str(high.outcome) == "blocked"
    assert "never decided" in high.message


def test_another_distribution_is_refused(tmp_path: Path) -> None:
    suite(tmp_path, all=source())
    done = run(tmp_path, "-n", "2", "--dist=worksteal")
    assert "cannot keep the order that the gates of checks need" in done.stderr
    assert set(outcomes(tmp_path).values()) == {"not run"}


@pytest.mark.parametrize("workers", ["0", "2"])
def test_a_waived_gate_blocks_nothing(tmp_path: Path, workers: str) -> None:
    suite(tmp_path, all=source({"NEXUS-01": "raise NonConformance('known')"}))
    day = (datetime.now(UTC) + timedelta(days=9)).date().isoformat()
    (tmp_path / "waivers.toml").write_text(
        '[[waiver]]\nrequirement = "NEXUS-01"\nowner = "build team"\nreason = "known"\n'
        f'link = "https://tracker.example.org/1"\nexpires = {day}\n'
    )
    run(tmp_path, "-n", workers)
    assert sorted(outcomes(tmp_path).values()) == [*["passed"] * 10, "waived"]


def test_a_deselected_gate_is_not_waited_for(tmp_path: Path) -> None:
    suite(tmp_path, all=source())
    run(tmp_path, "-k", "pipelines")
    assert outcomes(tmp_path) == {"test_pipelines_01_0": "passed"}


def _function(name: str) -> str:
    return f"test_{name.lower().replace('-', '_')}"
