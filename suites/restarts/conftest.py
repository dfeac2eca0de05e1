"""Preconditions of the checks of restarts: each service was restarted once, and it is back."""

from __future__ import annotations

import pytest

from conformance.clients.jenkins import Jenkins
from conformance.clients.jobs import job_path
from conformance.clients.kubernetes import Cluster
from conformance.clients.nexus import Nexus
from conformance.contract.model import Contract
from conformance.core.nonconformance import NonConformance, PreconditionFailed
from conformance.core.shared_facts import Shared
from suites.conftest import LONGEST, NexusRestart
from suites.restarts import nexus_restart as restart_of_nexus
from suites.restarts.controller_restart import Restart, RestartResult, again
from suites.restarts.snapshot import Facts, repositories_of


@pytest.fixture(scope="session")
def restarted(
    jenkins: Jenkins,
    kube: Cluster,
    contract: Contract,
    shared: Shared,
    scratch_folder: str,
    *,
    nexus_restart: NexusRestart,
) -> RestartResult:
    """The controller's state before its restart, and how it came back; Nexus restarts at the same time."""

    def make() -> dict[str, object]:
        nexus_restart.begin()
        return Restart(jenkins, kube, contract, shared, scratch_folder).make()

    try:
        return RestartResult.from_facts(shared.once("restart of the controller", make, timeout=LONGEST))
    except NonConformance as error:
        raise PreconditionFailed.from_error(
            "RESTARTS-01", error, dependents=f"the restart was not made: {error.what}"
        ) from error


@pytest.fixture(scope="session")
def restarted_nexus(nexus_restart: NexusRestart) -> restart_of_nexus.RestartResult:
    """The state of Nexus before its restart, and how it came back."""
    try:
        return nexus_restart.result()
    except NonConformance as error:
        raise PreconditionFailed.from_error(
            "RESTARTS-10", error, dependents=f"the restart was not made: {error.what}"
        ) from error


@pytest.fixture(scope="session")
def controller(restarted: RestartResult, jenkins: Jenkins) -> Jenkins:
    """The controller after its restart, in a session of its own."""
    if restarted.recovery.trouble:
        raise PreconditionFailed("RESTARTS-01", f"the controller is not back: {restarted.recovery.trouble}")
    return again(jenkins)


@pytest.fixture(scope="session")
def home(controller: Jenkins, restarted: RestartResult) -> Jenkins:
    """The controller with the home that it had: a job that the run had made is there."""
    path = f"{job_path(restarted.job)}/api/json"
    if controller.http.get(path, params={"tree": "name"}).status_code == 404:
        raise PreconditionFailed("RESTARTS-02", f"job {restarted.job} is gone")
    return controller


@pytest.fixture(scope="session")
def manager(restarted_nexus: restart_of_nexus.RestartResult, nexus: Nexus) -> Nexus:
    """Nexus after its restart, in a session of its own."""
    if restarted_nexus.recovery.trouble:
        raise PreconditionFailed("RESTARTS-10", f"Nexus is not back: {restarted_nexus.recovery.trouble}")
    return nexus.in_own_session()


@pytest.fixture(scope="session")
def repositories(shared: Shared, manager: Nexus) -> Facts:
    """The repositories of Nexus after its restart, read once in a run.

    Nexus 3.71 may answer 500 (ConcurrentModificationException, measured) to two requests just after its
    start.
    """
    return shared.once("repositories after the restart", lambda: repositories_of(manager))


@pytest.fixture(scope="session")
def known(restarted_nexus: restart_of_nexus.RestartResult, manager: Nexus, repositories: Facts) -> Nexus:
    """Nexus with the database that it had: its repositories are there."""
    if lost := sorted(restarted_nexus.repositories.keys() - repositories.keys()):
        raise PreconditionFailed("RESTARTS-12", f"repository {lost[0]} is gone")
    return manager
