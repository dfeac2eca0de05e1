"""The differences of two results: in outcomes, and in possible causes."""

from __future__ import annotations

from dataclasses import dataclass

from reports.model import Check, ComponentInfo, RunResult
from reports.verdict import layer_rank

#: A check is reported as slower or faster when its duration changed by this factor and these seconds.
FACTOR, SECONDS = 1.5, 2.0


@dataclass(frozen=True, slots=True)
class Change:
    """One thing before and after; an empty side: it was, or is, missing."""

    what: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """The differences: outcomes, possible causes and durations."""

    verdict: Change | None
    outcomes: tuple[Change, ...]
    causes: tuple[Change, ...]
    durations: tuple[Change, ...]

    @property
    def same(self) -> bool:
        return not (self.verdict or self.outcomes or self.causes)


def compare(before: RunResult, after: RunResult) -> Comparison:
    """The changes from `before` to `after`."""
    old = {check.nodeid: check for check in before.checks}
    new = {check.nodeid: check for check in after.checks}
    names = sorted({**old, **new}, key=lambda name: (layer_rank((new.get(name) or old[name]).layer), name))
    outcomes, durations = [], []
    for name in names:
        was, now = old.get(name), new.get(name)
        if _outcome(was) != _outcome(now):
            outcomes.append(Change(_title(now or was), _outcome(was), _outcome(now)))
        elif was and now and _differs(was.seconds, now.seconds):
            durations.append(Change(_title(now), f"{was.seconds:.1f} s", f"{now.seconds:.1f} s"))
    verdict = None
    if before.verdict.headline != after.verdict.headline:
        verdict = Change("verdict", before.verdict.headline, after.verdict.headline)
    return Comparison(verdict, tuple(outcomes), causes(before, after), tuple(durations))


def causes(before: RunResult, after: RunResult) -> tuple[Change, ...]:
    """Changes of the contract, the stack, its components, pins and requirements, or the harness."""
    changes = [
        Change(title, str(getattr(before.run, key)), str(getattr(after.run, key)))
        for key, title in (
            ("environment", "environment"),
            ("contract_sha256", "contract"),
            ("stack_revision", "stack revision"),
            ("harness_version", "harness"),
            ("selection", "selection"),
        )
        if getattr(before.run, key) != getattr(after.run, key)
    ]
    changes += _named(
        "",
        {p.name: _component(p) for p in before.components},
        {p.name: _component(p) for p in after.components},
    )
    changes += _named("plugin ", dict(before.run.pins), dict(after.run.pins))
    changes += _named(
        "requirement ",
        {known.id: f"{known.level}: {known.text}" for known in before.requirements},
        {known.id: f"{known.level}: {known.text}" for known in after.requirements},
    )
    return tuple(changes)


def _named(prefix: str, old: dict[str, str], new: dict[str, str]) -> list[Change]:
    return [
        Change(prefix + name, old.get(name, ""), new.get(name, ""))
        for name in sorted({**old, **new})
        if old.get(name) != new.get(name)
    ]


def _component(part: ComponentInfo) -> str:
    return " ".join(filter(None, (part.version, part.digest[:19], "(simulator)" if part.simulator else "")))


def _outcome(check: Check | None) -> str:
    return str(check.outcome) if check else ""


def _title(check: Check | None) -> str:
    return f"{', '.join(check.requirements)} {check.nodeid.rpartition('::')[2]}" if check else ""


def _differs(was: float, now: float) -> bool:
    return abs(now - was) > SECONDS and max(was, now) > FACTOR * min(was, now)
