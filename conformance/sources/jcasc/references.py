"""References of configuration as code: `${NAME}`, `${NAME:-default}`, `${readFile:path}`; `^${` is text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from conformance.sources.facts import Place
from conformance.sources.terraform.render import Rendering
from conformance.sources.texts import Text

#: words before a colon that name a way to read a value
LOOKUPS = frozenset(
    (
        "readFile",
        "file",
        "readFileBase64",
        "fileBase64",
        "base64",
        "decodeBase64",
        "json",
        "sha256",
        "trim",
        "sysProp",
        "env",
    )
)
MAX_DEPTH = 20


@dataclass(frozen=True, slots=True)
class Reference:
    """One reference in a text."""

    #: the variable, or the path that a lookup reads
    name: str
    #: `readFile` and the like; empty for a variable
    lookup: str
    #: what is taken when the variable is not set; None: nothing
    default: str | None
    place: Place


@dataclass(frozen=True, slots=True)
class Literal:
    """Literal text with its escapes undone."""

    text: str


def parts(text: str, place: Callable[[int], Place]) -> tuple[Literal | Reference, ...]:
    """Literal text and references in their order; `place(offset)` gives a place."""
    found: list[Literal | Reference] = []
    literal: list[str] = []
    at = 0
    while at < len(text):
        if text.startswith("^${", at):
            literal.append("${")
            at += 3
        elif text.startswith("${", at) and (end := _end(text, at + 2)) >= 0:
            if literal:
                found.append(Literal("".join(literal)))
                literal = []
            found.append(_reference(text[at + 2 : end], place(at)))
            at = end + 1
        else:
            literal.append(text[at])
            at += 1
    if literal:
        found.append(Literal("".join(literal)))
    return tuple(found)


def _end(text: str, at: int) -> int:
    """The closing brace that belongs to an opened one; -1 if there is none."""
    depth = 1
    while at < len(text):
        if text.startswith("${", at):
            depth += 1
            at += 2
            if depth > MAX_DEPTH:
                return -1
            continue
        if text[at] == "}":
            depth -= 1
            if depth == 0:
                return at
        at += 1
    return -1


def _reference(inner: str, place: Place) -> Reference:
    name, separator, default = inner.partition(":-")
    lookup, colon, path = name.partition(":")
    if colon and lookup in LOOKUPS:
        return Reference(path, lookup, default if separator else None, place)
    return Reference(name, "", default if separator else None, place)


def of_text(text: Text) -> tuple[Reference, ...]:
    """References of a whole text, each with its line."""
    return tuple(part for part in parts(text.value, _places(text)) if isinstance(part, Reference))


def _places(text: Text) -> Callable[[int], Place]:
    def place(offset: int) -> Place:
        line = text.value.count("\n", 0, offset)
        start = text.value.rfind("\n", 0, offset) + 1
        return text.origin.place(line + 1, offset - start + 1)

    return place


def written_out(text: str) -> str:
    """What a value says literally: its own text, and defaults of its variables."""
    nowhere = Place("")
    found: list[str] = []
    for part in parts(text, lambda _: nowhere):
        if isinstance(part, Literal):
            found.append(part.text)
        elif part.default:
            found.append(written_out(part.default))
    return "".join(found)


def resolve(text: Text, variables: Mapping[str, str]) -> tuple[Text, tuple[Reference, ...]]:
    """The text as a plugin gets it, and references that nothing here resolves: they become open names."""
    from conformance.sources.texts import open_name

    made = Rendering(text.origin.place(1))
    missing: list[Reference] = []
    at = 0
    places = _places(text)
    for part in parts(text.value, places):
        line = text.value.count("\n", 0, min(at, len(text.value)))
        if isinstance(part, Literal):
            made.add(part.text, lambda number, line=line: text.origin.place(line + 1 + number))  # type: ignore[misc]
            at += _source_length(part.text, text.value, at)
            continue
        value = variables.get(part.name) if not part.lookup else None
        if value is None and part.default is not None:
            value = part.default
        if value is None:
            missing.append(part)
            value = open_name(part.name)
        made.add(value, lambda _, line=line: text.origin.place(line + 1))  # type: ignore[misc]
        end = _end(text.value, at + 2)
        at = end + 1 if end >= 0 else at
    return made.node().as_text(), tuple(missing)


def _source_length(literal: str, text: str, at: int) -> int:
    """Characters of the source that a literal takes, escapes counted."""
    taken, made = 0, 0
    while made < len(literal):
        if text.startswith("^${", at + taken):
            taken, made = taken + 3, made + 2
        else:
            taken, made = taken + 1, made + 1
    return taken
