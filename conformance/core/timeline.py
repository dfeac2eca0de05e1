"""What happened when: spans with what they waited for, one JSON line each, safe for threads.

A line: {"name", "needs": [names], "start": unix seconds, "end": unix seconds, "ok": bool, "note"}.
The critical path of a stand-up is computed from these lines, never estimated.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Span:
    name: str
    needs: tuple[str, ...]
    start: float
    end: float
    ok: bool = True
    note: str = ""

    @property
    def seconds(self) -> float:
        return self.end - self.start


class Timeline:
    """Writes spans as they end, so that a killed run keeps what was known."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._lock = threading.Lock()

    @contextmanager
    def span(self, name: str, needs: tuple[str, ...] = ()) -> Iterator[None]:
        start, ok, note = time.time(), False, ""
        try:
            yield
            ok = True
        except BaseException as error:
            note = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise
        finally:
            line = json.dumps(asdict(Span(name, needs, start, time.time(), ok, note)))
            with self._lock, self.file.open("a", encoding="utf-8") as out:
                out.write(line + "\n")


def read(file: Path) -> tuple[Span, ...]:
    """The spans in `file`, in the order in which they ended; a half-written last line is left out."""
    spans = []
    for line in file.read_text(encoding="utf-8").splitlines():
        try:
            raw = json.loads(line)
        except ValueError:
            continue
        spans.append(Span(**{**raw, "needs": tuple(raw["needs"])}))
    return tuple(spans)


def critical_path(spans: tuple[Span, ...]) -> tuple[Span, ...]:
    """The chain of spans, each needing the one before it, with the largest sum of seconds."""
    by_name = {span.name: span for span in spans}
    best: dict[str, tuple[float, tuple[Span, ...]]] = {}

    def longest(span: Span) -> tuple[float, tuple[Span, ...]]:
        if span.name not in best:
            before = max(
                (longest(by_name[need]) for need in span.needs if need in by_name),
                default=(0.0, ()),
                key=lambda chain: chain[0],
            )
            best[span.name] = (before[0] + span.seconds, (*before[1], span))
        return best[span.name]

    return max((longest(span) for span in spans), default=(0.0, ()), key=lambda chain: chain[0])[1]
