"""The layer of restarts sends no request where it may not disrupt, and names each change of a restart."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from conformance.core.nonconformance import NonConformance
from conformance.core.paths import PROJECT
from conformance.core.shared_facts import Shared
from environments.base import Endpoints, Login, RegistryEndpoint, Service
from reports.load import load_results
from suites.conftest import NexusRestart
from suites.restarts import test_return as restarts
from suites.restarts.rolling_restart import Recovery
from suites.restarts.snapshot import changes
from tests.suites.test_checks_can_fail import CONTRACT


class Kept:
    """Evidence that keeps nothing."""

    def add(self, name: str, content: object) -> None:
        """Do nothing."""


@pytest.mark.parametrize(("writable", "disruptible"), [(True, False), (False, True), (False, False)])
def test_no_request_is_sent_where_it_may_not_disrupt(
    tmp_path: Path, writable: bool, disruptible: bool
) -> None:
    """The services are out of reach: a check that sends a request would end in an error."""
    away = Service("http://127.0.0.1:1", Login("admin", "s3cret-word"))
    registry = RegistryEndpoint("ecr.example.org", away, away, "123456789012", "us-east-1", "existing")
    found = Endpoints(
        run_id="r1",
        environment="existing",
        kubeconfig=str(tmp_path / "none"),
        context="",
        ca_bundle="",
        jenkins=away,
        nexus=away,
        registry=registry,
        writable=writable,
        disruptible=disruptible,
    )
    stack = tmp_path / "endpoints.json"
    stack.write_text(json.dumps(dataclasses.asdict(found)))
    words = [
        "-p",
        "no:cacheprovider",
        "-q",
        "--stack",
        str(stack),
        "--results-dir",
        str(tmp_path / "results"),
    ]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "suites/restarts", "--rootdir", str(PROJECT), *words],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    checks = load_results(tmp_path / "results").checks
    assert {str(check.outcome) for check in checks} == {"not applicable"}, done.stdout
    assert len(checks) == 14


def test_each_change_is_named() -> None:
    before = {"a": "1", "b": "2", "c": "3"}
    assert list(changes(before, {"0": "5", "b": "2", "c": "4"}, "plugin")) == [
        "plugin a is gone",
        "plugin c was 3, is 4",
        "plugin 0 is there now",
    ]


def test_a_service_that_is_not_back_is_named_with_its_reason() -> None:
    restarts.is_back(Recovery(20, 12), "Nexus", CONTRACT.budgets.nexus_ready, Kept())  # type: ignore[arg-type]
    with pytest.raises(NonConformance, match="Nexus is not back after its pod was deleted: exceeded quota"):
        restarts.is_back(Recovery(90, 0, "exceeded quota"), "Nexus", 60, Kept())  # type: ignore[arg-type]


class Restart:
    """The restart of Nexus without a Nexus."""

    def __init__(self, error: NonConformance | None = None) -> None:
        self.times, self.error = 0, error

    def make(self) -> dict[str, Any]:
        self.times += 1
        if self.error:
            raise self.error
        empty: dict[str, str] = {}
        facts = {"artifacts": empty, "repositories": {"releases": "hosted"}, "users": empty, "user": "u"}
        return {**facts, "recovery": {"away": 20.0, "starting": 12.0}}


def test_nexus_is_restarted_once_in_the_background(tmp_path: Path) -> None:
    restart: Any = Restart()
    nexus_restart = NexusRestart(restart, Shared(tmp_path))
    nexus_restart.join()
    assert restart.times == 0, "a run whose checks need no restart makes none"
    nexus_restart.begin()
    nexus_restart.begin()
    assert nexus_restart.result().recovery == Recovery(20.0, 12.0)
    assert NexusRestart(restart, Shared(tmp_path)).result().repositories == {"releases": "hosted"}
    nexus_restart.join()
    assert restart.times == 1


def test_a_restart_that_cannot_be_made_fails_for_every_check(tmp_path: Path) -> None:
    restart: Any = Restart(NonConformance("no pod of the release nexus"))
    for _ in range(2):
        with pytest.raises(NonConformance, match="no pod of the release nexus"):
            NexusRestart(restart, Shared(tmp_path)).result()
    assert restart.times == 1
