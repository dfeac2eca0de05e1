"""Timelines as pictures: inline SVG that stretches with the page while its words keep their size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from conformance.core.timeline import critical_path
from reports.model import Check, RunResult
from reports.text import clean, seconds
from reports.textline import spans_of

ROW = 32
TOP = 22


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: label, start and end in seconds from the picture's left edge, and what kind it is.

    `kind` is a class of the page's style: `main` (critical path), `side`, `failed`, or an outcome.
    """

    label: str
    start: float
    end: float
    kind: str
    told: str = ""


def bars(rows: Sequence[Bar], title: str, described: str) -> Markup:
    """A picture with a row per bar; `title` and `described` are what a screen reader says."""
    if not rows:
        return Markup("")
    length = max([0.001, *(bar.end for bar in rows)])
    height = TOP + ROW * len(rows) + 4
    parts = [_begin(title, described, height), _scale(length, height)]
    for number, bar in enumerate(rows):
        top = TOP + ROW * number
        share = 100 * bar.start / length
        # a label that starts far right would leave the picture: let it end at its bar instead
        anchor, at = ("start", share) if share < 55 else ("end", 100 * bar.end / length)
        parts.append(
            Markup(
                '<g><title>{told}</title><text x="{at:.2f}%" y="{y}" text-anchor="{anchor}">{label}</text>'
                '<rect class="{kind}" x="{x:.2f}%" y="{bar_y}" width="{width:.2f}%" height="10" rx="2"/></g>'
            ).format(
                told=clean(bar.told or bar.label),
                at=at,
                y=top + 12,
                anchor=anchor,
                label=f"{clean(bar.label)[:60]}  {seconds(bar.end - bar.start)}",
                kind=bar.kind,
                x=share,
                bar_y=top + 16,
                width=max(100 * (bar.end - bar.start) / length, 0.3),
            )
        )
    return Markup("").join([*parts, Markup("</svg>")])


def stand_up(result: RunResult) -> Markup:
    """The stand-up: a bar per span, the critical path marked."""
    spans = spans_of(result)
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
    told = f"{len(rows)} steps in {seconds(whole)}; critical path: " + ", ".join(span.name for span in path)
    return bars(rows, "Stand-up", told)


def phases(steps: Sequence[tuple[str, float]], title: str) -> Markup:
    """Steps given as (what, seconds since the beginning), in order: a bar for the time that each took."""
    rows, before = [], 0.0
    for what, at in steps:
        rows.append(Bar(what, before, max(at, before), "main"))
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
                "<title>{told}</title></rect>"
            ).format(
                kind=str(check.outcome).replace(" ", "-"),
                x=100 * (check.started - begin) / length,
                y=top + 16,
                width=max(100 * check.seconds / length, 0.15),
                told=f"{', '.join(check.requirements)} {check.outcome}, {seconds(check.seconds)}",
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
                '<text class="tick" x="{x:.2f}%" y="11" text-anchor="{anchor}">{told}</text>'
            ).format(x=share, height=height, anchor=anchor, told=escape(seconds(at) if at else "0"))
        )
        at += step
    return Markup("").join(parts)
