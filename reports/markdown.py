"""summary.md: at most 60 lines, for a step summary or a comment."""

from __future__ import annotations

import re
from collections import Counter

from reports.model import Outcome, RunResult
from reports.text import clean, first_line, seconds
from reports.verdict import WAIVER_FAILS, by_layer, in_order, remedy_of, undecided_causes

MAX_LINES = 60
#: Broken checks and problems listed one by one; the others are counted.
SHOWN = 12
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|!~&])")


def render(result: RunResult) -> str:
    """The summary of `result` in GitHub's and GitLab's Markdown."""
    verdict = result.verdict
    lines = [f"## Conformance: {_text(verdict.headline)}", ""]
    if result.run.subject:
        lines += [_text(result.run.subject), ""]
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
    findings = _findings(result)
    more = [f"- and {len(findings) - SHOWN} more, see the report"] if len(findings) > SHOWN else []
    lines += [*findings[:SHOWN], *more, ""]
    parts = []
    for part in result.components:
        simulator = " (simulator)" if part.simulator else ""
        parts.append(f"{_text(part.name)} {_text(part.version)}{simulator}")
    if parts:
        lines += [", ".join(parts), ""]
    lines.append(f"Run {_text(result.run.id)}")
    return "\n".join(lines[:MAX_LINES]) + "\n"


def _findings(result: RunResult) -> list[str]:
    """Broken checks, problems, causes of undecided checks, and waivers that need attention."""
    by_id = result.by_id
    blocked = Counter(check.blocked_by for check in result.checks if check.outcome is Outcome.BLOCKED)
    findings = []
    for check in in_order(result.checks, by_id):
        remedy = remedy_of(check, by_id)
        blocks = f" (blocks {blocked[check.nodeid]})" if blocked[check.nodeid] else ""
        findings.append(
            f"- **{_text(', '.join(check.requirements))}** {check.outcome}{blocks}: {_text(check.message)}"
            + (f" Next: {_text(remedy)}" if remedy else "")
        )
    findings += [f"- problem: {_text(problem.what)}" for problem in result.problems]
    findings += [
        f"- **{_text(', '.join(cause.requirements))}** undecided: {_text(cause.reason)}"
        + (f" Decided by: {_text(cause.remedy)}" if cause.remedy else "")
        for cause in undecided_causes(result.checks)
    ]
    findings += [
        f"- waiver of **{_text(w.requirement)}** {w.state} ({_text(w.owner)}, {w.days_left} days left)"
        for w in result.waivers
        if w.state in WAIVER_FAILS or w.state == "passes" or (w.state == "used" and w.days_left <= 14)
    ]
    return findings


def _layer_rows(result: RunResult, used: list[Outcome]) -> list[str]:
    rows = []
    for layer, checks in by_layer(result.checks).items():
        counts = Counter(check.outcome for check in checks)
        cells = " | ".join(str(counts[outcome] or "") for outcome in used)
        rows.append(f"| {_text(layer)} | {cells} | {seconds(sum(check.seconds for check in checks))} |")
    # more layers than this version knows can only come from another one: keep the summary short
    return rows[:16]


def _text(text: str) -> str:
    """One line of text without a meaning in Markdown."""
    return _SPECIAL.sub(r"\\\1", clean(first_line(text)))[:400]
