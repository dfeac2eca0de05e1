"""Who makes state and looks at it again: one keeper for each kind of thing."""

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


class Keeper(Protocol):
    """`make` yields items without facts; `look` gives one with the facts of now, or None if it is gone."""

    kind: str

    def make(self, stack: StackClients, seed: int) -> Iterator[Item]: ...

    def look(self, stack: StackClients, item: Item) -> Item | None: ...


KEEPERS: Mapping[str, Keeper] = {
    keeper.kind: keeper
    for keeper in (
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
class Looked:
    """What one look at a manifest showed; `unseen` could not be looked at, with the reason.

    `failed` is why the upgrade before it failed, if it did: what is away then is away for that.
    """

    different: tuple[Difference, ...]
    unseen: tuple[tuple[Item, str], ...]
    failed: str = ""


def fill(stack: StackClients, seed: int) -> Manifest:
    """Make the state of `seed` on `stack` and write down what is there.

    Raises:
        NonConformance, EnvironmentFailure: the stack does not take it.
    """
    items = []
    for keeper in KEEPERS.values():
        for made in keeper.make(stack, seed):
            seen = keeper.look(stack, made)
            if seen is None:
                raise NonConformance(f"the stack did not keep {made.kind} {made.name} that it had taken")
            items.append(seen)
    return Manifest(seed=seed, stack=stack.contract.stack.name, items=tuple(items))


def look(stack: StackClients, manifest: Manifest) -> Looked:
    """Compare every item of `manifest` with what `stack` holds now.

    A service that was waited for in vain once is not waited for again with each of its items.
    """
    different: list[Difference] = []
    unseen: list[tuple[Item, str]] = []
    away: dict[str, str] = {}
    for item in manifest.items:
        if item.service in away:
            unseen.append((item, away[item.service]))
            continue
        try:
            different += differences(item, KEEPERS[item.kind].look(stack, item))
        except NonConformance as error:
            # the service answers, and not as it did before
            different.append(Difference(item=item, fact="answer", before="as asked for", after=error.what))
        except ConformanceError as error:
            unseen.append((item, str(error).splitlines()[0]))
            if isinstance(error, Unavailable):
                away[item.service] = unseen[-1][1]
    return Looked(tuple(different), tuple(unseen))
