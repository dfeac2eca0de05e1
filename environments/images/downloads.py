"""Files from the Maven repository, checksum pinned, kept in the cache."""

from __future__ import annotations

import hashlib
from pathlib import Path

import requests

from conformance.core import maven
from conformance.core.errors import BuildFailure
from conformance.core.files import draft, lock
from conformance.core.paths import cache_root, lock_file
from environments.images.catalogue import Download

CHUNK = 1 << 20


def path(download: Download) -> Path:
    return cache_root() / "downloads" / Path(download.path).name


def is_there(download: Download) -> bool:
    """Present with the pinned checksum; a file that was changed on disk does not count."""
    file = path(download)
    return file.is_file() and _sha256(file) == download.sha256


def fetch(download: Download) -> None:
    """Bring `download` into the cache.

    Raises:
        BuildFailure: not reachable, or not the pinned bytes (nothing is kept then).
    """
    target = path(download)
    with lock(lock_file(target.name)):
        if is_there(download):
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        url = maven.central() + download.path
        try:
            with draft(target) as part:
                with requests.get(url, stream=True, timeout=60) as answer, part.open("wb") as out:
                    answer.raise_for_status()
                    for block in answer.iter_content(CHUNK):
                        out.write(block)
                _require_checksum(part, download, url)
        except requests.RequestException as error:
            raise BuildFailure(
                f"cannot download {target.name}",
                where=url,
                observed=str(error),
                remedy="check the network or set CONFORMANCE_MAVEN_CENTRAL to a mirror",
            ) from error


def _require_checksum(part: Path, download: Download, url: str) -> None:
    seen = _sha256(part)
    if seen != download.sha256:
        raise BuildFailure(
            f"{path(download).name} is not the file that is pinned",
            where=url,
            expected=f"sha256 {download.sha256}",
            observed=f"sha256 {seen}",
            remedy="check the mirror; a changed file of a released version must not be trusted",
        )


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
