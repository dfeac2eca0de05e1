"""How the kubernetes plugin merges pods: by names of containers and volumes, the template over its parent."""

from __future__ import annotations

from collections.abc import Mapping

from conformance.sources.yaml_positions import Node

#: lists whose elements are merged, and the key that identifies an element
_KEYED = {
    "containers": "name",
    "initContainers": "name",
    "volumes": "name",
    "env": "name",
    "volumeMounts": "mountPath",
    "ports": "containerPort",
    "imagePullSecrets": "name",
}


def combine(parent: Node, template: Node) -> Node:
    """The template's specification over its parent's."""
    if not isinstance(parent.value, Mapping):
        return template
    if not isinstance(template.value, Mapping):
        return parent if template.value is None else template
    found = dict(parent.mapping)
    for key, value in template.mapping.items():
        own = found.get(key)
        if own is None or _empty(own):
            found[key] = value
        elif _empty(value):
            continue
        elif key in _KEYED and isinstance(own.value, tuple) and isinstance(value.value, tuple):
            found[key] = _keyed(own, value, _KEYED[key])
        elif isinstance(value.value, Mapping) and isinstance(own.value, Mapping):
            found[key] = combine(own, value)
        else:
            found[key] = value
    return Node(
        found, template.place, keys={**parent.keys, **template.keys}, rest=template.rest or parent.rest
    )


def _empty(node: Node) -> bool:
    return node.value in (None, "", (), {})


def _keyed(parent: Node, template: Node, key: str) -> Node:
    found: dict[str, Node] = {}
    for number, item in enumerate((*parent.items, *template.items)):
        name = item.text(key) or f"#{number}"
        found[name] = combine(found[name], item) if name in found else item
    return Node(tuple(found.values()), template.place)
