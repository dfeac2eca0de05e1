"""The Kubernetes clouds of a controller."""

from collections.abc import Mapping
from typing import Any

from .cloud import Cloud, Tools
from .computers import Computer
from .kube import Kube


class Clouds:
    """All of them, in the order of the configuration."""

    def __init__(self, tools: Tools) -> None:
        """Args: tools: what each of them works with."""
        self._tools = tools
        self.all: list[Cloud] = []

    def take(self, configured: list[dict[str, Any]]) -> None:
        """Take over a configuration; templates of running pipelines stay."""
        known = {cloud.name: cloud for cloud in self.all}
        made = [Cloud(data, self._tools) for data in configured]
        for cloud in made:
            if cloud.name in known:
                cloud.dynamic = known[cloud.name].dynamic
                cloud.dying = known[cloud.name].dying
        self.all = made

    def named(self, name: str | None) -> Cloud | None:
        """A cloud by its name, or the first."""
        return next((cloud for cloud in self.all if name in {None, cloud.name}), None)

    def of(self, computer: Computer) -> Cloud:
        """The cloud that made an agent."""
        made = next((c for c in self.all if computer.template in [*c.templates(), *c.dynamic.values()]), None)
        return made or self.all[0]


def kube_for(cloud: Mapping[str, Any]) -> Kube:
    """The API client for a cloud's server."""
    server = str(cloud.get("serverUrl") or "https://kubernetes.default")
    return Kube(server, timeout=float(cloud.get("readTimeout") or 15))
