"""The one restart of each service, made by whoever asks first; who did not come back is asked nothing."""

from __future__ import annotations

import pytest

from conformance.clients.jenkins import Jenkins
from conformance.clients.jobs import job_path
from conformance.clients.kubernetes import Cluster
from conformance.clients.nexus import Nexus
from conformance.contract.model import Contract
from conformance.core.nonconformance import NonConformance
from conformance.core.shared_facts import Shared
from conformance.runner.decision import not_applicable
from suites.conftest import LONGEST, NexusRestart
from suites.ground import blocked
from suites.restarts import nexus_restart as restarting_nexus
from suites.restarts.controller_restart import Restart, Restarted, again
from suites.restarts.snapshot import Facts, repositories_of


@pytest.fixture
def may_disrupt(request: pytest.FixtureRequest, _may_write: None) -> None:
    """Nothing is asked of the stack before it is known that the check may run."""
    if not request.node.get_closest_marker("disrupts"):
        not_applicable("it is not marked as a check that restarts services")


@pytest.fixture
def restarted(
    request: pytest.FixtureRequest, contract: Contract, shared: Shared, may_disrupt: None
) -> Restarted:
    """What the controller had before its restart, and how it came back; Nexus restarts meanwhile."""

    def make() -> dict[str, object]:
        jenkins: Jenkins = request.getfixturevalue("jenkins")
        kube: Cluster = request.getfixturevalue("kube")
        folder: str = request.getfixturevalue("scratch_folder")
        request.getfixturevalue("nexus_restart")
        return Restart(jenkins, kube, contract, shared, folder).make()

    try:
        return Restarted.from_facts(shared.once("restart of the controller", make, timeout=LONGEST))
    except NonConformance as error:
        blocked(request, "RESTARTS-01", f"the restart was not made: {error.what}")
        raise


@pytest.fixture
def restarted_nexus(request: pytest.FixtureRequest, may_disrupt: None) -> restarting_nexus.Restarted:
    """What Nexus had before its restart, and how it came back."""
    restart: NexusRestart = request.getfixturevalue("nexus_restart")
    try:
        return restart()
    except NonConformance as error:
        blocked(request, "RESTARTS-10", f"the restart was not made: {error.what}")
        raise


@pytest.fixture
def controller(request: pytest.FixtureRequest, restarted: Restarted, jenkins: Jenkins) -> Jenkins:
    """The controller after its restart."""
    if restarted.returned.trouble:
        blocked(request, "RESTARTS-01", f"the controller is not back: {restarted.returned.trouble}")
    return again(jenkins)


@pytest.fixture
def home(request: pytest.FixtureRequest, controller: Jenkins, restarted: Restarted) -> Jenkins:
    """The controller with the home that it had: a job that the run had made is there."""
    path = f"{job_path(restarted.job)}/api/json"
    if controller.http.get(path, params={"tree": "name"}).status_code == 404:
        blocked(request, "RESTARTS-02", f"job {restarted.job} is gone")
    return controller


@pytest.fixture
def manager(
    request: pytest.FixtureRequest, restarted_nexus: restarting_nexus.Restarted, nexus: Nexus
) -> Nexus:
    """Nexus after its restart."""
    if restarted_nexus.returned.trouble:
        blocked(request, "RESTARTS-10", f"Nexus is not back: {restarted_nexus.returned.trouble}")
    return nexus.in_own_session()


@pytest.fixture
def repositories(shared: Shared, manager: Nexus) -> Facts:
    """Nexus' repositories after its restart, asked for once.

    Two who ask Nexus 3.71 just after it started may get 500, a ConcurrentModificationException (measured).
    """
    return shared.once("repositories after the restart", lambda: repositories_of(manager))


@pytest.fixture
def known(
    request: pytest.FixtureRequest,
    restarted_nexus: restarting_nexus.Restarted,
    manager: Nexus,
    repositories: Facts,
) -> Nexus:
    """Nexus with the database that it had: its repositories are there."""
    if lost := sorted(restarted_nexus.repositories.keys() - repositories.keys()):
        blocked(request, "RESTARTS-12", f"repository {lost[0]} is gone")
    return manager
