"""What happened in a run, as it happens: one JSON line per event, one file per session, append only.

A results folder is the one source of every report, also after a kill:

    run.json             what the run is (reports.recorder)
    events-NAME.jsonl    events of one pytest session, or of the run itself (`run`)
    plan-NAME.json       the checks that a session is going to run
    gates/               outcomes of gate checks, for workers that wait for them (conformance.runner.gating)
    evidence/            what checks saw, redacted, named by content
    diagnostics/         journals, logs and resources of the cluster, when the run was red

Kinds of events, each with `t` in unix seconds: session-start, collected, collection-error, start,
check, problem, step, note, session-end. A check's record leaves out what there is nothing to say about.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypedDict

from reports.redact import MARGIN, SECRETS, Redactor

#: Largest stored piece of evidence and largest total of one check, in bytes after redaction.
MAX_PIECE = 512 * 1024
MAX_CHECK = 4 * 1024 * 1024
#: Room kept on disk for what must be written even when evidence filled it.
RESERVE_BYTES = 2 * 1024 * 1024
RESERVE = "reserve"
#: Folder for what explains a red run beyond its checks (environments.diagnostics writes it).
DIAGNOSTICS = "diagnostics"


class Piece(TypedDict):
    """One piece of evidence on its way to the writer: cut, not yet redacted."""

    name: str
    kind: str  # text, json or binary
    data: bytes
    size: int  # bytes before the cut


class Stored(TypedDict):
    """One piece of evidence as it lies in the results folder; `file` is empty when it was lost."""

    name: str
    kind: str
    file: str
    size: int
    stored: int
    sha256: str
    note: str


def piece(name: str, content: str | bytes | object) -> Piece:
    """Evidence from what a check has at hand: text, bytes, or anything JSON can hold."""
    if isinstance(content, bytes):
        kind, data = "binary", content
        try:
            content.decode("utf-8")
            kind = "text"
        except UnicodeDecodeError:
            pass
    elif isinstance(content, str):
        kind, data = "text", content.encode("utf-8", "backslashreplace")
    else:
        kind = "json"
        data = json.dumps(content, indent=2, ensure_ascii=False, default=str).encode(
            "utf-8", "backslashreplace"
        )
    # the margin lets the writer find a secret that lies across the cut
    return Piece(name=name[:120], kind=kind, data=data[: MAX_PIECE + MARGIN], size=len(data))


class EventLog:
    """The writer of one session's events and evidence: everything goes through the redactor here.

    Appending never raises: when the disk is full, evidence is given up first, then the reserve is
    used, and what still cannot be written is kept in `lost` and told at the end.
    """

    def __init__(self, folder: Path, session: str, redactor: Redactor = SECRETS) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.session = session
        self.redactor = redactor
        self.lost: list[str] = []
        self._lock = threading.Lock()
        self._fd = os.open(folder / f"events-{session}.jsonl", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)

    def event(self, kind: str, **fields: Any) -> None:
        """Append one event; `fields` must be what JSON can hold."""
        line = self.redactor.json_line({"t": round(time.time(), 3), "kind": kind, **fields})
        data = line.encode("utf-8", "backslashreplace") + b"\n"
        with self._lock:
            try:
                self._append(data)
            except OSError as error:
                self.lost.append(f"{kind}: {error.strerror or error}")

    def store(self, pieces: list[Piece]) -> list[Stored]:
        """Redact, bound and write evidence; what cannot be kept is told in its `note`."""
        stored, total = [], 0
        for one in pieces:
            kept = self._store(one, max(0, MAX_CHECK - total))
            total += kept["stored"]
            stored.append(kept)
        return stored

    def close(self) -> None:
        os.close(self._fd)

    def _store(self, one: Piece, room: int) -> Stored:
        data = self.redactor.data(one["data"])
        if one["size"] > len(one["data"]):
            data = data[: max(0, len(data) - MARGIN)]
        note = ""
        bound = min(MAX_PIECE, room)
        if len(data) > bound or one["size"] > len(one["data"]):
            data = _whole_characters(data[:bound], one["kind"])
            note = f"cut: the first {len(data)} of {one['size']} bytes"
        digest = hashlib.sha256(data).hexdigest()
        suffix = {"text": "txt", "json": "json", "binary": "bin"}[one["kind"]]
        file = f"evidence/{digest[:24]}.{suffix}"
        try:
            target = self.folder / file
            target.parent.mkdir(exist_ok=True)
            if not target.exists():
                write_atomically(target, data)
        except OSError as error:
            file, note = "", f"lost: {error.strerror or error}"
        return Stored(
            name=self.redactor.text(one["name"]),
            kind=one["kind"],
            file=file,
            size=one["size"],
            stored=len(data) if file else 0,
            sha256=digest,
            note=note,
        )

    def _append(self, data: bytes) -> None:
        try:
            self._write_whole(data)
        except OSError as error:
            reserve = self.folder / RESERVE
            if error.errno not in (errno.ENOSPC, errno.EDQUOT) or not reserve.exists():
                raise
            reserve.unlink()
            # the line that broke off is ended, so that a reader leaves out that one only
            self._write_whole(b"\n" + data)

    def _write_whole(self, data: bytes) -> None:
        written = os.write(self._fd, data)
        while written < len(data):
            written += os.write(self._fd, memoryview(data)[written:])


def reserve(folder: Path) -> None:
    """Keep some room in `folder` for what must be written even when the disk is full."""
    try:
        (folder / RESERVE).write_bytes(b"\0" * RESERVE_BYTES)
    except OSError:
        # no room already: then there is nothing to keep, and the run itself will say so
        (folder / RESERVE).unlink(missing_ok=True)


def write_atomically(target: Path, data: bytes) -> None:
    """Write `target` so that a reader sees all of it or nothing; removes its own half-made file."""
    half = target.with_name(f".{target.name}.{os.getpid()}.{threading.get_ident()}")
    try:
        half.write_bytes(data)
        half.replace(target)
    except OSError:
        half.unlink(missing_ok=True)
        raise


def read_events(file: Path) -> list[Mapping[str, Any]]:
    """The events in `file`; a line that is no JSON (a kill in the middle of it) is left out."""
    return parse_events(file.read_bytes())


def parse_events(data: bytes) -> list[Mapping[str, Any]]:
    found: list[Mapping[str, Any]] = []
    for line in data.splitlines():
        try:
            event = json.loads(line)
        except ValueError:
            continue
        if isinstance(event, dict) and "kind" in event:
            found.append(event)
    return found


def _whole_characters(data: bytes, kind: str) -> bytes:
    return data if kind == "binary" else data.decode("utf-8", "ignore").encode("utf-8")
