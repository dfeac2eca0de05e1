"""What a question to a service showed, and how long the service was away by all of them."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import Literal

from pydantic import BaseModel, ConfigDict

Where = Literal["outside", "inside"]


class Sample(BaseModel):
    """One question: when it was asked and answered (seconds on a monotonic clock), and what was wrong.

    `number` counts the questions of one asker from 0.
    """

    model_config = ConfigDict(frozen=True)

    asked: float
    answered: float
    fault: str = ""
    number: int = 0


class Away(BaseModel):
    """How long one service was away, asked from outside or inside the cluster.

    Seconds; `first` and `last` are what was seen at both ends. `unasked` is the longest time between two
    questions: while nobody asked, nothing is known.
    """

    model_config = ConfigDict(frozen=True)

    service: str
    way: str
    asked: int
    failed: int
    seconds: float
    first: str = ""
    last: str = ""
    where: Where = "outside"
    unasked: float = 0


def away(service: str, way: str, samples: Iterable[Sample], where: Where = "outside") -> Away:
    """From the first failure's question to the answer that ended the last one."""
    seen = sorted(samples, key=lambda sample: sample.asked)
    gaps = [later.asked - one.answered for one, later in pairwise(seen)]
    faults = [sample for sample in seen if sample.fault]
    told = Away(
        service=service,
        way=way,
        asked=len(seen),
        failed=len(faults),
        seconds=0,
        where=where,
        unasked=max(gaps, default=0),
    )
    if not faults:
        return told
    back = [sample.answered for sample in seen if not sample.fault and sample.asked > faults[-1].asked]
    end = back[0] if back else faults[-1].answered
    last = faults[-1].fault if back else f"{faults[-1].fault}; it did not come back"
    return told.model_copy(update={"seconds": end - faults[0].asked, "first": faults[0].fault, "last": last})
