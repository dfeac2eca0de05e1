"""Fetch an update center document, with a cache: ETag and Last-Modified, a time-out, a size limit."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from conformance.core.files import write_atomically
from conformance.pins.errors import UpdateCenterUnreadable
from conformance.pins.updatecenter.document import LIMIT, decode

CONNECT, READ = 5.0, 30.0  # seconds


@dataclass(frozen=True, slots=True)
class Fetched:
    content: bytes
    notice: str = ""  # why an older copy is used, empty for a fresh one


def fetch(url: str, cache: Path, timeout: tuple[float, float] = (CONNECT, READ)) -> Fetched:
    """The document at `url`; the cached copy when the server says it is unchanged or cannot be asked.

    Raises:
        UpdateCenterUnreadable: cannot be fetched and was never fetched before.
    """
    import requests

    kept = cache / (hashlib.sha256(url.encode()).hexdigest()[:16] + ".json")
    tags_file = kept.with_suffix(".headers")
    tags = _tags(tags_file) if kept.exists() else {}
    ask = {"If-None-Match": tags.get("etag"), "If-Modified-Since": tags.get("modified")}
    headers = {name: value for name, value in ask.items() if value}
    try:
        with requests.get(url, headers=headers, timeout=timeout, stream=True) as answer:
            if answer.status_code == 304 and kept.exists():
                return Fetched(kept.read_bytes())
            answer.raise_for_status()
            content = bytearray()
            for chunk in answer.iter_content(1 << 16):
                content += chunk
                if len(content) > LIMIT:
                    raise _unreachable(url, f"it does not end within {LIMIT // 1024 // 1024} MiB")
            new = {
                "etag": answer.headers.get("ETag", ""),
                "modified": answer.headers.get("Last-Modified", ""),
            }
    except requests.RequestException as error:
        if kept.exists():
            said = str(error).splitlines()[0][:200]
            return Fetched(
                kept.read_bytes(), f"{url} cannot be fetched ({said}); using the copy fetched before"
            )
        raise _unreachable(url, str(error).splitlines()[0][:300]) from error
    decode(bytes(content), url)  # what is no document must not stand in for one the next time
    cache.mkdir(parents=True, exist_ok=True)
    write_atomically(kept, bytes(content))
    write_atomically(tags_file, json.dumps(new).encode())
    return Fetched(bytes(content))


def _tags(file: Path) -> dict[str, str]:
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}  # without them the document is simply fetched whole
    return found if isinstance(found, dict) else {}


def _unreachable(url: str, observed: str) -> UpdateCenterUnreadable:
    return UpdateCenterUnreadable(
        "the update center cannot be fetched",
        where=url,
        observed=observed,
        remedy="in a closed network give a file: --update-center FILE (plain, wrapped or .gz)",
    )
