"""Nexus and the registry: their clients against small servers."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from conformance.clients import artifacts
from conformance.clients.http import Http
from conformance.clients.nexus import Coordinates, Nexus
from conformance.clients.products import console_digests
from conformance.clients.registry import EcrApi, Registry
from conformance.core.errors import EnvironmentFailure
from conformance.core.nonconformance import NonConformance
from conformance.runner.cleanup import Cleaner
from environments.base import RegistryEndpoint as Address
from environments.base import Service
from tests.clients.server import Answer, Asked, Server, json_answer

ITEM = Coordinates("org.example", "thing", "1.0")


def test_coordinates_are_paths() -> None:
    assert ITEM.path == "org/example/thing/1.0/thing-1.0.jar"
    assert Coordinates("g", "a", "1", "zip", "dist").path == "g/a/1/a-1-dist.zip"
    assert str(Coordinates("g", "a", "1", "zip", "dist")) == "g:a:zip:dist:1"


def test_nexus_version_and_repositories(server: Server, nexus: Nexus) -> None:
    server.on("GET", "/service/rest/v1/status", Answer(200, headers={"Server": "Nexus/3.71.0-06 (OSS)"}))
    assert nexus.version() == "3.71.0-06"
    server.on(
        "GET",
        "/service/rest/v1/repositorySettings",
        json_answer(
            [
                {
                    "name": "r",
                    "format": "maven2",
                    "type": "hosted",
                    "maven": {"versionPolicy": "RELEASE"},
                    "storage": {"writePolicy": "ALLOW_ONCE"},
                },
                {
                    "name": "p",
                    "format": "maven2",
                    "type": "proxy",
                    "proxy": {"remoteUrl": "https://x/"},
                    "storage": {"writePolicy": "ALLOW"},
                },
                {"name": "g", "format": "maven2", "type": "group", "group": {"memberNames": ["r", "p"]}},
            ]
        ),
    )
    hosted, proxy, group = nexus.repositories()
    assert (hosted.version_policy, hosted.write_policy) == ("RELEASE", "ALLOW_ONCE")
    assert (proxy.remote, proxy.write_policy) == ("https://x/", "")
    assert group.members == ("r", "p")


def test_deploy_sends_checksums_and_can_be_taken_back(server: Server, nexus: Nexus) -> None:
    base = f"/repository/r/{ITEM.path}"
    for path in (base, f"{base}.sha1", base.replace(".jar", ".pom"), base.replace(".jar", ".pom.sha1")):
        server.on("PUT", path, Answer(201))
        server.on("DELETE", path, Answer(204))
    nexus.deploy("r", ITEM, b"jar", b"pom")
    sums = [asked.body for asked in server.asked if asked.path == f"{base}.sha1"]
    assert sums == [artifacts.sha1(b"jar").encode()]
    nexus.remove_group("org.example")
    assert sum(1 for asked in server.asked if asked.method == "DELETE") == 4
    nexus.remove_group("org.example")
    assert sum(1 for asked in server.asked if asked.method == "DELETE") == 4


def test_refused_deploy_names_the_file(server: Server, nexus: Nexus) -> None:
    server.on("PUT", f"/repository/r/{ITEM.path}", Answer(400, b"cannot be updated"))
    with pytest.raises(NonConformance) as caught:
        nexus.deploy("r", ITEM, b"jar", b"pom")
    assert ITEM.path in caught.value.what
    assert "cannot be updated" in caught.value.observed


def test_metadata_that_is_not_xml_is_the_stack_s(server: Server, nexus: Nexus) -> None:
    server.on("GET", "/repository/r/org/example/thing/maven-metadata.xml", Answer(200, b"<html>"))
    with pytest.raises(NonConformance):
        nexus.metadata("r", ITEM)


class Ecr:
    """A boto3 client's face."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)

    def __getattr__(self, name: str) -> Any:
        def call(**arguments: Any) -> Any:
            answer = self.answers.pop(0)
            if isinstance(answer, Exception):
                raise answer
            return answer

        return call


def _address(server: Server) -> Address:
    service = Service(server.url)
    return Address("registry.example.org", service, service, "123456789012", "us-east-1", "local")


@pytest.fixture
def registry(server: Server, http: Http) -> Registry:
    return Registry(http, _address(server))


def test_push_and_pull(server: Server, registry: Registry) -> None:
    stored: dict[str, bytes] = {}
    image = artifacts.image(({"a": b"1"}, {"b": b"2"}), labels={"k": "v"})

    def upload(asked: Asked) -> Answer:
        stored[asked.path.partition("digest=")[2].replace("%3A", ":")] = asked.body
        return Answer(201)

    def serve(digest: str, _: Asked) -> Answer:
        return Answer(200, stored[digest])

    for blob in (*image.layers, image.config):
        server.on("HEAD", f"/v2/r/blobs/{blob.digest}", Answer(404))
        server.on("GET", f"/v2/r/blobs/{blob.digest}", partial(serve, blob.digest))
    location = "https://another.example.org/v2/r/blobs/uploads/1?_state=x"
    server.on("POST", "/v2/r/blobs/uploads/", Answer(202, headers={"Location": location}))
    server.on("PUT", "/v2/r/blobs/uploads/1", upload)
    server.on("PUT", "/v2/r/manifests/t", Answer(201, headers={"Docker-Content-Digest": image.digest}))
    assert registry.push("r", "t", image) == image.digest
    assert len(stored) == 3
    server.on(
        "GET", "/v2/r/manifests/t", Answer(200, image.manifest.data, {"Docker-Content-Digest": image.digest})
    )
    assert registry.manifest("r", "t").parsed["config"]["digest"] == image.config.digest
    assert registry.labels("r", "t") == {"k": "v"}


def test_blob_that_is_there_is_not_pushed_again(server: Server, registry: Registry) -> None:
    image = artifacts.image(({"a": b"1"},))
    server.on("HEAD", f"/v2/r/blobs/{image.config.digest}", Answer(200))
    registry.push_blob("r", image.config)
    assert server.times("POST", "/v2/r/blobs/uploads/") == 0


def test_images_are_the_same_every_time() -> None:
    first, second = (artifacts.image(({"a": artifacts.noise(100, "x")},)) for _ in range(2))
    assert first.digest == second.digest
    assert first.size == len(first.config.data) + len(first.layers[0].data)
    assert artifacts.archive({"a": b"1"}) == artifacts.archive({"a": b"1"})
    assert json.loads(artifacts.index({"amd64": first}).data)["manifests"][0]["digest"] == first.digest


def _refusal(status: int) -> ClientError:
    answer: Any = {"Error": {"Code": "Made"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, "DescribeImages")


def test_ecr_errors_are_distinguished(server: Server) -> None:
    refused, away = _refusal(400), _refusal(503)
    gone = EndpointConnectionError(endpoint_url="https://x")
    api = EcrApi(Ecr(refused, away, gone), _address(server))
    with pytest.raises(NonConformance) as caught:
        api.image("r", "t")
    assert caught.value.what == "the ECR API knows no r:t"
    for _ in range(2):
        with pytest.raises(EnvironmentFailure):
            api.image("r", "t")


def test_every_page_of_repositories_is_read(server: Server) -> None:
    pages = (
        {"repositories": [{"repositoryName": "a"}], "nextToken": "1"},
        {"repositories": [{"repositoryName": "b"}]},
    )
    assert set(EcrApi(Ecr(*pages), _address(server)).repositories()) == {"a", "b"}


def test_digests_in_a_console() -> None:
    digest = "sha256:" + "a" * 64
    console = f"+ push\npushed 1.dkr.ecr.x.test/commerce/cortex:1.0@{digest}\nother@{digest}\n"
    assert console_digests(console) == {"commerce/cortex": digest}


def test_the_cleanup_goes_on_after_a_failure() -> None:
    done: list[str] = []

    class Client:
        def delete_job(self, name: str) -> None:
            raise NonConformance(f"Jenkins does not delete {name}")

        def discard(self, job: str, queue_id: int) -> None:
            done.append(f"{job} {queue_id}")

    client: Any = Client()
    notes: list[dict[str, Any]] = [
        {"kind": "folder", "name": "x"},
        {"kind": "requested build", "job": "j", "queue_id": 2},
    ]
    (left,) = Cleaner(client, client, client).clean_up(notes)
    assert "does not delete x" in left
    assert done == ["j 2"]
