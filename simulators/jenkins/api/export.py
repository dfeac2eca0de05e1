"""The part of an object that the remote API shows: by `depth`, or by a `tree` of names."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True)
class Shown:
    """A value with the depth at which it is still shown: 2 in a nested object, 3 in one nested in that, -1
    only one deeper."""

    visibility: int
    value: Any
    inline: bool = False


@dataclass(frozen=True)
class Bean:
    """An object of the remote API; values may be callables, which are called only when they are shown."""

    cls: str | None
    props: Mapping[str, Any]


EMPTY = Bean(None, {})
"""An object that shows nothing of itself."""


def shown_at(visibility: int, facts: Mapping[str, Any]) -> dict[str, Shown]:
    """Facts that share one visibility."""
    return {name: Shown(visibility, value) for name, value in facts.items()}


def always(facts: Mapping[str, Any]) -> dict[str, Shown]:
    """Facts that are shown wherever their owner is."""
    return {name: value if isinstance(value, Shown) else Shown(9, value) for name, value in facts.items()}


class TreeError(ValueError):
    """The `tree` parameter cannot be parsed."""


class Pruner(Protocol):
    """Decides which part of an object is shown."""

    def enter(self, name: str, visibility: int, inline: bool) -> Pruner | None:
        """The rule for a property's own contents, or None where it is not shown."""

    def cut(self, items: list[Any]) -> list[Any]:
        """The part of a list that is shown."""


@dataclass(frozen=True)
class ByDepth:
    """`depth=N`."""

    level: int

    def enter(self, name: str, visibility: int, inline: bool) -> Pruner | None:
        """Show the properties that are visible at this level."""
        if visibility < self.level:
            return None
        return self if inline else ByDepth(self.level + 1)

    def cut(self, items: list[Any]) -> list[Any]:
        """Everything."""
        return items


@dataclass(frozen=True)
class ByTree:
    """`tree=a,b[c]{0,5}`."""

    children: Mapping[str, ByTree]
    start: int | None = None
    end: int | None = None

    def enter(self, name: str, visibility: int, inline: bool) -> Pruner | None:
        """Show the named properties."""
        return self.children.get(name) or self.children.get("*")

    def cut(self, items: list[Any]) -> list[Any]:
        """The requested range."""
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
        named: dict[str, ByTree] = {}
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
            named[name] = ByTree(inner or {}, *(span or (None, None)))
            if position >= len(tokens) or tokens[position] != ",":
                break
            position += 1
        return named

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


def to_json(plain: Any) -> str:
    """As Stapler writes it."""
    return json.dumps(plain, separators=(",", ":"), ensure_ascii=False)
