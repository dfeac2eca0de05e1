"""Terraform's functions over lists, sets and objects: elements keep their places."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from types import MappingProxyType

from conformance.sources import texts
from conformance.sources.facts import Place, Undecided
from conformance.sources.terraform.functions import FunctionError, number_of, text_of
from conformance.sources.yaml_positions import Node, undecided

#: elements of one list or object that an expression may make
MAX_ELEMENTS = 100_000


def open_reason(node: Node) -> Undecided | None:
    """Why a value is not completely known; None when it is."""
    for _, part in node.walk():
        if isinstance(part.value, Undecided):
            return part.value
        if part.rest is not None:
            return part.rest
        if isinstance(part.value, str) and texts.is_open(part.value):
            return undecided(part.value)
    return None


def list_of(items: Iterable[Node], place: Place, rest: Undecided | None = None) -> Node:
    made = tuple(items)
    if len(made) > MAX_ELEMENTS:
        raise FunctionError(f"the list has more than {MAX_ELEMENTS} elements")
    return Node(made, place, rest=rest)


def object_of(items: dict[str, Node], place: Place, rest: Undecided | None = None) -> Node:
    if len(items) > MAX_ELEMENTS:
        raise FunctionError(f"the object has more than {MAX_ELEMENTS} keys")
    return Node(MappingProxyType(items), place, rest=rest)


def merge(place: Place, *parts: Node) -> Node:
    """Objects, later ones win; an unknown one leaves the rest open."""
    found: dict[str, Node] = {}
    rest: Undecided | None = None
    for part in parts:
        if isinstance(part.value, Undecided):
            rest = part.value
        else:
            rest = part.rest or rest
            found.update(part.mapping)
    return object_of(found, place, rest)


def concat(place: Place, *parts: Node) -> Node:
    found: list[Node] = []
    rest: Undecided | None = None
    for part in parts:
        if isinstance(part.value, Undecided):
            rest = part.value
        else:
            rest = part.rest or rest
            found += part.items
    return list_of(found, place, rest)


def to_set(place: Place, value: Node) -> Node:
    """A set: each value once, texts in their order."""
    seen: dict[object, Node] = {}
    for item in value.items:
        seen.setdefault(_identity(item), item)
    items = list(seen.values())
    if all(isinstance(item.value, str) for item in items):
        items.sort(key=lambda item: item.printed)
    return list_of(items, place, value.rest)


def distinct(place: Place, value: Node) -> Node:
    seen: dict[object, Node] = {}
    for item in value.items:
        seen.setdefault(_identity(item), item)
    return list_of(seen.values(), place, value.rest)


def _identity(node: Node) -> object:
    return repr(node.plain())


def flatten(place: Place, value: Node) -> Node:
    found: list[Node] = []

    def add(node: Node) -> None:
        for item in node.items:
            if isinstance(item.value, tuple):
                add(item)
            else:
                found.append(item)

    add(value)
    return list_of(found, place, value.rest)


def lookup(place: Place, where: Node, key: Node, *default: Node) -> Node:
    own = where.mapping.get(text_of(key.value))
    if own is not None:
        return own
    if where.rest is not None:
        return Node(where.rest, place)
    if not default:
        raise FunctionError(f"lookup: there is no key {key.printed!r}")
    return default[0]


def element(_: Place, where: Node, number: Node) -> Node:
    if not where.items:
        raise FunctionError("element: the list is empty")
    return where.items[int(number_of(number.value)) % len(where.items)]


def keys(place: Place, where: Node) -> Node:
    return list_of((Node(key, where.key_place(key)) for key in sorted(where.mapping)), place, where.rest)


def values(place: Place, where: Node) -> Node:
    return list_of((where.mapping[key] for key in sorted(where.mapping)), place, where.rest)


def zipmap(place: Place, names: Node, contents: Node) -> Node:
    pairs = zip(names.items, contents.items, strict=False)
    return object_of({text_of(name.value): content for name, content in pairs}, place)


def coalesce(_: Place, *choices: Node) -> Node:
    for choice in choices:
        if choice.value is not None and choice.value != "":
            return choice
    raise FunctionError("coalesce: no argument has a value")


def coalesce_list(place: Place, *choices: Node) -> Node:
    return next((choice for choice in choices if choice.items), list_of((), place))


def compact(place: Place, where: Node) -> Node:
    return list_of((item for item in where.items if item.value not in {None, ""}), place, where.rest)


def ordered(place: Place, where: Node) -> Node:
    return list_of(sorted(where.items, key=lambda item: item.printed), place, where.rest)


def backwards(place: Place, where: Node) -> Node:
    return list_of(where.items[::-1], place, where.rest)


def cut(place: Place, where: Node, start: Node, end: Node) -> Node:
    return list_of(where.items[int(number_of(start.value)) : int(number_of(end.value))], place)


def contains(place: Place, where: Node, item: Node) -> Node:
    found = any(_identity(own) == _identity(item) for own in where.items)
    return Node(where.rest if where.rest is not None and not found else found, place)


def length(place: Place, where: Node) -> Node:
    if where.rest is not None:
        return Node(where.rest, place)
    if isinstance(where.value, str):
        return Node(len(where.value), place)
    if not isinstance(where.value, tuple | dict | MappingProxyType):
        raise FunctionError("length: neither a list, an object nor a text")
    return Node(len(where.value), place)


def one(place: Place, where: Node) -> Node:
    if len(where.items) > 1:
        raise FunctionError("one: the list has more than one element")
    return where.items[0] if where.items else Node(None, place)


def union(place: Place, *parts: Node) -> Node:
    return to_set(place, concat(place, *parts))


def subtract(place: Place, left: Node, right: Node) -> Node:
    gone = {_identity(item) for item in right.items}
    return to_set(place, list_of((item for item in left.items if _identity(item) not in gone), place))


def intersection(place: Place, first: Node, *others: Node) -> Node:
    kept = list(first.items)
    for other in others:
        known = {_identity(item) for item in other.items}
        kept = [item for item in kept if _identity(item) in known]
    return to_set(place, list_of(kept, place))


def product(place: Place, *parts: Node) -> Node:
    rows: list[tuple[Node, ...]] = [()]
    for part in parts:
        if len(rows) * max(len(part.items), 1) > MAX_ELEMENTS:
            raise FunctionError("setproduct: too many elements")
        rows = [(*row, item) for row in rows for item in part.items]
    return list_of((Node(row, place) for row in rows), place)


def chunks(place: Place, where: Node, size: Node) -> Node:
    step = int(number_of(size.value))
    if step < 1:
        raise FunctionError("chunklist: the size is not positive")
    parts = range(0, len(where.items), step)
    return list_of((Node(where.items[start : start + step], place) for start in parts), place)


def total(place: Place, where: Node) -> Node:
    return Node(sum(number_of(item.value) for item in where.items), place)


def every(place: Place, where: Node) -> Node:
    return Node(all(item.value in {True, "true"} for item in where.items), place)


def some(place: Place, where: Node) -> Node:
    return Node(any(item.value in {True, "true"} for item in where.items), place)


def same(_: Place, value: Node) -> Node:
    return value


#: name -> (function, do open parts of its arguments leave the whole undecided?)
FUNCTIONS: dict[str, tuple[Callable[..., Node], bool]] = {
    "merge": (merge, False),
    "concat": (concat, False),
    "toset": (to_set, False),
    "tolist": (same, False),
    "tomap": (same, False),
    "sensitive": (same, False),
    "nonsensitive": (same, False),
    "distinct": (distinct, False),
    "flatten": (flatten, False),
    "lookup": (lookup, False),
    "element": (element, False),
    "keys": (keys, False),
    "values": (values, False),
    "zipmap": (zipmap, False),
    "coalescelist": (coalesce_list, False),
    "compact": (compact, False),
    "sort": (ordered, False),
    "reverse": (backwards, False),
    "slice": (cut, False),
    "contains": (contains, True),
    "length": (length, False),
    "one": (one, False),
    "setunion": (union, False),
    "setsubtract": (subtract, True),
    "setintersection": (intersection, True),
    "setproduct": (product, False),
    "chunklist": (chunks, False),
    "coalesce": (coalesce, False),
    "sum": (total, True),
    "alltrue": (every, True),
    "anytrue": (some, True),
}


def call(name: str, place: Place, arguments: Sequence[Node]) -> Node:
    """The function's value; an argument that is unknown as a whole makes the result unknown."""
    function, complete = FUNCTIONS[name]
    tolerant = name in {"merge", "concat"}
    for argument in arguments:
        if isinstance(argument.value, Undecided) and not tolerant:
            return Node(argument.value, place)
        reason = open_reason(argument) if complete else None
        if reason is not None:
            return Node(reason, place)
    try:
        return function(place, *arguments)
    except (TypeError, ValueError, IndexError) as error:
        raise FunctionError(f"{name}: {error}") from error
