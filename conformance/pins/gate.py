"""The gate: a baseline and a candidate in, a verdict with its evidence out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from conformance.pins.bisect import BisectResult, Memory, bisect
from conformance.pins.catalogue import Catalogue
from conformance.pins.diff import Change, diff
from conformance.pins.judge import Rules, judge, ordered
from conformance.pins.model import Finding, PinFile
from conformance.pins.resolve import Target
from conformance.pins.running import compare
from conformance.pins.sources.controller import Running
from conformance.pins.trial import PinSet, Trial, TrialResult
from conformance.pins.verdict import Verdict, of


@dataclass(frozen=True, slots=True)
class GateResult:
    """`changes` is empty without a baseline; `trial` is None when no controller was booted."""

    candidate: PinFile
    target: Target
    document: str
    document_day: str
    document_signed: str
    changes: tuple[Change, ...]
    findings: tuple[Finding, ...]
    verdict: Verdict
    trial: TrialResult | None = None
    bisection: BisectResult | None = None

    @property
    def pinned(self) -> int:
        return len(self.candidate.exact())


@dataclass(frozen=True, slots=True)
class Side:
    """Pins and what they run on."""

    file: PinFile
    target: Target


@dataclass(frozen=True, slots=True)
class Dynamic:
    """How to try the candidate: `budget` is in trials of a bisection, `memory` where it keeps them."""

    trial: Trial
    budget: int = 20
    memory: Memory | None = None


def gate(
    candidate: Side,
    catalogue: Catalogue,
    rules: Rules,
    *,
    baseline: Side | None = None,
    running: Running | None = None,
    dynamic: Dynamic | None = None,
) -> GateResult:
    """Judge the candidate; with `running`, compare it with a controller; with `dynamic`, boot one.

    A controller is booted only when the data alone does not already say NO-GO: it could not turn that
    into GO, and minutes would be spent to learn nothing.
    """
    findings = judge(candidate.file, catalogue, candidate.target, rules)
    changes: tuple[Change, ...] = ()
    if baseline:
        findings = list(_since(findings, judge(baseline.file, catalogue, baseline.target, rules)))
        cores = (baseline.target.core, candidate.target.core)
        changes = diff(
            baseline.file.exact(), candidate.file.exact(), catalogue, cores, candidate.target.where
        )
    if running:
        findings = ordered([*findings, *compare(candidate.file.exact(), running)])
    result = GateResult(
        candidate.file,
        candidate.target,
        catalogue.newest.source,
        catalogue.newest.day,
        catalogue.newest.signed,
        changes,
        tuple(findings),
        of(findings),
    )
    if dynamic is None or result.verdict.word == "NO-GO":
        return result
    return _try(result, candidate, catalogue, baseline, dynamic)


def _try(
    result: GateResult, candidate: Side, catalogue: Catalogue, baseline: Side | None, dynamic: Dynamic
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
            catalogue,
            budget=dynamic.budget,
            memory=dynamic.memory,
        )
    said = {
        "passed": "the controller booted and the suites passed",
        "failed": "the controller or the suites failed",
        "error": "the trial itself broke",
    }[tried.outcome]
    verdict = of(findings, f"{said}: {tried.summary}" if tried.summary else said, tried.outcome)
    return replace(result, findings=tuple(findings), verdict=verdict, trial=tried, bisection=bisection)


def _pins(side: Side) -> PinSet:
    return PinSet(side.target.core, {name: pin.version for name, pin in side.file.exact().items()})


def _since(findings: list[Finding], before: list[Finding]) -> Iterator[Finding]:
    known = {one.key for one in before}
    for one in findings:
        yield replace(one, since="before" if one.key in known else "new")
