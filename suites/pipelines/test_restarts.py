"""Effects of the run itself on the stack, checked after the products' builds."""

from __future__ import annotations

import pytest

from conformance.clients.kubernetes import Cluster
from conformance.contract.model import Contract
from conformance.core.nonconformance import require_none
from conformance.core.shared_facts import Shared
from conformance.runner.decision import not_applicable
from conformance.runner.stability import at_the_start, restarts


@pytest.mark.requirement("PIPELINES-40")
def test_nothing_restarted_meanwhile(kube: Cluster, contract: Contract, shared: Shared) -> None:
    """No container of the stack restarts, and no pod of it is replaced, while the checks run."""
    before = at_the_start(shared)
    if not before:
        not_applicable("the restarts at the run's beginning are unknown: the platform layer did not run")
    after = restarts(kube, (contract.jenkins.namespace, contract.nexus.namespace))
    require_none(
        [
            f"container {where} restarted {after[where] - count} times"
            if where in after
            else f"container {where} is gone"
            for where, count in before.items()
            if after.get(where, -1) != count
        ],
        "a container of the stack restarted while the checks ran",
        expected="the pods and restarts that there were when the run began",
        remedy="kubectl logs --previous shows why; a limit that is too low kills with OOMKilled",
    )
