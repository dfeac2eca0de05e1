"""What the gate takes from the contract: where the pins are and which core they run on.

Three keys are read with the standard library instead of the contract's model, since a static gate must
not pay for loading it; `conformance` itself still validates the whole contract wherever it is used.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

from conformance.core.errors import ContractError
from conformance.pins.model import Location

_VALUES = "jenkins-helm-values.yaml.tmpl"


@dataclass(frozen=True, slots=True)
class Defaults:
    """`values` and `stack` are absolute or relative to the working directory; `core` may be empty."""

    values: Path
    stack: Path
    core: str
    core_where: Location


def read(contract: Path) -> Defaults | None:
    """The contract's pins and core; None when there is no contract.

    Raises:
        ContractError: there is one and it cannot be read.
    """
    try:
        text = contract.read_text(encoding="utf-8")
        document = tomllib.loads(text)
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ContractError(
            "the contract cannot be read", where=str(contract), observed=str(error)
        ) from error
    stack = _table(document, "stack")
    core = _table(document, "jenkins").get("version", "")
    folder = contract.parent / str(stack.get("path", "stack"))
    where = Location(str(contract), _line(text, "jenkins", "version"))
    return Defaults(folder / str(stack.get("values", _VALUES)), folder, str(core), where)


def _table(document: dict[str, object], name: str) -> dict[str, object]:
    found = document.get(name)
    return found if isinstance(found, dict) else {}


def _line(text: str, table: str, key: str) -> int:
    """The line of `key` in `[table]`; 0 when it is written in another way."""
    inside = False
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip().startswith("["):
            inside = line.strip() == f"[{table}]"
        elif inside and re.match(rf"\s*{key}\s*=", line):
            return number
    return 0
