"""Which plugin brings a name: roots and symbols of configuration as code, steps, item types, credentials.

The facts are those of a running controller, and names of widely used plugins beside it. A name that is in
neither is unknown: undecided, never wrong.
"""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from conformance.sources.facts import Place, Undecided

CORE = "core"
#: roots that releases of configuration as code before 1.8 had
_REMOVED_ROOTS = frozenset(("plugins",))


@dataclass(frozen=True, slots=True)
class Need:
    """A plugin that a use of the stack needs; `core` when Jenkins itself brings the name."""

    kind: str
    name: str
    plugin: str | Undecided
    place: Place


@cache
def _facts() -> dict[str, Any]:
    data = resources.files("conformance.sources").joinpath("data/plugin-facts.json.gz").read_bytes()
    found: dict[str, Any] = json.loads(gzip.decompress(data))
    return found


@cache
def _known() -> dict[str, dict[str, str]]:
    text = resources.files("conformance.sources").joinpath("data/known-plugins.json").read_text("utf-8")
    found: dict[str, dict[str, str]] = json.loads(text)
    return found


@cache
def alternatives() -> frozenset[str]:
    """Attributes of configuration as code that take one description out of several."""
    return frozenset(_facts()["alternatives"]) | {"clouds", "nodes", "credentials"}


@cache
def covered() -> frozenset[str]:
    """Plugins of which every name is known: where all pins are among them, an unknown name is a wrong one."""
    return frozenset(_facts()["plugins"])


def no_root(name: str) -> str:
    """Why a name is certainly no root of configuration as code; empty when the facts do not decide."""
    facts = _facts()
    if name in facts["roots"] or name in _known()["root"]:
        return ""
    if name in facts["roots"]["jenkins"]["attributes"]:
        return f"{name} is no root element; it belongs below jenkins"
    if name in _REMOVED_ROOTS:
        return f"{name} is no root element; configuration as code installs no plugins"
    return ""


@cache
def _symbols() -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for symbol, _, plugin, _ in _facts()["symbols"]:
        found.setdefault(symbol, set()).add(plugin)
    return {symbol: frozenset(plugins) for symbol, plugins in found.items()}


def plugin_of(kind: str, name: str) -> str | Undecided:
    """The plugin that brings a name.

    Kinds: `root` and `attribute` (`unclassified.mailer`) of configuration as code, `symbol`
    (`clouds.kubernetes`), `step`, `item` (`pipelineJob`, a class), `feature` (`declarative`, `pod template`).
    """
    known = _known().get(kind, {}).get(name)
    if known is not None:
        return known
    found = _of_facts(kind, name)
    if found is not None:
        return found
    return Undecided(f"no plugin that is known here brings the {kind} {name}", "the plugin of that name")


def _of_facts(kind: str, name: str) -> str | None:
    facts = _facts()
    if kind == "root":
        root = facts["roots"].get(name)
        return None if root is None else str(root["plugin"])
    if kind == "attribute":
        root_name, _, attribute = name.partition(".")
        own = facts["roots"].get(root_name, {}).get("attributes", {}).get(attribute)
        return None if own is None else str(own[0])
    if kind == "step":
        return _text(facts["steps"].get(name)) or _single(name)
    if kind == "item":
        return _text(facts["items"].get(name))
    if kind == "symbol":
        return _symbol(name)
    return None


def _symbol(name: str) -> str | None:
    """A description under its attribute; lists have the attribute's plural."""
    attribute, _, symbol = name.rpartition(".")
    descriptions = _facts()["descriptions"]
    for word in (attribute, attribute.removesuffix("s")):
        found = descriptions.get(f"{word}.{symbol}")
        if found is not None:
            return str(found)
    return _single(symbol)


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _single(symbol: str) -> str | None:
    """The plugin of a symbol that only one plugin has."""
    plugins = _symbols().get(symbol, frozenset())
    return next(iter(plugins)) if len(plugins) == 1 else None


def need(kind: str, name: str, place: Place) -> Need:
    """A use with the plugin that it needs."""
    return Need(kind, name, plugin_of(kind, name), place)
