"""Results from disk: a results folder in any state, or a result.json, as one `RunResult`."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from conformance.core import timeline
from conformance.core.errors import UsageError
from reports.events import read_events
from reports.model import (
    SCHEMA_VERSION,
    Check,
    ComponentInfo,
    Outcome,
    Problem,
    RequirementInfo,
    RunInfo,
    RunResult,
    SessionInfo,
    SpanInfo,
    WaiverUse,
)
from reports.text import first_line
from reports.verdict import decide, layer_rank
from reports.waivers import Waiver

RUN = "run.json"
RESULT = "result.json"
#: When one check ended twice (a session was repeated into the same folder), the worse outcome counts: a
#: second try never hides a first failure.
_WORSE = (
    Outcome.PASSED,
    Outcome.NOT_APPLICABLE,
    Outcome.UNDECIDED,
    Outcome.WAIVED,
    Outcome.NOT_RUN,
    Outcome.BLOCKED,
    Outcome.ERROR,
    Outcome.FAILED,
)


def load_results(where: Path) -> RunResult:
    """Results from a results folder or a result.json.

    Of a folder the events count, or else its result.json: a bundle may hold only that.

    Raises:
        UsageError: there are no results, or another version wrote them.
    """
    if where.is_file():
        return _read_result(where)
    files = sorted(where.glob("events-*.jsonl"))
    if not files and not (where / RUN).exists():
        if (where / RESULT).exists():
            return _read_result(where / RESULT)
        raise UsageError(f"no results in {where}", remedy="name the folder that a run wrote (--results-dir)")
    try:
        return _assemble(where, files)
    except OSError as error:
        raise UsageError(f"cannot read the results in {where}", observed=str(error)) from error
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        # the errors of pydantic and json are ValueErrors
        raise UsageError(
            f"the results in {where} are damaged, or another version wrote them",
            observed=f"{type(error).__name__}: {first_line(str(error))}",
            remedy="read them with the version that wrote them, or remove the folder",
        ) from error


def _read_result(file: Path) -> RunResult:
    try:
        raw = json.loads(file.read_bytes())
    except (OSError, ValueError) as error:
        raise UsageError(f"cannot read {file}", observed=str(error)) from error
    version = raw.get("schema_version") if isinstance(raw, dict) else None
    if version is None:
        raise UsageError(f"{file} is not a result", remedy="name a result.json that a run wrote")
    if version != SCHEMA_VERSION:
        raise UsageError(
            f"{file} holds results of schema version {version}",
            expected=f"version {SCHEMA_VERSION}",
            remedy="read it with a release of the harness that knows this version",
        )
    try:
        return RunResult.model_validate(raw)
    except ValidationError as error:
        raise UsageError(f"{file} is not a result", observed=str(error).splitlines()[0]) from error


def _assemble(folder: Path, files: list[Path]) -> RunResult:
    head: dict[str, Any] = {}
    if (folder / RUN).exists():
        head = json.loads((folder / RUN).read_bytes())
    sessions, problems = [], [Problem(**entry) for entry in head.get("problems", ())]
    checks: dict[str, Check] = {}
    known: dict[str, dict[str, Any]] = {entry["id"]: entry for entry in head.get("requirements", ())}
    first = 0.0
    for file in files:
        name = file.stem.removeprefix("events-")
        events = read_events(file)
        if not events:
            continue
        first = min(first or events[0]["t"], events[0]["t"])
        if any(event["kind"] == "session-start" for event in events):
            sessions.append(_session(name, events))
        problems += [_problem(event) for event in events if event["kind"] in ("problem", "collection-error")]
        for event in events if "requirements" not in head else ():
            # pytest without the command line writes no run.json
            known |= {e["id"]: e for e in event.get("requirements", ()) if e["id"] not in known}
        for check in (_measured(check, folder) for check in _checks(name, events)):
            before = checks.get(check.nodeid)
            if before is None or _WORSE.index(check.outcome) > _WORSE.index(before.outcome):
                checks[check.nodeid] = check
    run = RunInfo(**head["run"]) if "run" in head else _run_of_pytest(folder, first, sessions)
    ordered = tuple(
        sorted(checks.values(), key=lambda c: (layer_rank(c.layer), not c.gate, c.requirements, c.nodeid))
    )
    requirements = tuple(RequirementInfo(**entry) for entry in known.values())
    components = tuple(ComponentInfo(**entry) for entry in head.get("components", ()))
    day = dt.datetime.fromtimestamp(run.started, dt.UTC).date()
    waivers = _waiver_uses(head.get("waivers", []), ordered, {r.id for r in requirements}, day)
    by_start = tuple(sorted(sessions, key=lambda session: session.started))
    unique = tuple(dict.fromkeys(problems))
    return RunResult(
        run=run,
        verdict=decide(
            run=run,
            checks=ordered,
            requirements=requirements,
            components=components,
            problems=unique,
            waivers=waivers,
            sessions=by_start,
        ),
        components=components,
        requirements=requirements,
        checks=ordered,
        problems=unique,
        waivers=waivers,
        sessions=by_start,
        timeline=_timeline(folder),
    )


def _session(name: str, events: list[Mapping[str, Any]]) -> SessionInfo:
    started = next(event["t"] for event in events if event["kind"] == "session-start")
    end = next((event for event in reversed(events) if event["kind"] == "session-end"), None)
    return SessionInfo(
        name=name, started=started, ended=end["t"] if end else None, status=end["status"] if end else None
    )


def _problem(event: Mapping[str, Any]) -> Problem:
    if event["kind"] == "collection-error":
        lines = [line for line in event["message"].splitlines() if line.strip()]
        what = next((line[2:].strip() for line in lines if line.startswith("E ")), lines[0] if lines else "")
        return Problem(
            what=f"checks could not be collected: {what}",
            where=event["where"],
            observed=event["message"],
            remedy="repair the suite; a check names its requirements",
        )
    return Problem(**{key: event.get(key, "") for key in ("what", "where", "observed", "remedy")})


def _checks(session: str, events: list[Mapping[str, Any]]) -> list[Check]:
    planned: dict[str, Mapping[str, Any]] = {}
    ended: dict[str, Check] = {}
    started: dict[str, float] = {}
    for event in events:
        if event["kind"] == "collected":
            planned |= {check["nodeid"]: check for check in event["checks"]}
        elif event["kind"] == "start":
            started[event["nodeid"]] = event["t"]
        elif event["kind"] == "check":
            check = Check(**event["check"], session=session)
            before = ended.get(check.nodeid)
            if before is None or _WORSE.index(check.outcome) >= _WORSE.index(before.outcome):
                ended[check.nodeid] = check
    for nodeid, plan in planned.items():
        if nodeid not in ended:
            began = nodeid in started
            ended[nodeid] = Check(
                **plan,
                outcome=Outcome.NOT_RUN,
                message="it was running when the run ended" if began else "the run ended before it",
                started=started.get(nodeid, 0.0),
                session=session,
            )
    return list(ended.values())


def _measured(check: Check, folder: Path) -> Check:
    """`check` with the last moment of its evidence "timeline" (step to seconds since the beginning)."""
    measures = {}
    for ref in check.evidence:
        if ref.name == "timeline" and ref.kind == "json" and ref.file:
            try:
                steps = json.loads((folder / ref.file).read_bytes())
                measures["timeline"] = max(float(value) for value in steps.values())
            except (OSError, ValueError, TypeError, AttributeError):
                # it stays readable evidence, only without a number
                continue
    return check.model_copy(update={"measures": measures}) if measures else check


def _waiver_uses(
    raw: list[dict[str, Any]], checks: tuple[Check, ...], known: set[str], day: dt.date
) -> tuple[WaiverUse, ...]:
    uses = []
    for entry in raw:
        waiver = Waiver(**{**entry, "expires": dt.date.fromisoformat(entry["expires"])})
        concerned = [check for check in checks if waiver.requirement in check.requirements]
        used = [
            c
            for c in concerned
            if c.outcome is Outcome.WAIVED and waiver.covers(c.requirements, c.nodeid, c.message)
        ]
        decided = [c for c in concerned if c.outcome in (Outcome.PASSED, Outcome.FAILED)]
        if waiver.days_left(day) < 0:
            state = "expired"
        elif used:
            state = "used"
        elif known and waiver.requirement not in known:
            state = "unmatched"
        elif decided and all(c.outcome is Outcome.PASSED for c in decided):
            named = not waiver.match or any(waiver.match in c.nodeid for c in decided)
            state = "passes" if named or len(decided) == len(concerned) else "not needed here"
        else:
            state = "unmatched" if decided else "not needed here"
        use = {
            **entry,
            "days_left": waiver.days_left(day),
            "state": state,
            "checks": tuple(c.nodeid for c in used),
        }
        uses.append(WaiverUse.model_validate(use))
    return tuple(uses)


def _timeline(folder: Path) -> tuple[SpanInfo, ...]:
    file = folder / "timeline.jsonl"
    return tuple(SpanInfo(**asdict(span)) for span in timeline.read(file)) if file.exists() else ()


def _run_of_pytest(folder: Path, started: float, sessions: list[SessionInfo]) -> RunInfo:
    """A run of pytest without the command line."""
    ended = [session.ended for session in sessions]
    complete = bool(ended) and None not in ended
    return RunInfo(
        id=folder.name,
        started=started,
        ended=max((end for end in ended if end is not None), default=None) if complete else None,
        state="finished" if complete else "running",
        command="pytest",
    )
