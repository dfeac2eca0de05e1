"""An update center document: decoded once, its entries checked when they are asked for.

Two thousand plugins are in a document and some seventy are asked for, so an entry becomes a `Release`
only on demand. Unknown fields are ignored; a known field of the wrong type makes that one entry
unusable and says so, it never counts as "no dependencies".
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from conformance.pins.model import Advisory, Dependency, Release, UpdateCenterUnreadable

#: Uncompressed bytes. The largest real one (with every plugin's text) has about 4 million.
LIMIT = 128 * 1024 * 1024
_WRAPPED = re.compile(r"\s*updateCenter\.post\(\s*(.*?)\s*\)\s*;?\s*", re.DOTALL)


class UpdateCenter:
    """One day's document. `source` is where it came from, `signed` what was verified of it."""

    def __init__(self, raw: Mapping[str, Any], source: str, signed: str = "", notice: str = "") -> None:
        self.source = source
        self.signed = signed
        self.notice = notice
        self._raw = raw
        self._plugins: Mapping[str, Any] = raw["plugins"]
        self._releases: dict[str, Release | None] = {}

    @property
    def core(self) -> str:
        """The newest weekly core it offers; empty when it says none."""
        core = self._raw.get("core")
        version = core.get("version") if isinstance(core, dict) else None
        return version if isinstance(version, str) else ""

    @cached_property
    def generated(self) -> datetime | None:
        """When it was made, UTC; None when it does not say."""
        text = self._raw.get("generationTimestamp")
        try:
            moment = datetime.fromisoformat(text) if isinstance(text, str) else None
        except ValueError:
            return None
        return moment.replace(tzinfo=UTC) if moment and moment.tzinfo is None else moment

    @property
    def day(self) -> str:
        """ISO date of `generated`; empty when unknown."""
        return self.generated.date().isoformat() if self.generated else ""

    def __contains__(self, name: str) -> bool:
        return name in self._plugins

    def __len__(self) -> int:
        return len(self._plugins)

    def release(self, name: str) -> Release | None:
        """The one release it offers of a plugin; its `problem` is set when the entry is broken."""
        if name not in self._releases:
            entry = self._plugins.get(name)
            self._releases[name] = None if entry is None else release_of(name, entry)
        return self._releases[name]

    @cached_property
    def deprecations(self) -> Mapping[str, str]:
        """Deprecated plugin to the link that says why."""
        found = self._raw.get("deprecations")
        entries = found.items() if isinstance(found, dict) else ()
        return {name: str(entry.get("url", "")) if isinstance(entry, dict) else "" for name, entry in entries}

    @cached_property
    def advisories(self) -> Mapping[str, tuple[Advisory, ...]]:
        """Advisories by plugin, those of the core under "core", in the document's order."""
        found: dict[str, list[Advisory]] = {}
        for advisory in self._advisories():
            found.setdefault(advisory.subject, []).append(advisory)
        return {subject: tuple(several) for subject, several in found.items()}

    def _advisories(self) -> Iterator[Advisory]:
        for entry in self._raw.get("warnings", ()):
            ranges = [one for one in entry.get("versions", ()) if isinstance(one, dict)]
            yield Advisory(
                id=str(entry.get("id", "(no id)")),
                subject="core" if entry.get("type") == "core" else str(entry.get("name", "")),
                message=str(entry.get("message", "")),
                url=str(entry.get("url", "")),
                patterns=tuple(str(one.get("pattern", "")) for one in ranges),
                last_versions=tuple(str(one["lastVersion"]) for one in ranges if "lastVersion" in one),
            )


def decode(content: bytes, source: str) -> dict[str, Any]:
    """The document's JSON from its bytes: gzip or not, wrapped in `updateCenter.post(...)` or not.

    Raises:
        UpdateCenterUnreadable: truncated, too large, not JSON, or without plugins; never a partial answer.
    """
    text = _text(content, source)
    wrapped = _WRAPPED.fullmatch(text) if text.lstrip()[:13] == "updateCenter." else None
    try:
        raw = json.loads(wrapped.group(1) if wrapped else text)
    except ValueError as error:
        raise _broken(source, f"not JSON: {error}") from error
    except RecursionError as error:
        raise _broken(source, "nested too deeply to be an update center document") from error
    if not isinstance(raw, dict) or not isinstance(raw.get("plugins"), dict):
        raise _broken(source, "JSON, but without an object `plugins`")
    if not raw["plugins"]:
        raise _broken(source, "it offers no plugin at all")
    warnings = raw.get("warnings", [])
    if not isinstance(warnings, list) or not all(isinstance(entry, dict) for entry in warnings):
        raise _broken(source, "`warnings` is not a list of objects, so advisories cannot be judged")
    if not all(isinstance(entry.get("versions", []), list) for entry in warnings):
        raise _broken(source, "an advisory's `versions` is not a list, so advisories cannot be judged")
    return raw


def release_of(name: str, entry: object) -> Release:
    """A release from an entry of the shape update centers, plugin-versions and manifests share."""
    if not isinstance(entry, dict):
        return Release(name, "", problem="its entry is not an object")
    version = entry.get("version")
    core = entry.get("requiredCore") or ""
    java = entry.get("minimumJavaVersion") or ""
    needs = entry.get("dependencies", [])
    stamp = entry.get("releaseTimestamp") or ""
    if not isinstance(version, str) or not version.strip():
        return Release(name, "", problem="its entry has no version")
    if not isinstance(core, str) or not isinstance(java, str):
        return Release(name, version, problem="its requiredCore or minimumJavaVersion is not text")
    if not isinstance(needs, list):
        return Release(name, version, problem="its dependencies are not a list")
    found = []
    for need in needs:
        dependency = _dependency(need)
        if dependency is None:
            return Release(
                name, version, core, java, problem=f"a dependency cannot be read: {str(need)[:80]}"
            )
        found.append(dependency)
    return Release(name, version, core, java, tuple(found), str(stamp)[:10])


def _dependency(need: object) -> Dependency | None:
    if not isinstance(need, dict):
        return None
    name = need.get("name", need.get("shortName"))
    version, optional = need.get("version"), need.get("optional", False)
    if not isinstance(name, str) or not isinstance(version, str) or not isinstance(optional, bool):
        return None
    return Dependency(name, version, optional)


def _text(content: bytes, source: str) -> str:
    if content[:2] == b"\x1f\x8b":
        unpack = zlib.decompressobj(wbits=31)
        try:
            content = unpack.decompress(content, LIMIT + 1)
        except zlib.error as error:
            raise _broken(source, f"the gzip data is damaged: {error}") from error
        if len(content) <= LIMIT and not unpack.eof:
            raise _broken(source, "the gzip data ends too early: the file is truncated")
    if len(content) > LIMIT:
        raise _broken(source, f"larger than {LIMIT // 1024 // 1024} MiB uncompressed")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _broken(source, f"not UTF-8 at byte {error.start}") from error


def _broken(source: str, observed: str) -> UpdateCenterUnreadable:
    return UpdateCenterUnreadable(
        "the update center document cannot be used",
        where=source,
        expected="an update center document, whole",
        observed=observed,
        remedy="fetch it again; a gate does not guess from half a document",
    )
