"""Preconditions and objects of the checks of the platform, read once in a process."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.clients.kubernetes import Cluster
from conformance.clients.objects import Pod, Workload
from conformance.contract.model import Contract
from conformance.core.nonconformance import PreconditionFailed
from conformance.core.shared_facts import Shared
from conformance.runner import stability
from conformance.runner.decision import not_applicable


@pytest.fixture(scope="session")
def nothing_killed(request: pytest.FixtureRequest) -> None:
    """After an upgrade in which containers were killed on purpose, restarts do not describe the stack."""
    upgrade = str(request.config.getoption("--upgrade"))
    if upgrade and stability.killed_on_purpose(Path(upgrade)):
        not_applicable("the upgrade was interrupted on purpose: containers were killed in it")


@pytest.fixture(scope="session")
def namespaces(contract: Contract) -> tuple[str, ...]:
    """The stack's namespaces."""
    return tuple(dict.fromkeys((contract.jenkins.namespace, contract.nexus.namespace)))


@pytest.fixture(scope="session")
def existing_namespaces(kube: Cluster, namespaces: tuple[str, ...]) -> tuple[str, ...]:
    """The stack's namespaces, all of which exist."""
    names = set(kube.namespaces())
    for name in namespaces:
        if name not in names:
            raise PreconditionFailed("PLATFORM-04", f"namespace {name} is missing")
    return namespaces


@pytest.fixture(scope="session")
def workloads(kube: Cluster, existing_namespaces: tuple[str, ...]) -> tuple[Workload, ...]:
    """Workloads of the stack's namespaces."""
    return tuple(workload for name in existing_namespaces for workload in kube.workloads(name))


@pytest.fixture(scope="session")
def pods(kube: Cluster, existing_namespaces: tuple[str, ...], shared: Shared) -> tuple[Pod, ...]:
    """Pods of the stack's own workloads, without agents: these have a layer of their own."""
    stability.note(kube, existing_namespaces, shared)
    return tuple(
        pod
        for name in existing_namespaces
        for pod in kube.pods(name)
        if pod.owner and not pod.deleted and "jenkins/label" not in pod.labels
    )


@pytest.fixture(scope="session")
def ready_workloads(workloads: tuple[Workload, ...]) -> tuple[Workload, ...]:
    """Workloads of the stack's namespaces, all of which are ready."""
    for found in workloads:
        if found.ready < found.wanted or found.wanted == 0:
            raise PreconditionFailed("PLATFORM-05", f"{found.kind} {found.name} is not ready")
    return workloads
