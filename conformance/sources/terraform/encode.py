"""Values as YAML and JSON, and back: open parts stay open, and every line keeps its place."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from conformance.sources import texts
from conformance.sources.facts import Place, SourceError, Undecided
from conformance.sources.terraform.functions import FunctionError
from conformance.sources.terraform.render import Rendering
from conformance.sources.yaml_positions import Document, Node, load, load_json

#: levels of nesting that are written
MAX_DEPTH = 100


def encode(name: str, node: Node, place: Place) -> Node:
    """`yamlencode` and `jsonencode`; an object with unknown keys is unknown as a whole."""
    for _, part in node.walk():
        if part.rest is not None:
            return Node(part.rest, place)
    made = Rendering(place)
    if name == "jsonencode":
        text = json.dumps(plain(node), separators=(",", ":"), sort_keys=True, ensure_ascii=False)
        made.add(
            text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"), lambda _: place
        )
    elif _empty(node) or not isinstance(node.value, Mapping | tuple):
        _line(made, _scalar(node), node.place)
    else:
        _block(made, node, 0)
    return made.node()


def plain(node: Node) -> Any:
    """Python's own types, unknown values as open names."""
    if isinstance(node.value, Mapping):
        return {key: plain(value) for key, value in node.value.items()}
    if isinstance(node.value, tuple):
        return [plain(item) for item in node.value]
    if isinstance(node.value, Undecided):
        return texts.open_name(node.value.decided_by or "unknown")
    return node.value


def _empty(node: Node) -> bool:
    return isinstance(node.value, Mapping | tuple) and not node.value


def _scalar(node: Node) -> str:
    if isinstance(node.value, Undecided) or not _empty(node):
        return json.dumps(plain(node), ensure_ascii=False)
    return "{}" if isinstance(node.value, Mapping) else "[]"


def _line(made: Rendering, text: str, place: Place) -> None:
    made.add(f"{text}\n", lambda _: place)


def _block(made: Rendering, node: Node, depth: int) -> None:
    """A block of YAML; texts are quoted, so that each value has one line."""
    if depth > MAX_DEPTH:
        raise FunctionError("yamlencode: nested too deep")
    indent = "  " * depth
    entries = (
        [(f"{json.dumps(key, ensure_ascii=False)}:", node.mapping[key]) for key in sorted(node.mapping)]
        if isinstance(node.value, Mapping)
        else [("-", item) for item in node.items]
    )
    for head, value in entries:
        if isinstance(value.value, Mapping | tuple) and value.value:
            _line(made, f"{indent}{head}", value.place)
            _block(made, value, depth + 1)
        else:
            _line(made, f"{indent}{head} {_scalar(value)}", value.place)


def decode(name: str, node: Node, place: Place) -> Node:
    """`yamldecode` and `jsondecode`; texts with open parts are read where their structure is known."""
    if isinstance(node.value, Undecided):
        return Node(node.value, place)
    text = node.as_text()
    found = load(text) if name == "yamldecode" or not node.known else load_json(text)
    if isinstance(found, SourceError):
        raise FunctionError(f"{name}: {found.message}")
    return found.root if isinstance(found, Document) else found


FUNCTIONS: dict[str, Callable[[str, Node, Place], Node]] = {
    "yamlencode": encode,
    "jsonencode": encode,
    "yamldecode": decode,
    "jsondecode": decode,
}
