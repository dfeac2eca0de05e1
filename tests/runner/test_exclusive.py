"""Checks that take services away run when every other check of the run has ended, whatever happens."""

from __future__ import annotations

import shutil
import subprocess
import time
from pathlib import Path

import pytest

from conformance.core.paths import PROJECT
from reports.load import load_results
from tests.runner.suite_run import ENTRY, command, environment, outcomes, run, suite

NOTE = """
def note(what):
    with open(os.environ['NOTES'], 'a') as out:
        out.write(f"{time.time()} {what}\\n")
"""
RESTART = "@need('RESTARTS-01')\ndef test_restart_{n}(): note('begins {n}'); time.sleep(0.1)\n"
OTHER = "@need('{name}')\ndef test_other_{n}(): time.sleep({seconds}); {more}; note('ends {n}')\n"


def disrupted(folder: Path, *others: tuple[str, float, str]) -> Path:
    """A suite of `others` (requirement, seconds, what more) and three checks that disrupt."""
    source = NOTE + "".join(RESTART.format(n=n) for n in range(3))
    source += "".join(
        OTHER.format(name=name, n=n, seconds=seconds, more=more or "pass")
        for n, (name, seconds, more) in enumerate(others)
    )
    suite(folder, all=source)
    with (folder / "requirements.toml").open("a") as out:
        for name, layer in (
            ("RESTARTS-01", "restarts"),
            ("UPGRADE-01", "upgrade"),
            ("REGISTRY-02", "registry"),
        ):
            out.write(ENTRY.format(id=name, layer=layer, level="MUST", gate="false"))
    return folder


def finished(folder: Path, *arguments: str) -> list[str]:
    """Run it; what was noted, in the order of time."""
    notes = folder / "notes"
    done = subprocess.run(
        command(folder, *arguments),
        cwd=folder,
        env={**environment(), "NOTES": str(notes)},
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert notes.exists(), done.stdout
    return [line.partition(" ")[2] for line in sorted(notes.read_text().splitlines())]


@pytest.mark.parametrize("workers", ["0", "2", "3"])
def test_nothing_runs_beside_it(tmp_path: Path, workers: str) -> None:
    slow = [("NEXUS-02", 0.1, ""), ("AGENTS-02", 1.5, ""), ("PIPELINES-01", 1.0, ""), ("UPGRADE-01", 0.6, "")]
    seen = finished(disrupted(tmp_path, *slow), "-n", workers)
    kinds = [line.split()[0] for line in seen]
    assert kinds == ["ends"] * 4 + ["begins"] * 3, seen
    assert set(outcomes(tmp_path).values()) == {"passed"}


def test_what_it_does_not_disturb_runs_meanwhile(tmp_path: Path) -> None:
    """One worker restarts, another one has something to do; gates are asked with the rest."""
    disrupted(tmp_path, ("NEXUS-02", 0.1, ""), ("PIPELINES-01", 0.5, ""), ("REGISTRY-02", 0.2, ""))
    source = "@need('REGISTRY-01')\ndef test_gate(): note('gate')\n"
    source += "@pytest.mark.run_late\n@need('RESTARTS-01')\ndef test_then(): note('then')\n"
    suite_file = tmp_path / "suites" / "test_all.py"
    suite_file.write_text(suite_file.read_text().replace("sleep(0.1)", "sleep(2)") + source)
    seen = finished(tmp_path, "-n", "1")
    assert seen == ["ends 0", "gate", "ends 1", *(f"begins {n}" for n in range(3)), "ends 2", "then"]
    (tmp_path / "notes").unlink()
    shutil.rmtree(tmp_path / "results")
    seen = finished(tmp_path, "-n", "4")
    assert seen.index("ends 2") < seen.index("ends 1"), "it waits for nobody"
    first = min(seen.index(f"begins {n}") for n in range(3))
    assert seen.index("ends 1") < first


BESIDE = "@pytest.mark.beside_restart\n@need('AGENTS-02')\ndef test_beside(): note('beside')\n"


@pytest.mark.parametrize("workers", ["0", "2", "3"])
def test_what_asks_nexus_nothing_comes_between_those_who_do_and_the_restart(
    tmp_path: Path, workers: str
) -> None:
    disrupted(tmp_path, ("NEXUS-02", 0.1, ""), ("PIPELINES-01", 1.0, ""))
    suite_file = tmp_path / "suites" / "test_all.py"
    suite_file.write_text(suite_file.read_text() + BESIDE)
    seen = finished(tmp_path, "-n", workers)
    assert seen[2] == "beside", seen
    assert [line.split()[0] for line in seen] == ["ends", "ends", "beside", *["begins"] * 3], seen


def test_where_nothing_restarts_it_comes_in_its_turn(tmp_path: Path) -> None:
    others = "".join(
        OTHER.format(name=name, n=name[0], seconds=0, more="pass") for name in ("NEXUS-02", "PIPELINES-01")
    )
    suite(tmp_path, all=NOTE + others + BESIDE)
    assert finished(tmp_path, "-n", "0") == ["ends N", "beside", "ends P"]


@pytest.mark.parametrize(("reported", "workers"), [("", "3"), ("5", "5")])
def test_automatic_workers_are_one_more_than_cores(tmp_path: Path, reported: str, workers: str) -> None:
    disrupted(tmp_path, ("NEXUS-02", 0.1, ""))
    cores = "import xdist.plugin\ndef pytest_xdist_auto_num_workers(): return {}\n"
    (tmp_path / "cores.py").write_text(cores.format(reported or 2))
    more = {"NOTES": str(tmp_path / "notes"), "PYTHONPATH": f"{tmp_path}:{PROJECT}"}
    if reported:
        more["PYTEST_XDIST_AUTO_NUM_WORKERS"] = reported
    done = subprocess.run(
        command(tmp_path, "-n", "auto", "-p", "cores"),
        cwd=tmp_path,
        env={**environment(), **more},
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert f"{workers} workers" in done.stdout, done.stdout


@pytest.mark.parametrize("workers", ["0", "1"])
def test_late_checks_come_before_it_and_behind_the_rest(tmp_path: Path, workers: str) -> None:
    disrupted(tmp_path, ("NEXUS-02", 0, ""), ("PIPELINES-01", 0, ""), ("UPGRADE-01", 0, ""))
    source = "@pytest.mark.run_late\n@need('NEXUS-02')\ndef test_late(): note('asked')\n"
    source += "@pytest.mark.run_late\n@need('NEXUS-01')\ndef test_gate(): note('gate')\n"
    suite_file = tmp_path / "suites" / "test_all.py"
    suite_file.write_text(suite_file.read_text() + source)
    seen = finished(tmp_path, "-n", workers)
    assert seen == ["gate", *(f"ends {n}" for n in (0, 1, 2)), "asked", *(f"begins {n}" for n in range(3))]


@pytest.mark.parametrize("workers", ["1", "2", "3"])
def test_a_worker_that_dies_beside_it_holds_nothing_up(tmp_path: Path, workers: str) -> None:
    others = [("NEXUS-02", 0.1, ""), ("AGENTS-02", 0.5, "os._exit(9)"), ("PIPELINES-01", 1.0, "")]
    seen = finished(disrupted(tmp_path, *others), "-n", workers)
    assert [line.split()[0] for line in seen] == ["ends"] * 2 + ["begins"] * 3, seen


def test_no_replacement_for_dead_workers_ends_the_wait(tmp_path: Path) -> None:
    disrupted(tmp_path, ("NEXUS-02", 0.1, "os._exit(9)"), ("AGENTS-02", 0.5, "os._exit(9)"))
    began = time.monotonic()
    run(tmp_path, "-n", "2", "--max-worker-restart=0", timeout=60)
    assert time.monotonic() - began < 45
    assert load_results(tmp_path / "results").verdict.exit_code == 2


def test_alone_it_waits_for_nothing(tmp_path: Path) -> None:
    seen = finished(disrupted(tmp_path, ("NEXUS-02", 9, "")), "-n", "2", "-k", "restart")
    assert sorted(seen) == ["begins 0", "begins 1", "begins 2"]


def test_checks_of_another_session_are_waited_for(tmp_path: Path) -> None:
    disrupted(tmp_path, ("STATIC-02", 2, ""))
    other = subprocess.Popen(
        command(tmp_path, "-k", "other", session="static"),
        cwd=tmp_path,
        env={**environment(), "NOTES": str(tmp_path / "notes")},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    while not (tmp_path / "results" / "plan-static.json").exists() and other.poll() is None:
        time.sleep(0.05)
    seen = finished(tmp_path, "-k", "restart")
    other.wait(30)
    assert seen[0] == "ends 0"


def test_it_is_blocked_when_others_do_not_end_in_time(tmp_path: Path) -> None:
    seen = finished(disrupted(tmp_path, ("NEXUS-02", 6, "")), "-n", "2", "--gate-timeout=0.5")
    # the first is behind the slow one in the same worker's queue; the others wait in vain
    assert seen == ["ends 0", "begins 0"]
    found = outcomes(tmp_path)
    assert [found[f"test_restart_{n}"] for n in (1, 2)] == ["blocked"] * 2
