"""The catalogue's files from the Maven repository, in the project's cache of downloads."""

from __future__ import annotations

from pathlib import Path

from conformance.core import downloads
from conformance.core.downloads import Artifact
from environments.images.catalogue import Download


def path(download: Download) -> Path:
    return downloads.location(_artifact(download))


def is_there(download: Download) -> bool:
    """Present with the pinned checksum; a file that was changed on disk does not count."""
    return downloads.is_present(_artifact(download))


def fetch(download: Download) -> None:
    """Bring `download` into the cache.

    Raises:
        BuildFailure: not reachable, or not the pinned bytes (nothing is kept then).
    """
    downloads.fetch(_artifact(download))


def _artifact(download: Download) -> Artifact:
    return Artifact(path=download.path, sha256=download.sha256)
