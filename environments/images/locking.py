"""One builder at a time for each thing: a second run waits and then finds it made."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO

from conformance.core.paths import cache_root


@dataclass(frozen=True, slots=True)
class Lock:
    _file: IO[str]

    def note(self, what: str) -> None:
        """Say in the lock file who builds what; for people who wonder why they wait."""
        self._file.seek(0)
        self._file.truncate()
        self._file.write(f"process {os.getpid()}: {what}\n")
        self._file.flush()


@contextmanager
def building(name: str) -> Iterator[Lock]:
    """Hold the lock of `name`; the kernel frees it when the process ends, however it ends."""
    folder = cache_root() / "locks"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"{name}.lock").open("a+", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield Lock(file)
