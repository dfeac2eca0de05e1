"""The catalogue of requirements, and the one place that says which layer stands on which.

The entries are data (`suites/requirements.toml`), so that a report can print a requirement's text
without importing a single check.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Any

from conformance.core.errors import ContractError
from conformance.core.paths import PROJECT

#: The catalogue of the suites in this tree.
FILE = PROJECT / "suites" / "requirements.toml"

#: Each layer and the layers that it stands on, lowest first. Jenkins needs the platform only; what
#: needs Nexus and the registry too is a pipeline.
LAYERS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "static": (),
        "platform": ("static",),
        "nexus": ("platform",),
        "registry": ("platform",),
        "jenkins": ("platform",),
        "agents": ("jenkins",),
        "pipelines": ("agents", "nexus", "registry"),
        "restarts": ("nexus", "jenkins"),
        # what was lost is to be seen also where the new stack does not conform
        "upgrade": ("platform",),
    }
)

#: Layers whose checks take services away for a while: they run when every check that may ask one has ended.
DISRUPTIVE = frozenset({"restarts"})

#: Layers whose checks ask no service that a disruptive layer takes away: they may run meanwhile.
UNDISTURBED = frozenset({"registry"})

#: Layers from the lowest to the highest: no layer stands on one after it.
ORDER: tuple[str, ...] = tuple(LAYERS)

IDENTIFIER = re.compile(r"^[A-Z][A-Z0-9]*(-[A-Z0-9]+)*-\d{2,3}$")


class Level(StrEnum):
    """How binding a requirement is (RFC 2119). Only a MUST decides the verdict."""

    MUST = "MUST"
    SHOULD = "SHOULD"
    MAY = "MAY"


@dataclass(frozen=True, slots=True)
class Requirement:
    """One sentence that a conforming stack satisfies.

    `gate`: what stands on this requirement's layer makes no sense without it.
    `source`: where the sentence comes from. `remedy`: what to do when it does not hold.
    """

    id: str
    text: str
    level: Level
    layer: str
    source: str
    remedy: str
    gate: bool = False


class Catalogue:
    """Requirements by id, in layer order and within a layer in the order of the file."""

    def __init__(self, requirements: tuple[Requirement, ...]) -> None:
        ranked = sorted(requirements, key=lambda requirement: rank(requirement.layer))
        self._by_id = {requirement.id: requirement for requirement in ranked}

    def __iter__(self) -> Iterator[Requirement]:
        return iter(self._by_id.values())

    def __len__(self) -> int:
        return len(self._by_id)

    def __contains__(self, identifier: object) -> bool:
        return identifier in self._by_id

    def __getitem__(self, identifier: str) -> Requirement:
        return self._by_id[identifier]

    def get(self, identifier: str) -> Requirement | None:
        return self._by_id.get(identifier)

    def near(self, identifier: str) -> tuple[str, ...]:
        """Up to three known ids that a mistyped one may have meant."""
        # imported where it is needed: it costs a start-up 10 ms and is for mistakes only
        from difflib import get_close_matches

        return tuple(get_close_matches(identifier, self._by_id, n=3))


def requirement_fields(requirement: Requirement) -> dict[str, Any]:
    """`requirement` as JSON can hold it."""
    return {**asdict(requirement), "level": str(requirement.level)}


def rank(layer: str) -> int:
    """Position of `layer` from the lowest (0)."""
    return ORDER.index(layer)


def below(layer: str) -> tuple[str, ...]:
    """Every layer that `layer` stands on, directly or not, lowest first."""
    found: set[str] = set()
    stack = list(LAYERS[layer])
    while stack:
        name = stack.pop()
        if name not in found:
            found.add(name)
            stack.extend(LAYERS[name])
    return tuple(name for name in ORDER if name in found)


def load(file: Path = FILE) -> Catalogue:
    """Read the catalogue in `file`.

    Raises:
        ContractError: not there, not TOML, or an entry that is no requirement; every mistake is reported.
    """
    try:
        text = file.read_text(encoding="utf-8")
        raw = tomllib.loads(text)
    except FileNotFoundError as error:
        raise ContractError(f"no catalogue of requirements at {file}") from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ContractError(f"cannot read the catalogue {file}", observed=str(error)) from error
    lines = [n for n, line in enumerate(text.splitlines(), 1) if line.strip() == "[[requirement]]"]
    requirements: dict[str, Requirement] = {}
    mistakes: list[str] = []
    for index, entry in enumerate(raw.get("requirement", [])):
        where = f"{file}:{lines[index] if index < len(lines) else '?'}"
        wrong = list(_mistakes(entry))
        if not wrong and entry["id"] in requirements:
            wrong = [f"{entry['id']} is there twice"]
        mistakes += [f"{where}: {mistake}" for mistake in wrong]
        if not wrong:
            requirements[entry["id"]] = Requirement(**{**entry, "level": Level(entry["level"])})
    if set(raw) - {"requirement"}:
        mistakes.append(f"{file}: unknown tables: {', '.join(sorted(set(raw) - {'requirement'}))}")
    if mistakes:
        raise ContractError(
            "the catalogue of requirements has mistakes",
            where=mistakes[0].split(": ", 1)[0],
            expected="[[requirement]] with id, layer, level, text, source, remedy and maybe gate",
            observed="\n            ".join(mistakes),
        )
    return Catalogue(tuple(requirements.values()))


def _mistakes(entry: Mapping[str, Any]) -> Iterator[str]:
    name = entry.get("id", "an entry without id")
    known = {field.name for field in fields(Requirement)}
    for key in sorted(set(entry) - known):
        yield f"{name}: unknown key {key}"
    for key in sorted(known - {"gate"}):
        value = entry.get(key)
        if not isinstance(value, str) or not value.strip():
            yield f"{name}: {key} must be a text"
    if isinstance(entry.get("id"), str) and not IDENTIFIER.match(entry["id"]):
        yield f"{name}: an id looks like NEXUS-01"
    if entry.get("layer") not in LAYERS:
        yield f"{name}: layer must be one of {', '.join(ORDER)}"
    if entry.get("level") not in set(Level):
        yield f"{name}: level must be one of {', '.join(Level)}"
    if not isinstance(entry.get("gate", False), bool):
        yield f"{name}: gate must be true or false"
