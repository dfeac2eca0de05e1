"""pytest plugin: a check of a disruptive layer runs when every check that it could disturb has ended.

A check that runs during a restart would find a service away and blame the stack. Order alone does not
prevent that where xdist distributes: a free worker reaches the last checks while another worker is still at
an earlier one. So the controlling process, which gets the report of every check, writes a note into the
results folder when none of them is pending. A worker that reaches a disruptive check waits for the note of
each session that has such checks. The checks of the `UNDISTURBED` layers run in between: while a service
starts, a worker has something to do.

Nexus takes the longest to start. So checks that send it no request (marked `beside_restart`) run after all
checks that do. They wait for the note that these have ended, and begin the restart of Nexus.

No wait can stop a run: the checks that a worker waits for were handed out before (conformance.runner.gating
orders disruptive layers last), each worker runs in rising order, and no worker waits for a session that
ended or died.
"""

from __future__ import annotations

import json
import os
from collections.abc import Generator
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest

from conformance.contract.catalogue import DISRUPTIVE, UNDISTURBED
from conformance.core.errors import ConformanceError
from conformance.core.files import write_atomically
from conformance.core.owners import alive
from conformance.core.waiting import eventually
from conformance.runner.decision import Blocked
from conformance.runner.outcomes import MEANING, runs_beside_restart
from conformance.runner.recording import plan_file

WAITED = pytest.StashKey[str]()


@pytest.hookimpl(wrapper=True, optionalhook=True)
def pytest_xdist_auto_num_workers() -> Generator[None, int, int]:
    """One worker more than cores for `-n auto`: one of them waits for builds or for the other workers.

    Measured on two cores: of a run's CPU time 41 s were idle with two workers, 28 s with three or four.
    """
    cores = yield
    return cores if "PYTEST_XDIST_AUTO_NUM_WORKERS" in os.environ else cores + 1


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Others(config), "conformance-others")


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    # as for gates: the wait is no part of the check's time
    meaning = item.stash.get(MEANING, None)
    late = runs_beside_restart(item, item.session.items)
    if late or (meaning is not None and meaning.layer in DISRUPTIVE):
        folder, timeout = Path(item.config.option.results_dir), item.config.option.gate_timeout
        item.stash[WAITED] = _wait(folder, timeout, Stage.NEXUS if late else Stage.ALL)
    return (yield)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    if reason := item.stash.get(WAITED, ""):
        raise Blocked(reason)


class Stage(StrEnum):
    """Which checks have ended: all that send Nexus requests, or all that a restart could disturb."""

    NEXUS = "nexus"
    ALL = "all"


class Others:
    """Counts, in the controlling process, the pending checks that a restart could disturb."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._left: dict[Stage, set[str]] | None = None

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "teardown":
            self._ended(report.nodeid)

    def pytest_conformance_crashed(self, record: dict[str, Any]) -> None:
        self._ended(record["nodeid"])

    def _ended(self, nodeid: str) -> None:
        if self._left is None:
            file = plan_file(self._config)
            plan = json.loads(file.read_bytes()) if file.exists() else {"checks": [], "beside_restart": []}
            self._left = {stage: _others(plan, stage) for stage in Stage}
        folder, session = Path(self._config.option.results_dir), self._config.option.session_name
        for stage, left in self._left.items():
            if nodeid in left:
                left.discard(nodeid)
                if not left:
                    write_atomically(_note(folder, session, stage), b"{}")


def _others(plan: dict[str, Any], stage: Stage) -> set[str]:
    found = {check["nodeid"] for check in plan["checks"] if check["layer"] not in DISRUPTIVE | UNDISTURBED}
    return found - set(plan["beside_restart"]) if stage is Stage.NEXUS else found


def _note(folder: Path, session: str, stage: Stage) -> Path:
    (folder / "gates").mkdir(parents=True, exist_ok=True)
    return folder / "gates" / f"ended-{stage}-{session}.json"


def _wait(folder: Path, timeout: float, stage: Stage) -> str:
    """Wait until no check of any session can be disturbed.

    Returns why the check must not run; empty: it may.
    """

    def busy() -> list[str]:
        sessions = []
        for file in sorted(folder.glob("plan-*.json")):
            plan = json.loads(file.read_bytes())
            session, (pid, born) = plan["session"], plan["owner"]
            over = _note(folder, session, stage).exists()
            over = over or (folder / "gates" / f"closed-{session}.json").exists()
            if not over and _others(plan, stage) and alive(pid, born):
                sessions.append(session)
        return sessions

    try:
        eventually(
            busy,
            what="every other check has ended",
            timeout=timeout,
            interval=0.2,
            until=lambda sessions: not sessions,
        )
    except ConformanceError as error:
        return f"other checks were still running: {error.observed}"
    return ""
