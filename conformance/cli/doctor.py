"""`conformance doctor`: is this host fit, and what to do about it."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from conformance.cli.options import may_provision

if TYPE_CHECKING:
    from conformance.cli.options import Subparsers

MARKS = {"ok": "[green]ok[/]", "note": "[yellow]note[/]", "unfit": "[bold red]unfit[/]"}


def register(subparsers: Subparsers) -> None:
    parser = subparsers.add_parser("doctor")
    parser.add_argument("--json", action="store_true", help="findings as JSON")
    parser.set_defaults(handler=doctor)


def doctor(options: argparse.Namespace) -> int:
    """Print the findings; 0 when the host is fit, 2 when it is not."""
    from rich.console import Console
    from rich.table import Table

    from environments.host import facts, preflight
    from environments.images import catalogue, store

    entries = catalogue.load(catalogue.pinned_kubernetes())
    seen = facts.gather(entries.built("node"))
    findings = preflight.judge(seen, warm=store.is_built(entries), will_provision=may_provision(options))
    if options.json:
        print(json.dumps([asdict(finding) for finding in findings], indent=1))
    else:
        table = Table(box=None, pad_edge=False)
        for column in ("", "what", "seen", "needed", "next"):
            table.add_column(column, overflow="fold")
        for finding in findings:
            table.add_row(MARKS[finding.level], finding.name, finding.seen, finding.needed, finding.remedy)
        Console().print(table)
    return 2 if any(finding.level == "unfit" for finding in findings) else 0
