"""Results of the evaluator on disk: found again by everything that decides them."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any


class ResultCache:
    """One JSON file for each result; a result also names the files of the repository that it depends on."""

    def __init__(self, folder: Path, root: Path) -> None:
        self._folder = folder
        self._root = root

    def get(self, request: dict[str, Any]) -> dict[str, Any] | None:
        """The kept result of `request`; None when there is none, or when a file that it read has changed."""
        try:
            kept = json.loads(self._file(request).read_bytes())
            result: dict[str, Any] = kept["result"]
            depends: dict[str, str] = kept["depends"]
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return result if all(self._state(path) == state for path, state in depends.items()) else None

    def put(self, request: dict[str, Any], result: dict[str, Any], touched: Iterable[str]) -> None:
        """Keep a result; a cache that cannot be written is no failure."""
        file = self._file(request)
        part = file.with_suffix(f".pid{os.getpid()}.part")
        kept = {"depends": {path: self._state(path) for path in touched}, "result": result}
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            part.write_text(json.dumps(kept, separators=(",", ":")), encoding="utf-8")
            part.replace(file)
        except OSError:
            with suppress(OSError):
                part.unlink(missing_ok=True)

    def _file(self, request: dict[str, Any]) -> Path:
        key = hashlib.sha256(json.dumps(request, sort_keys=True).encode()).hexdigest()
        return self._folder / key[:2] / f"{key[2:]}.json"

    def _state(self, path: str) -> str:
        """What a file or folder is now, as a hash."""
        place = self._root / path
        try:
            if place.is_dir():
                names = "\0".join(sorted(each.name for each in place.iterdir()))
                return "folder " + hashlib.sha256(names.encode(errors="surrogateescape")).hexdigest()
            with place.open("rb") as stream:
                return hashlib.file_digest(stream, "sha256").hexdigest()
        except OSError:
            return "missing"
