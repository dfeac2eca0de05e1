"""State collectors, one for each kind of thing: they create state, capture it and compare it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from conformance.clients.http import Unavailable
from conformance.clients.stack_clients import StackClients
from conformance.core.errors import ConformanceError
from conformance.core.nonconformance import NonConformance
from conformance.upgrade.state import ecr, jenkins, nexus, volumes
from conformance.upgrade.state.model import Difference, Item, Manifest, differences


class Collector(Protocol):
    """`create` yields items without facts; `capture` returns one with its present facts, None: it is gone."""

    kind: str

    def create(self, stack: StackClients, seed: int) -> Iterator[Item]: ...

    def capture(self, stack: StackClients, item: Item) -> Item | None: ...


COLLECTORS: Mapping[str, Collector] = {
    collector.kind: collector
    for collector in (
        nexus.Artifacts(),
        nexus.Proxied(),
        nexus.Users(),
        nexus.Roles(),
        nexus.CleanupPolicies(),
        ecr.Images(),
        ecr.Settings(),
        jenkins.Jobs(),
        jenkins.Builds(),
        jenkins.DeclaredBuilds(),
        jenkins.Drift(),
        jenkins.Credentials(),
        jenkins.Tokens(),
        volumes.Markers(),
    )
}


@dataclass(frozen=True, slots=True)
class Comparison:
    """A manifest compared with the present state; `unread` are items that could not be read, with the reason.

    `failed` is the first line of the upgrade's error, or empty: after a failed upgrade services may be away.
    """

    different: tuple[Difference, ...]
    unread: tuple[tuple[Item, str], ...]
    failed: str = ""


def fill(stack: StackClients, seed: int) -> Manifest:
    """Create the state of `seed` on `stack` and capture it.

    Raises:
        NonConformance, EnvironmentFailure: the stack does not take it.
    """
    items = []
    for collector in COLLECTORS.values():
        for created in collector.create(stack, seed):
            captured = collector.capture(stack, created)
            if captured is None:
                raise NonConformance(
                    f"the stack did not keep {created.kind} {created.name} that it had taken"
                )
            items.append(captured)
    return Manifest(seed=seed, stack=stack.contract.stack.name, items=tuple(items))


def compare(stack: StackClients, manifest: Manifest) -> Comparison:
    """Compare every item of `manifest` with the present state of `stack`.

    After the first item of a service that does not answer, its other items are not read.
    """
    different: list[Difference] = []
    unread: list[tuple[Item, str]] = []
    away: dict[str, str] = {}
    for item in manifest.items:
        if item.service in away:
            unread.append((item, away[item.service]))
            continue
        try:
            different += differences(item, COLLECTORS[item.kind].capture(stack, item))
        except NonConformance as error:
            # the service answers, and not as it did before
            different.append(Difference(item=item, fact="answer", before="as before", after=error.what))
        except ConformanceError as error:
            unread.append((item, str(error).splitlines()[0]))
            if isinstance(error, Unavailable):
                away[item.service] = unread[-1][1]
    return Comparison(tuple(different), tuple(unread))
