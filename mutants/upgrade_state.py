"""The state of a kept stack, kept whole: what a mutant lost is made again, and only that."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from conformance.clients.stack_clients import StackClients
from conformance.core.nonconformance import NonConformance
from conformance.upgrade.state.collectors import COLLECTORS, compare, fill
from conformance.upgrade.state.model import Item, Manifest

#: made in one another, so made again together
TOGETHER = (frozenset({"job", "build"}),)


def settled(stack: StackClients, file: Path) -> Manifest:
    """The state of `file` as it is on `stack`, made where it is not there. Raises NonConformance."""
    kept = _again(stack, Manifest.load(file)) if file.exists() else fill(stack, 1)
    kept.save(file)
    return kept


def made_again(stack: StackClients, file: Path, kinds: Collection[str]) -> None:
    """Make these kinds anew: an upgrade before took what made them worth looking at."""
    _made(stack, Manifest.load(file), kinds).save(file)


def _again(stack: StackClients, before: Manifest) -> Manifest:
    comparison = compare(stack, before)
    lost = {found.item.kind for found in comparison.different} | {item.kind for item, _ in comparison.unread}
    lost |= {kind for together in TOGETHER if together & lost for kind in together}
    if not lost:
        return before
    for item in before.items:
        if item.kind == "job" and "job" in lost and "/" not in item.name:
            stack.jenkins.delete_job(item.name)
    return _made(stack, before, lost)


def _made(stack: StackClients, before: Manifest, kinds: Collection[str]) -> Manifest:
    # what is left of the old one may be in the way: another number has other names
    seed = before.seed + 1
    items = [item for item in before.items if item.kind not in kinds]
    for kind, collector in COLLECTORS.items():
        if kind in kinds:
            items += [_captured(stack, made) for made in collector.create(stack, seed)]
    return Manifest(seed=seed, stack=before.stack, items=tuple(items))


def _captured(stack: StackClients, made: Item) -> Item:
    captured = COLLECTORS[made.kind].capture(stack, made)
    if captured is None:
        raise NonConformance(f"the stack did not keep {made.kind} {made.name} that it had taken")
    return captured
