"""A night: every pair upgraded in turn, within a budget, the only night on its host, kept and reported."""

from __future__ import annotations

import datetime as dt
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import requests
from pydantic import BaseModel, ConfigDict

from conformance.core.errors import ConformanceError, EnvironmentFailure
from conformance.core.files import lock, write_atomically
from conformance.core.paths import lock_file
from conformance.upgrade.observed import Observed
from conformance.upgrade.pairs import Pair
from environments import runs
from reports.load import load_results

#: seconds that a pair has for an orderly end when the night is over
TEAR_DOWN = 120
Clock = Callable[[], float]
Upgrade = Callable[[Pair, Path, float], int]
INCOMPLETE = 2
#: file in a night's folder: the ids of its runs
RUNS = "runs.txt"


class DirectionResult(BaseModel):
    """One direction of one pair, by its report; `away` are seconds by `service access`."""

    model_config = ConfigDict(frozen=True)

    direction: str
    verdict: str
    reason: str
    remedy: str
    seconds: float
    away: dict[str, float]


class PairResult(BaseModel):
    """A pair in both directions; `note` says why there is no report."""

    model_config = ConfigDict(frozen=True)

    before: str
    after: str
    exit_code: int
    ways: tuple[DirectionResult, ...]
    note: str = ""


class Night(BaseModel):
    """One night. `complete` is False when its time ran out before all pairs were upgraded."""

    model_config = ConfigDict(frozen=True)

    date: dt.date
    exit_code: int
    complete: bool
    pairs: tuple[PairResult, ...]
    blamed: tuple[str, ...] = ()

    @property
    def word(self) -> Literal["green", "red", "incomplete"]:
        return "green" if self.exit_code == 0 else "red" if self.exit_code == 1 else "incomplete"

    @property
    def reason(self) -> str:
        """The first failure in one line; empty: there is none."""
        for pair in self.pairs:
            for result in pair.ways:
                if result.reason:
                    return f"{pair.before} -> {pair.after}, {result.direction}: {result.reason}"
            if pair.note:
                return f"{pair.before} -> {pair.after}: {pair.note}"
        return "" if self.complete else "the time ran out"


@contextmanager
def exclusive_on_host() -> Iterator[None]:
    """Let one night run at a time on a host. Raises UsageError, which names the one that runs."""
    with lock(lock_file("nightly"), "a nightly run", wait=False):
        yield


def run(
    pairs: Sequence[Pair],
    folder: Path,
    budget: float,
    upgrade: Upgrade,
    *,
    date: dt.date,
    clock: Clock = time.monotonic,
) -> Night:
    """Upgrade every pair into `folder`; no pair begins after `budget` seconds."""
    start, results = clock(), []
    for number, pair in enumerate(pairs, 1):
        left = budget - (clock() - start)
        if left <= 0:
            break
        place = folder / f"pair-{number}"
        code = upgrade(pair, place, left)
        results.append(_result(pair, place, code))
    complete = len(results) == len(pairs) and clock() - start <= budget
    worst = max((result.exit_code for result in results), default=INCOMPLETE)
    # a red pair stays red, however little time there was for the others
    code = worst if complete or worst == 1 else max(worst, INCOMPLETE)
    return Night(date=date, exit_code=code, complete=complete, pairs=tuple(results))


def run_command(command: Sequence[str], log: Path, seconds: float, made: Path | None = None) -> int:
    """The exit code of a command, which writes into `log`.

    One that takes longer than `seconds` is terminated and counts as incomplete. Its runs write their ids
    into the file `made`.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    environment = os.environ | ({runs.LOG_VARIABLE: str(made)} if made else {})
    with log.open("wb") as out:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, env=environment
        )
        try:
            return process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(TEAR_DOWN)
            except subprocess.TimeoutExpired:
                process.kill()
            return INCOMPLETE
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait(TEAR_DOWN)


def _result(pair: Pair, place: Path, code: int) -> PairResult:
    ways = []
    for direction in ("forth", "back"):
        try:
            observed = Observed.load(place / direction)
            verdict = load_results(place / direction / "results").verdict
        except ConformanceError:
            continue
        away = {f"{each.service} {each.access}": round(each.seconds, 1) for each in observed.away}
        ways.append(
            DirectionResult(
                direction=direction,
                verdict=verdict.headline,
                reason=verdict.reason,
                remedy=verdict.remedy,
                seconds=round(observed.seconds, 1),
                away=away,
            )
        )
    note = "" if ways or not code else f"no report; see {place / 'log'}"
    return PairResult(before=pair.before, after=pair.after, exit_code=code, ways=tuple(ways), note=note)


def save(history: Path, night: Night) -> None:
    """Write the night beside the others, as a whole."""
    history.mkdir(parents=True, exist_ok=True)
    write_atomically(history / f"{night.date}.json", night.model_dump_json(indent=1))


def nights(history: Path) -> tuple[Night, ...]:
    """All nights of `history` that can be read, oldest first."""
    found = []
    for file in sorted(history.glob("????-??-??.json")):
        try:
            found.append(Night.model_validate_json(file.read_text(encoding="utf-8")))
        except ValueError:
            continue
    return tuple(found)


def since(kept: Sequence[Night]) -> tuple[dt.date | None, dt.date | None]:
    """(last green night, first red one after it); the second is None while the newest is not red."""
    green = max((night.date for night in kept if night.word == "green"), default=None)
    later = [night.date for night in kept if night.word == "red" and (green is None or night.date > green)]
    return green, min(later, default=None)


def remove_old(results: Path, last: int) -> tuple[Path, ...]:
    """Remove the results and runs of all but the newest `last` nights; the history of verdicts stays."""
    folders = sorted(path for path in results.glob("????-??-??") if path.is_dir())
    old = folders[:-last] if last else folders
    for folder in old:
        log = folder / RUNS
        runs.forget(log.read_text(encoding="utf-8").split() if log.is_file() else ())
        shutil.rmtree(folder)
    return tuple(old)


def summary(night: Night, kept: Sequence[Night]) -> dict[str, Any]:
    """The document for a webhook."""
    green, red = since(kept)
    return {
        "schema_version": 1,
        "date": str(night.date),
        "verdict": night.word,
        "exit_code": night.exit_code,
        "reason": night.reason,
        "blamed": list(night.blamed),
        "complete": night.complete,
        "last_green": str(green) if green else None,
        "first_red": str(red) if red else None,
        "pairs": [pair.model_dump(mode="json") for pair in night.pairs],
    }


def slack(document: dict[str, Any]) -> dict[str, Any]:
    """The document in the form of Slack's incoming webhooks (`text`)."""
    lines = [f"*Upgrade validation {document['date']}: {document['verdict']}*"]
    if document["reason"]:
        lines.append(document["reason"])
    if document["blamed"]:
        lines.append(f"changed by: {', '.join(document['blamed'])}")
    if document["verdict"] == "red":
        lines.append(f"last green: {document['last_green'] or 'never'}; red since {document['first_red']}")
    return {"text": "\n".join(lines)}


def notify(url: str, document: dict[str, Any]) -> None:
    """POST the document. Raises EnvironmentFailure."""
    try:
        answer = requests.post(url, json=document, timeout=20)
        answer.raise_for_status()
    except requests.RequestException as error:
        # the address of a webhook is a secret
        raise EnvironmentFailure(
            "the webhook did not take the summary",
            observed=type(error).__name__,
            remedy="check its address; the summary is in the results",
        ) from None
