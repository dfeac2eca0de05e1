"""The HTML pages, complete in one file each: report.html of a run, and the trend of a history."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from reports import charts
from reports.compare import compare
from reports.events import DIAGNOSTICS
from reports.model import Check, EvidenceRef, Outcome, RequirementInfo, RunResult
from reports.text import clean, day, seconds, size
from reports.verdict import (
    BROKEN,
    WAIVER_FAILS,
    by_layer,
    in_order,
    layer_rank,
    level,
    remedy_of,
    undecided_causes,
)

if TYPE_CHECKING:
    from reports.history import Trend

SLOWEST = 10
#: Characters of a check's details on the page; result.json holds all of them.
DETAILS = 12_000
#: Bytes of escaped text that all excerpts of evidence on a page share, and the most for one piece.
BUDGET = 1_900_000
MOST_BROKEN = 40_000
MOST_PASSED = 6_000
#: Below this size an excerpt is not worth its fold.
LEAST = 200
_KIND = {"conformant": "passed", "not conformant": "failed", "incomplete": "blocked"}
_UNCHECKED = "not checked"
_BROKEN = frozenset(str(outcome) for outcome in BROKEN)
#: Of several checks of a requirement, the first outcome of this list is the requirement's.
_DOMINANT = (
    Outcome.FAILED,
    Outcome.ERROR,
    Outcome.BLOCKED,
    Outcome.NOT_RUN,
    Outcome.WAIVED,
    Outcome.UNDECIDED,
    Outcome.PASSED,
    Outcome.NOT_APPLICABLE,
)


@dataclass(frozen=True, slots=True)
class Excerpt:
    """One piece of evidence on a page; `text` may be empty, `note` gives the reason or names the cut."""

    name: str
    href: str
    text: str
    note: str


def render(result: RunResult, folder: Path, previous: RunResult | None = None) -> str:
    """The page of `result`, compared with `previous`; the evidence is read from `folder`."""
    return _fill("report.html.j2", _context(result, folder, previous))


def render_trend(trend: Trend, unread: tuple[str, ...] = ()) -> str:
    """The page of `trend`, which must hold a run; `unread` names unreadable results of the history."""
    rates = [(p.run, 100 * (p.pass_rate or 0.0), _KIND[p.word]) for p in trend.points]
    latencies = [(p.run, p.agent_seconds, "main") for p in trend.points if p.agent_seconds is not None]
    return _fill(
        "trend.html.j2",
        {
            "trend": trend,
            "unread": unread,
            "rates": charts.trend(rates, "Pass rate", " %", 100),
            "durations": charts.trend([(p.run, p.seconds, "side") for p in trend.points], "Duration", " s"),
            "latencies": charts.trend(latencies, "Agent launch", " s"),
        },
    )


def _fill(template: str, context: dict[str, Any]) -> str:
    """The text of `template` with `context`: everything is escaped, and an undefined name is an error."""
    environment = Environment(
        loader=PackageLoader("reports", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_shown,
    )
    environment.filters |= {"seconds": seconds, "size": size, "day": day, "sentence": _sentence}
    return environment.get_template(template).render(context)


def _shown(value: Any) -> Any:
    """A value without characters that a page cannot hold."""
    return clean(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _sentence(text: str) -> str:
    """`text` with a capital in front; unlike str.capitalize it keeps names such as ECR."""
    return text[:1].upper() + text[1:]


def _context(result: RunResult, folder: Path, previous: RunResult | None) -> dict[str, Any]:
    by_id = result.by_id
    evidence = excerpts(result.checks, folder)
    blocked: dict[str, list[Check]] = {}
    for check in result.checks:
        if check.outcome is Outcome.BLOCKED:
            blocked.setdefault(check.blocked_by, []).append(check)
    views = {check.nodeid: _check(check, by_id, evidence[check.nodeid]) for check in result.checks}
    broken = [
        {**views[check.nodeid], "blocks": [views[other.nodeid] for other in blocked.get(check.nodeid, [])]}
        for check in in_order(result.checks, by_id)
    ]
    return {
        "result": result,
        "run": result.run,
        "verdict": result.verdict,
        "summary": _summary(result),
        "outcomes": [str(outcome) for outcome in Outcome if result.verdict.counts.get(str(outcome))],
        "layers": _layers(result, views),
        "broken": broken,
        "undecided": undecided_causes(result.checks),
        "requirements": _requirements(result, views),
        "stand_up": charts.stand_up(result),
        "launches": _launches(result, folder),
        "by_worker": charts.by_worker(result),
        "slowest": sorted(views.values(), key=lambda view: -view["seconds"])[:SLOWEST],
        "waiver_fails": WAIVER_FAILS,
        "elapsed": _elapsed(result),
        "logs": _logs(folder),
        "difference": compare(previous, result) if previous else None,
        "previous": previous,
    }


def _check(check: Check, by_id: dict[str, RequirementInfo], evidence: object) -> dict[str, Any]:
    details = clean(check.details)
    if len(details) > DETAILS:
        details = (
            f"{details[: DETAILS // 2]}\n[... result.json holds all of it ...]\n{details[-DETAILS // 2 :]}"
        )
    return {
        "anchor": _slug(check.nodeid),
        "nodeid": check.nodeid,
        "name": check.nodeid.rpartition("::")[2],
        "names": ", ".join(check.requirements),
        "requirements": check.requirements,
        "layer": check.layer,
        "outcome": str(check.outcome),
        "message": check.message,
        "remedy": remedy_of(check, by_id),
        "details": details if details.strip() != clean(check.message).strip() else "",
        "seconds": check.seconds,
        "worker": check.worker,
        "gate": check.gate,
        "level": level(check, by_id),
        "texts": [by_id[name].text for name in check.requirements if name in by_id],
        "evidence": evidence,
        "waiver": check.waiver,
    }


def _layers(result: RunResult, views: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    checks = by_layer(result.checks)
    names = {requirement.layer for requirement in result.requirements} | set(checks)
    layers = []
    for name in sorted(names, key=lambda name: (layer_rank(name), name)):
        counts = Counter(check.outcome for check in checks.get(name, ()))
        layers.append(
            {
                "name": name,
                "checks": [views[check.nodeid] for check in checks.get(name, ())],
                "counts": [(str(outcome), counts[outcome]) for outcome in Outcome if counts[outcome]],
                "seconds": sum(check.seconds for check in checks.get(name, ())),
            }
        )
    return layers


def _requirements(result: RunResult, views: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """A group per layer with a row per requirement; a group without anything to see is folded."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for requirement in result.requirements:
        checks = [views[c.nodeid] for c in result.checks if requirement.id in c.requirements]
        outcomes = {view["outcome"] for view in checks}
        outcome = next((str(first) for first in _DOMINANT if str(first) in outcomes), _UNCHECKED)
        row = {"about": requirement, "checks": checks, "outcome": outcome}
        groups.setdefault(requirement.layer, []).append(row)
    return [
        {
            "layer": layer,
            "rows": rows,
            "counts": list(Counter(row["outcome"] for row in rows).items()),
            "open": any(row["outcome"] in _BROKEN for row in rows),
        }
        for layer, rows in groups.items()
    ]


def _launches(result: RunResult, folder: Path) -> list[tuple[str, Markup]]:
    """Charts of evidence named "timeline": a JSON object of step to seconds since the beginning."""
    launches = []
    for check in result.checks:
        for ref in check.evidence:
            if ref.name != "timeline" or ref.kind != "json" or not ref.file:
                continue
            try:
                steps = [(str(k), float(v)) for k, v in json.loads((folder / ref.file).read_bytes()).items()]
            except (OSError, ValueError, TypeError, AttributeError):
                # evidence of this name in another form is shown as text like any other
                continue
            launches.append((check.nodeid.rpartition("::")[2], charts.phases(steps, "Agent launch")))
    return launches


def _summary(result: RunResult) -> str:
    """The paragraph under the verdict; the page shows the reason and the next step separately."""
    counts = result.verdict.counts
    outcomes = ", ".join(f"{count} {name}" for name, count in counts.items()) or "none"
    parts = [f"{sum(counts.values())} checks of {len(result.requirements)} requirements: {outcomes}."]
    simulators = [f"{part.name} ({part.simulator})" for part in result.components if part.simulator]
    if simulators:
        parts.append(f"Simulators: {', '.join(simulators)}.")
    if result.unchecked:
        few = ", ".join(requirement.id for requirement in result.unchecked[:6])
        were = "requirement was" if len(result.unchecked) == 1 else "requirements were"
        more = ", ..." if len(result.unchecked) > 6 else ""
        parts.append(f"{len(result.unchecked)} {were} not checked ({few}{more}).")
    return " ".join(parts)


def _logs(folder: Path) -> list[str]:
    """Other files of the results, for a closer look."""
    files = [*folder.glob("pytest-*.log"), *(folder / DIAGNOSTICS).rglob("*")]
    return sorted(file.relative_to(folder).as_posix() for file in files if file.is_file())


def _elapsed(result: RunResult) -> float:
    ends = [check.started + check.seconds for check in result.checks]
    return max(0.0, (result.run.ended or max(ends, default=result.run.started)) - result.run.started)


def _slug(text: str) -> str:
    return "".join(char if char.isalnum() else "-" for char in text.rpartition("/")[2]).strip("-").lower()


def excerpts(checks: Iterable[Check], folder: Path, budget: int = BUDGET) -> dict[str, tuple[Excerpt, ...]]:
    """Excerpts by node id, broken checks first; no more is read than is shown."""
    by_nodeid: dict[str, tuple[Excerpt, ...]] = {}
    loud = (Outcome.FAILED, Outcome.ERROR, Outcome.WAIVED)
    ranked = sorted(checks, key=lambda check: check.outcome not in loud)
    quiet = sum(len(check.evidence) for check in ranked if check.outcome not in loud)
    for check in ranked:
        broken = check.outcome in loud
        most = MOST_BROKEN if broken else min(MOST_PASSED, max(LEAST, budget // max(quiet, 1)))
        kept = []
        for ref in check.evidence:
            excerpt = _excerpt(ref, folder, min(most, budget))
            if not broken:
                quiet -= 1
            budget -= len(escape(excerpt.text))
            kept.append(excerpt)
        by_nodeid[check.nodeid] = tuple(kept)
    return by_nodeid


def _excerpt(ref: EvidenceRef, folder: Path, most: int) -> Excerpt:
    if not ref.file:
        return Excerpt(ref.name, "", "", ref.note or "it was not kept")
    if most < LEAST:
        return Excerpt(ref.name, ref.file, "", f"{size(ref.stored)}, only in the file")
    try:
        with (folder / ref.file).open("rb") as stream:
            head = stream.read(most)
            tail = b""
            if ref.stored > most:
                head = head[: most * 2 // 3]
                stream.seek(max(len(head), ref.stored - most // 3))
                tail = stream.read(most // 3)
    except OSError as error:
        return Excerpt(ref.name, "", "", f"not found: {error.strerror or error}")
    if ref.kind == "binary":
        shown = min(len(head), most // 4, 512)
        note = f"binary, {size(ref.stored)}, the first {shown} bytes in hexadecimal"
        return Excerpt(ref.name, ref.file, head[:shown].hex(" "), note)
    text = _fit(_decoded(head), most * 2 // 3 if tail else most)
    notes = [size(ref.stored), ref.note]
    if tail or len(text) < len(_decoded(head)):
        text += f"\n[... the file holds all of it ...]\n{_fit(_decoded(tail), most // 3)}"
        notes.append("shortened here")
    return Excerpt(ref.name, ref.file, text, ", ".join(filter(None, notes)))


def _decoded(data: bytes) -> str:
    return clean(data.decode("utf-8", "replace"))


def _fit(text: str, most: int) -> str:
    """The beginning of `text` that takes at most `most` characters once it is escaped."""
    while len(escape(text)) > most:
        text = text[: len(text) * most // (len(escape(text)) + 1)]
    return text
