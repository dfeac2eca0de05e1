"""The settings of the pod, from its environment variables; docs/ecr.md lists their names."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

TWELVE_HOURS = 12 * 3600


class BadSetting(Exception):
    """A variable is missing or malformed; the text names it."""


@dataclass(frozen=True, slots=True)
class Settings:
    """One registry of one account in one region, under one name."""

    account: str
    region: str
    #: the one name in image references, without a port
    host: str
    access_key_id: str
    secret_access_key: str = dataclasses.field(repr=False)
    token_seconds: int = TWELVE_HOURS
    storage: Path = Path("/var/lib/ecr")
    #: folder with tls.crt and tls.key
    tls: Path = Path("/etc/ecr/tls")
    #: writable, need not survive: rendered configurations, sockets' and temporary files
    run: Path = Path("/run/ecr")
    #: address and port of the TLS front; the other two listen on sockets below `run` only
    front_address: str = "0.0.0.0"  # the pod's own network namespace
    front_port: int = 8443

    @property
    def registry_root(self) -> Path:
        """Root folder of Distribution's filesystem driver."""
        return self.storage / "registry"

    @property
    def app_socket(self) -> Path:
        return self.run / "app.sock"

    @property
    def registry_socket(self) -> Path:
        return self.run / "registry.sock"

    @property
    def repositories_file(self) -> Path:
        return self.storage / "repositories.json"

    @property
    def secret_file(self) -> Path:
        return self.storage / "secret.key"

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> Settings:
        """Read the variables ECR_*. Raises BadSetting."""
        return cls(
            account=_required(env, "ECR_ACCOUNT"),
            region=_required(env, "ECR_REGION"),
            host=_required(env, "ECR_HOST"),
            access_key_id=_required(env, "ECR_ACCESS_KEY_ID"),
            secret_access_key=_required(env, "ECR_SECRET_ACCESS_KEY"),
            token_seconds=_number(env, "ECR_TOKEN_SECONDS", TWELVE_HOURS),
            storage=Path(env.get("ECR_STORAGE", "/var/lib/ecr")),
            tls=Path(env.get("ECR_TLS", "/etc/ecr/tls")),
            run=Path(env.get("ECR_RUN", "/run/ecr")),
            front_address=env.get("ECR_FRONT_ADDRESS", "0.0.0.0"),  # see above
            front_port=_number(env, "ECR_FRONT_PORT", 8443),
        )


def _required(env: Mapping[str, str], name: str) -> str:
    value = env.get(name, "")
    if not value:
        raise BadSetting(f"{name} is not set")
    return value


def _number(env: Mapping[str, str], name: str, default: int) -> int:
    text = env.get(name, str(default))
    if not text.isdigit() or int(text) < 1:
        raise BadSetting(f"{name} must be a whole number above zero, not {text!r}")
    return int(text)
