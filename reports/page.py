"""report.html: one page without anything from elsewhere, for a release manager and for an engineer."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

from markupsafe import Markup

from conformance.contract.catalogue import LAYERS, ORDER
from reports import svg, templating
from reports.compare import Comparison, compare
from reports.events import DIAGNOSTICS
from reports.excerpt import excerpts
from reports.model import Check, Outcome, RequirementInfo, RunResult
from reports.text import clean
from reports.verdict import WAIVER_FAILS, in_order, level, remedy_of

SLOWEST = 10
#: Characters of a check's details on the page; result.json holds all that was recorded.
DETAILS = 12_000


def render(result: RunResult, folder: Path, previous: RunResult | None = None) -> str:
    """The page for `result`; evidence is read from `folder`, `previous` is what it is compared with."""
    return templating.render("report.html.j2", _context(result, folder, previous))


def _context(result: RunResult, folder: Path, previous: RunResult | None) -> dict[str, Any]:
    by_id = {requirement.id: requirement for requirement in result.requirements}
    seen = excerpts(result.checks, folder)
    blocked: dict[str, list[Check]] = {}
    for check in result.checks:
        if check.outcome is Outcome.BLOCKED:
            blocked.setdefault(check.blocked_by, []).append(check)
    views = {check.nodeid: _check(check, by_id, seen[check.nodeid]) for check in result.checks}
    broken = [
        {**views[check.nodeid], "blocks": [views[other.nodeid] for other in blocked.get(check.nodeid, [])]}
        for check in in_order(result.checks, by_id)
    ]
    return {
        "result": result,
        "run": result.run,
        "verdict": result.verdict,
        "why": _why(result),
        "outcomes": [str(outcome) for outcome in Outcome if result.verdict.counts.get(str(outcome))],
        "layers": _layers(result, views),
        "broken": broken,
        "requirements": _requirements(result, views),
        "stand_up": svg.stand_up(result),
        "launches": _launches(result, folder),
        "by_worker": svg.by_worker(result),
        "slowest": sorted(views.values(), key=lambda view: -view["seconds"])[:SLOWEST],
        "waiver_fails": WAIVER_FAILS,
        "elapsed": _elapsed(result),
        "logs": _logs(folder),
        "difference": _difference(previous, result),
        "previous": previous,
    }


def _check(check: Check, by_id: dict[str, RequirementInfo], seen: object) -> dict[str, Any]:
    details = clean(check.details)
    if len(details) > DETAILS:
        details = (
            f"{details[: DETAILS // 2]}\n[... all of it is in result.json ...]\n{details[-DETAILS // 2 :]}"
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
        "evidence": seen,
        "waiver": check.waiver,
    }


def _layers(result: RunResult, views: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    found = []
    for layer in [*ORDER, *sorted({check.layer for check in result.checks} - set(ORDER))]:
        checks = [views[check.nodeid] for check in result.checks if check.layer == layer]
        known = sum(requirement.layer == layer for requirement in result.requirements)
        if checks or known:
            counts = Counter(view["outcome"] for view in checks)
            found.append(
                {
                    "name": layer,
                    "checks": checks,
                    "counts": [(str(o), counts[str(o)]) for o in Outcome if counts[str(o)]],
                    "stands_on": LAYERS.get(layer, ()),
                    "seconds": sum(view["seconds"] for view in checks),
                }
            )
    return found


def _requirements(result: RunResult, views: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """A row per requirement with the checks that decide it; the worst outcome is the requirement's."""
    worst = [
        Outcome.FAILED,
        Outcome.ERROR,
        Outcome.BLOCKED,
        Outcome.NOT_RUN,
        Outcome.WAIVED,
        Outcome.PASSED,
        Outcome.NOT_APPLICABLE,
    ]
    found = []
    for requirement in result.requirements:
        checks = [views[c.nodeid] for c in result.checks if requirement.id in c.requirements]
        outcomes = {view["outcome"] for view in checks}
        outcome = next((str(one) for one in worst if str(one) in outcomes), "not checked")
        found.append({"about": requirement, "checks": checks, "outcome": outcome})
    return found


def _launches(result: RunResult, folder: Path) -> list[tuple[str, Markup]]:
    """Pictures of evidence named "timeline": a JSON object of what to seconds since the beginning."""
    found = []
    for check in result.checks:
        for ref in check.evidence:
            if ref.name != "timeline" or ref.kind != "json" or not ref.file:
                continue
            try:
                steps = [(str(k), float(v)) for k, v in json.loads((folder / ref.file).read_bytes()).items()]
            except (OSError, ValueError, TypeError, AttributeError):
                # evidence that is not what its name says is shown as text like any other
                continue
            found.append((check.nodeid.rpartition("::")[2], svg.phases(steps, "Agent launch")))
    return found


def _why(result: RunResult) -> str:
    """The one paragraph under the verdict, without reason and remedy, which stand by themselves."""
    counts = result.verdict.counts
    told = ", ".join(f"{count} {name}" for name, count in counts.items()) or "none"
    parts = [f"{sum(counts.values())} checks of {len(result.requirements)} requirements: {told}."]
    parts += [
        f"The {part.name} is a stand-in: {part.stand_in}." for part in result.components if part.stand_in
    ]
    if result.unchecked:
        few = ", ".join(requirement.id for requirement in result.unchecked[:6])
        were = "requirement was" if len(result.unchecked) == 1 else "requirements were"
        more = ", ..." if len(result.unchecked) > 6 else ""
        parts.append(f"{len(result.unchecked)} {were} not checked ({few}{more}).")
    return " ".join(parts)


def _logs(folder: Path) -> list[str]:
    """What else lies in the results for whoever looks further."""
    files = [*folder.glob("pytest-*.log"), *(folder / DIAGNOSTICS).rglob("*")]
    return sorted(file.relative_to(folder).as_posix() for file in files if file.is_file())


def _difference(previous: RunResult | None, result: RunResult) -> Comparison | None:
    return compare(previous, result) if previous else None


def _elapsed(result: RunResult) -> float:
    ends = [check.started + check.seconds for check in result.checks]
    return max(0.0, (result.run.ended or max(ends, default=result.run.started)) - result.run.started)


def _slug(text: str) -> str:
    return "".join(char if char.isalnum() else "-" for char in text.rpartition("/")[2]).strip("-").lower()
