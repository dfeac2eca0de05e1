"""Where kept state lay: with a volume, a folder or a repository, everything in it is gone."""

from __future__ import annotations

from conformance.contract.model import Contract
from conformance.upgrade.state.collectors import Comparison
from conformance.upgrade.state.model import GONE, Difference


def name(found: Difference) -> str:
    """The item's name in the contract's list of intended changes."""
    return f"{found.item.kind} {found.item.name}"


def lost_volume(comparison: Comparison, service: str) -> Difference | None:
    """The marker on the volume of `service`, if it is not what it was."""
    markers = (each for each in comparison.different if each.item.kind == "volume marker")
    return next((each for each in markers if each.item.service == service), None)


def lost_with(found: Difference, comparison: Comparison, contract: Contract) -> tuple[str, Difference] | None:
    """The loss that took `found` along, with the requirement that decides it; None: `found` is lost alone.

    An intended change takes nothing along: whatever went with it must be on the contract's list, too.
    """
    losses = [each for each in comparison.different if name(each) not in contract.upgrade.intended]
    for each in losses:
        if each.item.kind == found.item.kind:
            continue
        if each.item.kind == "volume marker" and each.item.service == found.item.service:
            return "UPGRADE-02", each
        if each.item.kind == "ECR repository" and found.item.key.get("repository") == each.item.name:
            return "UPGRADE-08", each
        if each.item.kind == "job" and each.after == GONE and found.item.key.get("job") == each.item.name:
            return "UPGRADE-09", each
    return None
