"""How configuration as code merges its files: maps deep, lists one after the other, scalars never."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from conformance.sources.facts import Place
from conformance.sources.jcasc.source import CascSource
from conformance.sources.yaml_positions import Node


@dataclass(frozen=True, slots=True)
class Conflict:
    """One value that two sources set: the start stops, also when both set the same."""

    path: tuple[str, ...]
    first: Place
    second: Place
    #: one sentence in the plugin's words
    message: str


@dataclass(frozen=True, slots=True)
class MergedCasc:
    root: Node
    conflicts: tuple[Conflict, ...]


def merge(sources: Sequence[CascSource], overrides: bool = False) -> MergedCasc:
    """All sources in their order; `overrides` is the strategy in which the last one wins."""
    conflicts: list[Conflict] = []
    found = Node({}, sources[0].root.place if sources else Place(""))
    for source in sources:
        if isinstance(source.root.value, Mapping):
            found = _merge(found, source.root, (), conflicts, overrides)
    return MergedCasc(found, tuple(conflicts))


def _merge(
    first: Node, second: Node, path: tuple[str, ...], conflicts: list[Conflict], overrides: bool
) -> Node:
    if isinstance(first.value, Mapping) and isinstance(second.value, Mapping):
        found = dict(first.mapping)
        for key, value in second.mapping.items():
            own = found.get(key)
            found[key] = value if own is None else _merge(own, value, (*path, key), conflicts, overrides)
        return Node(found, first.place, keys={**second.keys, **first.keys})
    if isinstance(first.value, tuple) and isinstance(second.value, tuple):
        return Node((*first.items, *second.items), first.place)
    if overrides:
        return second
    if first.place == second.place and first.default_of == second.default_of:
        return first
    message = f"{'.'.join(path)} is set by two sources: ConfiguratorConflictException stops the start"
    conflicts.append(Conflict(path, first.place, second.place, message))
    return first
