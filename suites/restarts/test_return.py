"""Both services come back from their restarts."""

from __future__ import annotations

import pytest

from conformance.contract.model import Contract
from conformance.core.nonconformance import require
from conformance.runner.outcomes import Evidence
from suites.restarts import controller_restart
from suites.restarts import nexus_restart as restart_of_nexus
from suites.restarts.rolling_restart import Recovery

pytestmark = [pytest.mark.writes, pytest.mark.disrupts]


def is_back(recovery: Recovery, name: str, budget: int, evidence: Evidence) -> None:
    evidence.add("return", {"away": recovery.away, "new pod to answer": recovery.starting})
    require(
        not recovery.trouble,
        f"{name} is not back after its pod was deleted: {recovery.trouble}",
        expected=f"a new pod that is ready and answers within {budget} s",
        observed=f"waited for {recovery.away:g} s",
        remedy="kubectl describe pod, and its log: probes, image, volume, quota",
    )


@pytest.mark.requirement("RESTARTS-01")
def test_controller_is_back(
    restarted: controller_restart.RestartResult, contract: Contract, evidence: Evidence
) -> None:
    """The controller is back within its budget when its pod was deleted."""
    is_back(restarted.recovery, "the controller", contract.budgets.controller_ready, evidence)


@pytest.mark.run_late
@pytest.mark.requirement("RESTARTS-10")
def test_nexus_is_back(
    restarted_nexus: restart_of_nexus.RestartResult, contract: Contract, evidence: Evidence
) -> None:
    """Nexus is back within its budget when its pod was deleted."""
    is_back(restarted_nexus.recovery, "Nexus", contract.budgets.nexus_ready, evidence)
