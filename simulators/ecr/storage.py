"""Reads the manifests and tags of Distribution's storage; it writes there only to forget a repository.

Layout (distribution/registry/storage/paths.go, "filesystem" driver):
    docker/registry/v2/repositories/<name>/_manifests/revisions/<algorithm>/<hex>/link
    docker/registry/v2/repositories/<name>/_manifests/tags/<tag>/current/link
    docker/registry/v2/blobs/<algorithm>/<first two of hex>/<hex>/data
A link holds a digest.
"""

from __future__ import annotations

import contextlib
import json
import shutil
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

VERSION = Path("docker/registry/v2")
#: the folders that are a repository's own; others beside them are repositories with a longer name
OWN = ("_layers", "_manifests", "_uploads")
IMAGE = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"


@dataclass(frozen=True, slots=True)
class Manifest:
    """`body` is the pushed text, byte for byte; `pushed_at` is in unix seconds."""

    digest: str
    media_type: str
    body: str
    pushed_at: float

    @property
    def document(self) -> dict[str, Any]:
        parsed: dict[str, Any] = json.loads(self.body)
        return parsed


@dataclass(frozen=True, slots=True)
class Stored:
    """A manifest of a repository and the tags that point at it."""

    repository: str
    manifest: Manifest
    tags: tuple[str, ...]


def media_type_of(document: dict[str, Any]) -> str:
    """A manifest's own media type; an OCI one may lack it, then its shape decides."""
    return str(document.get("mediaType") or (INDEX if "manifests" in document else IMAGE))


def read(root: Path) -> Iterator[Stored]:
    """All manifests below `root`, the oldest first; links whose blob is gone are left out."""
    stored = []
    repositories = root / VERSION / "repositories"
    for manifests in sorted(repositories.rglob("_manifests")):
        name = manifests.parent.relative_to(repositories).as_posix()
        tags = _tags(manifests)
        for link in (manifests / "revisions").glob("*/*/link"):
            digest = link.read_text(encoding="ascii").strip()
            algorithm, _, value = digest.partition(":")
            data = root / VERSION / "blobs" / algorithm / value[:2] / value / "data"
            if not data.is_file():
                continue
            body = data.read_text(encoding="utf-8")
            media_type = media_type_of(json.loads(body))
            manifest = Manifest(digest, media_type, body, link.stat().st_mtime)
            stored.append(Stored(name, manifest, tuple(sorted(tags[digest]))))
    yield from sorted(stored, key=lambda each: each.manifest.pushed_at)


def _tags(manifests: Path) -> defaultdict[str, list[str]]:
    tags: defaultdict[str, list[str]] = defaultdict(list)
    for link in (manifests / "tags").glob("*/current/link"):
        tags[link.read_text(encoding="ascii").strip()].append(link.parent.parent.name)
    return tags


def forget(root: Path, repository: str) -> None:
    """Remove a deleted repository's own folders; the blobs stay, as no other link may be lost."""
    folder = root / VERSION / "repositories" / repository
    for own in OWN:
        shutil.rmtree(folder / own, ignore_errors=True)
    with contextlib.suppress(OSError):
        # not empty: a repository with a longer name lives below
        folder.rmdir()
