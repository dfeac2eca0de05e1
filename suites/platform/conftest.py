"""What the checks of the platform look at, read once in a process."""

from __future__ import annotations

import pytest

from contract.model import Contract
from fixtures.kubernetes import Cluster
from fixtures.objects import Pod, Workload


@pytest.fixture(scope="session")
def namespaces(contract: Contract) -> tuple[str, ...]:
    """The stack's namespaces."""
    return tuple(dict.fromkeys((contract.jenkins.namespace, contract.nexus.namespace)))


@pytest.fixture(scope="session")
def workloads(kube: Cluster, namespaces: tuple[str, ...]) -> tuple[Workload, ...]:
    """Workloads of the stack's namespaces."""
    return tuple(workload for name in namespaces for workload in kube.workloads(name))


@pytest.fixture(scope="session")
def pods(kube: Cluster, namespaces: tuple[str, ...]) -> tuple[Pod, ...]:
    """Pods of the stack's own workloads: agents come and go and are checked in their own layer."""
    return tuple(
        pod
        for name in namespaces
        for pod in kube.pods(name)
        if pod.owner and not pod.deleted and "jenkins/label" not in pod.labels
    )
