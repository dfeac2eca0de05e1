"""YAML as Helm reads it (YAML 1.1, by sigs.k8s.io/yaml), each value with its place.

Aliases share their node, so a bomb costs nothing until somebody expands it; documents whose expansion is
larger than the limit are refused. A key that is given twice takes its last value, as in Helm, and is noted.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import yaml

from conformance.sources import texts
from conformance.sources.facts import Place, SourceError, Undecided
from conformance.sources.texts import Origin, Text

#: levels of nesting, and values after aliases are expanded
MAX_DEPTH, MAX_VALUES = 120, 200_000

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_NULL = {"", "~", "null", "Null", "NULL"}
_BOOLS = {
    **dict.fromkeys(("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"), True),
    **dict.fromkeys(("n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"), False),
}
_FLOATS = {
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), float("inf")),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), float("-inf")),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
}
_EMPTY: Mapping[str, Node] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Node:
    """A value and its place. Texts keep the places of their lines, since many hold YAML of their own."""

    value: bool | int | float | str | tuple[Node, ...] | Mapping[str, Node] | Undecided | None
    place: Place
    #: where the lines of a text lie
    lines: Origin | None = field(default=None, compare=False)
    #: what the value is not written in: "chart default 5.8.68"; empty if the place says it
    default_of: str = ""
    #: places of the keys of a mapping
    keys: Mapping[str, Place] = field(default_factory=dict, compare=False)
    #: why further keys of a mapping, or elements of a list, are not known
    rest: Undecided | None = None

    @property
    def mapping(self) -> Mapping[str, Node]:
        """The entries of a mapping; none for anything else."""
        return self.value if isinstance(self.value, Mapping) else _EMPTY

    @property
    def items(self) -> tuple[Node, ...]:
        """The elements of a list; none for anything else."""
        return self.value if isinstance(self.value, tuple) else ()

    def at(self, *keys: str) -> Node | None:
        """The value below these keys, if it is there."""
        found: Node | None = self
        for key in keys:
            if found is None:
                return None
            found = found.entry(key)
        return found

    def entry(self, key: str) -> Node | None:
        """One entry of a mapping; what an unknown rest may hold is undecided."""
        own = self.mapping.get(key)
        if own is not None:
            return own
        if isinstance(self.value, Undecided):
            return self
        return None if self.rest is None else Node(self.rest, self.place)

    def key_place(self, key: str) -> Place:
        """The place of a key of this mapping."""
        own = self.mapping.get(key)
        return self.keys.get(key) or (own.place if own is not None else self.place)

    def text(self, *keys: str, default: str = "") -> str:
        """The value below these keys as the chart prints it."""
        found = self.at(*keys)
        return default if found is None or found.value is None else found.printed

    @property
    def printed(self) -> str:
        """A scalar as a Go template prints it."""
        value = self.value
        if value is None:
            return ""
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
            return str(int(value))
        return str(value) if isinstance(value, str | int | float) else ""

    @property
    def known(self) -> bool:
        """Is the value determined by the sources? Parts of a text may be open."""
        if isinstance(self.value, str):
            return not texts.is_open(self.value)
        return not isinstance(self.value, Undecided)

    def as_text(self) -> Text:
        """The text with the places of its lines."""
        return Text(self.printed, self.lines or Origin(self.place.file, fixed=self.place))

    def plain(self) -> Any:
        """Python's own types; an undecided value is its reason's object."""
        if isinstance(self.value, Mapping):
            return {key: node.plain() for key, node in self.value.items()}
        if isinstance(self.value, tuple):
            return [node.plain() for node in self.value]
        return self.value

    def walk(self, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Node]]:
        """Every value below, outermost first, with its keys; elements of lists by their number."""
        yield path, self
        for key, node in self.mapping.items():
            yield from node.walk((*path, key))
        for number, node in enumerate(self.items):
            yield from node.walk((*path, str(number)))


@dataclass(frozen=True, slots=True)
class Document:
    """One document of a YAML file."""

    root: Node
    #: places of keys that are given twice in one mapping, with the key; the later one wins
    duplicates: tuple[tuple[Place, str], ...] = ()


def undecided(text: str) -> Undecided:
    """Why a text with unknown parts is not determined."""
    names = texts.open_names(text)
    word = repr(texts.shown(text)) if len(text) < 200 else "a text"
    return Undecided(f"{word} depends on {', '.join(names)}", names[0] if names else "")


def load(text: Text) -> Document | SourceError:
    """The first document of a text; an empty text is null."""
    found = load_all(text)
    if isinstance(found, SourceError):
        return found
    return found[0] if found else Document(Node(None, text.origin.place(1)))


def load_all(text: Text) -> tuple[Document, ...] | SourceError:
    """Every document of a text, or the one reason why its engine refuses it."""
    reader = _Reader(text)
    try:
        return tuple(reader.documents())
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = text.origin.place(mark.line + 1, mark.column + 1) if mark else text.origin.place(1)
        words = ", ".join(part for part in (error.context, error.problem) if part)
        return SourceError(place, f"not YAML: {words or 'the parser gives no reason'}")
    except yaml.reader.ReaderError as error:
        line = text.value.count("\n", 0, error.position) + 1
        return SourceError(text.origin.place(line), f"not YAML: {error.reason}")
    except _LimitError as error:
        return SourceError(error.place, str(error))
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        return SourceError(text.origin.place(1), f"not YAML: {' '.join(str(error).split())[:200]}")


def load_json(text: Text) -> Node | SourceError:
    """A JSON file with the places of its values."""
    try:
        plain = json.loads(text.value)
    except json.JSONDecodeError as error:
        return SourceError(text.origin.place(error.lineno, error.colno), f"not JSON: {error.msg}")
    except (ValueError, RecursionError) as error:
        return SourceError(text.origin.place(1), f"not JSON: {error}")
    # JSON is YAML but for tabs and pairs of escapes; where that fails, the file is each value's place
    lines = text.value.split("\n")
    spaced = (" " * (len(line) - len(line.lstrip())) + line.lstrip() for line in lines)
    found = load(Text("\n".join(spaced), text.origin))
    if isinstance(found, Document) and _same(found.root, plain):
        return found.root
    return from_plain(plain, text.origin.place(1))


def _same(node: Node, plain: Any) -> bool:
    try:
        return bool(node.plain() == plain)
    except RecursionError:
        return False


def from_plain(value: Any, place: Place, default_of: str = "") -> Node:
    """A value of JSON as a node; every part has one place."""
    if isinstance(value, Mapping):
        inner = {str(key): from_plain(own, place, default_of) for key, own in value.items()}
        return Node(MappingProxyType(inner), place, default_of=default_of)
    if isinstance(value, list | tuple):
        return Node(tuple(from_plain(own, place, default_of) for own in value), place, default_of=default_of)
    if value is None or isinstance(value, bool | int | float | str | Undecided):
        return Node(value, place, default_of=default_of)
    return Node(str(value), place, default_of=default_of)


class _LimitError(Exception):
    def __init__(self, place: Place, message: str) -> None:
        super().__init__(message)
        self.place = place


class _Reader:
    """Makes nodes of the parser's events."""

    def __init__(self, text: Text) -> None:
        self._text = text
        self._origin = text.origin
        self._source = text.value.split("\n")
        self._events: Iterator[Any] = yaml.parse(text.value, Loader=_LOADER)
        self._anchors: dict[str, tuple[Node, int]] = {}
        self._duplicates: list[tuple[Place, str]] = []

    def documents(self) -> Iterator[Document]:
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                self._anchors, self._duplicates = {}, []
                root, _ = self._node(next(self._events), 0)
                yield Document(root, tuple(self._duplicates))

    def _node(self, event: Any, depth: int) -> tuple[Node, int]:
        """The node that begins with `event`, and the count of its values when expanded."""
        if isinstance(event, yaml.AliasEvent):
            if event.anchor not in self._anchors:
                raise _LimitError(self._place(event), f"not YAML: unknown anchor '{event.anchor}' referenced")
            return self._anchors[event.anchor]
        if depth > MAX_DEPTH:
            raise _LimitError(self._place(event), f"the document is nested deeper than {MAX_DEPTH} levels")
        if isinstance(event, yaml.ScalarEvent):
            made: tuple[Node, int] = (self._scalar(event), 1)
        elif isinstance(event, yaml.SequenceStartEvent):
            made = self._sequence(event, depth)
        else:
            made = self._mapping(event, depth)
        if made[1] > MAX_VALUES:
            raise _LimitError(
                self._place(event), f"the document has more than {MAX_VALUES} values, aliases expanded"
            )
        if event.anchor:
            self._anchors[event.anchor] = made
        return made

    def _place(self, event: Any) -> Place:
        mark = event.start_mark
        return self._origin.place(mark.line + 1, mark.column + 1)

    def _sequence(self, start: Any, depth: int) -> tuple[Node, int]:
        found: list[Node] = []
        weight = 1
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            node, own = self._node(event, depth + 1)
            found.append(node)
            weight += own
        return Node(tuple(found), self._place(start)), weight

    def _mapping(self, start: Any, depth: int) -> tuple[Node, int]:
        entries: dict[str, Node] = {}
        places: dict[str, Place] = {}
        merged: list[Node] = []
        weight = 1
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key_node, _ = self._node(event, depth + 1)
            value, own = self._node(next(self._events), depth + 1)
            weight += own + 1
            if isinstance(event, yaml.ScalarEvent) and event.value == "<<" and event.implicit[0]:
                merged += value.items or (value,)
                continue
            if isinstance(key_node.value, Mapping | tuple):
                raise _LimitError(key_node.place, "not YAML for Helm: a key is a mapping or a list")
            key = "null" if key_node.value is None else key_node.printed
            if key in places:
                self._duplicates.append((key_node.place, key))
            entries[key], places[key] = value, key_node.place
        for source in merged:
            for key, value in source.mapping.items():
                entries.setdefault(key, value)
                places.setdefault(key, source.key_place(key))
        return Node(MappingProxyType(entries), self._place(start), keys=MappingProxyType(places)), weight

    def _scalar(self, event: Any) -> Node:
        place = self._place(event)
        if not event.style and not (event.tag and event.tag.endswith(":str")):
            value = _plain(event.value) if event.implicit[0] or event.tag else event.value
            if not isinstance(value, str):
                return Node(value, place)
        return Node(event.value, place, self._lines(event, place))

    def _lines(self, event: Any, place: Place) -> Origin:
        """Literal blocks keep their lines; folded and quoted texts lie where they begin."""
        if event.style != "|":
            return Origin(place.file, fixed=place)
        first = event.start_mark.line + 1
        indent = 0
        for line in self._source[first : event.end_mark.line + 1]:
            if line.strip():
                indent = len(line) - len(line.lstrip(" "))
                break
        return self._origin.below(first, indent)


def _plain(text: str) -> bool | int | float | str | None:
    """A plain scalar as the YAML library of Kubernetes resolves it."""
    if text in _NULL:
        return None
    if text in _BOOLS:
        return _BOOLS[text]
    if text in _FLOATS:
        return _FLOATS[text]
    if text[0] not in "+-.0123456789":
        return text
    digits = text.replace("_", "")
    number = _integer(digits)
    if number is not None:
        return number
    return _decimal(digits) if digits else text


def _integer(digits: str) -> int | None:
    sign, body = (-1, digits[1:]) if digits[:1] == "-" else (1, digits.removeprefix("+"))
    prefix = body[:2].lower()
    base = {"0x": 16, "0o": 8, "0b": 2}.get(prefix, 8 if body[:1] == "0" and len(body) > 1 else 10)
    number = body[2:] if prefix in {"0x", "0o", "0b"} else body
    if not number or not number.isascii() or not number.isalnum():
        return None
    try:
        found = sign * int(number, base)
    except ValueError:
        return None
    return found if -(2**63) <= found < 2**64 else None


def _decimal(digits: str) -> float | str:
    body = digits.lstrip("+-")
    if (
        len(digits) - len(body) > 1
        or not set(body) <= set("0123456789.eE+-")
        or not any(map(str.isdigit, body))
    ):
        return digits
    try:
        return float(digits)
    except ValueError:
        return digits
