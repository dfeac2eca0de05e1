"""What stands on the screen at the end: failures first, then the one block with the verdict."""

from __future__ import annotations

from collections import Counter

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from conformance.contract.catalogue import ORDER
from reports.model import Check, Outcome, RequirementInfo, RunResult
from reports.text import clean
from reports.verdict import BROKEN, WAIVER_FAILS, in_order, level, remedy_of

STYLES = {
    Outcome.PASSED: "green",
    Outcome.FAILED: "bold red",
    Outcome.ERROR: "bold magenta",
    Outcome.BLOCKED: "yellow",
    Outcome.WAIVED: "cyan",
    Outcome.NOT_APPLICABLE: "dim",
    Outcome.NOT_RUN: "yellow",
}
VERDICT_STYLES = {"conformant": "bold green", "not conformant": "bold red", "incomplete": "bold yellow"}
#: Broken checks that are told in full; the rest stands in the report.
SHOWN = 20


def print_verdict(console: Console, result: RunResult, *, folder: str = "") -> None:
    """Print what is broken, a line per layer, and the verdict; `folder` is named as where more is."""
    by_id = {requirement.id: requirement for requirement in result.requirements}
    blocked = Counter(check.blocked_by for check in result.checks if check.outcome is Outcome.BLOCKED)
    broken = in_order(result.checks, by_id)
    console.print()
    for check in broken[:SHOWN]:
        _print_broken(console, check, by_id, blocked[check.nodeid])
    if len(broken) > SHOWN:
        console.print(f"and {len(broken) - SHOWN} more, see the report")
    for problem in result.problems:
        console.print(Text.assemble(("problem ", "bold magenta"), (clean(problem.what), "bold")))
        for line in (problem.where, *clean(problem.observed).splitlines()[:8]):
            if line.strip():
                console.print(Padding(Text(line), (0, 0, 0, 2)))
        if problem.remedy:
            console.print(Padding(Text.assemble(("next: ", "bold"), clean(problem.remedy)), (0, 0, 0, 2)))
    _print_waivers(console, result)
    if result.checks:
        console.print(layer_table(result))
    _print_block(console, result, folder)


def layer_table(result: RunResult) -> Table:
    """Outcomes by layer; columns that would be empty are left out."""
    used = [outcome for outcome in Outcome if any(check.outcome is outcome for check in result.checks)]
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("layer")
    for outcome in used:
        table.add_column(str(outcome), justify="right")
    table.add_column("seconds", justify="right")
    for layer in [*ORDER, *sorted({check.layer for check in result.checks} - set(ORDER))]:
        checks = [check for check in result.checks if check.layer == layer]
        if checks:
            counts = Counter(check.outcome for check in checks)
            cells = [Text(str(counts[o]) if counts[o] else "", style=STYLES[o]) for o in used]
            table.add_row(layer, *cells, f"{sum(check.seconds for check in checks):.1f}")
    return table


def one_line(check: Check) -> str:
    """The first line of a broken check: requirements, outcome, what."""
    return f"{', '.join(check.requirements)} {check.outcome}: {check.message or check.nodeid}"


def _print_broken(console: Console, check: Check, by_id: dict[str, RequirementInfo], blocks: int) -> None:
    soft = "" if level(check, by_id) == "MUST" else f" ({level(check, by_id)})"
    console.print(
        Text.assemble(
            (f"{check.outcome} ", STYLES[check.outcome]),
            (", ".join(check.requirements) + soft, "bold"),
            f": {clean(check.message)}",
        )
    )
    body = [by_id[name].text for name in check.requirements if name in by_id]
    told = clean(check.details).splitlines()
    if told and told[0].strip() == clean(check.message):
        body += [line.strip() for line in told[1:] if line.strip() and not line.strip().startswith("next:")][
            :8
        ]
    remedy = clean(remedy_of(check, by_id))
    for line in body:
        console.print(Padding(Text(line), (0, 0, 0, 2)))
    if remedy:
        console.print(Padding(Text.assemble(("next: ", "bold"), remedy), (0, 0, 0, 2)))
    if blocks:
        console.print(
            Padding(Text(f"blocks {blocks} check{'s' if blocks > 1 else ''}", style="yellow"), (0, 0, 0, 2))
        )
    console.print(Padding(Text(check.nodeid, style="dim"), (0, 0, 0, 2)))


def _print_waivers(console: Console, result: RunResult) -> None:
    for waiver in result.waivers:
        name = escape(f"{waiver.requirement} ({waiver.owner})")
        if waiver.state in WAIVER_FAILS:
            console.print(f"[bold red]waiver {waiver.state}[/] {name}: {escape(waiver.reason)}")
        elif waiver.state == "passes":
            console.print(f"[cyan]waiver to remove[/] {name}: what it excuses passes now")
        elif waiver.state == "used":
            console.print(f"[cyan]waived[/] {name}: {escape(waiver.reason)}, {waiver.days_left} days left")


def _print_block(console: Console, result: RunResult, folder: str) -> None:
    verdict = result.verdict
    style = VERDICT_STYLES[verdict.word]
    console.print()
    console.print(Text.assemble(("verdict: ", "bold"), (verdict.headline, style)), soft_wrap=True)
    if verdict.reason:
        more = sum(check.outcome in BROKEN for check in result.checks) - 1
        tail = f" (and {more} more)" if more > 0 else ""
        console.print(Text(f"  {clean(verdict.reason)}{tail}"), soft_wrap=True)
    if verdict.remedy:
        console.print(Text.assemble("  ", ("next: ", "bold"), clean(verdict.remedy)), soft_wrap=True)
    counts = ", ".join(f"{count} {name}" for name, count in verdict.counts.items()) or "no checks"
    console.print(f"  {counts}; {_elapsed(result)}")
    for component in result.components:
        if component.stand_in:
            console.print(Text(f"  {component.name} is a stand-in: {component.stand_in}"), soft_wrap=True)
    if folder:
        console.print(Text(f"  report: {folder}"), soft_wrap=True)


def _elapsed(result: RunResult) -> str:
    run = result.run
    ends = [session.ended or session.started for session in result.sessions]
    end = run.ended or max(
        [*ends, *(check.started + check.seconds for check in result.checks)], default=run.started
    )
    return f"{max(0.0, end - run.started):.0f} s"
