"""Events of a run as they happen: one JSON line per event, one file per session, append only.

A results folder is the one source of every report, also after a kill:

    run.json             identity and inputs of the run (reports.recorder)
    events-NAME.jsonl    events of one pytest session, or of the run itself (`run`)
    plan-NAME.json       the checks that a session is going to run
    gates/               outcomes of gate checks, for waiting workers (conformance.runner.gating)
    evidence/            evidence of checks, redacted, named by content
    diagnostics/         journals, logs and resources of the cluster, when the run was red

Kinds of events, each with `t` in Unix seconds: session-start, collected, collection-error, start,
check, problem, step, note, session-end. A check's record leaves out empty fields.
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

from conformance.core.files import write_atomically
from reports.redact import MARGIN, SECRETS, Redactor

#: Largest stored piece of evidence and largest total of one check, in bytes after redaction.
MAX_PIECE = 512 * 1024
MAX_CHECK = 4 * 1024 * 1024
#: Room kept on disk for the records that must be written when evidence filled it.
RESERVE_BYTES = 2 * 1024 * 1024
RESERVE = "reserve"
#: Folder for logs and states of the cluster after a red run (environments.diagnostics writes it).
DIAGNOSTICS = "diagnostics"


class Piece(TypedDict):
    """One piece of evidence on its way to the writer: cut, not yet redacted."""

    name: str
    kind: str  # text, json or binary
    data: bytes
    size: int  # bytes before the cut


class Stored(TypedDict):
    """One piece of evidence in the results folder; `file` is empty when the content was lost."""

    name: str
    kind: str
    file: str
    size: int
    stored: int
    sha256: str
    note: str


def piece(name: str, content: str | bytes | object) -> Piece:
    """Evidence from text, bytes, or any value that JSON can hold."""
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
    # with the margin the writer finds a secret that lies across the cut
    return Piece(name=name[:120], kind=kind, data=data[: MAX_PIECE + MARGIN], size=len(data))


class EventLog:
    """The writer of one session's events and evidence: everything goes through the redactor here.

    Appending never raises: on a full disk evidence is given up first, then the reserve is used, and
    `lost` keeps what still could not be written.
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
        """Append one event; JSON must be able to hold `fields`."""
        line = self.redactor.json_line({"t": round(time.time(), 3), "kind": kind, **fields})
        data = line.encode("utf-8", "backslashreplace") + b"\n"
        with self._lock:
            try:
                self._append(data)
            except OSError as error:
                self.lost.append(f"{kind}: {error.strerror or error}")

    def store(self, pieces: list[Piece]) -> list[Stored]:
        """Redact, bound and write evidence; the `note` of each names the part that could not be kept."""
        stored, total = [], 0
        for evidence in pieces:
            kept = self._store(evidence, max(0, MAX_CHECK - total))
            total += kept["stored"]
            stored.append(kept)
        return stored

    def close(self) -> None:
        os.close(self._fd)

    def _store(self, evidence: Piece, room: int) -> Stored:
        data = self.redactor.data(evidence["data"])
        if evidence["size"] > len(evidence["data"]):
            data = data[: max(0, len(data) - MARGIN)]
        note = ""
        bound = min(MAX_PIECE, room)
        if len(data) > bound or evidence["size"] > len(evidence["data"]):
            data = _whole_characters(data[:bound], evidence["kind"])
            note = f"cut: the first {len(data)} of {evidence['size']} bytes"
        digest = hashlib.sha256(data).hexdigest()
        suffix = {"text": "txt", "json": "json", "binary": "bin"}[evidence["kind"]]
        file = f"evidence/{digest[:24]}.{suffix}"
        try:
            target = self.folder / file
            target.parent.mkdir(exist_ok=True)
            if not target.exists():
                write_atomically(target, data)
        except OSError as error:
            file, note = "", f"lost: {error.strerror or error}"
        return Stored(
            name=self.redactor.text(evidence["name"]),
            kind=evidence["kind"],
            file=file,
            size=evidence["size"],
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
            # end the incomplete line, so that a reader leaves out that line only
            self._write_whole(b"\n" + data)

    def _write_whole(self, data: bytes) -> None:
        written = os.write(self._fd, data)
        while written < len(data):
            written += os.write(self._fd, memoryview(data)[written:])


def reserve(folder: Path) -> None:
    """Keep some room in `folder` for records that must be written when the disk is full."""
    try:
        (folder / RESERVE).write_bytes(b"\0" * RESERVE_BYTES)
    except OSError:
        # the disk is full already: the run itself will report it
        (folder / RESERVE).unlink(missing_ok=True)


def read_events(file: Path) -> list[Mapping[str, Any]]:
    """The events in `file`; a line that is not JSON (a kill cut it) is left out."""
    return parse_events(file.read_bytes())


def parse_events(data: bytes) -> list[Mapping[str, Any]]:
    events: list[Mapping[str, Any]] = []
    for line in data.splitlines():
        try:
            event = json.loads(line)
        except ValueError:
            continue
        if isinstance(event, dict) and "kind" in event:
            events.append(event)
    return events


def _whole_characters(data: bytes, kind: str) -> bytes:
    return data if kind == "binary" else data.decode("utf-8", "ignore").encode("utf-8")
