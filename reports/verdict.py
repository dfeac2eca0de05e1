"""The verdict: one word, and the lowest broken thing first.

A failed check of a MUST makes the stack not conformant; so does a waiver that is expired or matches
nothing. A failed SHOULD or MAY is told and changes nothing. Errors, blocked checks, checks that never
ran, and a run without checks leave the answer open: incomplete.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from conformance.contract.catalogue import ORDER
from reports.model import (
    Check,
    ComponentInfo,
    Outcome,
    Problem,
    RequirementInfo,
    RunInfo,
    SessionInfo,
    Verdict,
    WaiverInfo,
)

OPEN = (Outcome.ERROR, Outcome.BLOCKED, Outcome.NOT_RUN)
BROKEN = (Outcome.FAILED, Outcome.ERROR)
WAIVER_FAILS = ("expired", "unmatched")
_LEVELS = {"MUST": 0, "SHOULD": 1, "MAY": 2}


def decide(
    *,
    run: RunInfo,
    checks: tuple[Check, ...],
    requirements: tuple[RequirementInfo, ...],
    components: tuple[ComponentInfo, ...],
    problems: tuple[Problem, ...],
    waivers: tuple[WaiverInfo, ...],
    sessions: tuple[SessionInfo, ...],
) -> Verdict:
    """The verdict of a run; a pure function of what was recorded."""
    by_id = {requirement.id: requirement for requirement in requirements}
    counts = Counter(str(check.outcome) for check in checks)
    broken = in_order(checks, by_id)
    binding = [c for c in broken if c.outcome is Outcome.FAILED and level(c, by_id) == "MUST"]
    bad_waivers = [waiver for waiver in waivers if waiver.state in WAIVER_FAILS]
    unfinished = _unfinished(run, sessions)
    undecided = [check for check in checks if check.outcome in OPEN]
    if binding:
        word, reason, remedy = "not conformant", *_told(binding[0], by_id)
    elif bad_waivers:
        word, reason, remedy = "not conformant", *_told_waiver(bad_waivers[0])
    elif problems:
        word, reason, remedy = "incomplete", _line(problems[0].what), problems[0].remedy
    elif errors := [check for check in broken if check.outcome is Outcome.ERROR]:
        word, reason, remedy = "incomplete", *_told(errors[0], by_id)
    elif unfinished:
        word, reason, remedy = "incomplete", unfinished, "run it again"
    elif undecided:
        word, reason, remedy = "incomplete", *_told(undecided[0], by_id)
    elif not any(check.outcome in (Outcome.PASSED, Outcome.FAILED, Outcome.WAIVED) for check in checks):
        word, reason, remedy = "incomplete", "nothing was checked", "look at the selection"
    else:
        word, reason, remedy = "conformant", "", ""
    code = {"conformant": 0, "not conformant": 1, "incomplete": 2}[word]
    # a failure decides also a run that was cut short; that it was belongs to what qualifies the verdict
    cut = [unfinished] if unfinished and unfinished != reason else []
    headline = ", ".join([word, *cut, *_qualified(run, checks, requirements, components, by_id)])
    return Verdict.model_validate(
        {
            "word": word,
            "exit_code": code,
            "headline": headline,
            "reason": reason,
            "remedy": remedy,
            "counts": {str(o): counts[str(o)] for o in Outcome if counts[str(o)]},
        }
    )


def in_order(checks: Iterable[Check], by_id: dict[str, RequirementInfo]) -> list[Check]:
    """Broken checks (failed or error), what matters most first: low layer, gate, MUST, failed."""
    return sorted(
        (check for check in checks if check.outcome in BROKEN),
        key=lambda check: (
            layer_rank(check.layer),
            not check.gate,
            _LEVELS[level(check, by_id)],
            check.outcome is not Outcome.FAILED,
        ),
    )


def layer_rank(layer: str) -> int:
    """Position of a layer; one that this version does not know comes last."""
    return ORDER.index(layer) if layer in ORDER else len(ORDER)


def level(check: Check, by_id: dict[str, RequirementInfo]) -> str:
    """The most binding level of what `check` decides; MUST when the catalogue is not at hand."""
    levels = [by_id[name].level for name in check.requirements if name in by_id]
    return min(levels, key=_LEVELS.__getitem__, default="MUST")


def remedy_of(check: Check, by_id: dict[str, RequirementInfo]) -> str:
    """What to do: the check's own advice, or else that of its requirement when the stack is at fault."""
    if check.remedy or check.outcome is not Outcome.FAILED:
        return check.remedy
    return next((by_id[name].remedy for name in check.requirements if name in by_id), "")


def _told(check: Check, by_id: dict[str, RequirementInfo]) -> tuple[str, str]:
    name = ", ".join(check.requirements)
    if check.outcome is Outcome.NOT_RUN:
        return f"{name} did not run", "run it again"
    return f"{name} {check.outcome}: {_line(check.message) or check.nodeid}", remedy_of(check, by_id)


def _told_waiver(waiver: WaiverInfo) -> tuple[str, str]:
    if waiver.state == "expired":
        return (
            f"the waiver of {waiver.requirement} expired on {waiver.expires} ({waiver.owner})",
            "repair what it excused, or agree on a new date",
        )
    return (
        f"the waiver of {waiver.requirement} matches no check",
        "correct its requirement or match, or remove it",
    )


def _qualified(
    run: RunInfo,
    checks: tuple[Check, ...],
    requirements: tuple[RequirementInfo, ...],
    components: tuple[ComponentInfo, ...],
    by_id: dict[str, RequirementInfo],
) -> list[str]:
    said = [f"with a simulated {component.name}" for component in components if component.stand_in]
    if run.read_only:
        left_out = sum(check.outcome is Outcome.NOT_APPLICABLE for check in checks)
        said.append(f"read-only: {left_out} checks not made")
    waived = sum(check.outcome is Outcome.WAIVED for check in checks)
    if waived:
        said.append(f"{waived} waived")
    soft = sum(c.outcome is Outcome.FAILED and level(c, by_id) != "MUST" for c in checks)
    if soft:
        said.append(f"{soft} recommendation{'s' if soft > 1 else ''} not met")
    seen = {name for check in checks for name in check.requirements}
    missing = sum(requirement.id not in seen for requirement in requirements)
    if missing and checks:
        said.append(f"{len(requirements) - missing} of {len(requirements)} requirements checked")
    return said


def _unfinished(run: RunInfo, sessions: tuple[SessionInfo, ...]) -> str:
    if run.state == "interrupted":
        return "the run was interrupted"
    for session in sessions:
        if session.ended is None:
            return f"the run ended before its session {session.name} did"
        if session.status not in (0, 1, 5):
            return f"pytest ended session {session.name} early (status {session.status})"
    return "" if run.state == "finished" else "the run did not end"


def _line(text: str) -> str:
    return text.strip().splitlines()[0] if text.strip() else ""
