"""The end of a run on the screen: failures first, then one block with the verdict."""

from __future__ import annotations

from collections import Counter

from rich.console import Console
from rich.markup import escape
from rich.measure import Measurement
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from reports.model import Check, Outcome, RequirementInfo, RunResult
from reports.text import clean
from reports.verdict import BROKEN, WAIVER_FAILS, by_layer, in_order, level, remedy_of, undecided_causes

STYLES = {
    Outcome.PASSED: "green",
    Outcome.FAILED: "bold red",
    Outcome.ERROR: "bold magenta",
    Outcome.BLOCKED: "yellow",
    Outcome.WAIVED: "cyan",
    Outcome.NOT_APPLICABLE: "dim",
    Outcome.UNDECIDED: "blue",
    Outcome.NOT_RUN: "yellow",
}
VERDICT_STYLES = {"conformant": "bold green", "not conformant": "bold red", "incomplete": "bold yellow"}
#: Broken checks printed in full; the report holds the others.
SHOWN = 20
#: Requirements named for a cause of undecided checks.
NAMED = 8


def print_verdict(console: Console, result: RunResult, *, folder: str = "") -> None:
    """Print broken checks, a line per layer and the verdict; `folder` is the place of the report."""
    by_id = result.by_id
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
                console.print(_indented(Text(line)))
        if problem.remedy:
            console.print(_indented(Text.assemble(("next: ", "bold"), clean(problem.remedy))))
    _print_undecided(console, result)
    _print_waivers(console, result)
    if result.checks:
        table = layer_table(result)
        # many outcomes in a narrow terminal: closer columns before shorter names
        unlimited = console.options.update(max_width=1000)
        table.collapse_padding = Measurement.get(console, unlimited, table).maximum > console.width
        console.print(table)
    _print_block(console, result, folder)


def layer_table(result: RunResult) -> Table:
    """Outcomes by layer; columns that would be empty are left out."""
    outcomes = {check.outcome for check in result.checks}
    used = [outcome for outcome in Outcome if outcome in outcomes]
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("layer")
    for outcome in used:
        table.add_column(str(outcome), justify="right")
    table.add_column("seconds", justify="right")
    for layer, checks in by_layer(result.checks).items():
        counts = Counter(check.outcome for check in checks)
        cells = [Text(str(counts[o]) if counts[o] else "", style=STYLES[o]) for o in used]
        table.add_row(layer, *cells, f"{sum(check.seconds for check in checks):.1f}")
    return table


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
    details = [line.strip() for line in clean(check.details).splitlines()]
    if details and details[0] == clean(check.message):
        body += [line for line in details[1:] if line and not line.startswith("next:")][:8]
    remedy = clean(remedy_of(check, by_id))
    for line in body:
        console.print(_indented(Text(line)))
    if remedy:
        console.print(_indented(Text.assemble(("next: ", "bold"), remedy)))
    if blocks:
        plural = "s" if blocks > 1 else ""
        console.print(_indented(Text(f"blocks {blocks} check{plural}", style="yellow")))
    console.print(_indented(Text(check.nodeid, style="dim")))


def _indented(text: Text) -> Padding:
    return Padding(text, (0, 0, 0, 2), expand=False)


def _print_undecided(console: Console, result: RunResult) -> None:
    """Each cause once, with the requirements that it leaves undecided."""
    for cause in undecided_causes(result.checks):
        few, more = cause.requirements[:NAMED], len(cause.requirements) - NAMED
        names = ", ".join(few) + (f" and {more} more" if more > 0 else "")
        style = STYLES[Outcome.UNDECIDED]
        console.print(Text.assemble(("undecided ", style), (names, "bold"), f": {clean(cause.reason)}"))
        if cause.remedy:
            line = Text.assemble(("decided by: ", "bold"), clean(cause.remedy))
            console.print(_indented(line))


def _print_waivers(console: Console, result: RunResult) -> None:
    for waiver in result.waivers:
        name = escape(f"{waiver.requirement} ({waiver.owner})")
        if waiver.state in WAIVER_FAILS:
            console.print(f"[bold red]waiver {waiver.state}[/] {name}: {escape(waiver.reason)}")
        elif waiver.state == "passes":
            console.print(f"[cyan]waiver to remove[/] {name}: the waived check passes now")
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
    console.print(Text(f"  {counts}; {_elapsed(result)}"), soft_wrap=True)
    if result.run.subject:
        console.print(Text(f"  contract: {clean(result.run.subject)}"), soft_wrap=True)
    if simulators := [f"{part.name} ({part.simulator})" for part in result.components if part.simulator]:
        console.print(Text(f"  simulators: {', '.join(simulators)}"), soft_wrap=True)
    if folder:
        console.print(Text(f"  report: {folder}"), soft_wrap=True)


def _elapsed(result: RunResult) -> str:
    run = result.run
    ends = [session.ended or session.started for session in result.sessions]
    end = run.ended or max(
        [*ends, *(check.started + check.seconds for check in result.checks)], default=run.started
    )
    return f"{max(0.0, end - run.started):.0f} s"
