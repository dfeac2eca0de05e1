"""The gate on a terminal."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from conformance.pins.gate import GateResult
from conformance.pins.model import printable
from conformance.pins.output import rows

_STYLE = {"no-go": "red", "error": "magenta", "warning": "yellow", "note": "dim", "waived": "cyan"}
#: of a table; the worst findings come first
_ROWS = 1000
_WORD = {"GO": "bold green", "NO-GO": "bold red", "INCOMPLETE": "bold magenta"}


def show(result: GateResult, console: Console) -> None:
    if result.changes:
        console.print(_changes(result))
    if result.findings:
        console.print(_findings(result))
    console.print(
        printable(f"document: {result.document} ({result.document_signed})"), style="dim", markup=False
    )
    if result.bisection:
        console.print(printable(rows.bisection(result.bisection), 4000), markup=False)
    console.print(rows.heading(result), style=_WORD[result.verdict.word], markup=False)
    for reason in result.verdict.reasons:
        console.print(f"  {printable(reason, 2000)}", markup=False, soft_wrap=True)


def _changes(result: GateResult) -> Table:
    table = Table(title="changes", title_justify="left", box=None, pad_edge=False)
    for name in ("what", "plugin", "from", "to", "facts"):
        table.add_column(name, overflow="fold")
    for one in result.changes[:_ROWS]:
        cells = (one.kind, one.name, one.old, one.new, ", ".join(one.facts))
        table.add_row(*(escape(printable(cell)) for cell in cells))
    if len(result.changes) > _ROWS:
        table.add_row("", "", "", "", f"and {len(result.changes) - _ROWS} more: see the JSON output")
    return table


def _findings(result: GateResult) -> Table:
    table = Table(title="findings", title_justify="left", box=None, pad_edge=False)
    table.add_column("level")
    table.add_column("plugin", overflow="fold")
    table.add_column("finding", overflow="fold", ratio=1)
    table.add_column("line", overflow="fold")
    for one in result.findings[:_ROWS]:
        level = rows.level(one)
        text = f"[{one.since}] {rows.what(one)}" if one.since else rows.what(one)
        cells = (level, one.subject, text, str(one.where))
        table.add_row(*(escape(printable(cell)) for cell in cells), style=_STYLE[level])
    if len(result.findings) > _ROWS:
        table.add_row("", "", f"and {len(result.findings) - _ROWS} more: see the JSON output", "")
    return table
