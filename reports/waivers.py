"""Waivers: known non-conformances, each with an owner and a last day.

`waivers.toml`:

    [[waiver]]
    requirement = "NEXUS-04"
    match = "maven-snapshots"      # optional: a part of the check's name or message
    owner = "build team"
    reason = "the old repository is emptied this month"
    link = "https://tracker.example.org/1234"
    expires = 2026-12-24           # mandatory, at most 90 days ahead
"""

from __future__ import annotations

import datetime as dt
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conformance.core.errors import ContractError

MAX_DAYS = 90
FILE = "waivers.toml"


@dataclass(frozen=True, slots=True)
class Waiver:
    """One waiver. It holds through the day `expires`."""

    requirement: str
    owner: str
    reason: str
    link: str
    expires: dt.date
    match: str = ""

    def covers(self, requirements: tuple[str, ...], nodeid: str, message: str) -> bool:
        """Does this waiver cover a failed check of `requirements` with that name and message?"""
        return self.requirement in requirements and (self.match in nodeid or self.match in message)

    def days_left(self, today: dt.date) -> int:
        """Days until it expires: 0 on the last day, negative afterwards."""
        return (self.expires - today).days


def today() -> dt.date:
    return dt.datetime.now(dt.UTC).date()


def find(
    waivers: tuple[Waiver, ...], requirements: tuple[str, ...], nodeid: str, message: str, day: dt.date
) -> Waiver | None:
    """The first waiver in force on `day` that covers this failure."""
    for waiver in waivers:
        if waiver.days_left(day) >= 0 and waiver.covers(requirements, nodeid, message):
            return waiver
    return None


def load(file: Path, *, max_days: int = MAX_DAYS, day: dt.date | None = None) -> tuple[Waiver, ...]:
    """Read waivers; a missing file holds none.

    Raises:
        ContractError: not TOML, a key missing or unknown, or an expiry too far ahead.
    """
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ()
    except (OSError, UnicodeDecodeError) as error:
        raise ContractError(f"cannot read the waivers {file}", observed=str(error)) from error
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"at line (\d+)", str(error))
        raise ContractError(
            "the waivers are not TOML", where=f"{file}:{line[1] if line else '?'}", observed=str(error)
        ) from error
    lines = [n for n, line in enumerate(text.splitlines(), 1) if line.strip() == "[[waiver]]"]
    waivers, mistakes = [], []
    if set(raw) - {"waiver"}:
        mistakes.append(f"{file}:1: unknown: {', '.join(sorted(set(raw) - {'waiver'}))}")
    for index, entry in enumerate(raw.get("waiver", [])):
        wrong = _mistakes(entry, max_days, day or today())
        where = f"{file}:{lines[index] if index < len(lines) else '?'}"
        mistakes += [f"{where}: {mistake}" for mistake in wrong]
        if not wrong:
            waivers.append(Waiver(**entry))
    if mistakes:
        raise ContractError(
            "the waivers have mistakes",
            where=mistakes[0].split(": ", 1)[0],
            expected="requirement, owner, reason, link, maybe match, "
            f"expires (a date at most {max_days} days ahead)",
            observed="\n            ".join(mistakes),
        )
    return tuple(waivers)


def _mistakes(entry: dict[str, Any], max_days: int, day: dt.date) -> list[str]:
    texts = ("requirement", "owner", "reason", "link")
    wrong = [f"unknown key {key}" for key in sorted(set(entry) - {*texts, "match", "expires"})]
    wrong += [
        f"{key} must be a text that is not empty"
        for key in texts
        if not isinstance(entry.get(key), str) or not entry[key].strip()
    ]
    if not isinstance(entry.get("match", ""), str):
        wrong.append("match must be a text")
    expires = entry.get("expires")
    if not isinstance(expires, dt.date) or isinstance(expires, dt.datetime):
        wrong.append("expires must be a date such as 2026-12-24, without quotes")
    elif (expires - day).days > max_days:
        wrong.append(f"expires {expires} is more than {max_days} days ahead")
    return wrong
