"""The ECR simulator as its clients see it: nginx, the application and Distribution together."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
import requests
from botocore.exceptions import SSLError

from conformance.core.waiting import eventually
from environments.ecr.client import ecr_client
from environments.ecr.dial import session
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
    made.headers.update({"Authorization": f"Basic {data['authorizationToken']}", "Accept": MEDIA_TYPE})
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
        got = http.get(f"{URL}/team/fixed/manifests/{reference}")
        assert (got.status_code, got.content) == (200, manifest)
        head = http.head(f"{URL}/team/fixed/manifests/{reference}")
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


def error(answer: requests.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["errors"][0]["code"]


def test_without_a_right_token_there_is_a_challenge(loopback: Loopback, ecr: ECRClient) -> None:
    with loopback.session() as http:
        for path, headers in (
            ("/", {}),
            ("/team/fixed/tags/list", {"Authorization": "Basic QVdTOng="}),
            (f"/team/fixed/blobs/{digest_of(b'x')}", {"Authorization": "Bearer abc"}),
        ):
            answer = http.get(f"{URL}{path}", headers=headers)
            assert error(answer) == (401, "UNAUTHORIZED"), path
            assert answer.headers["WWW-Authenticate"] == (
                f'Basic realm="https://{HOST}/",service="ecr.amazonaws.com"'
            )
        big = http.put(f"{URL}/team/fixed/blobs/uploads/x?digest=y", data=os.urandom(20_000_000))
        assert error(big) == (401, "UNAUTHORIZED")
        assert http.head(f"{URL}/team/fixed/manifests/1.0").status_code == 401


def test_what_was_not_provisioned_is_unknown(http: requests.Session) -> None:
    for method, path in (
        ("POST", "team/none/blobs/uploads/"),
        ("PUT", "team/none/manifests/1.0"),
        ("GET", f"team/none/blobs/{digest_of(b'x')}"),
        ("GET", "team/none/tags/list"),
        ("GET", "team%2Ffixed/tags/list"),
        ("GET", "team/none/../fixed/%6danifests/1.0"),
    ):
        prepared = http.prepare_request(requests.Request(method, f"{URL}/{path}", data=b"x" * 10))
        prepared.url = f"{URL}/{path}"
        answer = http.send(prepared)
        assert error(answer) == (404, "NAME_UNKNOWN"), path
        assert "does not exist in the registry with id" in answer.json()["errors"][0]["message"]
    assert http.head(f"{URL}/team/none/manifests/1.0").status_code == 404


def test_inner_paths_are_not_to_be_had_from_outside(http: requests.Session) -> None:
    assert http.get(f"https://{HOST}/authorize", headers={"X-Original-URI": "/v2/"}).status_code == 404


def test_immutable_and_mutable_tags(http: requests.Session, ecr: ECRClient) -> None:
    assert push(http, "team/fixed", "2.0", b"one").status_code == 201
    assert push(http, "team/fixed", "2.0", b"one").status_code == 201
    refused = push(http, "team/fixed", "2.0", b"two")
    assert error(refused) == (400, "TAG_INVALID")
    assert http.get(f"{URL}/team/fixed/manifests/2.0").content == image_manifest(b"one")
    assert push(http, "team/loose", "2.0", b"one").status_code == 201
    assert push(http, "team/loose", "2.0", b"two").status_code == 201
    assert http.get(f"{URL}/team/loose/manifests/2.0").content == image_manifest(b"two")


def test_uploads_in_chunks_of_both_kinds(http: requests.Session) -> None:
    body = os.urandom(300_000)
    started = http.post(f"{URL}/team/fixed/blobs/uploads/")
    location, sent = requests.compat.urljoin(started.url, started.headers["Location"]), 0
    for part in (body[:100_000], body[100_000:]):
        ranged = {
            "Content-Range": f"{sent}-{sent + len(part) - 1}",
            "Content-Type": "application/octet-stream",
        }
        answer = http.patch(location, data=part, headers=ranged)
        assert answer.status_code == 202, answer.text
        sent += len(part)
        assert answer.headers["Range"] == f"0-{sent - 1}"
        location = requests.compat.urljoin(started.url, answer.headers["Location"])
    assert http.put(f"{location}&digest={digest_of(body)}").status_code == 201

    streamed = os.urandom(300_000)
    started = http.post(f"{URL}/team/fixed/blobs/uploads/")
    location = requests.compat.urljoin(started.url, started.headers["Location"])
    parts = iter([streamed[:1000], streamed[1000:]])
    answer = http.put(f"{location}&digest={digest_of(streamed)}", data=parts)
    assert answer.request.headers["Transfer-Encoding"] == "chunked"
    assert answer.status_code == 201
    for blob in (body, streamed):
        assert http.get(f"{URL}/team/fixed/blobs/{digest_of(blob)}").content == blob
    wrong = http.post(f"{URL}/team/fixed/blobs/uploads/")
    location = requests.compat.urljoin(wrong.url, wrong.headers["Location"])
    assert error(http.put(f"{location}&digest={digest_of(b'other')}", data=b"this")) == (
        400,
        "DIGEST_INVALID",
    )


def test_a_blob_is_mounted_from_another_repository(http: requests.Session) -> None:
    blob = os.urandom(1000)
    push_blob(http, "team/fixed", blob)
    assert http.head(f"{URL}/team/loose/blobs/{digest_of(blob)}").status_code == 404
    mounted = http.post(f"{URL}/team/loose/blobs/uploads/?mount={digest_of(blob)}&from=team/fixed")
    assert mounted.status_code == 201
    assert http.get(f"{URL}/team/loose/blobs/{digest_of(blob)}").content == blob


def test_a_manifest_of_four_mebibytes(http: requests.Session) -> None:
    layers = [b"%d" % number for number in range(4)]
    for blob in (*layers, b"{}"):
        push_blob(http, "team/loose", blob)
    padded = image_manifest(*layers)[:-1] + b" " * (4 * 1024 * 1024 - len(image_manifest(*layers))) + b"}"
    url = f"{URL}/team/loose/manifests/large"
    assert http.put(url, data=padded, headers={"Content-Type": MEDIA_TYPE}).status_code == 201
    assert http.get(url).content == padded


def test_layers_are_known_by_the_api(http: requests.Session, ecr: ECRClient) -> None:
    push_blob(http, "team/fixed", b"known layer")
    digests = [digest_of(b"known layer"), digest_of(b"never pushed"), "sha256:x"]
    answer = ecr.batch_check_layer_availability(repositoryName="team/fixed", layerDigests=digests)
    assert [(each["layerAvailability"], each["layerSize"]) for each in answer["layers"]] == [
        ("AVAILABLE", 11)
    ]
    assert [each["failureCode"] for each in answer["failures"]] == [
        "MissingLayerDigest",
        "InvalidLayerDigest",
    ]


def test_deletion_by_the_api_reaches_the_registry(http: requests.Session, ecr: ECRClient) -> None:
    push(http, "team/loose", "gone", b"to be deleted")
    push(http, "team/loose", "also-gone", b"to be deleted")
    digest = digest_of(image_manifest(b"to be deleted"))
    ecr.batch_delete_image(repositoryName="team/loose", imageIds=[{"imageTag": "gone"}])
    assert error(http.get(f"{URL}/team/loose/manifests/gone")) == (404, "MANIFEST_UNKNOWN")
    assert http.get(f"{URL}/team/loose/manifests/also-gone").status_code == 200
    ecr.batch_delete_image(repositoryName="team/loose", imageIds=[{"imageDigest": digest}])
    for reference in ("also-gone", digest):
        assert error(http.get(f"{URL}/team/loose/manifests/{reference}")) == (404, "MANIFEST_UNKNOWN")


def test_a_repository_made_again_is_empty(http: requests.Session, ecr: ECRClient) -> None:
    ecr.create_repository(repositoryName="team/brief")
    ecr.create_repository(repositoryName="team/brief/longer")
    push(http, "team/brief", "1.0", b"brief")
    push(http, "team/brief/longer", "1.0", b"longer")
    ecr.delete_repository(repositoryName="team/brief", force=True)
    assert error(http.get(f"{URL}/team/brief/manifests/1.0")) == (404, "NAME_UNKNOWN")
    ecr.create_repository(repositoryName="team/brief")
    assert http.get(f"{URL}/team/brief/tags/list").json() == {"name": "team/brief", "tags": []}
    assert http.get(f"{URL}/team/brief/manifests/1.0").status_code == 404
    assert http.head(f"{URL}/team/brief/blobs/{digest_of(b'brief')}").status_code == 404
    assert http.get(f"{URL}/team/brief/longer/manifests/1.0").status_code == 200


def test_the_certificate_is_checked_and_a_stranger_is_not_trusted(loopback: Loopback) -> None:
    with session(loopback.registry.data) as stranger, pytest.raises(requests.exceptions.SSLError):
        stranger.get(f"{URL}/")
    with pytest.raises(SSLError):
        ecr_client(loopback.registry).describe_repositories()


def test_curl_signs_as_the_agents_do(loopback: Loopback, ecr: ECRClient) -> None:
    """Agents log in with `curl --aws-sigv4`: no SDK in their image."""
    login = loopback.registry.api.login
    assert login is not None
    port = loopback.settings.front_port
    done = subprocess.run(
        [
            "curl",
            "--silent",
            "--show-error",
            "--fail",
            "--noproxy",
            "*",
            "--cacert",
            str(loopback.ca),
            "--connect-to",
            f"{HOST}:443:127.0.0.1:{port}",
            "--aws-sigv4",
            f"aws:amz:{loopback.registry.region}:ecr",
            "--user",
            f"{login.username}:{login.password}",
            "--header",
            "Content-Type: application/x-amz-json-1.1",
            "--header",
            "X-Amz-Target: AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken",
            "--data",
            "{}",
            f"https://{HOST}/",
        ],
        capture_output=True,
        check=True,
        text=True,
        timeout=30,
    )
    assert '"authorizationToken"' in done.stdout


def test_state_and_tokens_outlive_a_restart_and_tokens_expire(
    loopback: Loopback, http: requests.Session, ecr: ECRClient
) -> None:
    push(http, "team/fixed", "kept", b"kept")
    before = ecr.describe_images(repositoryName="team/fixed", imageIds=[{"imageTag": "kept"}])["imageDetails"]
    repositories = ecr.describe_repositories()["repositories"]
    loopback.stop()
    loopback.start(ECR_TOKEN_SECONDS="2")
    with login(loopback, ecr) as again:
        assert again.get(f"{URL}/").status_code == 200
        started = time.monotonic()
        after = ecr.describe_images(repositoryName="team/fixed", imageIds=[{"imageTag": "kept"}])[
            "imageDetails"
        ]
        assert after == before
        assert ecr.describe_repositories()["repositories"] == repositories
        old = loopback.session()
        old.headers.update(http.headers)
        assert old.get(f"{URL}/team/fixed/manifests/kept").status_code == 200
        assert error(push(old, "team/fixed", "kept", b"other")) == (400, "TAG_INVALID")
        old.close()
        refused = eventually(
            lambda: again.get(f"{URL}/"),
            until=lambda answer: answer.status_code == 401,
            what="the two-second token expires",
            timeout=10,
            interval=0.1,
        )
        assert time.monotonic() - started < 5
        assert "expired" in refused.json()["errors"][0]["message"]


def test_a_silent_registry_is_a_503_and_not_a_denial(loopback: Loopback, http: requests.Session) -> None:
    """Last of the module: it takes the application away."""
    application = loopback.processes.pop(1)
    application.terminate()
    application.wait(timeout=10)
    assert error(http.get(f"{URL}/")) == (503, "UNAVAILABLE")
