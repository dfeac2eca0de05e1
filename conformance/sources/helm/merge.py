"""How Helm merges values: objects deep, everything else replaced, null takes a default away."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from conformance.sources.facts import Place, Undecided
from conformance.sources.yaml_positions import Node


def merge(lower: Node, upper: Node) -> Node:
    """Values of a later file over those of an earlier one; null stays, since it may delete a default."""
    if not isinstance(lower.value, Mapping) or not isinstance(upper.value, Mapping):
        return upper
    found = dict(lower.mapping)
    for key, value in upper.mapping.items():
        found[key] = merge(found[key], value) if key in found else value
    keys = {**lower.keys, **upper.keys}
    return Node(found, upper.place, keys=keys, rest=upper.rest or lower.rest)


def merge_all(layers: Iterable[Node], place: Place) -> Node:
    """Several files, the later ones over the earlier ones; an unreadable one leaves the rest open."""
    found = Node({}, place)
    for layer in layers:
        if isinstance(layer.value, Undecided):
            found = Node(dict(found.mapping), found.place, keys=found.keys, rest=layer.value)
        elif isinstance(layer.value, Mapping):
            found = merge(found, layer)
    return found


def over_defaults(values: Node, defaults: Node, rest: Undecided | None = None) -> Node:
    """The user's values over the chart's: a null of the user's removes the chart's key.

    `rest`: why further values are not known, also those inside of objects that are.
    """
    rest = values.rest or rest
    if not isinstance(values.value, Mapping) or not isinstance(defaults.value, Mapping):
        return values
    found: dict[str, Node] = {}
    for key, default in defaults.mapping.items():
        own = values.mapping.get(key)
        if own is None:
            found[key] = default if rest is None else _maybe(default, rest)
        elif own.value is not None or key not in defaults.mapping:
            found[key] = over_defaults(own, default, rest)
    found |= {key: value for key, value in values.mapping.items() if key not in defaults.mapping}
    return Node(found, values.place, keys={**defaults.keys, **values.keys}, rest=rest)


def _maybe(default: Node, why: Undecided) -> Node:
    """A default that unknown values may replace."""
    if isinstance(default.value, Mapping):
        inner = {key: _maybe(node, why) for key, node in default.mapping.items()}
        return Node(inner, default.place, default_of=default.default_of, keys=default.keys, rest=why)
    return Node(why, default.place, default_of=default.default_of)
