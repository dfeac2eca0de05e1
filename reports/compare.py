"""What differs between two results: in outcomes, and in what may explain it."""

from __future__ import annotations

from dataclasses import dataclass

from reports.model import Check, RunResult
from reports.verdict import layer_rank

#: A check is told as slower or faster when it changed by this factor and by this many seconds.
FACTOR, SECONDS = 1.5, 2.0


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that was something and is something else; an empty side: it was, or is, not there."""

    what: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """What differs, outcomes apart from what may explain them."""

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
    """What changed in the contract, the stack, its components, pins and requirements, or the harness."""
    found = [
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
    found += _named(
        "",
        {p.name: _component(p) for p in before.components},
        {p.name: _component(p) for p in after.components},
    )
    found += _named("plugin ", dict(before.run.pins), dict(after.run.pins))
    found += _named(
        "requirement ",
        {known.id: f"{known.level}: {known.text}" for known in before.requirements},
        {known.id: f"{known.level}: {known.text}" for known in after.requirements},
    )
    return tuple(found)


def _named(prefix: str, old: dict[str, str], new: dict[str, str]) -> list[Change]:
    return [
        Change(prefix + name, old.get(name, ""), new.get(name, ""))
        for name in sorted({**old, **new})
        if old.get(name) != new.get(name)
    ]


def _component(part: object) -> str:
    version, digest, stand_in = (getattr(part, key) for key in ("version", "digest", "stand_in"))
    return " ".join(filter(None, (version, digest[:19], "(stand-in)" if stand_in else "")))


def _outcome(check: Check | None) -> str:
    return str(check.outcome) if check else ""


def _title(check: Check | None) -> str:
    return f"{', '.join(check.requirements)} {check.nodeid.rpartition('::')[2]}" if check else ""


def _differs(was: float, now: float) -> bool:
    return abs(now - was) > SECONDS and max(was, now) > FACTOR * min(was, now)
