"""A contract for a trial: the same contract beside a changed copy of its stack."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from conformance.contract.model import LoadedContract

#: folder of the stack's copy, beside the rewritten contract
STACK = "stack"


def rewrite(source: LoadedContract, folder: Path, *, core: str = "") -> Path:
    """Write the contract `source` into `folder`, for the stack in `folder/stack`; returns its path.

    What the contract names beside itself goes along. `core` replaces the version of Jenkins.
    """
    import tomlkit

    document: Any = tomlkit.parse(source.file.read_text(encoding="utf-8"))
    document["stack"]["path"] = STACK
    if core:
        document["jenkins"]["version"] = core
    source.copy_beside(folder)
    target = folder / source.file.name
    target.write_text(tomlkit.dumps(document), encoding="utf-8")
    return target
