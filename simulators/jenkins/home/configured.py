"""The configuration in force, as the last application of JCasC left it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass
class Configured:
    """Plain facts; every default is a fresh controller's.

    `script_security` says whether Job DSL in jobs needs approval or a sandbox.
    """

    default_url: str
    agent_port: int = -1
    system_message: str | None = None
    executors: int = 2
    quiet_period: float = 5.0
    mode: str = "NORMAL"
    crumbs: bool = True
    root_url: str | None = None
    admin_address: str | None = None
    clouds: list[dict[str, Any]] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)
    credentials: dict[str, dict[str, Any]] = field(default_factory=dict)
    script_security: bool = True

    @property
    def url(self) -> str:
        """The controller's own URL, with a slash at its end."""
        return self.root_url or self.default_url

    def absolute(self, path: str) -> str:
        """The URL of a path below the root."""
        return self.url + path

    def credential(self, credentials_id: str) -> dict[str, Any] | None:
        """A credential of the system store."""
        return self.credentials.get(credentials_id)
