"""Operators over known values, and functions that keep open parts and places of texts."""

from __future__ import annotations

import math

from conformance.sources import texts
from conformance.sources.facts import Place, Undecided
from conformance.sources.terraform import functions
from conformance.sources.terraform.functions import FunctionError, text_of, whole
from conformance.sources.terraform.render import Rendering
from conformance.sources.yaml_positions import Node


def node_of(value: object, place: Place) -> Node:
    """A plain value as a node with one place."""
    if isinstance(value, dict):
        return Node({str(key): node_of(own, place) for key, own in value.items()}, place)
    if isinstance(value, list | tuple):
        return Node(tuple(node_of(own, place) for own in value), place)
    if value is None or isinstance(value, bool | int | float | str):
        return Node(value, place)
    return Node(str(value), place)


def open_text(name: str, place: Place, arguments: list[Node]) -> Node | None:
    """Functions that work on texts with open parts too, and keep the places of lines."""
    if name == "join" and len(arguments) == 2 and arguments[0].known:
        if arguments[1].rest is not None or isinstance(arguments[1].value, Undecided):
            return None
        made = Rendering(place)
        for number, item in enumerate(arguments[1].items):
            if number:
                made.add(text_of(arguments[0].value), lambda _: place)
            made.add_value(item, place)
        return made.node()
    if name == "format" and arguments and arguments[0].known:
        return _open_format(place, arguments)
    if name in {"indent", "trimspace"} and arguments and isinstance(arguments[-1].value, str):
        text = arguments[-1]
        plain = [argument.plain() for argument in arguments]
        cut = len(text.printed) - len(text.printed.lstrip())
        skipped = text.printed[:cut].count("\n") if name == "trimspace" else 0
        lines = text.lines.below(skipped, 0) if text.lines and skipped else text.lines
        return Node(functions.call(name, plain), text.place, lines)
    return None


def _open_format(place: Place, arguments: list[Node]) -> Node | None:
    """`format` whose arguments are open: their names stay in the text; None: a verb needs a value."""
    made: list[object] = []
    for argument in arguments:
        if isinstance(argument.value, Undecided):
            made.append(texts.open_name(argument.value.decided_by or "unknown"))
        else:
            made.append(argument.plain())
    try:
        return Node(str(functions.call("format", made)), place)
    except FunctionError:
        return None


def arithmetic(operator: str, left: int | float, right: int | float) -> int | float | bool:
    if operator in {"<", ">", "<=", ">="}:
        return {"<": left < right, ">": left > right, "<=": left <= right, ">=": left >= right}[operator]
    if operator in {"/", "%"} and right == 0:
        raise FunctionError("a division by zero")
    if operator == "%":
        return whole(math.fmod(left, right))
    if operator == "/":
        return whole(left / right)
    found = left + right if operator == "+" else left - right if operator == "-" else left * right
    if isinstance(found, int) and found.bit_length() > 4096:
        raise FunctionError("a number is too large")
    return whole(found)
