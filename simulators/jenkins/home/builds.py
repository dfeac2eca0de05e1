"""Builds: the facts of one, kept in its directory, and its console."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from .atomic import replace

TRANSIENT = {"directory", "lock"}


@dataclass(eq=False)
class Build:
    """One run of a job.

    `interrupted` has one sentence per cause. `hidden_actions` counts the actions that the remote API shows
    empty: one for each workspace, one for bound credentials."""

    number: int
    directory: Path
    queue_id: int = 0
    job: str = ""
    parameters: list[dict[str, Any]] = field(default_factory=list)
    causes: list[dict[str, Any]] = field(default_factory=list)
    timestamp: int = field(default_factory=lambda: int(time.time() * 1000))
    duration: int = 0
    result: str | None = None
    building: bool = True
    built_on: str = ""
    interrupted: list[str] | None = None
    env_used: bool = False
    hidden_actions: int = 0
    seed_actions: int = 0
    lock: threading.RLock = field(default_factory=threading.RLock)

    @property
    def archive(self) -> Path:
        """The folder of archived files."""
        return self.directory / "archive"

    @property
    def artifacts(self) -> list[str]:
        """Paths below the archive; as with a real controller, the files that lie there count."""
        files = (path for path in self.archive.rglob("*") if path.is_file())
        return sorted(str(path.relative_to(self.archive)) for path in files)

    def log(self, text: str) -> None:
        """Append whole lines to the console."""
        self.write(f"{text}\n".encode())

    def write(self, content: bytes) -> None:
        """Append to the console as it is."""
        with self.lock:
            self.directory.mkdir(parents=True, exist_ok=True)
            with (self.directory / "log").open("ab") as log:
                log.write(content)

    def text(self) -> str:
        """The console."""
        path = self.directory / "log"
        return path.read_bytes().decode("utf-8", "replace") if path.exists() else ""

    def save(self) -> None:
        """Keep the state."""
        with self.lock:
            self.directory.mkdir(parents=True, exist_ok=True)
            state = {name: value for name, value in self.__dict__.items() if name not in TRANSIENT}
            replace(self.directory / "build.json", json.dumps(state))

    @classmethod
    def load(cls, state: Path) -> Build:
        """Read a kept build; facts that only another version of this program knows are left out."""
        known = {entry.name for entry in fields(cls)}
        kept = json.loads(state.read_text(encoding="utf-8"))
        return cls(directory=state.parent, **{name: value for name, value in kept.items() if name in known})

    def begin(self) -> None:
        """Print the first lines of the console."""
        for cause in self.causes:
            self.log(str(cause["shortDescription"]))

    def finish(self, result: str) -> None:
        """End it."""
        self.result = result
        self.duration = int(time.time() * 1000) - self.timestamp
        self.building = False
        self.log(f"Finished: {result}")
        self.save()

    def values(self) -> dict[str, Any]:
        """Parameter values by name."""
        return {entry["name"]: entry["value"] for entry in self.parameters}


def permalinks(builds: Mapping[int, Build]) -> dict[str, Build | None]:
    """The permalinks of a job: lastBuild and its relatives."""
    ordered = [builds[number] for number in sorted(builds, reverse=True)]
    done = [build for build in ordered if not build.building]

    def first(*results: str) -> Build | None:
        return next((build for build in done if build.result in results), None)

    return {
        "lastBuild": ordered[0] if ordered else None,
        "firstBuild": ordered[-1] if ordered else None,
        "lastCompletedBuild": done[0] if done else None,
        "lastFailedBuild": first("FAILURE"),
        "lastStableBuild": first("SUCCESS"),
        "lastSuccessfulBuild": first("SUCCESS", "UNSTABLE"),
        "lastUnstableBuild": first("UNSTABLE"),
        "lastUnsuccessfulBuild": first("FAILURE", "UNSTABLE", "ABORTED", "NOT_BUILT"),
    }


def estimate(builds: Mapping[int, Build]) -> int:
    """The expected duration in milliseconds: the mean of the last three successful (else failed) builds, or
    -1."""
    done = [builds[number] for number in sorted(builds, reverse=True) if not builds[number].building]
    for wanted in ({"SUCCESS", "UNSTABLE"}, {"FAILURE"}):
        if recent := [build.duration for build in done if build.result in wanted][:3]:
            return round(sum(recent) / len(recent))
    return -1
