"""Builds: what is known of one, kept in its directory, and its console with the hidden notes that real
ones have."""

import json
import re
import threading
import time
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from .atomic import replace

NOTE = re.compile(rb"\x1b\[8mha:.*?\x1b\[0m", re.DOTALL)
STEP_NOTE, USER_NOTE = 285, 267
"""Bytes of the notes before a step's line and in a line that names a user, as a real controller writes
them."""
TRANSIENT = {"directory", "lock", "cancel"}


def note(size: int) -> str:
    """A hidden note: it counts in X-Text-Size and is never shown."""
    return "\x1b[8mha:////" + "A" * (size - 14) + "\x1b[0m"


@dataclass(eq=False)
class Build:
    """One run of a job."""

    number: int
    directory: Path
    queue_id: int = 0
    job: str = ""
    parameters: list[dict[str, Any]] = field(default_factory=list)
    causes: list[dict[str, Any]] = field(default_factory=list)
    timestamp: int = field(default_factory=lambda: int(time.time() * 1000))
    duration: int = 0
    result: str | None = None
    pending_result: str | None = None
    """What the script set so far."""
    building: bool = True
    built_on: str = ""
    description: str | None = None
    display_name: str | None = None
    interrupted: list[str] | None = None
    """Why it was stopped, one sentence per cause."""
    env_used: bool = False
    hidden_actions: int = 0
    """Actions that the remote API shows without a word: one for each workspace, one for bound credentials."""
    waiting_ms: int = 0
    buildable_ms: int = 0
    executing_ms: int = 0
    sub_tasks: int = 0
    seed_actions: int = 0
    env: dict[str, str] = field(default_factory=dict)
    lock: threading.RLock = field(default_factory=threading.RLock)

    @property
    def archive(self) -> Path:
        """Where archived files lie."""
        return self.directory / "archive"

    @property
    def artifacts(self) -> list[str]:
        """Paths below the archive; as with a real controller, what lies there counts."""
        files = (path for path in self.archive.rglob("*") if path.is_file())
        return sorted(str(path.relative_to(self.archive)) for path in files)

    @property
    def log_file(self) -> Path:
        """The raw console."""
        return self.directory / "log"

    def log(self, text: str, hidden: int = 0) -> None:
        """Append whole lines to the console; `hidden` is the size of a note before them."""
        line = (note(hidden) if hidden else "") + text + "\n"
        self.write(line.encode())

    def write(self, content: bytes) -> None:
        """Append to the console as it is."""
        with self.lock:
            self.log_file.parent.mkdir(parents=True, exist_ok=True)
            with self.log_file.open("ab") as log:
                log.write(content)

    def raw(self) -> bytes:
        """The console with its notes."""
        return self.log_file.read_bytes() if self.log_file.exists() else b""

    def text(self) -> str:
        """The console as people read it."""
        return NOTE.sub(b"", self.raw()).decode("utf-8", "replace")

    def save(self) -> None:
        """Keep the state."""
        with self.lock:
            self.directory.mkdir(parents=True, exist_ok=True)
            state = {name: value for name, value in self.__dict__.items() if name not in TRANSIENT}
            replace(self.directory / "build.json", json.dumps(state))

    @classmethod
    def load(cls, state: Path) -> "Build":
        """Read a kept build; what another version of this program wrote besides is left out."""
        known = {entry.name for entry in fields(cls)}
        kept = json.loads(state.read_text(encoding="utf-8"))
        return cls(directory=state.parent, **{name: value for name, value in kept.items() if name in known})

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


def last_builds(builds: dict[int, Build]) -> dict[str, Build | None]:
    """The permalinks of a job."""
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


def estimate(builds: dict[int, Build]) -> int:
    """Milliseconds that a build is expected to take: the mean of the last three that succeeded, -1 when
    there is none."""
    done = [
        b
        for b in (builds[n] for n in sorted(builds, reverse=True))
        if not b.building and b.result in {"SUCCESS", "UNSTABLE"}
    ]
    if not done:
        done = [
            b
            for b in (builds[n] for n in sorted(builds, reverse=True))
            if not b.building and b.result == "FAILURE"
        ]
    recent = done[:3]
    return round(sum(b.duration for b in recent) / len(recent)) if recent else -1


def started(build: Build) -> None:
    """Print the first line of a console."""
    for cause in build.causes:
        build.log(str(cause["shortDescription"]), USER_NOTE)
