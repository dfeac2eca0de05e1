"""The same pins by each day's document: when they became vulnerable, for how long, what would help."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from pathlib import Path

from conformance.pins.bump import BumpPlan, smallest
from conformance.pins.gate import Word, decide
from conformance.pins.judge import Rules, judge
from conformance.pins.model import Release
from conformance.pins.propose import more_advisories, unacceptable
from conformance.pins.release_index import ReleaseIndex
from conformance.pins.resolve import Target
from conformance.pins.updatecenter.document import UpdateCenter
from conformance.pins.updatecenter.load import days, load
from conformance.pins.versions import key_of, older
from conformance.sources.plugins.pin import Finding, PinFile

_PUBLISHED = re.compile(r"/advisory/(\d{4}-\d{2}-\d{2})/")


@dataclass(frozen=True, slots=True)
class Day:
    """One document's judgement. `new` and `gone` are findings that came or went since the one before."""

    day: str
    core: str
    word: Word
    reasons: tuple[str, ...]
    advisories: int
    new: tuple[str, ...]
    gone: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Exposure:
    """An advisory that hits the pins. Dates are ISO.

    `since` is the day it was published when its link says so, else the first document that has it.
    `until` is the last document that has it, and `days` the days between. `fix` is the smallest set of
    bumps (plugin to version) of the first document that offers one for this core, `fix_day` its day;
    without one, `blocked` names the obstacles of the last day.
    """

    subject: str
    advisory: str
    message: str
    since: str
    first_seen: str
    until: str
    days: int
    fix: Mapping[str, str]
    fix_day: str
    blocked: str = ""


@dataclass(frozen=True, slots=True)
class History:
    pins: int
    core: str
    days: tuple[Day, ...]
    exposures: tuple[Exposure, ...]


def history(
    directory: Path,
    file: PinFile,
    target: Target,
    rules: Rules,
    manifests: Mapping[str, list[Release]] | None = None,
) -> History:
    """Judge the pins by every document of a directory, oldest first.

    A day knows the manifests and the releases of the days up to it, nothing later. Waivers hold or
    expire by that day.

    Raises:
        UpdateCenterUnreadable: no document there, or one of them broken.
    """
    known = {name: list(releases) for name, releases in (manifests or {}).items()}
    pins = {name: pin.version for name, pin in file.exact().items()}
    found: list[Day] = []
    open_: dict[tuple[str, str], Exposure] = {}
    before: frozenset[str] = frozenset()
    for day, path in days(directory):
        document = load(str(path))
        index = ReleaseIndex(document, (), known)
        findings = judge(file, index, target, replace(rules, today=date.fromisoformat(day), max_age=0))
        now = frozenset(_short(one) for one in findings if one.level in ("no-go", "error", "warning"))
        verdict = decide(findings)
        hits = [one for one in findings if one.code == "advisory"]
        new, gone = tuple(sorted(now - before)), tuple(sorted(before - now))
        found.append(Day(day, document.core, verdict.word, verdict.reasons, len(hits), new, gone))
        fix = partial(fix_for, pins=pins, index=index, target=target, rules=rules)
        for hit in hits:
            key = (hit.subject, hit.ref)
            open_[key] = _exposure(hit, open_.get(key), day, fix)
        _remember(document, pins, known)
        before = now
    ordered = sorted(open_.values(), key=lambda one: (one.since, one.subject, one.advisory))
    return History(len(pins), target.core, tuple(found), tuple(ordered))


def fix_for(
    subject: str, pins: Mapping[str, str], index: ReleaseIndex, target: Target, rules: Rules
) -> BumpPlan:
    """The smallest set of bumps after which no advisory hits `subject` any more, on this core."""
    best: BumpPlan | None = None
    blockers: set[str] = set()
    for release in reversed(index.releases(subject)):
        if not older(pins[subject], release.version):
            continue
        reason = unacceptable(release, target, rules.issues)
        reason = reason or more_advisories(release, index, None)
        if reason:
            blockers.add(f"{subject} {release.version}: {reason}")
            continue
        plan = smallest(pins, {subject: release.version}, index, target, issues=rules.issues)
        blockers |= set(plan.blockers)
        if plan.changes and (best is None or len(plan.changes) < len(best.changes)):
            best = plan
    nothing = () if blockers else (f"no newer release of {subject} is offered",)
    return best or BumpPlan({}, blockers=(*sorted(blockers), *nothing))


def _exposure(hit: Finding, earlier: Exposure | None, day: str, fix: Callable[[str], BumpPlan]) -> Exposure:
    """The record of a hit with this day added; `fix` finds the smallest set of bumps for a plugin."""
    if earlier is None:
        since = _published(hit.link, day)
        earlier = Exposure(hit.subject, hit.ref, hit.what, since, day, day, 0, {}, "")
    lasted = (date.fromisoformat(day) - date.fromisoformat(earlier.since)).days
    earlier = replace(earlier, until=day, days=lasted)
    if earlier.fix:
        return earlier
    if hit.subject == "core":
        return replace(earlier, blocked=f"raise the core: {hit.next}")
    plan = fix(hit.subject)
    return replace(
        earlier,
        fix=plan.changes,
        fix_day=day if plan.changes else "",
        blocked="" if plan.changes else "; ".join(plan.blockers[:3]),
    )


def _published(link: str, day: str) -> str:
    """The publication day in an advisory's link; `day` when the link has none or a later one."""
    found = _PUBLISHED.search(link)
    try:
        published = date.fromisoformat(found.group(1)) if found else date.fromisoformat(day)
    except ValueError:
        return day
    return min(published.isoformat(), day)


def _remember(document: UpdateCenter, pins: Mapping[str, str], known: dict[str, list[Release]]) -> None:
    """Keep the releases that concern these pins, so that the document itself can be let go."""
    todo = list(pins)
    seen = set(todo)
    for name in todo:
        release = document.release(name)
        if release is None or release.problem:
            continue
        several = known.setdefault(name, [])
        if all(key_of(one.version) != key_of(release.version) for one in several):
            several.append(release)
        for need in release.dependencies:
            if need.name not in seen and not need.optional:
                seen.add(need.name)
                todo.append(need.name)


def _short(one: Finding) -> str:
    return f"{one.subject} {one.ref or one.code}"
