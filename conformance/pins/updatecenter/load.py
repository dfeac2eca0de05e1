"""Load update center documents from a file, a directory of days, or an address."""

from __future__ import annotations

import re
from pathlib import Path

from conformance.core.paths import cache_root
from conformance.pins.errors import UpdateCenterUnreadable
from conformance.pins.updatecenter import signature
from conformance.pins.updatecenter.document import UpdateCenter, decode

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_SUFFIXES = (".json", ".json.gz", ".js", ".js.gz")


def load(where: str, authority: Path | None = None, *, must_be_signed: bool = False) -> UpdateCenter:
    """One document; of a directory, the newest day.

    Raises:
        UpdateCenterUnreadable: not there, not whole, a checksum or signature that does not hold, or
            (with `must_be_signed`) no signature.
    """
    if where.startswith(("http://", "https://")):
        from conformance.pins.updatecenter.fetch import fetch

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
