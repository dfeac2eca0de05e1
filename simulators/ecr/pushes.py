"""Manifests on their way in and out: the rules of ECR, the registry, the records, in this order."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from .access import Target, is_digest
from .records import PushedImage, Records
from .storage import Manifest, forget, media_type_of
from .upstream import Registry
from .wire import Answer, Request, registry_error

DIGEST = "docker-content-digest"


@dataclass(frozen=True, slots=True)
class Manifests:
    """The one way by which manifests are written and removed, for the registry's path and for the API."""

    records: Records
    registry: Registry
    #: root folder of the registry's storage
    root: Path

    def put(self, target: Target, request: Request) -> Answer:
        """Push a manifest. The answer comes when the API knows the image too."""
        tag = "" if is_digest(target.reference) else target.reference
        with self.records.lock:
            if target.repository not in self.records:
                # deleted since the token was checked
                return registry_error(404, "NAME_UNKNOWN", f"repository {target.repository} is gone")
            if tag and self._moves_immutable(target.repository, tag, request):
                return registry_error(
                    400,
                    "TAG_INVALID",
                    f"The image tag '{tag}' already exists in the '{target.repository}' repository "
                    "and cannot be overwritten because the tag is immutable.",
                )
            answer = self.registry.send("PUT", request.target, request.headers, request.body)
            if answer.status == 201:
                digest = {name.lower(): value for name, value in answer.headers}[DIGEST]
                body = request.body.decode()
                media_type = request.headers.get("content-type") or media_type_of(json.loads(body))
                manifest = Manifest(digest, media_type, body, time.time())
                self.records.record(target.repository, manifest, [tag] if tag else [])
            return answer

    def delete(self, target: Target, request: Request) -> Answer:
        """Delete on the registry's path, as OCI has it: a tag, or a manifest with all its tags."""
        with self.records.lock:
            by = "digest" if is_digest(target.reference) else "tag"
            image = self.records.image(target.repository, **{by: target.reference})
            answer = self.registry.send("DELETE", request.target, request.headers)
            if answer.status == 202 and image is not None:
                if by == "digest":
                    self.records.remove(target.repository, image)
                else:
                    image.drop_tag(target.reference)
            return answer

    def remove(self, repository: str, image: PushedImage, tag: str = "") -> None:
        """Delete as BatchDeleteImage does: a tag, and the image with its last tag or when none is given.

        Raises RegistryRefused.
        """
        with self.records.lock:
            last = not tag or image.image_tags == [tag]
            reference = image.image_digest if last else tag
            answer = self.delete(
                Target(repository, reference), Request("DELETE", path(repository, reference))
            )
            if answer.status != 202:
                raise RegistryRefused(f"DELETE {reference}: {answer.status} {answer.body.decode()}")

    def remove_repository(self, repository: str, digests: Iterable[str]) -> None:
        """Let the registry forget a deleted repository, so that a new one under its name is empty."""
        for digest in digests:
            self.registry.send("DELETE", path(repository, digest), {})
        forget(self.root, repository)

    def _moves_immutable(self, repository: str, tag: str, request: Request) -> bool:
        present = self.records.image(repository, tag=tag)
        if present is None or not self.records.is_immutable(repository, tag):
            return False
        return present.image_manifest.encode() != request.body


class RegistryRefused(Exception):
    """Distribution answered with an unexpected error."""


def path(repository: str, reference: str) -> str:
    return f"/v2/{repository}/manifests/{reference}"
