"""Every release that is known: the document's newest, those of earlier days, and those of manifests.

An update center offers one release of each plugin, so older pins are known only from elsewhere: the
running controller, a saved answer of its plugin manager, plugin-versions data, or earlier documents.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from conformance.pins.advisories import hits
from conformance.pins.model import Release, UpdateCenterUnreadable
from conformance.pins.updatecenter.document import UpdateCenter, release_of
from conformance.pins.versions import key_of
from conformance.sources.plugins.pin import PinsUnreadable


class ReleaseIndex:
    """`newest` is the document to judge by; `earlier` and `manifests` only add releases."""

    def __init__(
        self,
        newest: UpdateCenter,
        earlier: Iterable[UpdateCenter] = (),
        manifests: Mapping[str, Iterable[Release]] | None = None,
    ) -> None:
        self.newest = newest
        self._earlier = tuple(earlier)
        self._manifests = manifests or {}
        self._known: dict[str, tuple[Release, ...]] = {}
        self._hits: dict[tuple[str, str], tuple[str, ...]] = {}

    def releases(self, name: str) -> tuple[Release, ...]:
        """All usable releases of a plugin, newest first; of each version, the record that knows most."""
        if name not in self._known:
            found: dict[Any, Release] = {}
            for release in self._all(name):
                if release.version and not release.problem:
                    before = found.setdefault(key_of(release.version), release)
                    if release.complete and not before.complete:
                        found[key_of(release.version)] = release
            self._known[name] = tuple(
                sorted(found.values(), key=lambda release: key_of(release.version), reverse=True)
            )
        return self._known[name]

    def release(self, name: str, version: str) -> Release | None:
        """The record of that version that knows most, perhaps one with a `problem`; None without any."""
        key = key_of(version)
        known = [one for one in self._all(name) if one.version and key_of(one.version) == key]
        return min(known, key=lambda one: (bool(one.problem), bool(one.unknown)), default=None)

    def offered(self, name: str) -> Release | None:
        """The release that the update center offers; None when it does not have the plugin (any more)."""
        return self.newest.release(name)

    def day_before(self, days: int) -> str:
        """The ISO date that many days before the document's; empty for no days.

        Raises:
            UpdateCenterUnreadable: the document does not say its day.
        """
        if not days:
            return ""
        if self.newest.generated is None:
            raise UpdateCenterUnreadable(
                "the age of releases is unknown",
                where=self.newest.source,
                expected="a document with generationTimestamp",
            )
        return (self.newest.generated.date() - timedelta(days=days)).isoformat()

    def was_known(self, name: str) -> bool:
        return any(name in document for document in self._earlier) or name in self._manifests

    def affecting(self, subject: str, version: str) -> tuple[str, ...]:
        """Sorted ids of the advisories that hit a version; an undecided one counts as hitting."""
        if (subject, version) not in self._hits:
            found = hits(self.newest, subject, version)
            self._hits[subject, version] = tuple(sorted(hit.advisory.id for hit in found))
        return self._hits[subject, version]

    def _all(self, name: str) -> Iterator[Release]:
        offered = self.newest.release(name)
        if offered:
            yield offered
        yield from self._manifests.get(name, ())
        for document in self._earlier:
            release = document.release(name)
            if release:
                yield release


def read_manifests(path: Path) -> dict[str, list[Release]]:
    """Releases from a file of one of three shapes.

    A plugin manager's answer (`plugins[].shortName, requiredCoreVersion, dependencies`), a list of
    manifests (`plugins[].name, version, requiredCore, dependencies`), or plugin-versions data
    (`plugins.NAME.VERSION`).

    Raises:
        PinsUnreadable: not there, not JSON, or none of the three.
    """
    try:
        document = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise PinsUnreadable("the manifests cannot be read", where=str(path), observed=str(error)) from error
    if isinstance(document, dict) and isinstance(document.get("response"), dict):
        document = document["response"].get("json")  # a recording of the plugin manager's answer
    found = manifests_of(document)
    if not found:
        raise PinsUnreadable(
            "no manifest is in here",
            where=str(path),
            expected="a plugin manager's answer (depth=2), a list of manifests, or plugin-versions data",
        )
    return found


def manifests_of(document: object) -> dict[str, list[Release]]:
    """Releases by plugin; entries that say nothing of dependencies are left out, as they know nothing."""
    plugins = document.get("plugins") if isinstance(document, dict) else None
    found: dict[str, list[Release]] = {}
    if isinstance(plugins, list):
        for entry in plugins:
            if isinstance(entry, dict) and "dependencies" in entry:
                name = entry.get("shortName") or entry.get("name")
                core = entry.get("requiredCoreVersion") or entry.get("requiredCore")
                if isinstance(name, str):
                    found.setdefault(name, []).append(release_of(name, {**entry, "requiredCore": core}))
    elif isinstance(plugins, dict):
        for name, versions in plugins.items():
            if isinstance(versions, dict):
                found[name] = [release_of(name, entry) for entry in versions.values()]
    return found
