"""`conformance list`: the catalogue of requirements, the definition of a conforming build infrastructure."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conformance.cli.options import Subparsers


def register(subparsers: Subparsers) -> None:
    parser = subparsers.add_parser("list")
    parser.add_argument("--layer", default="", help="only this layer")
    parser.add_argument("--json", action="store_true", help="as JSON")
    parser.set_defaults(handler=list_requirements)


def list_requirements(options: argparse.Namespace) -> int:
    """Print the catalogue; 3 when the layer is unknown."""
    from rich.console import Console
    from rich.table import Table

    from conformance.contract import catalogue
    from conformance.core.errors import UsageError

    if options.layer and options.layer not in catalogue.ORDER:
        raise UsageError(f"there is no layer {options.layer!r}", expected=", ".join(catalogue.ORDER))
    wanted = [entry for entry in catalogue.load() if options.layer in ("", entry.layer)]
    if options.json:
        print(json.dumps([asdict(entry) for entry in wanted], indent=1))
        return 0
    table = Table(box=None, pad_edge=False)
    for column in ("id", "level", "gate", "text"):
        table.add_column(column, overflow="fold")
    for entry in wanted:
        table.add_row(entry.id, str(entry.level), "gate" if entry.gate else "", entry.text)
    Console().print(table)
    return 0
