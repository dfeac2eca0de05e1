"""The local ECR as a backend: its objects in the cluster, reached through the node's mapped port."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from environments.base import Login, Registry, Service
from environments.ecr import manifests
from environments.ecr.health import wait_healthy
from environments.ecr.manifests import LocalEcrConfig
from environments.kind.objects import SYSTEM
from environments.kubectl import Kubectl

READY_SECONDS = 120


@dataclass(frozen=True, slots=True)
class LocalEcr:
    """`connect` gives `127.0.0.1:port` once the cluster is there."""

    config: LocalEcrConfig
    kubectl: Kubectl
    connect: Callable[[], str]
    ca_file: Path
    name: str = field(default="local", init=False)

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

    def registry(self) -> Registry:
        url = f"https://{self.config.host}"
        login = Login(self.config.access_key_id, self.config.secret_access_key)
        return Registry(
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
