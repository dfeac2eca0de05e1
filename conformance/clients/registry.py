"""The registry: tokens from the ECR API, everything else by the distribution protocol."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
from botocore.exceptions import BotoCoreError, ClientError

from conformance.clients import artifacts
from conformance.clients.artifacts import Blob, Image
from conformance.clients.http import Http, expect
from conformance.contract.model import Contract
from conformance.core.errors import EnvironmentFailure
from conformance.core.nonconformance import NonConformance, PreconditionFailed
from environments.base import RegistryEndpoint as Address

ACCEPTED = (
    f"{artifacts.MANIFEST}, application/vnd.docker.distribution.manifest.list.v2+json, "
    f"application/vnd.oci.image.manifest.v1+json, {artifacts.INDEX}"
)


def scratch_repository(contract: Contract, mutability: str = "MUTABLE") -> str:
    """A repository for a check's own images: one called scratch if there is one, else the first that fits."""
    fit = [wanted.name for wanted in contract.registry.repositories if wanted.tag_mutability == mutability]
    if not fit:
        raise NonConformance(
            f"the contract declares no repository whose tags are {mutability}",
            remedy="declare one (registry.repositories), so that this can be checked",
        )
    return next((name for name in fit if "scratch" in name), fit[0])


@dataclass(frozen=True, slots=True)
class Token:
    """An ECR authorization token: login, the registry it is for, when it ends."""

    username: str
    password: str
    endpoint: str
    expires: datetime


@dataclass(frozen=True, slots=True)
class Pulled:
    """A manifest as the registry gave it."""

    digest: str
    media_type: str
    data: bytes

    @property
    def parsed(self) -> dict[str, Any]:
        result: dict[str, Any] = json.loads(self.data)
        return result


class EcrApi:
    """The AWS side, through a boto3 client. Refusals of the API are NonConformance with its code."""

    def __init__(self, client: Any, address: Address) -> None:
        self.client = client
        self.address = address

    def call(self, operation: str, **arguments: Any) -> dict[str, Any]:
        """One API call; ClientError goes through to the caller, a missing answer is EnvironmentFailure."""
        try:
            result: dict[str, Any] = getattr(self.client, operation)(**arguments)
        except ClientError as error:
            status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
            if status in {502, 503, 504}:
                raise EnvironmentFailure(
                    f"the ECR API answered {status} to {operation}",
                    where=self.address.api.url,
                    observed=str(error),
                ) from error
            raise
        except BotoCoreError as error:
            raise EnvironmentFailure(
                f"the ECR API did not answer {operation}",
                where=self.address.api.url,
                observed=str(error),
                remedy="look whether the ECR endpoint runs and is reachable from here",
            ) from error
        return result

    def token(self) -> Token:
        try:
            data = self.call("get_authorization_token")["authorizationData"][0]
        except ClientError as error:
            raise PreconditionFailed(
                "REGISTRY-05",
                "ECR gives no authorization token",
                observed=str(error),
                remedy="check the AWS credentials and policy",
            ) from error
        username, _, password = base64.b64decode(data["authorizationToken"]).decode().partition(":")
        return Token(username, password, data["proxyEndpoint"], data["expiresAt"])

    def repositories(self) -> dict[str, dict[str, Any]]:
        """Every repository of the account, by name."""
        found: list[dict[str, Any]] = []
        arguments: dict[str, Any] = {}
        while True:
            page = self.call("describe_repositories", **arguments)
            found += page["repositories"]
            if not page.get("nextToken"):
                return {raw["repositoryName"]: raw for raw in found}
            arguments = {"nextToken": page["nextToken"]}

    def lifecycle_policy(self, repository: str) -> dict[str, Any] | None:
        """The policy as it is, or None where the repository has none."""
        try:
            text = self.call("get_lifecycle_policy", repositoryName=repository)["lifecyclePolicyText"]
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") == "LifecyclePolicyNotFoundException":
                return None
            raise NonConformance(
                f"ECR does not return the lifecycle policy of {repository}",
                observed=str(error),
                remedy="allow ecr:GetLifecyclePolicy to the user that runs the checks",
            ) from error
        found: dict[str, Any] = json.loads(text)
        return found

    def image(self, repository: str, tag: str) -> dict[str, Any]:
        """What `describe_images` says of one tag; NonConformance when it knows none."""
        try:
            details = self.call("describe_images", repositoryName=repository, imageIds=[{"imageTag": tag}])
        except ClientError as error:
            raise NonConformance(
                f"the ECR API knows no {repository}:{tag}",
                observed=str(error),
                remedy=f"look whether the push of {repository}:{tag} reached this registry",
            ) from error
        found: dict[str, Any] = details["imageDetails"][0]
        return found

    def delete(self, repository: str, *references: str) -> None:
        """Delete images by tag or digest; ones that are not there are fine."""
        ids = [{"imageDigest" if ":" in ref else "imageTag": ref} for ref in references]
        if ids:
            self.call("batch_delete_image", repositoryName=repository, imageIds=ids)


class Registry:
    """The distribution API of one registry, with one login."""

    def __init__(self, http: Http, address: Address) -> None:
        self.http = http
        self.address = address

    def as_login(self, username: str, password: str) -> Registry:
        return Registry(self.http.as_login((username, password)), self.address)

    def anonymous(self) -> Registry:
        return Registry(self.http.as_login(None), self.address)

    def ping(self) -> requests.Response:
        return self.http.get("/v2/")

    # -- pushing ----------------------------------------------------------------------------

    def start_upload(self, repository: str, *, mount: str = "", source: str = "") -> requests.Response:
        query = {"mount": mount, "from": source} if mount else {}
        return self.http.post(f"/v2/{repository}/blobs/uploads/", params=query)

    def push_blob(self, repository: str, blob: Blob) -> None:
        if self.http.head(f"/v2/{repository}/blobs/{blob.digest}").status_code == 200:
            return
        started = expect(
            self.start_upload(repository), 202, what=f"the registry does not begin an upload to {repository}"
        )
        url = self.upload_url(started)
        done = self.http.put(
            url + ("&" if "?" in url else "?") + f"digest={blob.digest}",
            data=blob.data,
            headers={"Content-Type": "application/octet-stream"},
        )
        expect(done, 201, what=f"the registry does not take a blob of {len(blob.data)} bytes in {repository}")

    def put_manifest(self, repository: str, reference: str, manifest: Blob) -> requests.Response:
        return self.http.put(
            f"/v2/{repository}/manifests/{reference}",
            data=manifest.data,
            headers={"Content-Type": manifest.media_type},
        )

    def push(self, repository: str, tag: str, image: Image) -> str:
        """Push blobs and manifest; returns the registry's digest, which must be that of the image."""
        for blob in (*image.layers, image.config):
            self.push_blob(repository, blob)
        answer = self.put_manifest(repository, tag, image.manifest)
        expect(answer, 201, what=f"the registry does not take the manifest {repository}:{tag}")
        return str(answer.headers.get("Docker-Content-Digest", ""))

    # -- pulling ----------------------------------------------------------------------------

    def manifest(self, repository: str, reference: str) -> Pulled:
        answer = self.http.get(f"/v2/{repository}/manifests/{reference}", headers={"Accept": ACCEPTED})
        expect(answer, 200, what=f"the registry does not serve {repository}:{reference}")
        return Pulled(
            answer.headers.get("Docker-Content-Digest", ""),
            answer.headers.get("Content-Type", ""),
            answer.content,
        )

    def blob(self, repository: str, digest: str) -> bytes:
        answer = self.http.get(f"/v2/{repository}/blobs/{digest}", allow_redirects=True)
        return expect(
            answer, 200, what=f"the registry does not serve blob {digest[:19]} of {repository}"
        ).content

    def labels(self, repository: str, reference: str) -> dict[str, str]:
        """Labels of the image's configuration."""
        pulled = self.manifest(repository, reference).parsed
        config = json.loads(self.blob(repository, pulled["config"]["digest"]))
        return dict((config.get("config") or {}).get("Labels") or {})

    def upload_url(self, started: requests.Response) -> str:
        """Where a begun upload goes on: its Location as a URL of this registry's own name."""
        url = urlsplit(urljoin(self.http.base + "/", started.headers.get("Location", "")))
        return f"{self.http.base}{url.path}" + (f"?{url.query}" if url.query else "")
