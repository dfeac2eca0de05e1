"""Read the project's own small TOML lists, with errors that name file and entry."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from conformance.core.errors import UsageError


def entries(
    path: Path, table: str, required: dict[str, type], optional: dict[str, type]
) -> list[dict[str, Any]]:
    """The array of tables `[[table]]`, each with all of `required`, none but `optional` besides.

    Raises:
        UsageError: not there, not TOML, an unknown or missing key, or a value of another type.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"{path.name} cannot be read", where=str(path), observed=str(error)) from error
    strangers = set(document) - {table}
    if strangers:
        raise UsageError(f"unknown key {min(strangers)!r}", where=str(path), expected=f"[[{table}]] only")
    listed = document.get(table, [])
    if not isinstance(listed, list):
        raise UsageError(f"{table} is not an array of tables", where=str(path), expected=f"[[{table}]]")
    for number, entry in enumerate(listed, 1):
        _check(entry, f"{path}: [[{table}]] number {number}", required, optional)
    return listed


def _check(entry: object, where: str, required: dict[str, type], optional: dict[str, type]) -> None:
    if not isinstance(entry, dict):
        raise UsageError("an entry is not a table", where=where)
    known = required | optional
    for key, value in entry.items():
        if key not in known:
            raise UsageError(f"unknown key {key!r}", where=where, expected=", ".join(known))
        if not isinstance(value, known[key]) or value == "":
            raise UsageError(f"{key} must be a {known[key].__name__}", where=where, observed=repr(value))
    for key in required:
        if key not in entry:
            raise UsageError(f"{key} is missing", where=where, expected=", ".join(required))
