"""The plan of upgrades: on the terminal, as Markdown for an issue, as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from rich.console import Console

from conformance.pins.model import printable
from conformance.pins.output import rows
from conformance.pins.output.markdown import LIMIT, cell
from conformance.pins.plan import Bump, Group, UpgradePlan

SCHEMA = 1
#: lines on the terminal, verdict included
_LINES = 40
#: bumps of a group that closes no advisory
_SHOWN = 3


def show(plan: UpgradePlan, console: Console) -> None:
    """The verdict first, then at most 40 lines."""
    lines = list(_lines(plan))
    more = len(lines) - (_LINES - 2)
    if more > 0:
        lines = [*lines[: _LINES - 2], f"... and {more} lines more: see --markdown or --json"]
    for line in (rows.heading(plan.now), *lines):
        console.print(printable(line, 400), markup=False, soft_wrap=True)


def _lines(plan: UpgradePlan) -> Iterator[str]:
    for reason in plan.now.verdict.reasons:
        yield f"  {reason}"
    for number, group in enumerate(plan.groups, 1):
        closes = f", closes {', '.join(group.closes)}" if group.closes else ""
        yield f"{number}. {group.title}{closes}"
        shown = group.bumps if group.kind == "security" else group.bumps[:_SHOWN]
        for bump in shown:
            yield f"  {_bump(bump)}"
        if len(shown) < len(group.bumps):
            yield f"  ... and {len(group.bumps) - len(shown)} more"
    if plan.held:
        yield f"{len(plan.held)} plugins are held back: see --markdown or --json"


def _bump(one: Bump) -> str:
    age = "age unknown" if one.age is None else f"{one.age} days old"
    closes = f", closes {', '.join(one.closes)}" if one.closes else ""
    remaining = f", still open: {', '.join(one.remaining)}" if one.remaining else ""
    return f"{one.name} {one.old or 'absent'} -> {one.new} ({one.released or '?'}, {age}{closes}{remaining})"


def as_markdown(plan: UpgradePlan, limit: int = LIMIT) -> str:
    """Each group with a table and its commit message; rows that exceed `limit` are counted."""
    parts = [f"## Plugin upgrades: {cell(rows.heading(plan.now))}", ""]
    parts += [f"- {cell(reason)}" for reason in plan.now.verdict.reasons]
    room = limit - 2000
    for number, group in enumerate(plan.groups, 1):
        parts += ["", f"### {number}. {cell(group.title)}", "", *_table(group, room - len("\n".join(parts)))]
    if plan.held:
        parts += ["", "### Held back", "", "| plugin | version | newest | reason |", "|---|---|---|---|"]
        texts = [(one.name, one.version, one.newest, one.reason) for one in plan.held]
        parts += _fitting(["| " + " | ".join(map(cell, one)) + " |" for one in texts], room, parts)
    return "\n".join(parts) + "\n"


def _table(group: Group, room: int) -> list[str]:
    table = ["| plugin | from | to | released | age | closes | still open |", "|---|---|---|---|---|---|---|"]
    lines = [
        f"| [{one.name}]({one.link}) | {cell(one.old)} | {cell(one.new)} | {one.released} "
        f"| {'' if one.age is None else one.age} | {cell(', '.join(one.closes))} "
        f"| {cell(', '.join(one.remaining))} |"
        for one in group.bumps
    ]
    message = ["", "```", *group.commit_message.rstrip().splitlines(), "```"]
    shown = _fitting(lines, room - len("\n".join(message)), table)
    return [*table, *shown, *(message if len(shown) == len(lines) else ())]


def _fitting(lines: list[str], room: int, before: list[str]) -> list[str]:
    """As many lines as fit behind `before`, and a count of the others."""
    left = room - len("\n".join(before))
    for number, line in enumerate(lines):
        left -= len(line) + 1
        if left < 0:
            return [*lines[:number], f"| and {len(lines) - number} more: see the JSON output |"]
    return lines


def as_json(plan: UpgradePlan) -> str:
    """Keys: schema, verdict, exit_code, core, day, groups (each with bumps, closes, commit_message), held."""
    content: dict[str, Any] = {
        "schema": SCHEMA,
        "verdict": plan.now.verdict.word,
        "exit_code": plan.now.verdict.exit_code,
        "core": plan.now.target.core,
        "day": plan.now.document_day,
        "groups": [
            asdict(group) | {"closes": group.closes, "commit_message": group.commit_message}
            for group in plan.groups
        ],
        "held": [asdict(one) for one in plan.held],
    }
    return json.dumps(content, indent=1) + "\n"
