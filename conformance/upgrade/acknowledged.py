"""Writes that a service acknowledged during its upgrade and lost."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from pydantic import BaseModel, ConfigDict

from conformance.clients.stack_clients import StackClients
from conformance.upgrade.probing.availability import Sample, Where
from conformance.upgrade.probing.probes import missing

#: Nexus 3.71 loses what it acknowledged in the last half second before a SIGKILL (measured); after a SIGTERM
#: it loses nothing
BEFORE_A_KILL = 0.5
#: samples by place and by (service, access)
Samples = Mapping[Where, Mapping[tuple[str, str], Sequence[Sample]]]


class Lost(BaseModel):
    """An acknowledged write that is lost; `before_kill`: seconds from its answer until its service died."""

    model_config = ConfigDict(frozen=True)

    service: str
    where: Where
    number: int
    before_kill: float | None = None

    @property
    def known(self) -> bool:
        """Is it a loss that Nexus is known to have when it is killed?"""
        seconds = self.before_kill
        return self.service == "nexus" and seconds is not None and seconds <= BEFORE_A_KILL

    def __str__(self) -> str:
        end = "" if self.before_kill is None else f", acknowledged {self.before_kill:.2f} s before the kill"
        return f"{self.service}: write {self.number + 1} from {self.where} is lost{end}"


def lost(
    stack: StackClients, samples: Samples, kills: Callable[[str], Iterable[tuple[float, float]]]
) -> Iterator[Lost]:
    """Read every acknowledged write; yields the lost ones.

    `kills` returns begin and end, on the samples' clock, of each time in which a service was killed.
    """
    for where, by_probe in samples.items():
        for (service, access), series in by_probe.items():
            if access != "write":
                continue
            good = {sample.number: sample for sample in series if not sample.fault}
            for number in missing(stack, where, service, good):
                write = good[number]
                # an answer sent before a kill may be read after it: the time of the request counts
                ahead = [max(0, begin - write.answered) for begin, end in kills(service) if end >= write.sent]
                yield Lost(service=service, where=where, number=number, before_kill=min(ahead, default=None))


def written(by_probe: Mapping[tuple[str, str], Sequence[Sample]]) -> dict[str, list[int]]:
    """Numbers of all writes by service, acknowledged or not."""
    return {
        service: [sample.number for sample in series]
        for (service, access), series in by_probe.items()
        if access == "write"
    }
