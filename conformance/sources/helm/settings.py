"""`--set` and its kin: one path and its value, by the syntax of Helm's own parser."""

from __future__ import annotations

from conformance.sources.facts import Place
from conformance.sources.yaml_positions import Node

#: the largest index of a list that a path may name
MAX_INDEX = 1000


def path_of(text: str) -> tuple[str | int, ...]:
    """Keys and indexes of a path; a backslash keeps a dot."""
    found: list[str | int] = []
    for step in _steps(text):
        name, bracket, rest = step.partition("\0")
        if name:
            found.append(name)
        if bracket:
            found += [
                int(part) if part.isdecimal() and int(part) <= MAX_INDEX else part
                for part in rest.split("\0")
            ]
    return tuple(found)


def _steps(text: str) -> list[str]:
    """The parts between dots; indexes of a part follow it after a null each."""
    steps = [""]
    escaped = False
    for character in text:
        if escaped:
            steps[-1] += character
            escaped = False
        elif character == "\\":
            escaped = True
        elif character == ".":
            steps.append("")
        elif character == "[":
            steps[-1] += "\0"
        elif character != "]":
            steps[-1] += character
    return steps


def typed(text: str, place: Place, as_text: bool = False) -> Node:
    """A value as `--set` types it: true, false, null, whole numbers and `{a,b}` are no texts."""
    if as_text:
        return Node(text, place)
    if text in {"true", "false", "null", ""}:
        return Node({"true": True, "false": False, "null": None, "": ""}[text], place)
    if text.startswith("{") and text.endswith("}"):
        inner = text[1:-1]
        return Node(tuple(typed(part.strip(), place) for part in inner.split(",")) if inner else (), place)
    digits = text.removeprefix("-")
    if (
        digits.isascii()
        and digits.isdecimal()
        and (digits == "0" or not digits.startswith("0"))
        and len(digits) < 19
    ):
        return Node(int(text), place)
    return Node(text, place)


def set_value(values: Node, path: tuple[str | int, ...], value: Node) -> Node:
    """The values with one more set."""
    if not path:
        return value
    key, rest = path[0], path[1:]
    if isinstance(key, int):
        items = list(values.items)
        items += [Node(None, value.place)] * (key + 1 - len(items))
        items[key] = set_value(items[key], rest, value)
        return Node(tuple(items), value.place)
    found = dict(values.mapping)
    found[key] = set_value(found.get(key, Node({}, value.place)), rest, value)
    return Node(found, values.place, keys={**values.keys, key: value.place}, rest=values.rest)
