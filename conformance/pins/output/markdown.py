"""The gate as a pull request comment: verdict first, tables after, long ones folded, bounded in size."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from conformance.pins.gate import GateResult
from conformance.pins.model import printable
from conformance.pins.output import rows
from conformance.sources.plugins.pin import Finding

LIMIT = 60_000  # characters; hosts of pull requests refuse comments over 65,536
_LINK = re.compile(r"https://[\w./?=&%#:~-]+")
_FOLD = 15  # rows from which a table is folded


def render(result: GateResult, limit: int = LIMIT) -> str:
    parts = [f"## Plugin gate: {cell(rows.heading(result))}", ""]
    parts += [f"- {cell(reason)}" for reason in result.verdict.reasons]
    if result.bisection:
        parts.append(f"- bisection: {cell(rows.bisection(result.bisection))}")
    blocking = [one for one in result.findings if one.level in ("no-go", "error") and not one.waived]
    rest = [one for one in result.findings if one not in blocking]
    changes = [
        (one.kind, one.name, one.old, one.new, ", ".join(one.facts), str(one.where)) for one in result.changes
    ]
    head = ("level", "plugin", "finding", "since", "line", "next")
    for title, names, lines in (
        ("what keeps it from GO", head, [_finding(one) for one in blocking]),
        ("changes", ("what", "plugin", "from", "to", "facts", "line"), changes),
        ("other findings", head, [_finding(one) for one in rest]),
    ):
        if lines:
            room = limit - len("\n".join(parts)) - 600
            parts += ["", *_table(title, names, lines, room)]
    parts += ["", f"Document: `{result.document}` ({result.document_signed})", ""]
    return "\n".join(parts)


def _finding(one: Finding) -> tuple[str, ...]:
    what = f"[{one.ref}]({one.link}) {rows.what(one)}" if _LINK.fullmatch(one.link) else rows.what(one)
    return (rows.level(one), one.subject, what, one.since, str(one.where), one.next)


def _table(title: str, names: Sequence[str], lines: Sequence[Sequence[str]], room: int) -> Iterable[str]:
    body: list[str] = []
    used = 0
    for line in lines:
        text = "| " + " | ".join(cell(text) for text in line) + " |"
        used += len(text) + 1
        if used > room:
            body.append(
                f"| | | and {len(lines) - len(body)} more: see the JSON output |" + " |" * (len(names) - 3)
            )
            break
        body.append(text)
    table = ["| " + " | ".join(names) + " |", "|" + "---|" * len(names), *body]
    if len(lines) < _FOLD:
        return (f"**{title}**", "", *table)
    return (f"<details><summary><b>{title}</b> ({len(lines)})</summary>", "", *table, "", "</details>")


def cell(text: str) -> str:
    """Text of a document must not break out of its cell or become markup."""
    flat = printable(" ".join(text.split()), 1000)
    return flat.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;").replace("@", "&#64;")
