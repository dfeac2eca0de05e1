"""Kubernetes objects of the ECR simulator: a pod of three containers of one image behind one service.

The names, the address of the service and the ports are facts of the reference environment: the node and
CoreDNS resolve the registry's name to CLUSTER_IP, and kind maps NODE_PORT to the test host.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

NAME = "ecr"
CLUSTER_IP = "10.96.0.43"
NODE_PORT = 30443
FRONT_PORT = 8443
#: the image's user, not root
UID = 65532
HEALTH = "/healthz"
#: the application in the image; each container's argument says which part of it
PROGRAM = ("/opt/ecr/bin/python", "-m", "ecr")
SELECTOR = {"app.kubernetes.io/name": NAME}


@dataclass(frozen=True, slots=True)
class EcrSimulatorConfig:
    """All that differs between two installations. Secrets never appear in `repr`."""

    #: reference of the image of simulators/ecr/image
    image: str
    account: str
    region: str
    #: the registry's one name
    host: str
    access_key_id: str
    secret_access_key: str = dataclasses.field(repr=False)
    #: PEM; the certificate names `host`
    certificate: str = dataclasses.field(repr=False)
    key: str = dataclasses.field(repr=False)
    labels: Mapping[str, str] = field(default_factory=dict)
    token_seconds: int = 43200
    cluster_ip: str = CLUSTER_IP
    node_port: int = NODE_PORT
    storage: str = "8Gi"
    storage_class: str = ""


def objects(config: EcrSimulatorConfig) -> list[dict[str, Any]]:
    """The objects in the order in which to apply them; the namespace is the caller's."""
    return [_tls(config), _credentials(config), _claim(config), _service(config), _deployment(config)]


def _meta(config: EcrSimulatorConfig, name: str) -> dict[str, Any]:
    return {"name": name, "labels": {**SELECTOR, **config.labels}}


def _tls(config: EcrSimulatorConfig) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": _meta(config, f"{NAME}-tls"),
        "type": "kubernetes.io/tls",
        "stringData": {"tls.crt": config.certificate, "tls.key": config.key},
    }


def _credentials(config: EcrSimulatorConfig) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": _meta(config, f"{NAME}-credentials"),
        "type": "Opaque",
        "stringData": {"access-key-id": config.access_key_id, "secret-access-key": config.secret_access_key},
    }


def _claim(config: EcrSimulatorConfig) -> dict[str, Any]:
    spec: dict[str, Any] = {
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": config.storage}},
    }
    if config.storage_class:
        spec["storageClassName"] = config.storage_class
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": _meta(config, NAME),
        "spec": spec,
    }


def _service(config: EcrSimulatorConfig) -> dict[str, Any]:
    port = {"name": "https", "port": 443, "targetPort": "https", "nodePort": config.node_port}
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": _meta(config, NAME),
        "spec": {"type": "NodePort", "clusterIP": config.cluster_ip, "selector": SELECTOR, "ports": [port]},
    }


def _deployment(config: EcrSimulatorConfig) -> dict[str, Any]:
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": _meta(config, NAME),
        "spec": {
            "replicas": 1,
            # the volume takes one writer
            "strategy": {"type": "Recreate"},
            "selector": {"matchLabels": SELECTOR},
            "template": {"metadata": {"labels": {**SELECTOR, **config.labels}}, "spec": _pod(config)},
        },
    }


def _pod(config: EcrSimulatorConfig) -> dict[str, Any]:
    return {
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": 15,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": UID,
            "runAsGroup": UID,
            "fsGroup": UID,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [_registry(config), _app(config), _front(config)],
        "volumes": [
            {"name": "storage", "persistentVolumeClaim": {"claimName": NAME}},
            {"name": "run", "emptyDir": {}},
            {"name": "tls", "secret": {"secretName": f"{NAME}-tls"}},
        ],
    }


def _container(config: EcrSimulatorConfig, role: str, requests: dict[str, str], limit: str) -> dict[str, Any]:
    return {
        "name": role,
        "image": config.image,
        "imagePullPolicy": "IfNotPresent",
        "args": [role],
        "env": _environment(config),
        "resources": {"requests": requests, "limits": {"memory": limit}},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": [
            {"name": "run", "mountPath": "/run/ecr"},
            {"name": "storage", "mountPath": "/var/lib/ecr"},
        ],
    }


def _registry(config: EcrSimulatorConfig) -> dict[str, Any]:
    container = _container(config, "registry", {"cpu": "50m", "memory": "64Mi"}, "512Mi")
    container["livenessProbe"] = _socket_probe("registry", "/")
    return container


def _app(config: EcrSimulatorConfig) -> dict[str, Any]:
    container = _container(config, "app", {"cpu": "50m", "memory": "96Mi"}, "512Mi")
    container["livenessProbe"] = _socket_probe("app", HEALTH)
    return container


def _front(config: EcrSimulatorConfig) -> dict[str, Any]:
    container = _container(config, "front", {"cpu": "25m", "memory": "16Mi"}, "256Mi")
    container["ports"] = [{"name": "https", "containerPort": FRONT_PORT}]
    container["volumeMounts"].append({"name": "tls", "mountPath": "/etc/ecr/tls", "readOnly": True})
    probe = {"httpGet": {"path": HEALTH, "port": "https", "scheme": "HTTPS"}}
    # healthy is said by all three together: front to application to registry
    container["readinessProbe"] = {**probe, "periodSeconds": 2, "failureThreshold": 3, "timeoutSeconds": 5}
    container["livenessProbe"] = {
        "tcpSocket": {"port": "https"},
        "initialDelaySeconds": 10,
        "periodSeconds": 20,
    }
    return container


def _socket_probe(socket: str, path: str) -> dict[str, Any]:
    # any answer will do: what it says is the readiness probe's matter
    command = [
        "curl",
        "-s",
        "-o",
        "/dev/null",
        "--unix-socket",
        f"/run/ecr/{socket}.sock",
        f"http://{NAME}{path}",
    ]
    return {
        "exec": {"command": command},
        "initialDelaySeconds": 15,
        "periodSeconds": 30,
        "timeoutSeconds": 10,
    }


def _environment(config: EcrSimulatorConfig) -> list[dict[str, Any]]:
    plain = {
        "ECR_ACCOUNT": config.account,
        "ECR_REGION": config.region,
        "ECR_HOST": config.host,
        "ECR_TOKEN_SECONDS": str(config.token_seconds),
        "ECR_FRONT_PORT": str(FRONT_PORT),
    }
    secret = {"ECR_ACCESS_KEY_ID": "access-key-id", "ECR_SECRET_ACCESS_KEY": "secret-access-key"}
    return [
        *({"name": name, "value": value} for name, value in plain.items()),
        *(
            {"name": name, "valueFrom": {"secretKeyRef": {"name": f"{NAME}-credentials", "key": key}}}
            for name, key in secret.items()
        ),
    ]
