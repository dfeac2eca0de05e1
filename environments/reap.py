"""Removing what killed runs left, in every environment that has a record on this host."""

from __future__ import annotations

from conformance.core.errors import ConformanceError
from environments import registry, runs


def reap() -> tuple[str, ...]:
    """Ask the built-in environments and those of recorded runs; one line for each thing removed.

    An environment that cannot be loaded keeps its runs, and a line says so.
    """
    recorded = {run.environment for run in runs.all_runs()}
    removed: list[str] = []
    for name in dict.fromkeys([*registry.BUILT_IN, *sorted(recorded)]):
        try:
            removed += registry.find(name).reap()
        except ConformanceError as error:
            removed.append(f"nothing of environment {name}: {str(error).splitlines()[0]}")
    return tuple(removed)
