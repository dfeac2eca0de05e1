"""summary.md: at most 60 lines, for a step summary or a comment."""

from __future__ import annotations

import re
from collections import Counter

from conformance.contract.catalogue import ORDER
from reports.model import Outcome, RunResult
from reports.text import clean, first_line, seconds
from reports.verdict import WAIVER_FAILS, in_order, remedy_of

MAX_LINES = 60
#: Broken checks and problems told one by one; what is left of them is counted.
SHOWN = 12
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|!~&])")


def render(result: RunResult) -> str:
    """The summary of `result` in GitHub's and GitLab's Markdown."""
    verdict, by_id = result.verdict, {requirement.id: requirement for requirement in result.requirements}
    lines = [f"## Conformance: {_text(verdict.headline)}", ""]
    if verdict.reason:
        lines += [f"**{_text(verdict.reason)}**", ""]
    if verdict.remedy:
        lines += [f"Next: {_text(verdict.remedy)}", ""]
    used = [outcome for outcome in Outcome if verdict.counts.get(str(outcome))]
    if used:
        lines += [
            "| layer | " + " | ".join(used) + " | time |",
            "|---|" + "---:|" * (len(used) + 1),
            *_layer_rows(result, used),
            "",
        ]
    blocked = Counter(check.blocked_by for check in result.checks if check.outcome is Outcome.BLOCKED)
    told = []
    for check in in_order(result.checks, by_id):
        remedy = remedy_of(check, by_id)
        blocks = f" (blocks {blocked[check.nodeid]})" if blocked[check.nodeid] else ""
        told.append(
            f"- **{_text(', '.join(check.requirements))}** {check.outcome}{blocks}: {_text(check.message)}"
            + (f" Next: {_text(remedy)}" if remedy else "")
        )
    told += [f"- problem: {_text(problem.what)}" for problem in result.problems]
    told += [
        f"- waiver of **{_text(w.requirement)}** {w.state} ({_text(w.owner)}, {w.days_left} days left)"
        for w in result.waivers
        if w.state in WAIVER_FAILS or w.state == "passes" or (w.state == "used" and w.days_left <= 14)
    ]
    more = [f"- and {len(told) - SHOWN} more, see the report"] if len(told) > SHOWN else []
    lines += [*told[:SHOWN], *more, ""]
    parts = []
    for part in result.components:
        stand_in = " (stand-in)" if part.stand_in else ""
        parts.append(f"{_text(part.name)} {_text(part.version)}{stand_in}")
    if parts:
        lines += [", ".join(parts), ""]
    where = f", {_text(result.run.environment)}" if result.run.environment else ""
    lines.append(f"Run {_text(result.run.id)}{where}")
    return "\n".join(lines[:MAX_LINES]) + "\n"


def _layer_rows(result: RunResult, used: list[Outcome]) -> list[str]:
    rows = []
    for layer in [*ORDER, *sorted({check.layer for check in result.checks} - set(ORDER))]:
        checks = [check for check in result.checks if check.layer == layer]
        if checks:
            counts = Counter(check.outcome for check in checks)
            cells = " | ".join(str(counts[outcome] or "") for outcome in used)
            rows.append(f"| {_text(layer)} | {cells} | {seconds(sum(check.seconds for check in checks))} |")
    # more layers than the design knows can only come from elsewhere: keep the summary short
    return rows[:16]


def _text(text: str) -> str:
    """One line that Markdown shows as it is."""
    return _SPECIAL.sub(r"\\\1", clean(first_line(text)))[:400]
