"""The API's repositories and images, in moto's models, in step with the registry.

moto's own `put_image` and `batch_delete_image` are not used: they drop an image whose only tag moves
(ECR keeps it, untagged) and take the configuration's size for the image's.
"""

from __future__ import annotations

import fnmatch
import json
import os
import threading
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from moto.ecr.models import ECRBackend, Image, Repository

from .storage import Manifest, Stored

FIELDS = (
    "encryption_configuration",
    "image_scanning_configuration",
    "image_tag_mutability_exclusion_filters",
    "lifecycle_policy",
    "policy",
)


class PushedImage(Image):
    """An image of the registry: its true size and time, whatever moto would derive."""

    def __init__(self, account: str, repository: str, manifest: Manifest, size: int) -> None:
        untagged: Any = None
        super().__init__(account, untagged, manifest.body, repository, manifest.media_type, manifest.digest)
        self.image_pushed_at = int(manifest.pushed_at)
        self.artifact_media_type = manifest.document.get("config", {}).get("mediaType")
        self._size = size

    def get_image_size_in_bytes(self) -> int:
        return self._size

    def drop_tag(self, tag: str) -> None:
        self.image_tags.remove(tag)
        untagged: Any = None
        self.image_tag = self.image_tags[-1] if self.image_tags else untagged


class Records:
    """The registry's account in one region. All changes are made under `lock`."""

    def __init__(self, account: str, region: str, host: str, file: Path) -> None:
        self.lock = threading.RLock()
        self.account = account
        self.host = host
        self.backend = ECRBackend(region, account)
        self._file = file

    def __contains__(self, name: object) -> bool:
        return name in self.backend.repositories

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self.backend.repositories))

    def repository(self, name: str) -> Repository:
        return self.backend.repositories[name]

    def image(self, repository: str, *, tag: str = "", digest: str = "") -> PushedImage | None:
        """The image with this tag and this digest, or None."""
        return next(
            (
                image
                for image in self.repository(repository).images
                if isinstance(image, PushedImage)
                and (not tag or tag in image.image_tags)
                and (not digest or digest == image.image_digest)
            ),
            None,
        )

    def tags(self, repository: str) -> list[str]:
        return sorted(tag for image in self.repository(repository).images for tag in image.image_tags)

    def is_immutable(self, repository: str, tag: str) -> bool:
        rules = self.repository(repository)
        filters = [each["filter"] for each in rules.image_tag_mutability_exclusion_filters or []]
        return tag_is_immutable(str(_plain(rules.image_tag_mutability)), filters, tag)

    def record(self, repository: str, manifest: Manifest, tags: Iterable[str]) -> PushedImage:
        """Note a push; a tag that pointed elsewhere moves and leaves the other image untagged."""
        with self.lock:
            image = self.image(repository, digest=manifest.digest)
            if image is None:
                size = self._size(repository, manifest)
                image = PushedImage(self.account, repository, manifest, size)
                self.repository(repository).images.append(image)
            for tag in tags:
                before = self.image(repository, tag=tag)
                if before is not image:
                    if before is not None:
                        before.drop_tag(tag)
                    image.update_tag(tag)
            return image

    def remove(self, repository: str, image: PushedImage) -> None:
        with self.lock:
            self.repository(repository).images.remove(image)

    def name_repositories(self) -> None:
        """Give every repository the URI of this registry; moto's names amazonaws.com."""
        for name, repository in self.backend.repositories.items():
            repository.uri = f"{self.host}/{name}"

    def _size(self, repository: str, manifest: Manifest) -> int:
        document = manifest.document
        if "manifests" in document:
            # ECR: of a manifest list, the largest of its images
            listed = [self.image(repository, digest=each["digest"]) for each in document["manifests"]]
            return max((image.get_image_size_in_bytes() for image in listed if image), default=0)
        parts = [*document.get("layers", ()), document.get("config") or {}]
        return sum(int(part.get("size", 0)) for part in parts)

    def save(self) -> None:
        """Write the repositories and their settings, which the registry's storage does not hold."""
        with self.lock:
            lines = []
            for name, repository in self.backend.repositories.items():
                tags = self.backend.tagger.list_tags_for_resource(repository.arn)["tags"]
                kept: dict[str, Any] = {field: getattr(repository, field) for field in FIELDS}
                kept["image_tag_mutability"] = str(_plain(repository.image_tag_mutability))
                kept["created_at"] = repository.created_at.isoformat()
                lines.append({"name": name, "tags": tags, **kept})
            self._file.parent.mkdir(parents=True, exist_ok=True)
            fresh = self._file.with_suffix(".new")
            with fresh.open("w", encoding="utf-8") as out:
                json.dump({"repositories": lines}, out, indent=1)
                out.flush()
                os.fsync(out.fileno())
            fresh.replace(self._file)

    def load(self, stored: Iterable[Stored]) -> None:
        """Rebuild after a start: repositories from the file, images from the registry's storage.

        Images under a name that is not provisioned (any more) stay unknown.
        """
        with self.lock:
            if self._file.exists():
                for line in json.loads(self._file.read_text(encoding="utf-8"))["repositories"]:
                    self._restore(dict(line))
            self.name_repositories()
            later: list[Stored] = []
            for each in stored:
                if each.repository not in self:
                    continue
                if "manifests" in each.manifest.document:
                    # an index may be older than its images, and its size comes from theirs
                    later.append(each)
                else:
                    self.record(each.repository, each.manifest, each.tags)
            for each in later:
                self.record(each.repository, each.manifest, each.tags)

    def _restore(self, line: dict[str, Any]) -> None:
        repository = self.backend.create_repository(
            line.pop("name"),
            registry_id=None,
            encryption_config=line["encryption_configuration"],
            image_scan_config=line["image_scanning_configuration"],
            image_tag_mutability=line["image_tag_mutability"],
            tags=line.pop("tags"),
            image_tag_mutability_exclusion_filters=line["image_tag_mutability_exclusion_filters"],
        )
        repository.created_at = datetime.fromisoformat(line.pop("created_at"))
        for field in FIELDS:
            setattr(repository, field, line[field])


def tag_is_immutable(mutability: str, filters: list[str], tag: str) -> bool:
    """Whether `tag`, once set, may not move; filters are ECR's wildcards and turn the rule round."""
    excluded = any(fnmatch.fnmatchcase(tag, pattern) for pattern in filters)
    if mutability.startswith("IMMUTABLE"):
        return not excluded
    return mutability == "MUTABLE_WITH_EXCLUSION" and excluded


def _plain(value: Any) -> Any:
    return getattr(value, "value", value)
