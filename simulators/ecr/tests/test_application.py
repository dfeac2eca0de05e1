"""The application without its neighbours: an unmodified boto3 client before it, a fake registry behind."""

from __future__ import annotations

import base64
import json
import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.exceptions import ClientError

from environments.ecr.provision import RepositoryDeclaration, provision
from simulators.ecr.app import App, build
from simulators.ecr.records import tag_is_immutable
from simulators.ecr.settings import Settings
from simulators.ecr.storage import VERSION
from simulators.ecr.wire import Answer, Request

from .conftest import FakeRegistry, digest_of, image_manifest
from .loopback import ACCOUNT, HOST, KEY_ID, REGION, SECRET

if TYPE_CHECKING:
    from mypy_boto3_ecr import ECRClient

REPOSITORY = "team/app"


@dataclass
class Bench:
    """The application, its fake registry, and a client of its API."""

    app: App
    registry: FakeRegistry
    client: ECRClient

    def token(self) -> dict[str, str]:
        data = self.client.get_authorization_token()["authorizationData"][0]
        return {"authorization": f"Basic {data['authorizationToken']}"}

    def call(self, method: str, target: str, body: bytes = b"", **headers: str) -> Answer:
        return self.app(Request(method, target, {**self.token(), **headers}, body))

    def push(self, tag: str, manifest: bytes, repository: str = REPOSITORY) -> Answer:
        return self.call("PUT", f"/v2/{repository}/manifests/{tag}", manifest)

    def tags(self) -> dict[str, list[str]]:
        details = self.client.describe_images(repositoryName=REPOSITORY)["imageDetails"]
        return {each["imageDigest"]: sorted(each.get("imageTags", [])) for each in details}


class Raw:
    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self) -> list[bytes]:
        return [self._body]


def bench_of(settings: Settings, secret: str = SECRET) -> Bench:
    registry = FakeRegistry()
    app = build(settings, registry)
    session = boto3.Session(aws_access_key_id=KEY_ID, aws_secret_access_key=secret, region_name=REGION)
    client = session.client("ecr", endpoint_url=f"https://{HOST}")

    def answer(request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        headers = {
            name.lower(): v.decode() if isinstance(v, bytes) else v for name, v in request.headers.items()
        }
        body = request.body if isinstance(request.body, bytes) else str(request.body or "").encode()
        got = app(Request(str(request.method), "/", {"host": HOST, **headers}, body))
        return AWSResponse(request.url, got.status, dict(got.headers), Raw(got.body))  # type: ignore[arg-type]

    client.meta.events.register("before-send.ecr.*", answer)  # type: ignore[arg-type]
    return Bench(app, registry, client)


@pytest.fixture
def bench(settings: Settings) -> Bench:
    made = bench_of(settings)
    provision(
        made.client,
        [
            RepositoryDeclaration(REPOSITORY),
            RepositoryDeclaration("team/loose", "MUTABLE", scan_on_push=False),
        ],
    )
    return made


def code(answer: Answer) -> tuple[int, str]:
    return answer.status, json.loads(answer.body)["errors"][0]["code"]


def refused(call: Any, **arguments: Any) -> str:
    with pytest.raises(ClientError) as refusal:
        call(**arguments)
    said: str = refusal.value.response["Error"]["Code"]
    return said


def test_a_token_is_real(bench: Bench) -> None:
    data = bench.client.get_authorization_token()["authorizationData"][0]
    assert data["proxyEndpoint"] == f"https://{HOST}"
    assert abs(data["expiresAt"].timestamp() - time.time() - 12 * 3600) < 10
    user, _, password = base64.b64decode(data["authorizationToken"]).decode().partition(":")
    assert user == "AWS"
    assert len(password) > 60
    assert bench.call("GET", "/v2/_catalog").status == 200


def test_the_api_wants_a_right_signature(settings: Settings) -> None:
    thief = bench_of(settings, secret="guessed")
    assert refused(thief.client.describe_repositories) == "InvalidSignatureException"
    unsigned = Request(
        "POST", "/", {"x-amz-target": "AmazonEC2ContainerRegistry_V20150921.DescribeRepositories"}
    )
    assert json.loads(thief.app(unsigned).body)["__type"] == "MissingAuthenticationTokenException"


def test_what_is_not_simulated_says_so_in_the_apis_form(bench: Bench) -> None:
    unsupported = "UnsupportedOperationException"
    assert (
        refused(bench.client.describe_image_scan_findings, repositoryName=REPOSITORY, imageId={})
        == unsupported
    )
    assert refused(bench.client.get_lifecycle_policy_preview, repositoryName=REPOSITORY) == unsupported
    assert (
        refused(bench.client.get_download_url_for_layer, repositoryName=REPOSITORY, layerDigest="sha256:0")
        == unsupported
    )


def test_repositories_carry_the_registrys_own_name(bench: Bench) -> None:
    found = bench.client.describe_repositories()["repositories"]
    assert [each["repositoryUri"] for each in found] == [f"{HOST}/{REPOSITORY}", f"{HOST}/team/loose"]
    assert found[0]["repositoryArn"] == f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/{REPOSITORY}"


def test_provisioning_twice_writes_once(bench: Bench) -> None:
    declared = [RepositoryDeclaration(REPOSITORY), RepositoryDeclaration("team/loose", "MUTABLE", False)]
    writes: list[str] = []
    bench.client.meta.events.register("before-call.ecr", lambda model, **_: writes.append(model.name))
    assert [str(each) for each in provision(bench.client, declared)] == [
        f"{REPOSITORY}: unchanged",
        "team/loose: unchanged",
    ]
    assert set(writes) == {"DescribeRepositories", "GetLifecyclePolicy"}


def test_lifecycle_policy_is_set_and_taken_away(bench: Bench) -> None:
    policy = json.dumps(
        {
            "rules": [
                {
                    "rulePriority": 1,
                    "selection": {
                        "tagStatus": "untagged",
                        "countType": "imageCountMoreThan",
                        "countNumber": 5,
                    },
                    "action": {"type": "expire"},
                }
            ]
        }
    )
    (first,) = provision(bench.client, [RepositoryDeclaration(REPOSITORY, lifecycle_policy=policy)])
    assert str(first) == f"{REPOSITORY}: corrected (lifecycle_policy: none -> 1 rules)"
    answer = bench.client.get_lifecycle_policy(repositoryName=REPOSITORY)["lifecyclePolicyText"]
    assert json.loads(answer) == json.loads(policy)
    (second,) = provision(bench.client, [RepositoryDeclaration(REPOSITORY)])
    assert second.detail == "lifecycle_policy: 1 rules -> none"


def test_encryption_is_told_and_never_corrected(bench: Bench) -> None:
    (change,) = provision(bench.client, [RepositoryDeclaration(REPOSITORY, encryption_type="KMS")])
    assert (change.action, change.detail) == ("drifted", "encryption_type: AES256 -> KMS")


def test_drift_is_told_or_corrected(bench: Bench) -> None:
    bench.client.put_image_tag_mutability(repositoryName=REPOSITORY, imageTagMutability="MUTABLE")
    declared = [RepositoryDeclaration(REPOSITORY, scan_on_push=False)]
    detail = "image_tag_mutability: MUTABLE -> IMMUTABLE; scan_on_push: true -> false"
    (answer,) = provision(bench.client, declared, correct=False)
    assert (answer.action, answer.detail) == ("drifted", detail)
    (corrected,) = provision(bench.client, declared)
    assert (corrected.action, corrected.detail) == ("corrected", detail)
    assert provision(bench.client, declared)[0].action == "unchanged"


def test_a_push_is_known_to_the_api_when_it_is_answered(bench: Bench) -> None:
    manifest = image_manifest(b"layer", config=b"{...}")
    assert bench.push("1.0", manifest).status == 201
    (detail,) = bench.client.describe_images(repositoryName=REPOSITORY)["imageDetails"]
    assert detail["imageDigest"] == digest_of(manifest)
    assert detail["imageSizeInBytes"] == len(b"layer") + len(b"{...}")
    (image,) = bench.client.batch_get_image(repositoryName=REPOSITORY, imageIds=[{"imageTag": "1.0"}])[
        "images"
    ]
    assert image["imageManifest"].encode() == manifest
    assert image["imageId"] == {"imageTag": "1.0", "imageDigest": digest_of(manifest)}


def test_an_immutable_tag_takes_the_same_digest_and_no_other(bench: Bench) -> None:
    first, second = image_manifest(b"one"), image_manifest(b"two")
    assert bench.push("1.0", first).status == 201
    assert bench.push("1.0", first).status == 201
    answer = bench.push("1.0", second)
    assert code(answer) == (400, "TAG_INVALID")
    assert b"cannot be overwritten because the tag is immutable" in answer.body
    assert ("PUT", f"/v2/{REPOSITORY}/manifests/1.0") == bench.registry.sent[-1]
    assert len(bench.registry.sent) == 2, "the refused push must not reach the registry"
    assert bench.tags() == {digest_of(first): ["1.0"]}


def test_a_mutable_tag_moves_and_leaves_the_other_image_untagged(bench: Bench) -> None:
    bench.client.put_image_tag_mutability(repositoryName=REPOSITORY, imageTagMutability="MUTABLE")
    first, second = image_manifest(b"one"), image_manifest(b"two")
    bench.push("latest", first)
    bench.push("latest", second)
    assert bench.tags() == {digest_of(first): [], digest_of(second): ["latest"]}
    assert bench.client.list_images(repositoryName=REPOSITORY, filter={"tagStatus": "UNTAGGED"})[
        "imageIds"
    ] == [{"imageDigest": digest_of(first)}]


def test_a_refusing_registry_leaves_no_record(bench: Bench) -> None:
    bench.registry.status = 400
    assert bench.push("1.0", image_manifest(b"one")).status == 400
    assert bench.tags() == {}


def test_put_image_retags_through_the_registry(bench: Bench) -> None:
    manifest = image_manifest(b"one")
    bench.push("1.0", manifest)
    put = bench.client.put_image
    put(repositoryName=REPOSITORY, imageManifest=manifest.decode(), imageTag="stable")
    assert bench.registry.sent[-1] == ("PUT", f"/v2/{REPOSITORY}/manifests/stable")
    assert bench.tags() == {digest_of(manifest): ["1.0", "stable"]}
    again = {"repositoryName": REPOSITORY, "imageManifest": manifest.decode(), "imageTag": "stable"}
    assert refused(put, **again) == "ImageAlreadyExistsException"
    other = image_manifest(b"two").decode()
    assert refused(put, **{**again, "imageManifest": other}) == "ImageTagAlreadyExistsException"
    bench.registry.status = 400
    assert refused(put, **{**again, "imageManifest": other, "imageTag": "new"}) == "LayersNotFoundException"
    assert refused(put, **{**again, "repositoryName": "none"}) == "RepositoryNotFoundException"


def test_batch_delete_by_tag_and_digest(bench: Bench) -> None:
    manifest = image_manifest(b"one")
    bench.push("1.0", manifest)
    bench.push("stable", manifest)
    delete = bench.client.batch_delete_image
    done = delete(repositoryName=REPOSITORY, imageIds=[{"imageTag": "stable"}])
    assert done["imageIds"] == [{"imageDigest": digest_of(manifest), "imageTag": "stable"}]
    assert bench.registry.sent[-1] == ("DELETE", f"/v2/{REPOSITORY}/manifests/stable")
    assert bench.tags() == {digest_of(manifest): ["1.0"]}
    delete(repositoryName=REPOSITORY, imageIds=[{"imageTag": "1.0"}])
    assert bench.registry.sent[-1] == ("DELETE", f"/v2/{REPOSITORY}/manifests/{digest_of(manifest)}")
    assert bench.tags() == {}
    failures = delete(repositoryName=REPOSITORY, imageIds=[{"imageTag": "1.0"}, {}])["failures"]
    assert [each["failureCode"] for each in failures] == ["ImageNotFound", "MissingDigestAndTag"]


def test_an_image_of_a_list_is_kept(bench: Bench) -> None:
    manifest = image_manifest(b"one")
    listed = [{"digest": digest_of(manifest), "size": len(manifest)}]
    index = json.dumps({"schemaVersion": 2, "manifests": listed}).encode()
    bench.push("amd64", manifest)
    bench.push("1.0", index)
    sizes = {
        each["imageDigest"]: each["imageSizeInBytes"]
        for each in bench.client.describe_images(repositoryName=REPOSITORY)["imageDetails"]
    }
    assert sizes == {digest_of(manifest): 5, digest_of(index): 5}
    wanted = [{"imageDigest": digest_of(manifest)}]
    (failure,) = bench.client.batch_delete_image(repositoryName=REPOSITORY, imageIds=wanted)["failures"]  # type: ignore[arg-type]
    assert failure["failureCode"] == "ImageReferencedByManifestList"


def test_delete_on_the_registrys_path_reaches_the_records(bench: Bench) -> None:
    manifest = image_manifest(b"one")
    bench.push("1.0", manifest)
    assert bench.call("DELETE", f"/v2/{REPOSITORY}/manifests/1.0").status == 202
    assert bench.tags() == {digest_of(manifest): []}
    assert bench.call("DELETE", f"/v2/{REPOSITORY}/manifests/{digest_of(manifest)}").status == 202
    assert bench.tags() == {}


def test_a_deleted_repository_is_gone_from_both(bench: Bench, settings: Settings) -> None:
    bench.push("1.0", image_manifest(b"one"))
    folder = settings.registry_root / VERSION / "repositories" / REPOSITORY
    (folder / "_layers").mkdir(parents=True)
    longer = folder / "web" / "_layers"
    longer.mkdir(parents=True)
    assert refused(bench.client.delete_repository, repositoryName=REPOSITORY) == "RepositoryNotEmptyException"
    bench.client.delete_repository(repositoryName=REPOSITORY, force=True)
    assert not (folder / "_layers").exists()
    assert longer.exists(), "a repository with a longer name is not touched"
    assert code(bench.push("1.0", image_manifest(b"one"))) == (404, "NAME_UNKNOWN")


def test_lists_come_in_pages(bench: Bench) -> None:
    for number in range(5):
        bench.push(f"1.{number}", image_manifest(b"%d" % number))
    url = f"/v2/{REPOSITORY}/tags/list"
    assert json.loads(bench.call("GET", url).body) == {
        "name": REPOSITORY,
        "tags": ["1.0", "1.1", "1.2", "1.3", "1.4"],
    }
    page = bench.call("GET", f"{url}?n=2&last=1.1")
    assert json.loads(page.body)["tags"] == ["1.2", "1.3"]
    assert dict(page.headers)["Link"] == f'<{url}?n=2&last=1.3>; rel="next"'
    last = bench.call("GET", f"{url}?n=2&last=1.3")
    assert json.loads(last.body)["tags"] == ["1.4"]
    assert "Link" not in dict(last.headers)
    assert code(bench.call("GET", f"{url}?n=x"))[0] == 400
    assert json.loads(bench.call("GET", "/v2/_catalog").body) == {"repositories": [REPOSITORY, "team/loose"]}


def test_authorize_answers_for_the_request_behind_it(bench: Bench) -> None:
    def asked(uri: str, **headers: str) -> int:
        about = {"x-original-uri": uri, "x-original-method": "GET"}
        return bench.app(Request("GET", "/authorize", {**about, **headers})).status

    assert asked(f"/v2/{REPOSITORY}/tags/list", **bench.token()) == 204
    assert asked(f"/v2/{REPOSITORY}/tags/list") == 403
    assert asked("/v2/none/tags/list", **bench.token()) == 403


def test_health_is_that_of_the_registry(bench: Bench) -> None:
    assert bench.app(Request("GET", "/healthz")).status == 200
    bench.registry.status = 500
    assert bench.app(Request("GET", "/healthz")).status == 503


def write_image(settings: Settings, repository: str, manifest: bytes, tags: list[str], at: float) -> None:
    """The files that Distribution leaves in its storage after a push."""
    root = settings.registry_root / VERSION
    value = digest_of(manifest).removeprefix("sha256:")
    manifests = root / "repositories" / repository / "_manifests"
    files = {
        root / "blobs/sha256" / value[:2] / value / "data": manifest,
        manifests / "revisions/sha256" / value / "link": digest_of(manifest).encode(),
    }
    files |= {manifests / "tags" / tag / "current/link": digest_of(manifest).encode() for tag in tags}
    for file, content in files.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        os.utime(file, (at, at))


def test_the_state_is_rebuilt_from_the_storage(bench: Bench, settings: Settings) -> None:
    bench.client.put_lifecycle_policy(repositoryName=REPOSITORY, lifecyclePolicyText=POLICY)
    arn = bench.client.describe_repositories()["repositories"][0]["repositoryArn"]
    bench.client.tag_resource(resourceArn=arn, tags=[{"Key": "team", "Value": "build"}])
    image, other = image_manifest(b"layer"), image_manifest(b"another")
    index = json.dumps({"schemaVersion": 2, "manifests": [{"digest": digest_of(image)}]}).encode()
    write_image(settings, REPOSITORY, image, ["1.0", "stable"], 1_700_000_000)
    write_image(settings, REPOSITORY, index, ["multi"], 1_600_000_000)
    write_image(settings, REPOSITORY, other, [], 1_700_000_500)
    write_image(settings, "never/provisioned", image, ["1.0"], 1_700_000_000)
    before = bench.client.describe_repositories()["repositories"]
    token = bench.token()

    after = bench_of(settings)

    assert after.client.describe_repositories()["repositories"] == before
    assert after.tags() == {
        digest_of(image): ["1.0", "stable"],
        digest_of(index): ["multi"],
        digest_of(other): [],
    }
    found = {
        d["imageDigest"]: d for d in after.client.describe_images(repositoryName=REPOSITORY)["imageDetails"]
    }
    assert found[digest_of(image)]["imagePushedAt"].timestamp() == 1_700_000_000
    assert found[digest_of(index)]["imageSizeInBytes"] == len(b"layer") + len(b"{}")
    assert after.client.get_lifecycle_policy(repositoryName=REPOSITORY)["lifecyclePolicyText"] == POLICY
    assert after.client.list_tags_for_resource(resourceArn=arn)["tags"] == [{"Key": "team", "Value": "build"}]
    assert code(after.push("1.0", other)) == (400, "TAG_INVALID"), "immutability holds over a restart"
    url = f"/v2/{REPOSITORY}/tags/list"
    assert after.app(Request("GET", url, token)).status == 200, "a token holds over a restart"
    assert code(after.app(Request("GET", "/v2/never/provisioned/tags/list", token))) == (404, "NAME_UNKNOWN")


def test_a_link_without_its_blob_is_left_out(bench: Bench, settings: Settings) -> None:
    image = image_manifest(b"layer")
    write_image(settings, REPOSITORY, image, ["1.0"], 1_700_000_000)
    for data in (settings.registry_root / VERSION / "blobs").rglob("data"):
        data.unlink()
    assert bench_of(settings).tags() == {}


@pytest.mark.parametrize(
    ("mutability", "filters", "tag", "immutable"),
    [
        ("IMMUTABLE", [], "1.0", True),
        ("MUTABLE", [], "1.0", False),
        ("IMMUTABLE_WITH_EXCLUSION", ["latest", "dev-*"], "dev-7", False),
        ("IMMUTABLE_WITH_EXCLUSION", ["latest", "dev-*"], "1.0", True),
        ("MUTABLE_WITH_EXCLUSION", ["v*"], "v1", True),
        ("MUTABLE_WITH_EXCLUSION", ["v*"], "latest", False),
    ],
)
def test_immutability(mutability: str, filters: list[str], tag: str, immutable: bool) -> None:
    assert tag_is_immutable(mutability, filters, tag) is immutable


POLICY = json.dumps(
    {
        "rules": [
            {
                "rulePriority": 1,
                "selection": {"tagStatus": "untagged", "countType": "imageCountMoreThan", "countNumber": 5},
                "action": {"type": "expire"},
            }
        ]
    }
)
