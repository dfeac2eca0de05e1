"""Timelines and trends: inline SVG that stretches with the page at a fixed text size, and plain text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from conformance.core.timeline import Span, critical_path
from reports.model import Check, RunResult
from reports.text import clean, seconds

ROW = 32
TOP = 22
#: Characters of the longest bar of a timeline in text.
TEXT_WIDTH = 48


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: label, and start and end in seconds from the left edge.

    `kind` is a class of the page's style: `main` (critical path), `side`, `failed`, or an outcome. A mouse
    over the bar shows `hint`.
    """

    label: str
    start: float
    end: float
    kind: str
    hint: str = ""


def bars(rows: Sequence[Bar], title: str, described: str) -> Markup:
    """A chart with a row per bar; a screen reader reads `title` and `described`."""
    if not rows:
        return Markup("")
    length = max([0.001, *(bar.end for bar in rows)])
    height = TOP + ROW * len(rows) + 4
    parts = [_begin(title, described, height), _scale(length, height)]
    for number, bar in enumerate(rows):
        top = TOP + ROW * number
        share = 100 * bar.start / length
        # a label that starts far right would leave the chart: it ends with its bar instead
        anchor, at = ("start", share) if share < 55 else ("end", 100 * bar.end / length)
        parts.append(
            Markup(
                '<g><title>{hint}</title><text x="{at:.2f}%" y="{y}" text-anchor="{anchor}">{label}</text>'
                '<rect class="{kind}" x="{x:.2f}%" y="{bar_y}" width="{width:.2f}%" height="10" rx="2"/></g>'
            ).format(
                hint=clean(bar.hint or bar.label),
                at=at,
                y=top + 12,
                anchor=anchor,
                label=f"{clean(bar.label)[:60]}, {seconds(bar.end - bar.start)}",
                kind=bar.kind,
                x=share,
                bar_y=top + 16,
                width=max(100 * (bar.end - bar.start) / length, 0.3),
            )
        )
    return Markup("").join([*parts, Markup("</svg>")])


def stand_up(result: RunResult) -> Markup:
    """The stand-up: a bar per span, with the critical path marked."""
    spans = _spans(result)
    if not spans:
        return Markup("")
    begin = min(span.start for span in spans)
    path = critical_path(spans)
    critical = {span.name for span in path}
    rows = [
        Bar(
            span.name,
            span.start - begin,
            span.end - begin,
            "failed" if not span.ok else "main" if span.name in critical else "side",
            f"{span.name}: {seconds(span.seconds)}"
            + (f", after {', '.join(span.needs)}" if span.needs else "")
            + (f"; failed: {span.note}" if not span.ok else ""),
        )
        for span in sorted(spans, key=lambda span: (span.start, span.end))
    ]
    whole = max(span.end for span in spans) - begin
    described = f"{len(rows)} steps in {seconds(whole)}; critical path: "
    return bars(rows, "Stand-up", described + ", ".join(span.name for span in path))


def stand_up_text(result: RunResult) -> str:
    """The stand-up in text: bars on one scale, `#` on the critical path and `=` beside it."""
    spans = _spans(result)
    if not spans:
        return "no stand-up was recorded\n"
    path = critical_path(spans)
    critical = {span.name for span in path}
    begin, end = min(span.start for span in spans), max(span.end for span in spans)
    scale = TEXT_WIDTH / max(end - begin, 0.001)
    room = min(40, max(len(span.name) for span in spans))
    lines = []
    for span in sorted(spans, key=lambda span: (span.start, span.end)):
        before = int((span.start - begin) * scale)
        length = max(1, round(span.seconds * scale))
        bar = " " * before + ("#" if span.name in critical else "=") * min(length, TEXT_WIDTH - before)
        state = "" if span.ok else f"  failed: {span.note}"
        lines.append(f"{span.name[:room]:<{room}} |{bar:<{TEXT_WIDTH}}| {span.seconds:7.1f} s{state}")
    on_path = sum(span.seconds for span in path)
    names = " -> ".join(span.name for span in path)
    return "\n".join([*lines, "", f"{end - begin:.1f} s; critical path {on_path:.1f} s: {names}"]) + "\n"


def phases(steps: Sequence[tuple[str, float]], title: str) -> Markup:
    """Steps given as (name, seconds since the beginning), in order: a bar for the duration of each."""
    rows, before = [], 0.0
    for name, at in steps:
        rows.append(Bar(name, before, max(at, before), "main"))
        before = max(at, before)
    return bars(rows, title, f"{len(rows)} steps in {seconds(before)}")


def by_worker(result: RunResult) -> Markup:
    """Checks on the workers that ran them: a row per worker."""
    ran = [check for check in result.checks if check.started and check.seconds]
    if not ran:
        return Markup("")
    begin = min(check.started for check in ran)
    length = max(max(check.started + check.seconds for check in ran) - begin, 0.001)
    lanes: dict[str, list[Check]] = {}
    for check in ran:
        lanes.setdefault(f"{check.session} {check.worker}".strip() or "pytest", []).append(check)
    height = TOP + ROW * len(lanes) + 4
    parts = [
        _begin("Checks by worker", f"{len(ran)} checks on {len(lanes)} workers in {seconds(length)}", height),
        _scale(length, height),
    ]
    for number, (name, checks) in enumerate(sorted(lanes.items())):
        top = TOP + ROW * number
        parts.append(Markup('<text x="0" y="{}">{}</text>').format(top + 12, name))
        parts += [
            Markup(
                '<rect class="{kind}" x="{x:.2f}%" y="{y}" width="{width:.2f}%" height="10">'
                "<title>{hint}</title></rect>"
            ).format(
                kind=str(check.outcome).replace(" ", "-"),
                x=100 * (check.started - begin) / length,
                y=top + 16,
                width=max(100 * check.seconds / length, 0.15),
                hint=f"{', '.join(check.requirements)} {check.outcome}, {seconds(check.seconds)}",
            )
            for check in checks
        ]
    return Markup("").join([*parts, Markup("</svg>")])


def trend(points: Sequence[tuple[str, float, str]], title: str, unit: str, least: float = 0.001) -> Markup:
    """Columns from left to right: (label, value, kind); the highest value, or `least`, is full height."""
    if not points:
        return Markup("")
    highest = max([least, *(value for _, value, _ in points)])
    width = 100 / len(points)
    parts = [_begin(title, f"{len(points)} runs, highest {highest:.3g}{unit}", 120)]
    for number, (label, value, kind) in enumerate(points):
        tall = max(90 * value / highest, 1)
        parts.append(
            Markup(
                '<rect class="{kind}" x="{x:.2f}%" y="{y:.1f}" width="{width:.2f}%" height="{tall:.1f}">'
                "<title>{label}: {value:.3g}{unit}</title></rect>"
            ).format(
                kind=kind,
                x=number * width + width * 0.1,
                y=110 - tall,
                width=width * 0.8,
                tall=tall,
                label=label,
                value=value,
                unit=unit,
            )
        )
    parts.append(Markup('<text x="0" y="12">{:.3g}{}</text></svg>').format(highest, unit))
    return Markup("").join(parts)


def _spans(result: RunResult) -> tuple[Span, ...]:
    return tuple(Span(s.name, s.needs, s.start, s.end, s.ok, s.note) for s in result.timeline)


def _begin(title: str, described: str, height: int) -> Markup:
    return Markup('<svg role="img" aria-label="{}: {}" width="100%" height="{}">').format(
        clean(title), clean(described), height
    )


def _scale(length: float, height: int) -> Markup:
    step = next(
        step
        for step in (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600, 36000)
        if length / step <= 5 or step == 36000
    )
    parts = []
    at = 0.0
    while at <= length:
        share = 100 * at / length
        anchor = "start" if share < 2 else "end" if share > 95 else "middle"
        parts.append(
            Markup(
                '<line class="grid" x1="{x:.2f}%" x2="{x:.2f}%" y1="16" y2="{height}"/>'
                '<text class="tick" x="{x:.2f}%" y="11" text-anchor="{anchor}">{label}</text>'
            ).format(x=share, height=height, anchor=anchor, label=escape(seconds(at) if at else "0"))
        )
        at += step
    return Markup("").join(parts)
