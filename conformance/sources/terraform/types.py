"""Type constraints of variables: conversion, optional attributes and their defaults."""

from __future__ import annotations

from collections.abc import Mapping

from conformance.sources.facts import Undecided
from conformance.sources.terraform import syntax as hcl
from conformance.sources.terraform.evaluate import Evaluator
from conformance.sources.terraform.functions import FunctionError, number_of, text_of
from conformance.sources.terraform.structures import list_of, to_set
from conformance.sources.yaml_positions import Node


def convert(node: Node, kind: hcl.Expression, evaluate: Evaluator) -> Node:
    """The value as Terraform converts it for the type; one that does not fit is undecided with the reason."""
    try:
        return _convert(node, kind, evaluate)
    except (FunctionError, ValueError) as error:
        return Node(Undecided(f"the value does not fit its type: {error}"), node.place)


def _convert(node: Node, kind: hcl.Expression, evaluate: Evaluator) -> Node:
    if node.value is None or isinstance(node.value, Undecided):
        return node
    if isinstance(kind, hcl.Name):
        return _scalar(node, kind.name)
    if not isinstance(kind, hcl.Call) or not kind.arguments:
        return node
    inner = kind.arguments[0]
    found = node
    if kind.name in {"list", "set"}:
        found = list_of((_convert(item, inner, evaluate) for item in node.items), node.place, node.rest)
        found = to_set(node.place, found) if kind.name == "set" else found
    elif kind.name == "map":
        values = {key: _convert(value, inner, evaluate) for key, value in node.mapping.items()}
        found = Node(values, node.place, keys=node.keys, rest=node.rest)
    elif kind.name == "object" and isinstance(inner, hcl.ObjectOf):
        found = _object(node, inner, evaluate)
    return found


def _scalar(node: Node, kind: str) -> Node:
    value = node.value
    if isinstance(value, tuple | Mapping):
        if kind in {"string", "number", "bool"}:
            raise FunctionError(f"{kind} is needed")
        return node
    if kind == "string" and not isinstance(value, str):
        return Node(text_of(value), node.place)
    if kind == "number" and isinstance(value, str) and node.known:
        return Node(number_of(value), node.place)
    if kind == "bool" and value in {"true", "false"}:
        return Node(value == "true", node.place)
    return node


def _object(node: Node, kind: hcl.ObjectOf, evaluate: Evaluator) -> Node:
    found: dict[str, Node] = {}
    for key_expression, type_expression in kind.items:
        key = (
            key_expression.value
            if isinstance(key_expression, hcl.Literal)
            else evaluate(key_expression).printed
        )
        name, own = str(key), node.mapping.get(str(key))
        optional = isinstance(type_expression, hcl.Call) and type_expression.name == "optional"
        inner = type_expression
        default: Node | None = None
        if optional and isinstance(type_expression, hcl.Call) and type_expression.arguments:
            inner = type_expression.arguments[0]
            if len(type_expression.arguments) > 1:
                default = evaluate(type_expression.arguments[1])
        if own is not None and own.value is None and default is not None:
            own = default
        if own is None and (optional or node.rest is not None):
            own = default if default is not None else Node(node.rest, node.place)
        if own is None:
            raise FunctionError(f"the attribute {name!r} is required")
        found[name] = _convert(own, inner, evaluate)
    return Node(found, node.place, keys=node.keys)
