"""How long things took on this host, so that a progress display can say how long they still take."""

from __future__ import annotations

import json
import statistics
from pathlib import Path

from conformance.core.files import write_atomically
from conformance.core.paths import cache_root

KEPT = 5


class Durations:
    """Seconds of the last few times each named thing took, in one JSON file of the cache."""

    def __init__(self, file: Path | None = None) -> None:
        self._file = file or cache_root() / "durations.json"
        try:
            self._seen: dict[str, list[float]] = json.loads(self._file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            self._seen = {}

    def expected(self, name: str, default: float) -> float:
        seen = self._seen.get(name)
        return statistics.median(seen) if seen else default

    def record(self, name: str, seconds: float) -> None:
        self._seen[name] = [*self._seen.get(name, []), round(seconds, 1)][-KEPT:]

    def save(self) -> None:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(self._file, json.dumps(self._seen, indent=1, sort_keys=True))
