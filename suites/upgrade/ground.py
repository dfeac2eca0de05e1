"""What kept state stands on: a volume, a folder or a repository that is gone took what was in it along."""

from __future__ import annotations

from conformance.contract.model import Contract
from conformance.upgrade.state.collectors import Looked
from conformance.upgrade.state.model import GONE, Difference


def name(found: Difference) -> str:
    """An item as the contract's list of intended changes has it."""
    return f"{found.item.kind} {found.item.name}"


def lost_volume(looked: Looked, service: str) -> Difference | None:
    """The marker on the volume of `service`, if it is not what it was."""
    markers = (each for each in looked.different if each.item.kind == "volume marker")
    return next((each for each in markers if each.item.service == service), None)


def stands_on(found: Difference, looked: Looked, contract: Contract) -> tuple[str, Difference] | None:
    """The requirement that tells why `found` is lost, and what it tells; None: it is told for itself.

    What was changed on purpose tells nothing: what went with it must be on the list, too.
    """
    told = [each for each in looked.different if name(each) not in contract.upgrade.intended]
    for each in told:
        if each.item.kind == found.item.kind:
            continue
        if each.item.kind == "volume marker" and each.item.service == found.item.service:
            return "UPGRADE-02", each
        if each.item.kind == "ECR repository" and found.item.key.get("repository") == each.item.name:
            return "UPGRADE-08", each
        if each.item.kind == "job" and each.after == GONE and found.item.key.get("job") == each.item.name:
            return "UPGRADE-09", each
    return None
