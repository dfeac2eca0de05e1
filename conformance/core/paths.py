"""Where the project keeps things on this host."""

from __future__ import annotations

import os
from pathlib import Path

NAME = "buildinfra-conformance"

#: What a contract is called where none is named.
CONTRACT = "conformance.toml"

#: The package itself.
PACKAGE = Path(__file__).resolve().parent.parent

#: The checkout that this code runs from.
PROJECT = PACKAGE.parent

#: The reference stack with its contract, plugin data and waivers.
REFERENCE = PROJECT / "reference"


def cache_root() -> Path:
    """What can be made again: built images, tools, the private engine's data. Honours XDG_CACHE_HOME."""
    return _root("XDG_CACHE_HOME", ".cache")


def state_root() -> Path:
    """What a run leaves to be found again: run records, results. Honours XDG_STATE_HOME."""
    return _root("XDG_STATE_HOME", ".local/state")


def _root(variable: str, default: str) -> Path:
    base = os.environ.get(variable) or str(Path.home() / default)
    return Path(base) / NAME


def lock_file(name: str) -> Path:
    """The lock of what all runs of this host share under `name`."""
    return cache_root() / "locks" / f"{name}.lock"
