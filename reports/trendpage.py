"""What a history tells, as a page and as lines."""

from __future__ import annotations

from collections.abc import Iterator

from reports import svg, templating
from reports.history import Trend
from reports.text import seconds

_KIND = {"conformant": "passed", "not conformant": "failed", "incomplete": "blocked"}


def render(trend: Trend, unread: tuple[str, ...] = ()) -> str:
    """The page of `trend`, which must hold a run; `unread` names what of the history could not be read."""
    rates = [(p.run, 100 * (p.pass_rate or 0.0), _KIND[p.word]) for p in trend.points]
    latencies = [(p.run, p.agent_seconds, "main") for p in trend.points if p.agent_seconds is not None]
    return templating.render(
        "trend.html.j2",
        {
            "trend": trend,
            "unread": unread,
            "rates": svg.trend(rates, "Pass rate", " %", 100),
            "durations": svg.trend([(p.run, p.seconds, "side") for p in trend.points], "Duration", " s"),
            "latencies": svg.trend(latencies, "Agent launch", " s"),
        },
    )


def lines(trend: Trend, unread: tuple[str, ...] = ()) -> Iterator[str]:
    """The same for a terminal."""
    for point in trend.points:
        rate = "   -" if point.pass_rate is None else f"{100 * point.pass_rate:3.0f}%"
        agent = "" if point.agent_seconds is None else f", agent {seconds(point.agent_seconds)}"
        when = templating.day(point.started)
        yield f"{when}  {rate}  {point.word:<14}  {seconds(point.seconds)}{agent}  {point.run}"
    for failure in trend.failures:
        green = f"last green in {failure.last_green}" if failure.last_green else "never seen green"
        yield f"broken: {', '.join(failure.check.requirements)} since {failure.first_seen}, {green}"
        for change in failure.causes:
            was, now = change.before or "not there", change.after or "not there"
            yield f"  changed in between: {change.what}: {was} to {now}"
    for flake in trend.flakes:
        names = ", ".join(flake.requirements)
        yield f"changed with nothing changed, {flake.changes}x: {names} {flake.nodeid}"
    for line in unread:
        yield f"not read: {line}"
