"""The verdict: one word, and the lowest broken thing first.

- A failed check of a MUST makes the stack not conformant; so does a waiver that is expired or matches no
  check. A failed SHOULD or MAY is counted in the headline only.
- Errors, blocked checks, checks that did not run, and a run without checks leave the answer open: incomplete.
- Undecided checks do not change the word. The headline counts them, and they never count as passed: a run
  in which no check passed, failed or was waived is incomplete.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

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
    WaiverUse,
)
from reports.text import first_line

OPEN = (Outcome.ERROR, Outcome.BLOCKED, Outcome.NOT_RUN)
BROKEN = (Outcome.FAILED, Outcome.ERROR)
DECIDED = (Outcome.PASSED, Outcome.FAILED, Outcome.WAIVED)
WAIVER_FAILS = ("expired", "unmatched")
_LEVELS = {"MUST": 0, "SHOULD": 1, "MAY": 2}
_EXIT_CODES = {"conformant": 0, "not conformant": 1, "incomplete": 2}


@dataclass(frozen=True, slots=True)
class UndecidedCause:
    """One reason why checks are undecided, and what would decide them."""

    reason: str
    remedy: str
    checks: tuple[Check, ...]

    @property
    def requirements(self) -> tuple[str, ...]:
        """The requirements concerned, each once."""
        return tuple(dict.fromkeys(name for check in self.checks for name in check.requirements))


def decide(
    *,
    run: RunInfo,
    checks: tuple[Check, ...],
    requirements: tuple[RequirementInfo, ...],
    components: tuple[ComponentInfo, ...],
    problems: tuple[Problem, ...],
    waivers: tuple[WaiverUse, ...],
    sessions: tuple[SessionInfo, ...],
) -> Verdict:
    """The verdict of a run; a pure function of the recorded facts."""
    by_id = {requirement.id: requirement for requirement in requirements}
    counts = Counter(str(check.outcome) for check in checks)
    broken = in_order(checks, by_id)
    binding = [c for c in broken if c.outcome is Outcome.FAILED and level(c, by_id) == "MUST"]
    bad_waivers = [waiver for waiver in waivers if waiver.state in WAIVER_FAILS]
    unfinished = _unfinished(run, sessions)
    open_checks = [check for check in checks if check.outcome in OPEN]
    if binding:
        word, reason, remedy = "not conformant", *_check_reason(binding[0], by_id)
    elif bad_waivers:
        word, reason, remedy = "not conformant", *_waiver_reason(bad_waivers[0])
    elif problems:
        word, reason, remedy = "incomplete", first_line(problems[0].what), problems[0].remedy
    elif errors := [check for check in broken if check.outcome is Outcome.ERROR]:
        word, reason, remedy = "incomplete", *_check_reason(errors[0], by_id)
    elif unfinished:
        word, reason, remedy = "incomplete", unfinished, "run it again"
    elif open_checks:
        word, reason, remedy = "incomplete", *_check_reason(open_checks[0], by_id)
    elif not any(check.outcome in DECIDED for check in checks):
        word, reason, remedy = "incomplete", *_nothing_decided(checks)
    else:
        word, reason, remedy = "conformant", "", ""
    # a failure decides also a run that was cut short; the cut is then one of the headline's qualifications
    cut = [unfinished] if unfinished and unfinished != reason else []
    headline = ", ".join([word, *cut, *_qualifications(run, checks, requirements, components, by_id)])
    return Verdict.model_validate(
        {
            "word": word,
            "exit_code": _EXIT_CODES[word],
            "headline": headline,
            "reason": reason,
            "remedy": remedy,
            "counts": {str(o): counts[str(o)] for o in Outcome if counts[str(o)]},
        }
    )


def in_order(checks: Iterable[Check], by_id: dict[str, RequirementInfo]) -> list[Check]:
    """Broken checks (failed or error), the most important first: low layer, gate, MUST, failed."""
    return sorted(
        (check for check in checks if check.outcome in BROKEN),
        key=lambda check: (
            layer_rank(check.layer),
            not check.gate,
            _LEVELS[level(check, by_id)],
            check.outcome is not Outcome.FAILED,
        ),
    )


def undecided_causes(checks: Iterable[Check]) -> list[UndecidedCause]:
    """Undecided checks by cause, so that a report names each cause once."""
    causes: dict[tuple[str, str], list[Check]] = {}
    for check in checks:
        if check.outcome is Outcome.UNDECIDED:
            causes.setdefault((first_line(check.message), first_line(check.remedy)), []).append(check)
    return [UndecidedCause(*cause, tuple(group)) for cause, group in causes.items()]


def by_layer(checks: Iterable[Check]) -> dict[str, tuple[Check, ...]]:
    """Checks by layer, the lowest first; a layer that this version does not know comes last."""
    layers: dict[str, list[Check]] = {}
    for check in checks:
        layers.setdefault(check.layer, []).append(check)
    names = sorted(layers, key=lambda layer: (layer_rank(layer), layer))
    return {name: tuple(layers[name]) for name in names}


def layer_rank(layer: str) -> int:
    """Position of a layer; a layer that this version does not know comes last."""
    return ORDER.index(layer) if layer in ORDER else len(ORDER)


def level(check: Check, by_id: dict[str, RequirementInfo]) -> str:
    """The most binding level of the requirements of `check`; MUST when the catalogue is not available."""
    levels = [by_id[name].level for name in check.requirements if name in by_id]
    return min(levels, key=_LEVELS.__getitem__, default="MUST")


def remedy_of(check: Check, by_id: dict[str, RequirementInfo]) -> str:
    """The next step: the check's own remedy; of a failed check otherwise that of its requirement."""
    if check.remedy or check.outcome is not Outcome.FAILED:
        return check.remedy
    return next((by_id[name].remedy for name in check.requirements if name in by_id), "")


def _check_reason(check: Check, by_id: dict[str, RequirementInfo]) -> tuple[str, str]:
    name = ", ".join(check.requirements)
    if check.outcome is Outcome.NOT_RUN:
        return f"{name} did not run", "run it again"
    return f"{name} {check.outcome}: {first_line(check.message) or check.nodeid}", remedy_of(check, by_id)


def _waiver_reason(waiver: WaiverUse) -> tuple[str, str]:
    if waiver.state == "expired":
        return (
            f"the waiver of {waiver.requirement} expired on {waiver.expires} ({waiver.owner})",
            "repair the waived failure, or agree on a new date",
        )
    return (
        f"the waiver of {waiver.requirement} matches no check",
        "correct its requirement or match, or remove it",
    )


def _nothing_decided(checks: tuple[Check, ...]) -> tuple[str, str]:
    causes = undecided_causes(checks)
    if not causes:
        return "nothing was checked", "check the selection"
    count = sum(len(cause.checks) for cause in causes)
    return f"nothing was decided: {count} undecided, {causes[0].reason}", causes[0].remedy


def _qualifications(
    run: RunInfo,
    checks: tuple[Check, ...],
    requirements: tuple[RequirementInfo, ...],
    components: tuple[ComponentInfo, ...],
    by_id: dict[str, RequirementInfo],
) -> list[str]:
    parts = [f"with a simulated {component.name}" for component in components if component.simulator]
    counts = Counter(check.outcome for check in checks)
    if run.read_only:
        left_out = counts[Outcome.NOT_APPLICABLE]
        parts.append(f"read-only: {left_out} check{'' if left_out == 1 else 's'} not made")
    if counts[Outcome.WAIVED]:
        parts.append(f"{counts[Outcome.WAIVED]} waived")
    if counts[Outcome.UNDECIDED]:
        parts.append(f"{counts[Outcome.UNDECIDED]} undecided")
    soft = sum(c.outcome is Outcome.FAILED and level(c, by_id) != "MUST" for c in checks)
    if soft:
        parts.append(f"{soft} recommendation{'s' if soft > 1 else ''} not met")
    checked = {name for check in checks for name in check.requirements}
    missing = sum(requirement.id not in checked for requirement in requirements)
    if missing and checks:
        parts.append(f"{len(requirements) - missing} of {len(requirements)} requirements checked")
    return parts


def _unfinished(run: RunInfo, sessions: tuple[SessionInfo, ...]) -> str:
    if run.state == "interrupted":
        return "the run was interrupted"
    for session in sessions:
        if session.ended is None:
            return f"the run ended before its session {session.name}"
        if session.status not in (0, 1, 5):
            return f"pytest ended session {session.name} early (status {session.status})"
    return "" if run.state == "finished" else "the run did not end"
