"""The Kubernetes objects that the environment itself makes, as plain dictionaries."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from environments import trust
from environments.base import Login
from environments.runs import Run

SYSTEM = "conformance-system"
Object = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Credentials:
    """Made up anew for each run; never in `repr`."""

    jenkins: Login = field(default_factory=lambda: Login("admin", _password()))
    nexus: Login = field(default_factory=lambda: Login("admin", _password()))
    deployer: Login = field(default_factory=lambda: Login("deployer", _password()))
    ecr: Login = field(default_factory=lambda: Login(f"AKIA{secrets.token_hex(8).upper()}", _password()))


def _password() -> str:
    return secrets.token_urlsafe(24)


def labels(run: Run) -> dict[str, str]:
    """On everything that a run makes in a cluster: its id and its owner's process id."""
    return {"conformance.run": run.id, "conformance.owner": str(run.owner)}


def namespace(name: str, labels: Mapping[str, str]) -> Object:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": dict(labels)}}


def secret(space: str, name: str, values: Mapping[str, str], labels: Mapping[str, str]) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": "Opaque",
        "metadata": {"name": name, "namespace": space, "labels": dict(labels)},
        "stringData": dict(values),
    }


def trust_bundle(space: str, bundle: str, store: bytes, labels: Mapping[str, str]) -> Object:
    """The ConfigMap `trust`: PEM and Java trust store with the host's CAs and the run's."""
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "trust", "namespace": space, "labels": dict(labels)},
        "data": {"ca-bundle.crt": bundle},
        "binaryData": {"truststore.p12": base64.b64encode(store).decode()},
    }


def shared_objects(
    jenkins: str,
    nexus: str,
    credentials: Credentials,
    authority: trust.RunAuthority,
    labels: Mapping[str, str],
) -> list[Object]:
    """Namespaces, trust and secrets: what every service needs before it starts."""
    bundle = trust.host_bundle().rstrip("\n") + "\n" + authority.certificate
    store = trust.java_trust_store(bundle)
    objects = [namespace(name, labels) for name in (SYSTEM, jenkins, nexus)]
    objects += [trust_bundle(name, bundle, store, labels) for name in (SYSTEM, jenkins, nexus)]
    for name, login in (("nexus-admin", credentials.nexus), ("nexus-deployer", credentials.deployer)):
        objects.append(secret(nexus, name, {"username": login.username, "password": login.password}, labels))
    build = {
        "nexus-username": credentials.deployer.username,
        "nexus-password": credentials.deployer.password,
        "ecr-access-key-id": credentials.ecr.username,
        "ecr-secret-access-key": credentials.ecr.password,
    }
    objects.append(secret(jenkins, "build-credentials", build, labels))
    return objects


def git_server(image: str, labels: Mapping[str, str]) -> list[Object]:
    """A read-only git server over the bare repositories that the node has at /srv/git.

    It replaces the customer's: the stack has none.
    """
    own = {**labels, "app": "git"}
    container = {
        "name": "git",
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "ports": [{"containerPort": 9418, "name": "git"}],
        "readinessProbe": {"tcpSocket": {"port": "git"}, "periodSeconds": 1},
        "resources": {"requests": {"cpu": "10m", "memory": "16Mi"}, "limits": {"memory": "256Mi"}},
        "volumeMounts": [{"name": "repositories", "mountPath": "/srv/git", "readOnly": True}],
    }
    pod = {
        "automountServiceAccountToken": False,
        "terminationGracePeriodSeconds": 5,
        "containers": [container],
        "volumes": [{"name": "repositories", "hostPath": {"path": "/srv/git", "type": "Directory"}}],
    }
    return [
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "git", "namespace": SYSTEM, "labels": own},
            "spec": {
                "replicas": 1,
                "selector": {"matchLabels": {"app": "git"}},
                "template": {"metadata": {"labels": own}, "spec": pod},
            },
        },
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": "git", "namespace": SYSTEM, "labels": own},
            "spec": {
                "selector": {"app": "git"},
                "ports": [{"name": "git", "port": 9418, "targetPort": "git"}],
            },
        },
    ]
