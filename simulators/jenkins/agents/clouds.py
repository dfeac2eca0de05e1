"""The Kubernetes clouds of a controller."""

from __future__ import annotations

from typing import Any

from .cloud import Cloud, Tools
from .computers import Computer


class Clouds:
    """All of them, in the order of the configuration."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self.all: list[Cloud] = []

    def configure(self, configured: list[dict[str, Any]]) -> None:
        """Use a configuration; templates of running pipelines stay."""
        known = {cloud.name: cloud for cloud in self.all}
        clouds = [Cloud(data, self._tools) for data in configured]
        for cloud in clouds:
            if cloud.name in known:
                cloud.dynamic = known[cloud.name].dynamic
                cloud.dying = known[cloud.name].dying
        self.all = clouds

    def named(self, name: str | None) -> Cloud | None:
        """A cloud by its name, or the first."""
        return next((cloud for cloud in self.all if name in {None, cloud.name}), None)

    def owner(self, computer: Computer) -> Cloud:
        """The cloud that made an agent."""
        return next(
            (
                cloud
                for cloud in self.all
                if computer.template in [*cloud.templates(), *cloud.dynamic.values()]
            ),
            self.all[0],
        )
