"""Files that several processes use: written whole or not at all, and locked by one process at a time."""

from __future__ import annotations

import fcntl
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from conformance.core.errors import UsageError


class LockHeld(UsageError):
    """Another process holds the lock; `observed` names it."""


@contextmanager
def draft(path: Path, mode: int | None = None) -> Iterator[Path]:
    """A path beside `path`; its file replaces `path` at the end of the block, or goes away with an error.

    A reader sees the old file or the new one, never a part. `mode` sets the new file's permissions; without
    it they are those of the file that is replaced. The name holds the writer's process id, so that
    `conformance reap` can remove what a killed process left.
    """
    half = path.with_name(f".{path.name}.pid{os.getpid()}-{threading.get_ident()}.part")
    try:
        if mode is not None:
            half.touch(mode)
        yield half
        if mode is None and path.exists():
            half.chmod(path.stat().st_mode & 0o7777)
        half.replace(path)
    finally:
        half.unlink(missing_ok=True)


def write_atomically(path: Path, data: bytes | str, mode: int | None = None) -> None:
    """Write all of `data` (text as UTF-8) to `path`, or leave `path` as it is and raise OSError."""
    with draft(path, mode) as half:
        half.write_bytes(data.encode() if isinstance(data, str) else data)


@dataclass(frozen=True, slots=True)
class Lock:
    """A lock that this process holds."""

    _file: IO[str]

    def note(self, action: str) -> None:
        """Write into the lock file which process holds it and why, for `LockHeld` and for people."""
        self._file.seek(0)
        self._file.truncate()
        self._file.write(f"process {os.getpid()} since {time.strftime('%Y-%m-%d %H:%M:%S %z')}: {action}\n")
        self._file.flush()


@contextmanager
def lock(path: Path, action: str = "", *, wait: bool = True, shared: bool = False) -> Iterator[Lock]:
    """Hold the lock file `path`; the kernel releases it when the process ends, however it ends.

    `action` is noted in the file. `shared` locks exclude only those that are not shared.

    Raises:
        LockHeld: another process holds it and `wait` is off.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    how = (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | (0 if wait else fcntl.LOCK_NB)
    with path.open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, how)
        except BlockingIOError as error:
            file.seek(0)
            raise LockHeld(
                f"{action or path.stem} is under way in another process",
                where=str(path),
                observed=file.read().strip() or "its process wrote nothing into the lock file",
                remedy="wait for its end, or end that process",
            ) from error
        held = Lock(file)
        if action:
            held.note(action)
        yield held


def is_locked(path: Path) -> bool:
    """Does a process hold the lock file `path`?"""
    if not path.exists():
        return False
    try:
        with lock(path, wait=False):
            return False
    except LockHeld:
        return True
