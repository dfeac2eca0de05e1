"""An update center document: decoded once, its entries checked on demand.

A document has two thousand plugins and a gate needs some seventy, so an entry becomes a `Release` only on
demand. Unknown fields are ignored. A known field of the wrong type, or a version that is none, makes that one
entry unusable; a field that is absent is unknown. Neither ever counts as "needs nothing".
"""

from __future__ import annotations

import json
import lzma
import re
import zlib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from conformance.pins.model import Advisory, Dependency, Release, UpdateCenterUnreadable, printable
from conformance.sources.plugins.pin import is_plugin_name, is_version

#: Uncompressed bytes. The largest real one (with every plugin's text) has about 4 million.
LIMIT = 128 * 1024 * 1024
_BLANK = re.compile(r"\s*")
#: The text after the JSON in update-center.json, and in update-center.json.html.
_CLOSED_SCRIPT = re.compile(r"\s*\)\s*;?\s*")
_CLOSED_PAGE = re.compile(r"\s*\),\s*[\"']\*[\"']\);.{0,200}", re.DOTALL)
_OTHER_PACKINGS = {b"BZh": "bzip2", b"PK\x03\x04": "zip", b"\x04\x22\x4d\x18": "lz4", b"7z\xbc\xaf": "7z"}


class UpdateCenter:
    """One day's document. `source` is where it came from, `signed` says how it was verified.

    `pattern_work` is the cost of its version patterns so far and `patterns` are those compiled;
    conformance.pins.advisories bounds the work.
    """

    def __init__(self, raw: Mapping[str, Any], source: str, signed: str = "", notice: str = "") -> None:
        self.source = source
        self.signed = signed
        self.notice = notice
        self.pattern_work = 0
        self.patterns: set[str] = set()
        self._raw = raw
        self._plugins: Mapping[str, Any] = raw["plugins"]
        self._releases: dict[str, Release | None] = {}

    @property
    def core(self) -> str:
        """The newest weekly core it offers; empty when it says none."""
        core = self._raw.get("core")
        version = core.get("version") if isinstance(core, dict) else None
        return version if isinstance(version, str) and is_version(version) else ""

    @property
    def absent_sections(self) -> tuple[str, ...]:
        """Sections that decide something and that the document does not have."""
        return tuple(name for name in ("warnings", "deprecations") if name not in self._raw)

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

    def deprecation(self, name: str) -> str | None:
        """The link that says why a plugin is deprecated (it may be empty); None when it is not.

        As Jenkins' core does, the label `deprecated` counts as well as the section `deprecations`.
        """
        listed = self._raw.get("deprecations")
        if isinstance(listed, dict) and name in listed:
            entry = listed[name]
            return printable(entry.get("url", ""), 300) if isinstance(entry, dict) else ""
        entry = self._plugins.get(name)
        labels = entry.get("labels") if isinstance(entry, dict) else None
        if isinstance(labels, list) and "deprecated" in labels:
            return page_of(name)
        return None

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
                id=printable(entry.get("id", "(no id)"), 80),
                subject="core" if entry.get("type") == "core" else str(entry.get("name", "")),
                message=printable(entry.get("message", ""), 400),
                url=printable(entry.get("url", ""), 300),
                patterns=tuple(str(one.get("pattern", "")) for one in ranges),
                last_versions=tuple(
                    printable(one["lastVersion"], 80) for one in ranges[:5] if "lastVersion" in one
                ),
            )


def decode(content: bytes, source: str) -> dict[str, Any]:
    """The document's JSON from its bytes, in each form that update centers publish.

    Raises:
        UpdateCenterUnreadable: truncated, too large, not JSON, or without plugins; never a partial answer.
    """
    raw = _parsed(_text(content, source), source)
    if not isinstance(raw, dict) or not isinstance(raw.get("plugins"), dict):
        raise _broken(source, "JSON, but without an object `plugins`")
    if not raw["plugins"]:
        raise _broken(source, "it offers no plugin at all")
    warnings = raw.get("warnings", [])
    if not isinstance(warnings, list) or not all(isinstance(entry, dict) for entry in warnings):
        raise _broken(source, "`warnings` is not a list of objects, so advisories cannot be judged")
    for entry in warnings:
        versions = entry.get("versions", [])
        if not isinstance(versions, list):
            raise _broken(source, "an advisory's `versions` is not a list, so advisories cannot be judged")
        if not all(isinstance(one, dict) for one in versions):
            raise _broken(source, "an advisory's `versions` are no objects, so advisories cannot be judged")
    return raw


def _parsed(text: str, source: str) -> Any:
    """The JSON: bare, in `updateCenter.post(...)`, or in the page update-center.json.html."""
    at = _blank(text, 0)
    while text.startswith("/*", at):
        at = _blank(text, max(text.find("*/", at), at) + 2)
    script, page, closing = "updateCenter.post(", "JSON.stringify(", _BLANK
    if text.startswith(script, at):
        at, closing = at + len(script), _CLOSED_SCRIPT
    elif text[at : at + 15].lower() == "<!doctype html>" and page in text[at : at + 2000]:
        at, closing = text.index(page, at) + len(page), _CLOSED_PAGE
    try:
        raw, end = json.JSONDecoder(object_pairs_hook=_unique).raw_decode(text, _blank(text, at))
    except _KeyTwice as error:
        raise _broken(source, f"the key {printable(repr(error.args[0]), 80)} is given twice") from error
    except ValueError as error:
        raise _broken(source, f"not JSON: {error}") from error
    except RecursionError as error:
        raise _broken(source, "nested too deeply to be an update center document") from error
    if not closing.fullmatch(text, end):
        raise _broken(source, "not JSON: something else follows it, or its wrapper is not closed")
    return raw


def _blank(text: str, at: int) -> int:
    found = _BLANK.match(text, at)
    return found.end() if found else at


class _KeyTwice(ValueError):
    """An object has a key twice; which value counts would be luck."""


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        raise _KeyTwice(next(name for name in names if names.count(name) > 1))
    return found


def page_of(name: str) -> str:
    """The plugin's page, where its releases and their notes are."""
    return f"https://plugins.jenkins.io/{name}/releases/"


def release_of(name: str, entry: object) -> Release:
    """A release from an entry of the shape update centers, plugin-versions and manifests share."""
    if not isinstance(entry, dict):
        return Release(name, "", problem="its entry is not an object")
    version = entry.get("version")
    core, java = entry.get("requiredCore") or "", entry.get("minimumJavaVersion") or ""
    since, stamp = entry.get("compatibleSinceVersion") or "", entry.get("releaseTimestamp") or ""
    if not isinstance(version, str) or not is_version(version):
        absent = version is None or version == ""
        why = "its entry has no version" if absent else f"{printable(repr(version), 80)} is not a version"
        return Release(name, "", problem=why)
    for key, value in (
        ("requiredCore", core),
        ("minimumJavaVersion", java),
        ("compatibleSinceVersion", since),
    ):
        if not isinstance(value, str) or (value and not is_version(value)):
            why = f"its {key} {printable(repr(value), 80)} is not a version"
            return Release(name, version, problem=why)
    needs = entry.get("dependencies", [])
    if not isinstance(needs, list):
        return Release(name, version, core, java, problem="its dependencies are not a list")
    found = []
    for need in needs:
        dependency = _dependency(need)
        if dependency is None:
            unread = printable(repr(need), 80)
            return Release(name, version, core, java, problem=f"a dependency cannot be read: {unread}")
        found.append(dependency)
    unknown = [] if "dependencies" in entry else ["the plugins that it needs"]
    unknown += [] if core else ["the core that it needs"]
    day = printable(str(stamp)[:10])
    return Release(name, version, core, java, tuple(found), day, "", tuple(unknown), since)


def _dependency(need: object) -> Dependency | None:
    if not isinstance(need, dict):
        return None
    name = need.get("name", need.get("shortName"))
    version, optional = need.get("version"), need.get("optional", False)
    if not isinstance(name, str) or not isinstance(version, str) or not isinstance(optional, bool):
        return None
    return Dependency(name, version, optional) if is_plugin_name(name) and is_version(version) else None


def _text(content: bytes, source: str) -> str:
    for magic, packing in _OTHER_PACKINGS.items():
        if content.startswith(magic):
            raise _broken(source, f"packed by {packing}; plain, gzip, xz and zstd are read")
    content = _unpacked(content, source)
    if len(content) > LIMIT:
        raise _broken(source, f"larger than {LIMIT // 1024 // 1024} MiB uncompressed")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _broken(source, f"not UTF-8 at byte {error.start}") from error


def _unpacked(content: bytes, source: str) -> bytes:
    """The content, unpacked to at most one byte more than LIMIT."""
    unpack: Any
    damage: type[Exception]
    if content.startswith(b"\x1f\x8b"):
        packing, unpack, damage = "gzip", zlib.decompressobj(wbits=31), zlib.error
    elif content.startswith(b"\xfd7zXZ\0"):
        packing, unpack, damage = "xz", lzma.LZMADecompressor(lzma.FORMAT_XZ, LIMIT), lzma.LZMAError
    elif content.startswith(b"\x28\xb5\x2f\xfd"):
        return _zstd(content, source)
    else:
        return content
    try:
        found: bytes = unpack.decompress(content, LIMIT + 1)
    except damage as error:
        raise _broken(source, f"the {packing} data is damaged: {error}") from error
    if len(found) <= LIMIT and not unpack.eof:
        raise _broken(source, f"the {packing} data ends too early: the file is truncated")
    return found


def _zstd(content: bytes, source: str) -> bytes:
    import zstandard

    try:
        with zstandard.ZstdDecompressor(max_window_size=LIMIT).stream_reader(content) as reader:
            found = reader.read(LIMIT + 1)
        whole = min(zstandard.frame_content_size(content), LIMIT + 1)
    except zstandard.ZstdError as error:
        raise _broken(source, f"the zstd data is damaged: {error}") from error
    if len(found) < whole:
        raise _broken(source, "the zstd data ends too early: the file is truncated")
    return found


def _broken(source: str, observed: str) -> UpdateCenterUnreadable:
    return UpdateCenterUnreadable(
        "the update center document cannot be used",
        where=source,
        expected="an update center document, whole",
        observed=observed,
        remedy="fetch it again; a gate does not guess from half a document",
    )
