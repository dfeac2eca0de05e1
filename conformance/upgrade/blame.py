"""Blame for a failed upgrade: the smallest set of changed components that still fails.

A component is a part of the stack that changes for a reason of its own: the core, the plugins, the
configuration, the charts, the pipelines, Nexus, the registry. A hybrid is the old stack with some
components of the new one.
"""

from __future__ import annotations

import difflib
import re
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from conformance.contract.model import LoadedContract
from conformance.contract.rewrite import STACK, rewrite
from conformance.pins.trial import Outcome, TrialMemory, TrialResult
from environments.images.catalogue import files_below, tree_hash

#: component -> its paths in the stack's folder; `core` and `plugins` are parts of the values
PATHS = {
    "jenkins chart": ("charts/jenkins",),
    "nexus chart": ("charts/nexus",),
    "nexus configuration": ("nexus",),
    "seed": ("jobs",),
    "pipelines": ("pipelines", "scripts"),
    "products": ("products",),
    "registry and releases": ("terraform",),
}
VALUES = "values"
PLUGINS = "plugins"
CONTRACT = "contract"
_PIN = re.compile(r"^\s*-\s*[\w.-]+:[\w.-]+\s*$")

Try = Callable[[frozenset[str]], Outcome]


def changed(old: LoadedContract, new: LoadedContract) -> tuple[str, ...]:
    """Components in which two stacks differ."""
    found = [
        name
        for name, paths in PATHS.items()
        if any(_hash(old.stack_dir / path) != _hash(new.stack_dir / path) for path in paths)
    ]
    before, after = (side.values_template.read_text(encoding="utf-8").splitlines() for side in (old, new))
    lines = [line[1:] for line in difflib.ndiff(before, after) if line.startswith(("+", "-"))]
    if any(_PIN.match(line) for line in lines):
        found.append(PLUGINS)
    if any(not _PIN.match(line) for line in lines):
        found.append(VALUES)
    if old.file.read_bytes() != new.file.read_bytes():
        found.append(CONTRACT)
    return tuple(found)


def hybrid(old: LoadedContract, new: LoadedContract, taken: Iterable[str], target: Path) -> Path:
    """Write the old stack with the components `taken` of the new one below `target`.

    Returns the path of its contract, which is the new one when the contract is among `taken`.
    """
    parts = set(taken)
    stack = target / STACK
    shutil.copytree(old.stack_dir, stack, symlinks=True)
    for name in parts & PATHS.keys():
        for path in PATHS[name]:
            shutil.rmtree(stack / path, ignore_errors=True)
            if (new.stack_dir / path).exists():
                shutil.copytree(new.stack_dir / path, stack / path, symlinks=True)
    values = stack / old.values_template.relative_to(old.stack_dir)
    values.write_text(_values(old, new, parts), encoding="utf-8")
    source = new if CONTRACT in parts else old
    return rewrite(source, target)


def _values(old: LoadedContract, new: LoadedContract, parts: set[str]) -> str:
    """The values with pins of one side and everything else of one side."""
    rest, pins = (new if part in parts else old for part in (VALUES, PLUGINS))
    lines = rest.values_template.read_text(encoding="utf-8").splitlines(keepends=True)
    wanted = [
        line
        for line in pins.values_template.read_text(encoding="utf-8").splitlines(keepends=True)
        if _PIN.match(line)
    ]
    places = [number for number, line in enumerate(lines) if _PIN.match(line)]
    if not places:
        return "".join(lines)
    kept = [line for line in lines if not _PIN.match(line)]
    kept[places[0] : places[0]] = wanted
    return "".join(kept)


@dataclass(frozen=True, slots=True)
class Blame:
    """`minimal` is False when the trials ran out or when one of them broke; see `note`."""

    components: tuple[str, ...]
    minimal: bool
    trials: int
    note: str = ""


class _Ended(Exception):
    """No trials are left."""


def blame(
    components: Iterable[str], attempt: Try, *, budget: int = 12, memory: TrialMemory | None = None
) -> Blame:
    """The smallest set of `components` with which `attempt` fails, given that it fails with all of them.

    Delta debugging (Zeller, ddmin): halves first, then complements, until no component can be left out. A
    trial that broke decides nothing, and the search goes on without it.
    """
    components = tuple(components)
    kept = memory or TrialMemory()
    kept.begin(", ".join(sorted(components)))
    used = 0
    broken: dict[frozenset[str], str] = {}

    def fails(some: frozenset[str]) -> bool:
        nonlocal used
        if some not in kept.known and some not in broken:
            if used >= budget:
                raise _Ended(f"{budget} trials are used up")
            used += 1
            outcome = attempt(some)
            if outcome == "error":
                broken[some] = f"the trial of {', '.join(sorted(some))} broke"
            else:
                kept.keep(some, TrialResult(outcome))
        return some in kept.known and kept.known[some].outcome == "failed"

    current, parts = components, 2
    try:
        while len(current) > 1:
            size = max(1, len(current) // parts)
            pieces = [frozenset(current[at : at + size]) for at in range(0, len(current), size)]
            smaller = next(
                (
                    each
                    for each in (*pieces, *(frozenset(current) - piece for piece in pieces))
                    if each and len(each) < len(current) and fails(each)
                ),
                None,
            )
            if smaller is not None:
                current, parts = tuple(name for name in current if name in smaller), 2
            elif size == 1:
                break
            else:
                parts = min(len(current), parts * 2)
    except _Ended as ended:
        return Blame(current, False, used, "; ".join((*broken.values(), str(ended))))
    # one component alone that fails needs no other trial
    return Blame(current, len(current) == 1 or not broken, used, "; ".join(broken.values()))


def _hash(path: Path) -> str:
    return tree_hash(path) if path.is_dir() and any(files_below(path)) else ""
