"""What the suites ask of a controller does not grow with its jobs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from conformance.clients.http import Http, Journal
from conformance.clients.jenkins import Jenkins
from conformance.contract.load import load
from conformance.contract.model import Contract, Job
from conformance.core.paths import REFERENCE
from environments.base import Login, Service
from suites.jenkins import test_jobs as checks
from tests.clients.server import Answer, Server, json_answer, running

CONTRACT: Contract = load(REFERENCE / "conformance.toml").contract
CONFIG = "<flow-definition><definition><scriptPath>{}</scriptPath></definition></flow-definition>"


def _with_jobs(count: int) -> Contract:
    pattern = CONTRACT.jenkins.jobs[0]
    made = tuple(pattern.model_copy(update={"name": f"load/job-{n}"}) for n in range(count))
    jenkins = CONTRACT.jenkins.model_copy(update={"jobs": made})
    return CONTRACT.model_copy(update={"jenkins": jenkins})


def _item(job: Job) -> dict[str, object]:
    parameters = [
        {"name": wanted.name, "type": f"{wanted.type.capitalize()}ParameterDefinition"}
        for wanted in job.parameters
    ]
    return {
        "_class": checks.PIPELINE,
        "name": job.name.rpartition("/")[2],
        "fullName": job.name,
        "disabled": job.disabled,
        "concurrentBuild": job.concurrent,
        "property": [{"parameterDefinitions": parameters}],
    }


@pytest.fixture
def server() -> Iterator[Server]:
    with running() as made:
        yield made


def _asked(server: Server, count: int) -> int:
    """Requests of all checks of jobs, of a controller with `count` jobs."""
    contract = _with_jobs(count)
    jobs = contract.jenkins.jobs
    folder = {
        "_class": "com.cloudbees.hudson.plugins.folder.Folder",
        "name": "load",
        "fullName": "load",
        "jobs": [_item(job) for job in jobs],
    }
    server.on("GET", "/api/json", json_answer({"jobs": [folder]}))
    for job in jobs:
        config = CONFIG.format(job.pipeline).encode()
        server.on("GET", f"/job/load/job/{job.name.rpartition('/')[2]}/config.xml", Answer(body=config))
    journal = Journal()
    jenkins = Jenkins(Http(Service(server.url, Login("admin", "made-up")), journal=journal, name="Jenkins"))
    seen = {found.name: found for found in jenkins.jobs()}
    assert len(seen) == count
    checks.test_jobs_are_the_declared_ones(seen, contract)
    checks.test_folders_are_those_of_the_jobs(jenkins, contract)
    checks.test_jobs_are_pipelines(seen, contract)
    checks.test_parameters(seen, contract)
    checks.test_jobs_are_enabled_as_declared(seen, contract)
    checks.test_concurrency(seen, contract)
    by_pipeline = {job.pipeline: job.name for job in jobs}
    settings = {name: checks.settings_of(jenkins, name) for name in by_pipeline.values()}
    checks.test_scripts_come_from_the_repository(settings, contract)
    return len(journal.exchanges)


def test_requests_do_not_grow_with_jobs(server: Server) -> None:
    assert _asked(server, 10) == _asked(server, 1000)
