"""The history: results of many runs in a directory or an S3 bucket, without a server, and their trend.

Each run is one object `runs/START-ID.json`: its result.json. A result that this version cannot read is
reported and left alone.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import boto3
from botocore.exceptions import BotoCoreError, ClientError
from pydantic import ValidationError

from conformance.core.errors import EnvironmentFailure, UsageError
from conformance.core.files import write_atomically
from reports.compare import Change, causes
from reports.model import SCHEMA_VERSION, Check, Outcome, RunResult
from reports.redact import SECRETS
from reports.text import day, seconds

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_GREEN = (Outcome.PASSED, Outcome.WAIVED)
_DECIDED = (Outcome.PASSED, Outcome.FAILED)


class Store(Protocol):
    """A place for results."""

    def put(self, name: str, data: bytes) -> None: ...

    def names(self) -> list[str]: ...

    def get(self, name: str) -> bytes: ...


class DirectoryStore:
    """A directory."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, name: str, data: bytes) -> None:
        (self.folder / "runs").mkdir(parents=True, exist_ok=True)
        write_atomically(self.folder / "runs" / name, data)

    def names(self) -> list[str]:
        return sorted(file.name for file in (self.folder / "runs").glob("*.json"))

    def get(self, name: str) -> bytes:
        return (self.folder / "runs" / name).read_bytes()


class S3Store:
    """A bucket, with a prefix or without."""

    def __init__(self, bucket: str, prefix: str = "", client: S3Client | None = None) -> None:
        self.bucket = bucket
        self.prefix = f"{prefix.strip('/')}/runs/".lstrip("/")
        self.client = client or boto3.client("s3")

    def put(self, name: str, data: bytes) -> None:
        self.client.put_object(
            Bucket=self.bucket, Key=self.prefix + name, Body=data, ContentType="application/json"
        )

    def names(self) -> list[str]:
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=self.prefix)
        keys = [entry["Key"] for page in pages for entry in page.get("Contents", [])]
        return sorted(key.removeprefix(self.prefix) for key in keys if key.endswith(".json"))

    def get(self, name: str) -> bytes:
        return self.client.get_object(Bucket=self.bucket, Key=self.prefix + name)["Body"].read()


def store(where: str) -> Store:
    """The store at `where`: a directory, or s3://BUCKET/PREFIX."""
    if where.startswith("s3://"):
        bucket, _, prefix = where.removeprefix("s3://").partition("/")
        if not bucket:
            raise UsageError(f"{where} names no bucket", expected="s3://BUCKET/PREFIX")
        return S3Store(bucket, prefix)
    return DirectoryStore(Path(where))


def remember(result: RunResult, kept: Store) -> str:
    """Add `result` to the history and return its name there. Raises EnvironmentFailure."""
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(result.run.started))
    name = f"{stamp}-{re.sub(r'[^A-Za-z0-9._-]', '-', result.run.id)}.json"
    data = json.dumps(SECRETS.tree(result.model_dump(mode="json")), ensure_ascii=False).encode()
    try:
        kept.put(name, data)
    except (OSError, BotoCoreError, ClientError) as error:
        raise EnvironmentFailure(
            "the result could not be added to the history", observed=str(error)
        ) from error
    return name


def recall(kept: Store, last: int = 0) -> tuple[tuple[RunResult, ...], tuple[str, ...]]:
    """The runs in `kept`, oldest first, at most the `last` ones (0: all), and the unreadable ones."""
    runs, unread = [], []
    try:
        names = kept.names()
        for name in names[-last:] if last else names:
            try:
                raw = json.loads(kept.get(name))
                version = raw.get("schema_version") if isinstance(raw, dict) else None
                if version != SCHEMA_VERSION:
                    unread.append(f"{name}: schema version {version}, known is {SCHEMA_VERSION}")
                    continue
                runs.append(RunResult.model_validate(raw))
            except (ValueError, ValidationError) as error:
                unread.append(f"{name}: {str(error).splitlines()[0]}")
    except (OSError, BotoCoreError, ClientError) as error:
        raise EnvironmentFailure("the history cannot be read", observed=str(error)) from error
    return tuple(sorted(runs, key=lambda result: result.run.started)), tuple(unread)


@dataclass(frozen=True, slots=True)
class Point:
    """One run of the trend. `pass_rate` is passed of passed and failed (0..1), None without either."""

    run: str
    started: float
    word: str
    pass_rate: float | None
    seconds: float
    agent_seconds: float | None


@dataclass(frozen=True, slots=True)
class Failure:
    """A check that is broken in the last run. `causes`: changes between last green and first red."""

    check: Check
    first_seen: str
    last_green: str
    runs: int
    causes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Flake:
    """A check that changed its outcome `changes` times without a change of any possible cause."""

    nodeid: str
    requirements: tuple[str, ...]
    changes: int
    last: str


@dataclass(frozen=True, slots=True)
class Trend:
    points: tuple[Point, ...]
    failures: tuple[Failure, ...]
    flakes: tuple[Flake, ...]


def trend(runs: Sequence[RunResult]) -> Trend:
    """The trend of `runs` (oldest first); a pure function."""
    return Trend(tuple(_point(run) for run in runs), _failures(runs), _flakes(runs))


def lines(trend: Trend, unread: tuple[str, ...] = ()) -> Iterator[str]:
    """`trend` for a terminal; `unread` names unreadable results of the history."""
    for point in trend.points:
        rate = "   -" if point.pass_rate is None else f"{100 * point.pass_rate:3.0f}%"
        agent = "" if point.agent_seconds is None else f", agent {seconds(point.agent_seconds)}"
        yield f"{day(point.started)}  {rate}  {point.word:<14}  {seconds(point.seconds)}{agent}  {point.run}"
    for failure in trend.failures:
        green = f"last green in {failure.last_green}" if failure.last_green else "never green"
        yield f"broken: {', '.join(failure.check.requirements)} since {failure.first_seen}, {green}"
        for change in failure.causes:
            was, now = change.before or "missing", change.after or "missing"
            yield f"  changed in between: {change.what}: {was} to {now}"
    for flake in trend.flakes:
        names = ", ".join(flake.requirements)
        yield f"flaky: changed {flake.changes} times without a known cause: {names} {flake.nodeid}"
    for line in unread:
        yield f"not read: {line}"


def _point(result: RunResult) -> Point:
    decided = [check for check in result.checks if check.outcome in _DECIDED]
    passed = sum(check.outcome is Outcome.PASSED for check in decided)
    launches = [
        c.measures["timeline"] for c in result.checks if c.layer == "agents" and "timeline" in c.measures
    ]
    end = result.run.ended or max((c.started + c.seconds for c in result.checks), default=result.run.started)
    return Point(
        result.run.id,
        result.run.started,
        result.verdict.word,
        passed / len(decided) if decided else None,
        max(0.0, end - result.run.started),
        max(launches, default=None),
    )


def _failures(runs: Sequence[RunResult]) -> tuple[Failure, ...]:
    failures = []
    for check in runs[-1].checks if runs else ():
        if check.outcome not in (Outcome.FAILED, Outcome.ERROR):
            continue
        first, green, count = runs[-1], None, 0
        for run in reversed(runs):
            before = next((other for other in run.checks if other.nodeid == check.nodeid), None)
            if before is None or before.outcome not in (Outcome.FAILED, Outcome.ERROR, *_GREEN):
                # blocked, undecided or not run: neither green nor broken
                continue
            if before.outcome in _GREEN:
                green = run
                break
            first, count = run, count + 1
        failures.append(
            Failure(
                check,
                first.run.id,
                green.run.id if green else "",
                count,
                causes(green, first) if green else (),
            )
        )
    return tuple(failures)


def _flakes(runs: Sequence[RunResult]) -> tuple[Flake, ...]:
    last: dict[str, tuple[Check, RunResult]] = {}
    changed: dict[str, int] = {}
    for run in runs:
        for check in run.checks:
            if check.outcome not in (*_DECIDED, Outcome.ERROR):
                continue
            before = last.get(check.nodeid)
            if before and before[0].outcome is not check.outcome and not _explained(before[1], run):
                changed[check.nodeid] = changed.get(check.nodeid, 0) + 1
            last[check.nodeid] = (check, run)
    ranked = sorted(changed.items(), key=lambda entry: (-entry[1], entry[0]))
    return tuple(Flake(name, last[name][0].requirements, n, str(last[name][0].outcome)) for name, n in ranked)


def _explained(before: RunResult, after: RunResult) -> bool:
    # another selection explains that a check is missing, never another outcome
    return any(change.what != "selection" for change in causes(before, after))
