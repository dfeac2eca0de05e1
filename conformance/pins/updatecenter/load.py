"""Load update center documents from a file, a directory of days, or an address."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path

from conformance.core.files import write_atomically
from conformance.core.paths import cache_root
from conformance.pins.model import UpdateCenterUnreadable
from conformance.pins.updatecenter import signature
from conformance.pins.updatecenter.document import LIMIT, UpdateCenter, decode

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_SUFFIXES = (".json", ".json.gz", ".js", ".js.gz")


def load(where: str, authority: Path | None = None, *, must_be_signed: bool = False) -> UpdateCenter:
    """One document; of a directory, the newest day.

    Raises:
        UpdateCenterUnreadable: not there, not whole, a checksum or signature that does not hold, or
            (with `must_be_signed`) no signature.
    """
    if where.startswith(("http://", "https://")):
        got = fetch(where, cache_root() / "update-center")
        return parse(got.content, where, authority, must_be_signed=must_be_signed, notice=got.notice)
    path = Path(where)
    if path.is_dir():
        path = days(path)[-1][1]
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UpdateCenterUnreadable(
            "the update center document cannot be read",
            where=str(path),
            observed=error.strerror or str(error),
            remedy="give a file, a directory of days (2026-06-14.json.gz), or an address",
        ) from error
    sidecar = path.with_name(path.name + ".sha256")
    sums = signature.check_sum(content, sidecar, str(path)) if sidecar.exists() else ""
    return parse(content, str(path), authority, must_be_signed=must_be_signed, sums=sums)


def parse(
    content: bytes,
    source: str,
    authority: Path | None = None,
    *,
    must_be_signed: bool = False,
    sums: str = "",
    notice: str = "",
) -> UpdateCenter:
    """A document from its bytes, its signature verified when it has one."""
    raw = decode(content, source)
    signed = signature.check(raw, source, authority)
    if must_be_signed and signed == "not signed":
        raise UpdateCenterUnreadable(
            "the update center document is not signed", where=source, expected="a signature", observed="none"
        )
    return UpdateCenter(raw, source, f"{signed}, {sums}" if sums else signed, notice)


def days(directory: Path) -> list[tuple[str, Path]]:
    """(ISO date, file) of each document in a directory, oldest first; the date is in the file's name.

    Raises:
        UpdateCenterUnreadable: no such file in it, or two for one day.
    """
    found: dict[str, Path] = {}
    for file in sorted(directory.iterdir()):
        named = _DAY.search(file.name)
        if not named or not file.name.endswith(_SUFFIXES):
            continue
        if named.group() in found:
            raise UpdateCenterUnreadable(
                f"two documents for {named.group()}",
                where=str(directory),
                observed=f"{found[named.group()].name} and {file.name}",
            )
        found[named.group()] = file
    if not found:
        raise UpdateCenterUnreadable(
            "no update center document here",
            where=str(directory),
            expected="files named by day, such as 2026-06-14.json.gz",
        )
    return sorted(found.items())


CONNECT, READ = 5.0, 30.0  # seconds


@dataclass(frozen=True, slots=True)
class Fetched:
    content: bytes
    notice: str = ""  # why an older copy is used, empty for a fresh one


def fetch(url: str, cache: Path, timeout: tuple[float, float] = (CONNECT, READ)) -> Fetched:
    """The document at `url`; the cached copy when it is unchanged or the server cannot be reached.

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
            reason = str(error).splitlines()[0][:200]
            return Fetched(
                kept.read_bytes(), f"{url} cannot be fetched ({reason}); using the copy fetched before"
            )
        raise _unreachable(url, str(error).splitlines()[0][:300]) from error
    decode(bytes(content), url)  # only a document may go into the cache
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
