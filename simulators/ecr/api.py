"""The AWS API of the registry: signed calls, answered by moto where moto is faithful, here elsewhere.

Only the operations in SUPPORTED are answered. Others get an error in the API's own form, never made-up
data: moto would invent scan findings, for one.
"""

from __future__ import annotations

import hashlib
import json
import re
from datetime import UTC, datetime
from typing import Any

from moto.core.exceptions import ServiceException
from moto.core.request import Request as MotoRequest
from moto.core.responses import ActionResult
from moto.ecr.models import Image
from moto.ecr.responses import ECRResponse

from .access import Target
from .pushes import Manifests, path
from .records import PushedImage, Records
from .sigv4 import Unsigned, Verifier
from .storage import media_type_of
from .tokens import Tokens
from .wire import Answer, Request, json_answer

TARGET = re.compile(r"AmazonEC2ContainerRegistry_V20150921\.(?P<operation>[A-Za-z]+)")
WRITES = frozenset(
    {
        "CreateRepository",
        "DeleteLifecyclePolicy",
        "DeleteRepository",
        "DeleteRepositoryPolicy",
        "PutImageScanningConfiguration",
        "PutImageTagMutability",
        "PutLifecyclePolicy",
        "SetRepositoryPolicy",
        "TagResource",
        "UntagResource",
    }
)
SUPPORTED = WRITES | {
    "BatchCheckLayerAvailability",
    "BatchDeleteImage",
    "BatchGetImage",
    "DescribeImages",
    "DescribeRepositories",
    "GetAuthorizationToken",
    "GetLifecyclePolicy",
    "GetRepositoryPolicy",
    "ListImages",
    "ListTagsForResource",
    "PutImage",
}
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


class Refused(ServiceException):
    """An error in the API's form; moto reads the service of its own errors from their module."""


class Operations(ECRResponse):
    """moto's operations over the records; those about tokens, bytes or images are replaced."""

    def __init__(self, records: Records, manifests: Manifests, tokens: Tokens) -> None:
        super().__init__()
        self._records = records
        self._manifests = manifests
        self._tokens = tokens

    @property
    def ecr_backend(self) -> Any:
        return self._records.backend

    def get_current_account(self) -> str:
        return self._records.account

    def get_region_from_url(self, request: Any, full_url: str) -> str:  # moto's signature
        return str(self._records.backend.region_name)

    def perform(self, request: Request) -> Answer:
        """Answer a call whose signature was checked."""
        url = f"https://{self._records.host}/"
        self.setup_class(MotoRequest.from_primitives("POST", url, dict(request.headers), request.body))
        status, headers, body = self.call_action()
        kept = {name: str(value) for name, value in headers.items() if name.lower() == "content-type"}
        data = body if isinstance(body, bytes) else str(body).encode()
        return Answer(status, tuple(kept.items()), data)

    def get_authorization_token(self) -> ActionResult:
        token = self._tokens.issue()
        return ActionResult(
            {
                "authorizationData": [
                    {
                        "authorizationToken": token.authorization,
                        "expiresAt": datetime.fromtimestamp(token.expires_at, UTC),
                        "proxyEndpoint": f"https://{self._records.host}",
                    }
                ]
            }
        )

    def create_repository(self) -> ActionResult:
        result = super().create_repository()
        self._records.name_repositories()
        return result

    def delete_repository(self) -> ActionResult:
        name = self._get_param("repositoryName")
        images = self._records.repository(name).images if name in self._records else []
        digests = [image.image_digest for image in images]
        result = super().delete_repository()
        self._manifests.remove_repository(name, digests)
        return result

    def put_image(self) -> ActionResult:
        repository = self._repository()
        body: str = self._get_param("imageManifest")
        tag: str = self._get_param("imageTag") or ""
        digest = self._get_param("imageDigest") or f"sha256:{hashlib.sha256(body.encode()).hexdigest()}"
        media_type = self._get_param("imageManifestMediaType") or media_type_of(json.loads(body))
        present = self._records.image(repository, tag=tag, digest="" if tag else digest)
        where = f"in the repository with name '{repository}' in registry with id '{self._records.account}'"
        if present is not None and present.image_digest == digest:
            shown = f"Image with digest '{digest}' and tag '{tag}' already exists {where}"
            raise Refused("ImageAlreadyExistsException", shown)
        if present is not None and self._records.is_immutable(repository, tag):
            shown = f"The image tag '{tag}' already exists {where} and cannot be overwritten"
            raise Refused("ImageTagAlreadyExistsException", shown)
        target = Target(repository, tag or digest)
        request = Request(
            "PUT", path(repository, target.reference), {"content-type": media_type}, body.encode()
        )
        answer = self._manifests.put(target, request)
        if answer.status != 201:
            unknown = b"MANIFEST_BLOB_UNKNOWN" in answer.body
            code = "LayersNotFoundException" if unknown else "InvalidParameterException"
            raise Refused(code, answer.body.decode())
        images = self._records.repository(repository).images
        pushed = next(image for image in images if image.image_digest == digest)
        return ActionResult({"image": self._image(repository, pushed, tag)})

    def batch_get_image(self) -> ActionResult:
        repository = self._repository()
        images, failures = [], []
        for wanted in self._get_param("imageIds"):
            image = self._find(repository, wanted)
            if image is None:
                failures.append(_failure(wanted, "ImageNotFound", "Requested image not found"))
            else:
                images.append(self._image(repository, image, wanted.get("imageTag", "")))
        return ActionResult({"images": images, "failures": failures})

    def batch_delete_image(self) -> ActionResult:
        repository = self._repository()
        deleted, failures = [], []
        for wanted in self._get_param("imageIds"):
            tag = "" if wanted.get("imageDigest") else wanted.get("imageTag", "")
            image = self._find(repository, wanted)
            if not wanted.get("imageDigest") and not tag:
                reason = "Invalid request parameters: both tag and digest cannot be null"
                failures.append(_failure(wanted, "MissingDigestAndTag", reason))
            elif image is None:
                failures.append(_failure(wanted, "ImageNotFound", "Requested image not found"))
            elif (not tag or image.image_tags == [tag]) and (lists := self._lists(repository, image)):
                reason = f"Requested image referenced by manifest list: [{', '.join(lists)}]"
                failures.append(_failure(wanted, "ImageReferencedByManifestList", reason))
            else:
                gone: list[str | None] = [tag] if tag else [*image.image_tags] or [None]
                self._manifests.remove(repository, image, tag)
                deleted += [{"imageDigest": image.image_digest, "imageTag": each} for each in gone]
        return ActionResult({"imageIds": deleted, "failures": failures})

    def batch_check_layer_availability(self) -> ActionResult:
        repository = self._repository()
        layers, failures = [], []
        for digest in self._get_param("layerDigests"):
            if not DIGEST.fullmatch(digest):
                failures.append(_layer_failure(digest, "InvalidLayerDigest", "is not a sha256 digest"))
                continue
            answer = self._manifests.registry.send("HEAD", f"/v2/{repository}/blobs/{digest}", {})
            if answer.status == 200:
                size = int({name.lower(): value for name, value in answer.headers}["content-length"])
                layers.append({"layerDigest": digest, "layerAvailability": "AVAILABLE", "layerSize": size})
            else:
                failures.append(_layer_failure(digest, "MissingLayerDigest", "could not be found"))
        return ActionResult({"layers": layers, "failures": failures})

    def _repository(self) -> str:
        """The name that the call is about. Raises RepositoryNotFoundException (as the API does)."""
        name: str = self._get_param("repositoryName")
        self._records.backend.describe_repositories(self._get_param("registryId"), [name])
        return name

    def _find(self, repository: str, wanted: dict[str, str]) -> PushedImage | None:
        tag, digest = wanted.get("imageTag", ""), wanted.get("imageDigest", "")
        return self._records.image(repository, tag=tag, digest=digest) if tag or digest else None

    def _lists(self, repository: str, image: PushedImage) -> list[str]:
        return [
            other.image_digest
            for other in self._records.repository(repository).images
            if f'"{image.image_digest}"' in other.image_manifest and other is not image
        ]

    def _image(self, repository: str, image: Image, tag: str) -> dict[str, Any]:
        named = {"imageTag": tag} if tag else {}
        return {
            "registryId": self._records.account,
            "repositoryName": repository,
            "imageId": {"imageDigest": image.image_digest, **named},
            "imageManifest": image.image_manifest,
            "imageManifestMediaType": image.image_manifest_media_type,
        }


class Api:
    """`POST /` of the registry's name."""

    def __init__(self, verifier: Verifier, records: Records, manifests: Manifests, tokens: Tokens) -> None:
        self._verifier = verifier
        self._records = records
        self._manifests = manifests
        self._tokens = tokens

    def __call__(self, request: Request) -> Answer:
        try:
            self._verifier.verify(request)
        except Unsigned as refusal:
            return _error(refusal.code, str(refusal))
        target = TARGET.fullmatch(request.headers.get("x-amz-target", ""))
        operation = target["operation"] if target else ""
        if operation not in SUPPORTED:
            shown = operation or request.headers.get("x-amz-target") or "a call without X-Amz-Target"
            return _error(
                "UnsupportedOperationException",
                f"{shown} is not implemented by the ECR simulator; use --ecr=aws or --ecr=localstack.",
            )
        with self._records.lock:
            answer = Operations(self._records, self._manifests, self._tokens).perform(request)
            if operation in WRITES and answer.status == 200:
                self._records.save()
        return answer


def _error(code: str, message: str) -> Answer:
    answer = json_answer(400, {"__type": code, "message": message})
    return Answer(400, (("Content-Type", "application/x-amz-json-1.1"),), answer.body)


def _failure(wanted: dict[str, str], code: str, reason: str) -> dict[str, Any]:
    return {"imageId": wanted, "failureCode": code, "failureReason": reason}


def _layer_failure(digest: str, code: str, reason: str) -> dict[str, str]:
    return {"layerDigest": digest, "failureCode": code, "failureReason": f"Layer {digest} {reason}"}
