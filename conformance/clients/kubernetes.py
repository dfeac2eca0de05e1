"""The cluster: a typed, thin client of the parts of the Kubernetes API that checks use."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from conformance.clients.kube_api import path_of
from conformance.clients.objects import Node, Pod, Workload, moment, workload_fact
from conformance.clients.pods import Pods

CLAIMS = "persistentvolumeclaims"


class Cluster(Pods):
    """One cluster through one kubeconfig context."""

    def version(self) -> str:
        """The API server's version without a leading v: `1.34.4`."""
        return str(self._read("version", "/version")["gitVersion"]).lstrip("v")

    def nodes(self) -> tuple[Node, ...]:
        return tuple(
            Node(
                raw["metadata"]["name"],
                raw["status"]["nodeInfo"]["kubeletVersion"].lstrip("v"),
                {one["type"]: one["status"] for one in raw["status"].get("conditions") or ()},
                raw["status"]["nodeInfo"]["containerRuntimeVersion"],
            )
            for raw in self.objects("nodes", "v1", "nodes")
        )

    def namespaces(self) -> tuple[str, ...]:
        return tuple(raw["metadata"]["name"] for raw in self.objects("namespaces", "v1", "namespaces"))

    def workloads(self, namespace: str) -> tuple[Workload, ...]:
        kinds = {"Deployment": "deployments", "StatefulSet": "statefulsets", "DaemonSet": "daemonsets"}
        return tuple(
            workload_fact(kind, raw)
            for kind, plural in kinds.items()
            for raw in self.objects(f"{kind}s of {namespace}", "apps/v1", plural, namespace)
        )

    def storage_classes(self) -> tuple[tuple[str, bool], ...]:
        """(name, is it the default) of each."""
        default = "storageclass.kubernetes.io/is-default-class"
        return tuple(
            (raw["metadata"]["name"], (raw["metadata"].get("annotations") or {}).get(default) == "true")
            for raw in self.objects("storage classes", "storage.k8s.io/v1", "storageclasses")
        )

    def claims(self, namespace: str) -> tuple[tuple[str, str], ...]:
        """(name, phase) of each persistent volume claim but those that checks make."""
        found = self.objects(
            f"claims of {namespace}",
            "v1",
            CLAIMS,
            namespace,
            labelSelector="app.kubernetes.io/managed-by!=conformance",
        )
        return tuple((raw["metadata"]["name"], raw["status"]["phase"]) for raw in found)

    def claim_phase(self, namespace: str, name: str) -> str:
        found = self._read(f"claim {name}", path_of("v1", CLAIMS, namespace, name))
        return str(found["status"].get("phase") or "")

    def certificates(self, namespace: str) -> tuple[tuple[str, bytes], ...]:
        """(name, PEM) of each TLS secret's certificates; the keys stay where they are."""
        found = self.objects(
            f"TLS secrets of {namespace}", "v1", "secrets", namespace, fieldSelector="type=kubernetes.io/tls"
        )
        return tuple(
            (raw["metadata"]["name"], base64.b64decode((raw.get("data") or {}).get("tls.crt", "")))
            for raw in found
        )

    def events(self, namespace: str, name: str) -> tuple[tuple[datetime | None, str, str], ...]:
        """(time, reason, message) of the events about the object `name`, oldest first."""
        found = self.objects(
            f"events of {name}", "v1", "events", namespace, fieldSelector=f"involvedObject.name={name}"
        )
        seen = [
            (
                moment(raw.get("lastTimestamp") or raw.get("eventTime")),
                raw.get("reason") or "",
                raw.get("message") or "",
            )
            for raw in found
        ]
        return tuple(sorted(seen, key=lambda event: event[0] or datetime.min.replace(tzinfo=UTC)))

    def secret(self, namespace: str, name: str) -> dict[str, str] | None:
        """Decoded values of a secret, or None; hand them to logins only, never to a message."""
        path = path_of("v1", "secrets", namespace, name)
        raw = self._read(f"secret {namespace}/{name}", path, missing=None)
        if raw is None:
            return None
        return {key: base64.b64decode(value).decode() for key, value in (raw.get("data") or {}).items()}

    def allowed(
        self, account: tuple[str, str], verb: str, resource: str, *, namespace: str = "", group: str = ""
    ) -> bool:
        """May the service account (namespace, name) do `verb` on `resource` (or `resource/subresource`)?"""
        kind, _, sub = resource.partition("/")
        spec = {
            "user": f"system:serviceaccount:{account[0]}:{account[1]}",
            "groups": [
                "system:serviceaccounts",
                f"system:serviceaccounts:{account[0]}",
                "system:authenticated",
            ],
            "resourceAttributes": {
                "namespace": namespace,
                "verb": verb,
                "group": group,
                "resource": kind,
                "subresource": sub,
            },
        }
        path = path_of("authorization.k8s.io/v1", "subjectaccessreviews")
        answer = self._read(f"access of {account[1]}", path, body={"spec": spec})
        return bool(answer["status"]["allowed"])

    def replica_sets(self, namespace: str, selector: str) -> tuple[str, ...]:
        """Names, of old revisions too."""
        what = f"replica sets in {namespace}"
        found = self.objects(what, "apps/v1", "replicasets", namespace, labelSelector=selector)
        return tuple(raw["metadata"]["name"] for raw in found)

    def roll(self, namespace: str, deployment: str) -> None:
        """Restart a Deployment's pods by its own strategy, as `kubectl rollout restart` does."""
        mark = {"kubectl.kubernetes.io/restartedAt": datetime.now(UTC).isoformat(timespec="milliseconds")}
        self._change(
            f"restart deployment {deployment}",
            "PATCH",
            path_of("apps/v1", "deployments", namespace, deployment),
            {"spec": {"template": {"metadata": {"annotations": mark}}}},
            kind="application/strategic-merge-patch+json",
        )

    @contextmanager
    def pulling_pod(  # noqa: PLR0917 - each is one part of the pod
        self,
        namespace: str,
        name: str,
        labels: Mapping[str, str],
        host: str,
        login: tuple[str, str],
        containers: Sequence[Mapping[str, Any]],
    ) -> Iterator[Pod]:
        """A temporary pod that pulls from `host` with `login`; everything created is deleted at the end.

        A kubelet may hear of a pod before the API server's node authorizer does, which then refuses it the
        pod's secret ("no relationship found between node and this object": measured, Kubernetes 1.34). It
        pulls without a login, is refused, and tries again ten seconds later. Mounts come before pulls and
        are tried again at once: so each container mounts a harmless part of the same secret.
        """
        auth = base64.b64encode(":".join(login).encode()).decode()
        logins = json.dumps({"auths": {host: {"auth": auth}}})
        secret = {
            "metadata": {"name": name},
            "type": "kubernetes.io/dockerconfigjson",
            "stringData": {".dockerconfigjson": logins, "first": "no secret"},
        }
        shown = {"key": "first", "path": "first"}
        mount = {"name": "first", "mountPath": "/var/run/conformance", "readOnly": True}
        manifest = {
            "metadata": {"name": name, "labels": dict(labels)},
            "spec": {
                "restartPolicy": "Never",
                "automountServiceAccountToken": False,
                "imagePullSecrets": [{"name": name}],
                "volumes": [{"name": "first", "secret": {"secretName": name, "items": [shown]}}],
                "containers": [{**container, "volumeMounts": [mount]} for container in containers],
            },
        }
        with (
            self._temporary("secret", "secrets", namespace, secret),
            self.temporary_pod(namespace, manifest) as pod,
        ):
            yield pod

    @contextmanager
    def temporary_claim(self, namespace: str, name: str, labels: Mapping[str, str]) -> Iterator[None]:
        """A temporary claim on the default storage class, deleted at the end."""
        body = {
            "metadata": {"name": name, "labels": dict(labels)},
            "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Mi"}}},
        }
        with self._temporary("claim", CLAIMS, namespace, body):
            yield

    @contextmanager
    def _temporary(self, what: str, kind: str, namespace: str, body: dict[str, Any]) -> Iterator[None]:
        name = body["metadata"]["name"]
        self._change(f"create a {what}", "POST", path_of("v1", kind, namespace), body)
        try:
            yield
        finally:
            path = path_of("v1", kind, namespace, name)
            self._change(f"delete {what} {name}", "DELETE", path, missing=None)
