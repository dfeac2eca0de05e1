"""Files from the Maven repository, checksum pinned, fetched once into the cache."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from conformance.core.errors import BuildFailure, HostUnfit
from conformance.core.files import draft, lock
from conformance.core.paths import cache_root, lock_file

CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Artifact:
    """A file in the Maven repository layout, and its SHA-256."""

    path: str
    sha256: str

    @property
    def name(self) -> str:
        return Path(self.path).name


def folder() -> Path:
    """Where downloads are kept; on a machine without network the user puts them there."""
    return cache_root() / "downloads"


def location(artifact: Artifact) -> Path:
    return folder() / artifact.name


def is_present(artifact: Artifact) -> bool:
    """Present with the pinned checksum; a file that was changed on disk does not count."""
    file = location(artifact)
    return file.is_file() and sha256(file) == artifact.sha256


def fetch(artifact: Artifact) -> Path:
    """Return the file of `artifact`, which is fetched into the cache when it is not there.

    Raises:
        BuildFailure: not reachable, or not the pinned bytes (nothing is kept then).
    """
    target = location(artifact)
    if is_present(artifact):
        return target
    with lock(lock_file(target.name)):
        if is_present(artifact):
            return target
        target.parent.mkdir(parents=True, exist_ok=True)
        _download(artifact, target)
    return target


def _download(artifact: Artifact, target: Path) -> None:
    import requests

    from conformance.core import maven

    url = artifact.path
    by_hand = f"put the file {target.name} (sha256 {artifact.sha256}) into {target.parent}"
    try:
        url = maven.central() + artifact.path
        with draft(target) as part:
            with requests.get(url, stream=True, timeout=60) as response, part.open("wb") as out:
                response.raise_for_status()
                for block in response.iter_content(CHUNK):
                    out.write(block)
            _require_checksum(artifact, part, url)
    except (requests.RequestException, HostUnfit) as error:
        raise BuildFailure(
            f"cannot download {target.name}",
            where=url,
            observed=str(error),
            remedy=f"check the network, set CONFORMANCE_MAVEN_CENTRAL to a mirror, or {by_hand}",
        ) from error


def _require_checksum(artifact: Artifact, part: Path, url: str) -> None:
    observed = sha256(part)
    if observed != artifact.sha256:
        raise BuildFailure(
            f"{artifact.name} is not the file that is pinned",
            where=url,
            expected=f"sha256 {artifact.sha256}",
            observed=f"sha256 {observed}",
            remedy="check the mirror; a changed file of a released version must not be trusted",
        )


def sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
