"""What the checks of the platform look at, read once in a process."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.clients.kubernetes import Cluster
from conformance.clients.objects import Pod, Workload
from conformance.contract.model import Contract
from conformance.core.nonconformance import Unreadable
from conformance.core.shared_facts import Shared
from conformance.runner import stability
from conformance.runner.decision import not_applicable
from conformance.upgrade.observed import Observed
from suites.ground import decides


@pytest.fixture(autouse=True)
def _untouched(request: pytest.FixtureRequest) -> None:
    require_untouched(request)


def require_untouched(request: pytest.FixtureRequest) -> None:
    """After an upgrade in which containers were killed, restarts say nothing of the stack."""
    upgrade = str(request.config.getoption("--upgrade"))
    if upgrade and decides(request, "PLATFORM-06") and Observed.load(Path(upgrade)).killed:
        not_applicable("the upgrade was interrupted on purpose: containers were killed in it")


@pytest.fixture(scope="session")
def namespaces(contract: Contract) -> tuple[str, ...]:
    """The stack's namespaces."""
    return tuple(dict.fromkeys((contract.jenkins.namespace, contract.nexus.namespace)))


@pytest.fixture(scope="session")
def _missing(kube: Cluster, namespaces: tuple[str, ...]) -> tuple[str, ...]:
    there = set(kube.namespaces())
    return tuple(name for name in namespaces if name not in there)


@pytest.fixture
def _ground(_missing: tuple[str, ...]) -> None:
    if _missing:
        raise Unreadable(f"namespace {_missing[0]} is missing", decided_by="PLATFORM-04")


@pytest.fixture(scope="session")
def _workloads(kube: Cluster, namespaces: tuple[str, ...]) -> tuple[Workload, ...]:
    """Workloads of the stack's namespaces."""
    return tuple(workload for name in namespaces for workload in kube.workloads(name))


@pytest.fixture(scope="session")
def _pods(kube: Cluster, namespaces: tuple[str, ...], shared: Shared) -> tuple[Pod, ...]:
    """Pods of the stack's own workloads: agents come and go and are checked in their own layer."""
    stability.note(kube, namespaces, shared)
    return tuple(
        pod
        for name in namespaces
        for pod in kube.pods(name)
        if pod.owner and not pod.deleted and "jenkins/label" not in pod.labels
    )


@pytest.fixture
def workloads(_ground: None, _workloads: tuple[Workload, ...]) -> tuple[Workload, ...]:
    """Workloads of the stack's namespaces; blocked when one of these is not there."""
    return _workloads


@pytest.fixture
def pods(_ground: None, _pods: tuple[Pod, ...]) -> tuple[Pod, ...]:
    """Pods of the stack's own workloads; blocked when a namespace is not there."""
    return _pods


@pytest.fixture
def ready_workloads(workloads: tuple[Workload, ...]) -> tuple[Workload, ...]:
    """The workloads, for what follows from their being ready."""
    for found in workloads:
        if found.ready < found.wanted or found.wanted == 0:
            raise Unreadable(f"{found.kind} {found.name} is not ready", decided_by="PLATFORM-05")
    return workloads
