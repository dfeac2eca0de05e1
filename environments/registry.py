"""The one registry of environments: built in, or from other packages by entry point.

A package adds an environment with one module and one entry point:

    [project.entry-points."conformance.environments"]
    eks = "company_eks:EKS"        # an instance of environments.environment.Environment
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from conformance.core.errors import UsageError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

    from environments.environment import Environment

GROUP = "conformance.environments"
DEFAULT = "kind"

#: name -> (module:object, one line for --help)
BUILT_IN: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "kind": ("environments.kind.environment:KIND", "a cluster on this host"),
        "existing": ("environments.existing:EXISTING", "the stack that the contract's [existing] names"),
    }
)


class EnvironmentUnusable(UsageError):
    """An environment of another package cannot be loaded."""


def names() -> tuple[str, ...]:
    """What `--environment` takes."""
    return (*BUILT_IN, *sorted(set(_entry_points()) - set(BUILT_IN)))


def described() -> str:
    """One line about all environments, for `--help`."""
    parts = [f"{name}: {summary}" for name, (_, summary) in BUILT_IN.items()]
    parts += [f"{name}: of {_package(point)}" for name, point in sorted(_entry_points().items())]
    return "; ".join(parts)


def find(name: str) -> Environment:
    """The environment `name`.

    Raises:
        UsageError: there is none of this name.
        EnvironmentUnusable: its package cannot be loaded, or its object is no environment.
    """
    if name in BUILT_IN:
        module, _, attribute = BUILT_IN[name][0].partition(":")
        found: Environment = getattr(importlib.import_module(module), attribute)
        return found
    point = _entry_points().get(name)
    if point is None:
        raise UsageError(f"there is no environment {name!r}", expected=", ".join(names()))
    return _loaded(name, point)


def _loaded(name: str, point: EntryPoint) -> Environment:
    from environments.environment import Environment

    where = f"{_package(point)}: {point.value}"
    try:
        found = point.load()
    except Exception as error:
        raise EnvironmentUnusable(
            f"the environment {name!r} cannot be loaded",
            where=where,
            observed=f"{type(error).__name__}: {error}",
            remedy=f"repair or uninstall {_package(point)}",
        ) from error
    if not isinstance(found, Environment):
        raise EnvironmentUnusable(
            f"the environment {name!r} is not usable",
            where=where,
            expected="an instance of environments.environment.Environment",
            observed=f"{type(found).__name__}",
            remedy=f"repair or uninstall {_package(point)}",
        )
    if found.name != name:
        raise EnvironmentUnusable(
            f"the environment {name!r} calls itself {found.name!r}",
            where=where,
            remedy="give the entry point and the object the same name",
        )
    return found


def _entry_points() -> dict[str, EntryPoint]:
    # imported where it is needed: it reads the folders of all installed packages
    from importlib.metadata import entry_points

    return {point.name: point for point in entry_points(group=GROUP) if point.name not in BUILT_IN}


def _package(point: EntryPoint) -> str:
    return point.dist.name if point.dist else "an unknown package"
