"""Reading a contract: every mistake is reported with file, line and key."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from pydantic import ValidationError

from conformance.contract.model import Contract, LoadedContract
from conformance.core.errors import ContractError


def load(file: Path) -> LoadedContract:
    """Read and check the contract in `file`.

    Raises:
        ContractError: not there, not TOML, or not a contract; one line per mistake.
    """
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise ContractError(
            f"no contract at {file}", remedy="name one with --contract FILE, or run where conformance.toml is"
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise ContractError(f"cannot read the contract {file}", observed=str(error)) from error
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"at line (\d+)", str(error))
        raise ContractError(
            "the contract is not TOML", where=f"{file}:{found[1] if found else '?'}", observed=str(error)
        ) from error
    try:
        # strict mode takes lists for tuples only from JSON-like input: say so once, here
        contract = Contract.model_validate(_tuples(raw))
    except ValidationError as error:
        raise _explain(file, text, error) from error
    return LoadedContract(contract=contract, file=file.resolve())


def _tuples(value: object) -> object:
    if isinstance(value, dict):
        return {key: _tuples(item) for key, item in value.items()}
    if isinstance(value, list):
        return tuple(_tuples(item) for item in value)
    return value


def _explain(file: Path, text: str, error: ValidationError) -> ContractError:
    mistakes = []
    for detail in error.errors():
        path = [part for part in detail["loc"] if part != "__root__"]
        key = ".".join(str(part) for part in path)
        mistakes.append(f"{file}:{line_of(text, path)}: {key}: {detail['msg']}")
    plural = "a mistake" if len(mistakes) == 1 else f"{len(mistakes)} mistakes"
    return ContractError(
        f"the contract has {plural}",
        where=mistakes[0].split(": ", 1)[0],
        observed="\n            ".join(mistakes),
        remedy="docs/contract.md describes every key",
    )


def line_of(text: str, path: list[int | str]) -> int:
    """Line (from 1) of the key at `path` in a TOML text, or of the nearest table above it."""
    lines = text.splitlines()
    at, best = 0, 1
    for depth, part in enumerate(path):
        table = r"\.".join(re.escape(str(p)) for p in path[: depth + 1] if isinstance(p, str))
        if isinstance(part, int):
            pattern, wanted, start = rf"^\s*\[\[\s*{table}\s*\]\]", part + 1, 0
        else:
            pattern = rf"^\s*\[+\s*{table}\s*\]+|^\s*\"?{re.escape(part)}\"?\s*="
            wanted, start = 1, at
        seen = 0
        for number in range(start, len(lines)):
            if re.match(pattern, lines[number]):
                seen += 1
                if seen == wanted:
                    at, best = number, number + 1
                    break
    return best
