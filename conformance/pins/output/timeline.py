"""A history as a terminal table, Markdown, JSON, and one self-contained SVG picture."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import date
from xml.sax.saxutils import escape

from rich.console import Console
from rich.markup import escape as plain
from rich.table import Table

from conformance.pins.history import Exposure, History
from conformance.pins.model import printable

_COLOR = {"GO": "#2e7d32", "NO-GO": "#c62828", "INCOMPLETE": "#6a1b9a"}
_LEFT, _WIDTH, _ROW, _TOP = 260, 620, 22, 64  # pixels


def show(found: History, console: Console) -> None:
    table = Table(title=f"{found.pins} pins on core {found.core}, day by day", title_justify="left", box=None)
    for name in ("day", "newest core", "verdict", "advisories", "new", "gone"):
        table.add_column(name, overflow="fold")
    for day in found.days:
        changes = (", ".join(day.new), ", ".join(day.gone))
        table.add_row(*map(_cell, (day.day, day.core, day.word, str(day.advisories), *changes)))
    console.print(table)
    table = Table(title="advisories that hit the pins", title_justify="left", box=None)
    for name in ("plugin", "advisory", "since", "days", "smallest fix on this core"):
        table.add_column(name, overflow="fold")
    for hit in found.exposures:
        table.add_row(*map(_cell, (hit.subject, hit.advisory, hit.since, str(hit.days), fix(hit))))
    console.print(table)


def _cell(text: str) -> str:
    return plain(printable(text, 4000))


def as_markdown(found: History) -> str:
    lines = [f"## {found.pins} pins on core {found.core}, day by day", ""]
    lines += ["| day | newest core | verdict | advisories | new |", "|---|---|---|---|---|"]
    for day in found.days:
        new = printable(", ".join(day.new), 4000)
        lines.append(f"| {day.day} | {day.core} | {day.word} | {day.advisories} | {new} |")
    lines += ["", "| plugin | advisory | since | days | smallest fix on this core |", "|---|---|---|---|---|"]
    lines += [
        f"| {one.subject} | {one.advisory} | {one.since} | {one.days} | {fix(one)} |".replace("<", "&lt;")
        for one in found.exposures
    ]
    return "\n".join(lines) + "\n"


def as_json(found: History) -> str:
    return json.dumps(asdict(found), indent=1) + "\n"


def fix(one: Exposure) -> str:
    if not one.fix:
        return f"none: {printable(one.blocked)}"
    changes = ", ".join(f"{name}:{version}" for name, version in one.fix.items())
    return f"{changes} (from {one.fix_day})"


def as_svg(found: History) -> str:
    """Days along the top colored by verdict; a bar for each advisory from its first to its last day.

    The bar is darker until a fix for this core was offered and lighter after it.
    """
    first = min([day.day for day in found.days] + [one.since for one in found.exposures])
    scale = _Scale(first, found.days[-1].day)
    height = _TOP + _ROW * (len(found.exposures) + 1) + 36
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{_LEFT + _WIDTH + 40}" height="{height}" '
            'font-family="sans-serif" font-size="12">'
        ),
        '<rect width="100%" height="100%" fill="white"/>',
        f'<text x="12" y="22" font-size="15">{found.pins} pins on core {escape(found.core)}</text>',
    ]
    for day in found.days:
        x = scale.x(day.day)
        title = f"{day.day}: {day.word}, {day.advisories} advisories, newest core {day.core}"
        parts.append(
            f'<g><title>{escape(title)}</title><line x1="{x}" x2="{x}" y1="{_TOP - 14}" y2="{height - 30}" '
            f'stroke="#ccc"/><circle cx="{x}" cy="{_TOP - 14}" r="6" fill="{_COLOR[day.word]}"/></g>'
        )
    for at, one in enumerate(found.exposures):
        parts += _bar(one, _TOP + _ROW * at + 8, scale)
    parts += _labels(found, scale, height)
    return "\n".join([*parts, "</svg>", ""])


class _Scale:
    def __init__(self, first: str, last: str) -> None:
        self.first = date.fromisoformat(first)
        self.span = max(1, (date.fromisoformat(last) - self.first).days)

    def x(self, day: str) -> float:
        return round(_LEFT + _WIDTH * (date.fromisoformat(day) - self.first).days / self.span, 1)


def _bar(one: Exposure, y: int, scale: _Scale) -> list[str]:
    start, end = scale.x(one.since), max(scale.x(one.until), scale.x(one.since) + 3)
    turn = min(max(scale.x(one.fix_day), start), end) if one.fix_day else end
    name = escape(f"{one.subject} {one.advisory}")
    title = f"{one.subject} {one.advisory}: since {one.since}, {one.days} days; fix: {fix(one)}"
    return [
        f"<g><title>{escape(title)}</title>",
        f'<text x="{_LEFT - 8}" y="{y + 10}" text-anchor="end">{name}</text>',
        f'<rect x="{start}" y="{y}" width="{round(turn - start, 1)}" height="12" fill="#c62828"/>',
        f'<rect x="{turn}" y="{y}" width="{round(end - turn, 1)}" height="12" fill="#ef9a9a"/></g>',
    ]


def _labels(found: History, scale: _Scale, height: int) -> list[str]:
    """Days that are far enough apart to be legible, and the legend."""
    parts, free = [], 0.0
    for day in found.days:
        x = scale.x(day.day)
        if x - free >= 62:
            parts.append(
                f'<text x="{x}" y="{_TOP - 26}" text-anchor="middle" font-size="10">{day.day}</text>'
            )
            free = x
    legend = "dark: hit, no fix for this core offered yet; light: hit, a fix for this core is offered"
    return [*parts, f'<text x="12" y="{height - 10}" font-size="11">{legend}</text>']
