"""Samples of a service's availability, and how long the service was away by them."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import Literal

from pydantic import BaseModel, ConfigDict

Where = Literal["outside", "inside"]


class Sample(BaseModel):
    """One request: when it was sent and answered (seconds on a monotonic clock), and its fault, or empty.

    `number` counts the requests of one probe from 0.
    """

    model_config = ConfigDict(frozen=True)

    sent: float
    answered: float
    fault: str = ""
    number: int = 0


class Away(BaseModel):
    """How long one service was away for one `access` (read or write), outside or inside the cluster.

    Times are seconds. `first` and `last` are the first and the last fault. `longest_gap` is the longest time
    between two requests, in which nothing is known.
    """

    model_config = ConfigDict(frozen=True)

    service: str
    access: str
    requests: int
    failed: int
    seconds: float
    first: str = ""
    last: str = ""
    where: Where = "outside"
    longest_gap: float = 0


def away(service: str, access: str, samples: Iterable[Sample], where: Where = "outside") -> Away:
    """The time from the first failing request to the first good answer after the last failing one."""
    seen = sorted(samples, key=lambda sample: sample.sent)
    gaps = [later.sent - earlier.answered for earlier, later in pairwise(seen)]
    faults = [sample for sample in seen if sample.fault]
    result = Away(
        service=service,
        access=access,
        requests=len(seen),
        failed=len(faults),
        seconds=0,
        where=where,
        longest_gap=max(gaps, default=0),
    )
    if not faults:
        return result
    back = [sample.answered for sample in seen if not sample.fault and sample.sent > faults[-1].sent]
    end = back[0] if back else faults[-1].answered
    last = faults[-1].fault if back else f"{faults[-1].fault}; it did not come back"
    return result.model_copy(update={"seconds": end - faults[0].sent, "first": faults[0].fault, "last": last})
