"""The ECR simulator as a backend: its objects in the cluster, reached through the node's mapped port."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import requests

from conformance.core.waiting import eventually
from environments.base import Login, RegistryEndpoint, Service
from environments.ecr import manifests
from environments.ecr.dial import session
from environments.ecr.manifests import EcrSimulatorConfig
from environments.kind.objects import SYSTEM
from environments.kubectl import Kubectl

READY_SECONDS = 120


@dataclass(frozen=True, slots=True)
class EcrSimulator:
    """`connect` gives `127.0.0.1:port` once the cluster is there."""

    config: EcrSimulatorConfig
    kubectl: Kubectl
    connect: Callable[[], str]
    ca_file: Path
    name: str = field(default="simulator", init=False)

    @property
    def registry_host(self) -> str:
        return self.config.host

    def address(self) -> str:
        return manifests.CLUSTER_IP

    def up(self) -> None:
        spaced = manifests.objects(self.config)
        for each in spaced:
            each["metadata"]["namespace"] = SYSTEM
        self.kubectl.apply(spaced)
        selector = ",".join(f"{key}={value}" for key, value in manifests.SELECTOR.items())
        self.kubectl.wait_ready(SYSTEM, selector, READY_SECONDS)
        wait_healthy(self.registry(), str(self.ca_file))

    def registry(self) -> RegistryEndpoint:
        url = f"https://{self.config.host}"
        login = Login(self.config.access_key_id, self.config.secret_access_key)
        return RegistryEndpoint(
            host=self.config.host,
            api=Service(url, login, self.connect()),
            data=Service(url, None, self.connect()),
            account=self.config.account,
            region=self.config.region,
            backend=self.name,
        )

    def ended_token(self) -> Login:
        """By the application's own key, which only the pod has."""
        app = ("exec", "--namespace", SYSTEM, f"deployment/{manifests.NAME}", "--container", "app")
        return Login("AWS", self.kubectl(*app, "--", *manifests.PROGRAM, "expired").strip())

    def down(self) -> None:
        """It goes with the cluster."""


def wait_healthy(registry: RegistryEndpoint, ca_bundle: str, timeout: float = 60) -> None:
    """Return when front, application and registry answer at `registry.data`.

    A ready pod is not enough: its port on the host follows when kube-proxy has written its rules.
    Raises WaitTimeout.
    """
    with session(registry.data, ca_bundle) as http:
        eventually(
            lambda: http.get(f"{registry.data.url}/healthz", timeout=10).status_code,
            until=lambda status: status == 200,
            what=f"the registry {registry.host} answers at {registry.data.connect}",
            timeout=timeout,
            transient=(requests.RequestException,),
            remedy="see the logs of deployment ecr in namespace conformance-system",
        )
