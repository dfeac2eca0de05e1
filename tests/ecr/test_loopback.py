"""The local ECR as its clients see it: nginx, the application and Distribution together."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
import requests

from environments.ecr.client import ecr_client
from environments.ecr.provision import RepositoryDeclaration, provision

from .conftest import digest_of, image_manifest
from .loopback import HOST, Loopback

if TYPE_CHECKING:
    from mypy_boto3_ecr import ECRClient

pytestmark = pytest.mark.slow
URL = f"https://{HOST}/v2"
MEDIA_TYPE = "application/vnd.oci.image.manifest.v1+json"


@pytest.fixture(scope="module")
def ecr(loopback: Loopback) -> ECRClient:
    client = ecr_client(loopback.registry, str(loopback.ca))
    provision(
        client,
        [
            RepositoryDeclaration("team/fixed"),
            RepositoryDeclaration("team/loose", image_tag_mutability="MUTABLE", scan_on_push=False),
            RepositoryDeclaration("team", image_tag_mutability="MUTABLE"),
        ],
    )
    return client


def login(loopback: Loopback, client: ECRClient) -> requests.Session:
    data = client.get_authorization_token()["authorizationData"][0]
    made = loopback.session()
    made.headers["Authorization"] = f"Basic {data['authorizationToken']}"
    return made


@pytest.fixture(scope="module")
def http(loopback: Loopback, ecr: ECRClient) -> Iterator[requests.Session]:
    with login(loopback, ecr) as made:
        yield made


def push_blob(http: requests.Session, repository: str, body: bytes) -> None:
    started = http.post(f"{URL}/{repository}/blobs/uploads/")
    assert started.status_code == 202, started.text
    location = requests.compat.urljoin(started.url, started.headers["Location"])
    mark = "&" if "?" in location else "?"
    ended = http.put(f"{location}{mark}digest={digest_of(body)}", data=body)
    assert ended.status_code == 201, ended.text


def push(http: requests.Session, repository: str, tag: str, *layers: bytes) -> requests.Response:
    for blob in (*layers, b"{}"):
        push_blob(http, repository, blob)
    return http.put(
        f"{URL}/{repository}/manifests/{tag}",
        data=image_manifest(*layers),
        headers={"Content-Type": MEDIA_TYPE},
    )


def test_push_and_pull(http: requests.Session, ecr: ECRClient) -> None:
    layer = os.urandom(100_000)
    pushed = push(http, "team/fixed", "1.0", layer)
    assert pushed.status_code == 201
    manifest = image_manifest(layer)
    digest = digest_of(manifest)
    assert pushed.headers["Docker-Content-Digest"] == digest
    for reference in ("1.0", digest):
        got = http.get(f"{URL}/team/fixed/manifests/{reference}", headers={"Accept": MEDIA_TYPE})
        assert (got.status_code, got.content) == (200, manifest)
        head = http.head(f"{URL}/team/fixed/manifests/{reference}", headers={"Accept": MEDIA_TYPE})
        assert head.headers["Docker-Content-Digest"] == digest
        assert int(head.headers["Content-Length"]) == len(manifest)
    assert http.get(f"{URL}/team/fixed/blobs/{digest_of(layer)}").content == layer
    (detail,) = ecr.describe_images(repositoryName="team/fixed", imageIds=[{"imageTag": "1.0"}])[
        "imageDetails"
    ]
    assert detail["imageDigest"] == digest
    assert detail["imageSizeInBytes"] == len(layer) + len(b"{}")
    assert detail["imageManifestMediaType"] == MEDIA_TYPE
    assert abs(detail["imagePushedAt"].timestamp() - time.time()) < 60
