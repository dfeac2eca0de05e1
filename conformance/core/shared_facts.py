"""Facts that take minutes are made once in a run and shared by its workers, and so is its cleanup registry.

The first process that needs a fact makes it; the others wait for its value. Values are small JSON objects in
the folder `facts` of the run's results. A maker that fails keeps the reason, and every check that needs the
fact fails with it: the first failure stays visible.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from conformance.core.errors import EnvironmentFailure, TerminalState, WaitTimeout
from conformance.core.files import lock, write_atomically
from conformance.core.nonconformance import NonConformance
from conformance.core.owners import alive, born
from conformance.core.waiting import eventually


class Shared:
    """The facts and the cleanup registry of one run, in its results folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "facts"

    def once(
        self, name: str, make: Callable[[], Mapping[str, Any]], *, timeout: float = 900
    ) -> dict[str, Any]:
        """The fact `name`: the value of `make()` in the one process that made it.

        Raises:
            NonConformance, EnvironmentFailure: as `make` raised it, in whichever process that was.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        stem = hashlib.sha256(name.encode()).hexdigest()[:16]
        claim, value = self.folder / f"{stem}.claim", self.folder / f"{stem}.json"
        if self._claimed(claim, name):
            made: dict[str, Any] = {
                "broke": {"what": f"the worker that made the fact {name!r} was interrupted"}
            }
            try:
                made = self._made(make)
            finally:
                write_atomically(value, json.dumps(made))
        try:
            kept = eventually(
                lambda: json.loads(value.read_text()) if value.exists() else None,
                what=f"another worker makes the fact {name!r}",
                timeout=timeout,
                interval=0.2,
                terminal=lambda _: (
                    None if _alive(claim) or value.exists() else "the worker that made it died"
                ),
            )
        except (WaitTimeout, TerminalState) as error:
            raise EnvironmentFailure(
                f"the fact {name!r} was not made",
                observed=error.observed,
                remedy="run the checks that failed again",
            ) from error
        return _unpacked(kept or {})

    def register_cleanup(self, kind: str, **what: str | int) -> None:
        """Register what the run is about to make on the stack; it is removed when the run ends.

        `kind` is a key of conformance.runner.cleanup, and `what` are the arguments of its removal.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        name = f"cleanup-{time.time_ns():020d}-{os.getpid()}-{len(what)}"
        write_atomically(self.folder / f"{name}.note", json.dumps({"kind": kind, **what}))

    @contextmanager
    def held(self, what: str, *, exclusive: bool) -> Iterator[None]:
        """Hold a lock named `what`, exclusively or shared; the lock of a worker that dies is released."""
        stem = hashlib.sha256(what.encode()).hexdigest()[:16]
        with lock(self.folder / f"{stem}.held", shared=not exclusive):
            yield

    def cleanups(self) -> list[dict[str, Any]]:
        """Everything registered, the last first: later things may depend on earlier ones."""
        files = sorted(self.folder.glob("cleanup-*.note"), reverse=True)
        return [json.loads(file.read_text(encoding="utf-8")) for file in files]

    @staticmethod
    def _claimed(claim: Path, name: str) -> bool:
        pid = os.getpid()
        # it appears with its content: a half-written claim would look like that of a dead worker
        part = claim.with_suffix(f".{pid}.{time.monotonic_ns()}")
        part.write_text(json.dumps({"name": name, "pid": pid, "born": born(pid)}), encoding="utf-8")
        try:
            claim.hardlink_to(part)
        except FileExistsError:
            return False
        finally:
            part.unlink()
        return True

    @staticmethod
    def _made(make: Callable[[], Mapping[str, Any]]) -> dict[str, Any]:
        try:
            return {"value": dict(make())}
        except NonConformance as error:
            return {"failed": _parts(error, error.what)}
        except EnvironmentFailure as error:
            return {"broke": _parts(error, error.what)}


def _parts(error: NonConformance | EnvironmentFailure, what: str) -> dict[str, str]:
    return {"what": what, "expected": error.expected, "observed": error.observed, "remedy": error.remedy}


def _unpacked(kept: Mapping[str, Any]) -> dict[str, Any]:
    if "failed" in kept:
        raise NonConformance(**kept["failed"])
    if "broke" in kept:
        raise EnvironmentFailure(**kept["broke"])
    value: dict[str, Any] = kept["value"]
    return value


def _alive(claim: Path) -> bool:
    try:
        owner = json.loads(claim.read_text())
    except (OSError, ValueError):
        return False
    return alive(owner["pid"], owner["born"])
