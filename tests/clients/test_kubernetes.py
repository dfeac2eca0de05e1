"""The cluster's client, against a small API server."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from conformance.clients.http import Unavailable
from conformance.clients.kubernetes import Cluster
from conformance.clients.objects import pulls_again
from conformance.core.errors import EnvironmentFailure
from conformance.core.nonconformance import NonConformance
from tests.clients.server import Answer, Server, json_answer


@pytest.fixture
def cluster(server: Server, tmp_path: Path) -> Cluster:
    file = tmp_path / "kubeconfig"
    file.write_text(
        "apiVersion: v1\nkind: Config\ncurrent-context: c\n"
        f"clusters: [{{name: c, cluster: {{server: '{server.url}'}}}}]\n"
        "users: [{name: u, user: {token: made-up}}]\n"
        "contexts: [{name: c, context: {cluster: c, user: u}}]\n"
    )
    return Cluster(str(file))


def _pod(**status: Any) -> dict[str, Any]:
    return {
        "metadata": {
            "name": "p",
            "namespace": "n",
            "uid": "1",
            "creationTimestamp": "2026-01-01T00:00:00Z",
            "labels": {"a": "b"},
            "ownerReferences": [{"apiVersion": "v1", "kind": "StatefulSet", "name": "s", "uid": "2"}],
        },
        "spec": {"serviceAccountName": "sa", "containers": [{"name": "c", "image": "i:1"}]},
        "status": {"phase": "Running", **status},
    }


def _container(state: dict[str, Any], restarts: int = 0) -> dict[str, Any]:
    return {
        "name": "c",
        "image": "i:1",
        "imageID": "sha256:1",
        "ready": False,
        "restartCount": restarts,
        "state": state,
    }


def test_pod_facts(server: Server, cluster: Cluster) -> None:
    conditions = [{"type": "Ready", "status": "True"}]
    server.on("GET", "/api/v1/namespaces/n/pods/p", json_answer(_pod(conditions=conditions)))
    pod = cluster.pod("n", "p")
    assert pod is not None
    assert (pod.owner, pod.service_account, pod.ready, pod.containers[0].image) == (
        "StatefulSet/s",
        "sa",
        True,
        "i:1",
    )
    assert pod.trouble() == ""


def test_a_pod_that_is_not_there_is_none(server: Server, cluster: Cluster) -> None:
    server.on("GET", "/api/v1/namespaces/n/pods/p", json_answer({"kind": "Status", "code": 404}, 404))
    assert cluster.pod("n", "p") is None


def test_waiting_for_a_pod_ends_at_an_image_that_cannot_be_pulled(server: Server, cluster: Cluster) -> None:
    waiting = {"waiting": {"reason": "ImagePullBackOff", "message": "no such image"}}
    server.on(
        "GET", "/api/v1/namespaces/n/pods/p", json_answer(_pod(containerStatuses=[_container(waiting)]))
    )
    with pytest.raises(NonConformance) as caught:
        cluster.wait_pod("n", "p", timeout=30, until=lambda pod: pod.ready, what="being ready")
    assert "ImagePullBackOff no such image" in caught.value.observed


def test_why_a_pull_was_refused_is_read_to_its_end(server: Server, cluster: Cluster) -> None:
    image = f"123456789012.dkr.ecr.us-east-1.example.test/account-management/api@sha256:{'1' * 64}"
    said_by_containerd = (
        f'failed to pull and unpack image "{image}": failed to resolve reference "{image}": unexpected '
        f"status from HEAD request to https://{image}: 401 Unauthorized"
    )
    waiting = {"waiting": {"reason": "ErrImagePull", "message": said_by_containerd}}
    server.on(
        "GET", "/api/v1/namespaces/n/pods/p", json_answer(_pod(containerStatuses=[_container(waiting)]))
    )
    pod = cluster.pod("n", "p")
    assert pod is not None
    assert pulls_again(pod.trouble())


VERSION = {
    "gitVersion": "v1.34.4",
    "major": "1",
    "minor": "34",
    "gitCommit": "",
    "gitTreeState": "",
    "buildDate": "",
    "goVersion": "",
    "compiler": "",
    "platform": "",
}


def test_reading_outlasts_an_api_server_that_is_away(server: Server, cluster: Cluster) -> None:
    server.on("GET", "/version", Answer(503), Answer(0), json_answer(VERSION))
    assert cluster.version() == "1.34.4"
    assert [bool(exchange.fault) for exchange in cluster.journal.exchanges] == [True, True, False]


def test_changing_is_asked_once(server: Server, cluster: Cluster) -> None:
    server.on("POST", "/api/v1/namespaces/n/pods", Answer(503))
    with pytest.raises(Unavailable):
        cluster.create_pod("n", {"metadata": {"name": "p"}})
    assert server.times("POST", "/api/v1/namespaces/n/pods") == 1


def test_forbidden_is_the_environment_s(server: Server, cluster: Cluster) -> None:
    server.on("GET", "/api/v1/nodes", json_answer({"kind": "Status", "message": "forbidden"}, 403))
    with pytest.raises(EnvironmentFailure) as caught:
        cluster.nodes()
    assert "403" in str(caught.value)
    assert "made-up" not in str(caught.value)


def test_access_is_asked_of_the_cluster(server: Server, cluster: Cluster) -> None:
    path = "/apis/authorization.k8s.io/v1/subjectaccessreviews"
    server.on("POST", path, json_answer({"spec": {}, "status": {"allowed": True}}))
    assert cluster.allowed(("n", "sa"), "create", "pods/exec", namespace="n")
    body = server.asked[-1].body
    assert b'"subresource": "exec"' in body
    assert b"system:serviceaccount:n:sa" in body


def test_secret_values_are_decoded(server: Server, cluster: Cluster) -> None:
    server.on("GET", "/api/v1/namespaces/n/secrets/s", json_answer({"data": {"username": "YWRtaW4="}}))
    assert cluster.secret("n", "s") == {"username": "admin"}


def test_a_pod_that_pulls_mounts_of_its_secret_only_what_reports_nothing(
    server: Server, cluster: Cluster
) -> None:
    pods, secrets = "/api/v1/namespaces/n/pods", "/api/v1/namespaces/n/secrets"
    for method, path in (("POST", secrets), ("DELETE", f"{secrets}/p"), ("DELETE", f"{pods}/p")):
        server.on(method, path, json_answer({}))
    server.on("POST", pods, json_answer(_pod()))
    with cluster.pulling_pod("n", "p", {}, "r.test", ("AWS", "token"), [{"name": "a", "image": "r.test/a"}]):
        secret, pod = (json.loads(asked.body) for asked in server.asked[-2:])
    (volume,) = pod["spec"]["volumes"]
    assert volume["secret"] == {"secretName": "p", "items": [{"key": "first", "path": "first"}]}
    assert [mount["name"] for mount in pod["spec"]["containers"][0]["volumeMounts"]] == [volume["name"]]
    assert "token" not in secret["stringData"]["first"]
    assert pod["spec"]["imagePullSecrets"] == [{"name": "p"}]
    assert server.times("DELETE", f"{secrets}/p") == server.times("DELETE", f"{pods}/p") == 1


def test_a_kubeconfig_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentFailure) as caught:
        Cluster(str(tmp_path / "none"))
    assert "kubeconfig" in str(caught.value)


@pytest.mark.parametrize(
    ("message", "again"),
    [
        ("failed to resolve reference: failed with status code [manifests sha256:4]: 401 Unauthorized", True),
        ("failed to resolve reference: dial tcp: lookup registry.example: no such host", False),
        ("manifest unknown", False),
    ],
)
def test_a_pull_that_was_refused_may_be_made_again(message: str, again: bool) -> None:
    assert pulls_again(message) is again
