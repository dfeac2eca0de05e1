"""Where the project is and where it keeps things on this host."""

from __future__ import annotations

import os
import sys
from pathlib import Path

NAME = "buildinfra-conformance"

#: What a contract is called where none is named.
CONTRACT = "conformance.toml"

#: The package itself.
PACKAGE = Path(__file__).resolve().parent.parent

#: In an installation: the folders that lie beside the package in a checkout.
_TREE = PACKAGE / "_tree"

INSTALLED = _TREE.is_dir()

#: The folder of `suites`, `fixtures`, `environments`, `reports`, `reference` and `simulators`.
PROJECT = _TREE if INSTALLED else PACKAGE.parent

#: The reference stack with its contract, plugin data and waivers.
REFERENCE = PROJECT / "reference"


def use_project() -> None:
    """Make the project's folders importable in this process.

    An installation adds one name to Python. The other packages are importable in our own processes only;
    `conformance.core.command` does the same for child processes.
    """
    if str(PROJECT) not in sys.path:
        sys.path.insert(0, str(PROJECT))


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


def find_contract(folder: Path) -> Path | None:
    """The contract that belongs to `folder`: there or in the nearest folder above it.

    In a checkout of the harness it is the reference stack's; None where there is no contract.
    """
    nearest = next((at / CONTRACT for at in (folder, *folder.parents) if (at / CONTRACT).is_file()), None)
    if nearest is None and not INSTALLED and folder.is_relative_to(PROJECT):
        return REFERENCE / CONTRACT
    return nearest
