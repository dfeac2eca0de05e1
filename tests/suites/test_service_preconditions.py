"""A service that does not answer fails one check; every other check of the service is blocked."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from conformance.core.paths import PROJECT
from environments.base import Endpoints, Login, RegistryEndpoint, Service
from reports.load import load_results
from reports.model import Check
from tests.clients.server import Answer, Server, json_answer, running


@pytest.fixture
def server() -> Iterator[Server]:
    with running() as server:
        yield server


def _run(server: Server, layer: str, folder: Path) -> list[Check]:
    service = Service(server.url, Login("admin", "made-up-word-1"))
    endpoints = Endpoints(
        run_id="r1",
        environment="existing",
        kubeconfig=str(folder / "none"),
        context="",
        ca_bundle="",
        jenkins=service,
        nexus=service,
        registry=RegistryEndpoint(
            "ecr.example.org", service, service, "123456789012", "us-east-1", "existing"
        ),
        writable=True,
    )
    stack = folder / "endpoints.json"
    stack.write_text(json.dumps(dataclasses.asdict(endpoints)))
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q", f"suites/{layer}"]
    options = [f"--rootdir={PROJECT}", f"--stack={stack}", f"--results-dir={folder / 'results'}"]
    subprocess.run([*command, *options], cwd=PROJECT, capture_output=True, timeout=120, check=False)
    return list(load_results(folder / "results").checks)


def _require_one_failure(checks: list[Check], requirement: str, first_line: str, blocked: str) -> list[Check]:
    """One check failed with `first_line`; returns the checks that are neither failed nor blocked by it."""
    failed = [check for check in checks if check.outcome == "failed"]
    assert [(check.requirements, check.message) for check in failed] == [((requirement,), first_line)]
    left = [check for check in checks if check.outcome != "blocked" and check not in failed]
    assert {check.message for check in checks if check.outcome == "blocked"} == {f"{requirement}: {blocked}"}
    return left


def test_a_controller_without_a_login_page(server: Server, tmp_path: Path) -> None:
    checks = _run(server, "jenkins", tmp_path)
    first = "the controller's login page answers 404"
    assert _require_one_failure(checks, "JENKINS-01", first, "the login page answers 404") == []


def test_a_controller_that_refuses_its_administrator(server: Server, tmp_path: Path) -> None:
    server.on("GET", "/login", Answer())
    server.on("GET", "/whoAmI/api/json", Answer(401))
    checks = _run(server, "jenkins", tmp_path)
    first = "the administrator cannot log in: status 401"
    left = _require_one_failure(checks, "JENKINS-02", first, "the administrator's login gets 401")
    assert [(check.requirements, check.outcome) for check in left] == [(("JENKINS-01",), "passed")]


def test_a_nexus_that_refuses_its_administrator(server: Server, tmp_path: Path) -> None:
    server.on("GET", "/service/rest/v1/status/writable", Answer())
    server.on("GET", "/service/rest/v1/status/check", Answer(401))
    checks = _run(server, "nexus", tmp_path)
    first = "Nexus answers 401 to its administrator"
    left = _require_one_failure(checks, "NEXUS-02", first, "Nexus refuses its administrator")
    assert [(check.requirements, check.outcome) for check in left if check.outcome == "passed"] == [
        (("NEXUS-01",), "passed")
    ]
    # a contract's proxy exists, and the stack is one that the run did not make
    assert {check.outcome for check in left} <= {"passed", "not applicable"}


def test_a_repository_that_is_missing_blocks_what_relies_on_it(server: Server, tmp_path: Path) -> None:
    server.on("GET", "/service/rest/v1/status/writable", Answer())
    server.on("GET", "/service/rest/v1/status/check", Answer())
    server.on("GET", "/service/rest/v1/repositorySettings", json_answer([]))
    checks = {check.requirements[0]: check for check in _run(server, "nexus", tmp_path)}
    assert checks["NEXUS-04"].outcome == "failed"
    assert checks["NEXUS-20"].message == "NEXUS-04: repository maven-releases is missing"
    assert {checks[name].outcome for name in ("NEXUS-09", "NEXUS-20", "NEXUS-26", "NEXUS-32")} == {"blocked"}
