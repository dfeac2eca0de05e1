"""What the remote API shows of an object: by `depth`, or by a `tree` of names."""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from xml.sax.saxutils import escape


@dataclass(frozen=True)
class Shown:
    """A value with the depth at which it is still shown: 2 in a nested object, 3 in one nested in that,
    -1 only one deeper."""

    visibility: int
    value: Any
    inline: bool = False


@dataclass(frozen=True)
class Bean:
    """An object of the remote API; values may be callables, asked only when they are shown."""

    cls: str | None
    props: Mapping[str, Any]


EMPTY = Bean(None, {})
"""An object that shows nothing of itself."""


def deep(value: Any) -> Shown:
    """Shown wherever its owner is."""
    return value if isinstance(value, Shown) else Shown(9, value)


class TreeError(ValueError):
    """The `tree` parameter cannot be parsed."""


class Pruner(Protocol):
    """Decides what of an object is shown."""

    def enter(self, name: str, visibility: int, inline: bool) -> "Pruner | None":
        """The rule for a property's own contents, or None where it is not shown."""

    def cut(self, items: list[Any]) -> list[Any]:
        """The part of a list that is shown."""


@dataclass(frozen=True)
class ByDepth:
    """`depth=N`."""

    level: int

    def enter(self, name: str, visibility: int, inline: bool) -> "Pruner | None":
        """Show what is visible at this level."""
        if visibility < self.level:
            return None
        return self if inline else ByDepth(self.level + 1)

    def cut(self, items: list[Any]) -> list[Any]:
        """Everything."""
        return items


@dataclass(frozen=True)
class ByTree:
    """`tree=a,b[c]{0,5}`."""

    children: Mapping[str, "ByTree"]
    start: int | None = None
    end: int | None = None

    def enter(self, name: str, visibility: int, inline: bool) -> "Pruner | None":
        """Show what was named."""
        return self.children.get(name) or self.children.get("*")

    def cut(self, items: list[Any]) -> list[Any]:
        """The range that was asked for."""
        return items[self.start : self.end]


def parse_tree(text: str) -> ByTree:
    """Parse a `tree` parameter.

    Raises:
        TreeError: it is malformed, with the message of the real parser.
    """
    tokens = re.findall(r"[\[\]{},]|[^\[\]{},]+", re.sub(r"\s+", "", text))
    position = 0

    def offset() -> int:
        return sum(len(token) for token in tokens[:position])

    def nodes() -> dict[str, ByTree]:
        nonlocal position
        found: dict[str, ByTree] = {}
        while position < len(tokens):
            name = tokens[position]
            position += 1
            inner = span = None
            if position < len(tokens) and tokens[position] == "[":
                position += 1
                inner = nodes()
                if position >= len(tokens) or tokens[position] != "]":
                    raise TreeError(f"expected RBRACE at {offset()}")
                position += 1
            if position < len(tokens) and tokens[position] == "{":
                span = _span(tokens, position)
                position = tokens.index("}", position) + 1
            found[name] = ByTree(inner or {}, *(span or (None, None)))
            if position >= len(tokens) or tokens[position] != ",":
                break
            position += 1
        return found

    tree = ByTree(nodes())
    if position < len(tokens):
        raise TreeError(f"expected EOL at {offset()}")
    return tree


def _span(tokens: list[str], position: int) -> tuple[int | None, int | None]:
    if "}" not in tokens[position:]:
        raise TreeError("expected RCURLY")
    body = tokens[position + 1 : tokens.index("}", position)]
    if "," not in body:
        return int(body[0]), int(body[0]) + 1
    comma = body.index(",")
    return (int(body[0]) if comma else None), (int(body[-1]) if comma < len(body) - 1 else None)


def render(value: Any, pruner: Pruner) -> Any:
    """The plain form of a value: dicts, lists and scalars."""
    if isinstance(value, Bean):
        shown: dict[str, Any] = {} if value.cls is None else {"_class": value.cls}
        for name, raw in value.props.items():
            wrapped = raw if isinstance(raw, Shown) else Shown(1, raw)
            inner = pruner.enter(name, wrapped.visibility, wrapped.inline)
            if inner is not None:
                content = wrapped.value() if callable(wrapped.value) else wrapped.value
                shown[name] = render(content, inner)
        return shown
    if isinstance(value, Mapping):
        return {key: render(item, pruner) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [render(item, pruner) for item in pruner.cut(list(value))]
    return value


def to_json(plain: Any, pretty: bool) -> str:
    """As Stapler writes it."""
    if pretty:
        return json.dumps(plain, indent=2, separators=(",", " : "), ensure_ascii=False)
    return json.dumps(plain, separators=(",", ":"), ensure_ascii=False)


def to_python(plain: Any) -> str:
    """The `api/python` flavour."""
    text = to_json(plain, pretty=False)
    return re.sub(
        r'("(?:\\.|[^"\\])*")|\b(true|false|null)\b',
        lambda m: m.group(1) or {"true": "True", "false": "False", "null": "None"}[m.group(2)],
        text,
    )


def to_xml(plain: Mapping[str, Any]) -> str:
    """The `api/xml` flavour; lists become repeated elements named in the singular."""
    cls = str(plain.get("_class") or "object")
    root = cls.rsplit(".", 1)[-1].rsplit("$", 1)[-1]
    name = root[0].lower() + root[1:]
    return f"<{name} _class='{cls}'>{''.join(_elements(plain))}</{name}>"


def _elements(plain: Mapping[str, Any]) -> Iterable[str]:
    for key, value in plain.items():
        if key == "_class" or value is None:
            continue
        for item in value if isinstance(value, list) else [value]:
            name = key[:-1] if isinstance(value, list) and key.endswith("s") else key
            if isinstance(item, Mapping):
                attribute = f" _class='{item['_class']}'" if "_class" in item else ""
                yield f"<{name}{attribute}>{''.join(_elements(item))}</{name}>"
            else:
                text = str(item).lower() if isinstance(item, bool) else str(item)
                yield f"<{name}>{escape(text)}</{name}>"


def xpath(plain: Mapping[str, Any], expression: str) -> str | None:
    """The XPath that shell scripts use for a crumb: `concat(//a,":",//b)` or `//a`; None for any other."""
    parts = re.fullmatch(r"concat\((.*)\)", expression)
    pieces: list[str] = re.findall(
        r"//\w+(?:/text\(\))?|\"[^\"]*\"|'[^']*'", parts.group(1) if parts else expression
    )
    if not pieces:
        return None
    find: Callable[[str], str] = lambda p: str(plain.get(p[2:].removesuffix("/text()"), ""))
    return "".join(find(piece) if piece.startswith("//") else piece[1:-1] for piece in pieces)
