"""Whether what a service acknowledged while it was upgraded is there afterwards."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from pydantic import BaseModel, ConfigDict

from conformance.clients.stack_clients import StackClients
from conformance.upgrade.probing.availability import Sample, Where
from conformance.upgrade.probing.probes import missing

#: Nexus 3.71 loses what it acknowledged in the last half second before a SIGKILL (measured); after a SIGTERM
#: it loses nothing
BEFORE_A_KILL = 0.5
Seen = Mapping[Where, Mapping[tuple[str, str], Sequence[Sample]]]


class Lost(BaseModel):
    """A write that was acknowledged and is not there; `before_kill`: seconds until its service died."""

    model_config = ConfigDict(frozen=True)

    service: str
    where: Where
    number: int
    before_kill: float | None = None

    @property
    def known(self) -> bool:
        """Is it what Nexus is known to lose when it is killed?"""
        seconds = self.before_kill
        return self.service == "nexus" and seconds is not None and seconds <= BEFORE_A_KILL

    def __str__(self) -> str:
        end = "" if self.before_kill is None else f", acknowledged {self.before_kill:.2f} s before the kill"
        return f"{self.service}: write {self.number + 1} from {self.where} is lost{end}"


def lost(
    stack: StackClients, seen: Seen, kills: Callable[[str], Iterable[tuple[float, float]]]
) -> Iterator[Lost]:
    """Look for every acknowledged write. `kills` tells between which times, on the samples' clock, a service
    was killed."""
    for where, asked in seen.items():
        for (service, way), samples in asked.items():
            if way != "write":
                continue
            good = {sample.number: sample for sample in samples if not sample.fault}
            for number in missing(stack, where, service, good):
                one = good[number]
                # an answer sent before a kill may be read after it: what counts is when it was asked
                ahead = [max(0, begin - one.answered) for begin, end in kills(service) if end >= one.asked]
                yield Lost(service=service, where=where, number=number, before_kill=min(ahead, default=None))


def written(asked: Mapping[tuple[str, str], Sequence[Sample]]) -> dict[str, list[int]]:
    """Numbers of all writes by service, acknowledged or not: what is to be taken away."""
    return {
        service: [sample.number for sample in samples]
        for (service, way), samples in asked.items()
        if way == "write"
    }
