"""The gate: a baseline and a candidate in, a verdict with its evidence out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

from conformance.pins.bisect import BisectResult, bisect
from conformance.pins.diff import PinChange, compatibility, diff
from conformance.pins.judge import Rules, judge, ordered
from conformance.pins.release_index import ReleaseIndex
from conformance.pins.resolve import Target
from conformance.pins.running import RunningPlugins, compare
from conformance.pins.trial import PinSet, Trial, TrialMemory, TrialResult
from conformance.sources.plugins.pin import Finding, PinFile


@dataclass(frozen=True, slots=True)
class GateResult:
    """`changes` is empty without a baseline; `trial` is None when no controller was booted."""

    candidate: PinFile
    target: Target
    document: str
    document_day: str
    document_signed: str
    changes: tuple[PinChange, ...]
    findings: tuple[Finding, ...]
    verdict: GateVerdict
    trial: TrialResult | None = None
    bisection: BisectResult | None = None

    @property
    def pinned(self) -> int:
        return len(self.candidate.exact())


@dataclass(frozen=True, slots=True)
class Side:
    """Pins and the core that they run on."""

    file: PinFile
    target: Target


@dataclass(frozen=True, slots=True)
class Dynamic:
    """How to try the candidate: `budget` is in trials of a bisection, `memory` where it keeps them."""

    trial: Trial
    budget: int = 20
    memory: TrialMemory | None = None


def gate(
    candidate: Side,
    index: ReleaseIndex,
    rules: Rules,
    *,
    baseline: Side | None = None,
    running: RunningPlugins | None = None,
    dynamic: Dynamic | None = None,
) -> GateResult:
    """Judge the candidate; with `running`, compare it with a controller; with `dynamic`, boot one.

    A controller is booted only when the data alone does not already say NO-GO: it could not turn that
    into GO, and minutes would be spent to learn nothing.
    """
    findings = judge(candidate.file, index, candidate.target, rules)
    changes: tuple[PinChange, ...] = ()
    if baseline:
        findings = list(_since(findings, judge(baseline.file, index, baseline.target, rules)))
        cores = (baseline.target.core, candidate.target.core)
        changes = diff(baseline.file.exact(), candidate.file.exact(), index, cores, candidate.target.where)
        findings = ordered([*findings, *compatibility(changes, index)])
    if running:
        findings = ordered([*findings, *compare(candidate.file.exact(), running)])
    result = GateResult(
        candidate.file,
        candidate.target,
        index.newest.source,
        index.newest.day,
        index.newest.signed,
        changes,
        tuple(findings),
        decide(findings),
    )
    if dynamic is None or result.verdict.word == "NO-GO":
        return result
    return _try(result, candidate, index, baseline, dynamic)


def _try(
    result: GateResult, candidate: Side, index: ReleaseIndex, baseline: Side | None, dynamic: Dynamic
) -> GateResult:
    tried = dynamic.trial.boots(_pins(candidate))
    findings = list(result.findings)
    if tried.running:
        findings = ordered([*findings, *compare(candidate.file.exact(), tried.running)])
    bisection = None
    if tried.outcome == "failed" and baseline:
        bisection = bisect(
            _pins(baseline),
            _pins(candidate),
            dynamic.trial,
            index,
            budget=dynamic.budget,
            memory=dynamic.memory,
        )
    summary = {
        "passed": "the controller booted and the suites passed",
        "failed": "the controller or the suites failed",
        "error": "the trial itself broke",
    }[tried.outcome]
    verdict = decide(findings, f"{summary}: {tried.summary}" if tried.summary else summary, tried.outcome)
    return replace(result, findings=tuple(findings), verdict=verdict, trial=tried, bisection=bisection)


def _pins(side: Side) -> PinSet:
    return PinSet(side.target.core, {name: pin.version for name, pin in side.file.exact().items()})


def _since(findings: list[Finding], before: list[Finding]) -> Iterator[Finding]:
    known = {one.key for one in before}
    for one in findings:
        yield replace(one, since="before" if one.key in known else "new")


Word = Literal["GO", "NO-GO", "INCOMPLETE"]
EXIT: dict[Word, int] = {"GO": 0, "NO-GO": 1, "INCOMPLETE": 2}


@dataclass(frozen=True, slots=True)
class GateVerdict:
    """One word and the reasons for it, a line each; GO's reason says how it was decided."""

    word: Word
    reasons: tuple[str, ...]

    @property
    def exit_code(self) -> int:
        return EXIT[self.word]


def decide(findings: Iterable[Finding], dynamic: str = "", dynamic_outcome: str = "") -> GateVerdict:
    """The verdict: a failure outweighs what could not be decided, as everywhere in the harness.

    `dynamic` describes the trial in words, `dynamic_outcome` is passed, failed, error or empty
    (not tried).
    """
    listed = list(findings)
    blocking = [one for one in listed if one.blocks]
    undecided = [one for one in listed if one.level == "error" and not one.waived]
    if blocking or dynamic_outcome == "failed":
        reasons = _grouped(blocking)
        return GateVerdict("NO-GO", (*reasons, dynamic) if dynamic_outcome == "failed" else reasons)
    if undecided or dynamic_outcome == "error":
        reasons = _grouped(undecided)
        return GateVerdict("INCOMPLETE", (*reasons, dynamic) if dynamic_outcome == "error" else reasons)
    how = dynamic if dynamic_outcome == "passed" else "decided from data only; no controller was booted"
    return GateVerdict("GO", (how,))


def _grouped(findings: list[Finding]) -> tuple[str, ...]:
    """ "3 advisory: a, b, c": one line for each code, in the order of first appearance."""
    groups: dict[str, list[str]] = {}
    for one in findings:
        names = groups.setdefault(one.code, [])
        names.append(f"{one.subject} ({one.ref})" if one.code == "advisory" else one.subject)
    return tuple(
        f"{len(names)} {code}: {', '.join(names[:8])}{' ...' if len(names) > 8 else ''}"
        for code, names in groups.items()
    )
