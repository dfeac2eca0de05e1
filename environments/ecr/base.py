"""The protocol of an ECR backend, and which one a run takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from conformance.core.errors import UsageError
from environments.base import Login, RegistryEndpoint

BackendName = Literal["simulator", "localstack", "aws"]
TOKEN_VARIABLE = "LOCALSTACK_AUTH_TOKEN"  # noqa: S105 # a variable's name
#: what `--ecr` takes
CHOICES = ("auto", "simulator", "localstack", "aws")


class EcrBackend(Protocol):
    """Where the registry of a run is. Fixtures and suites know only the `RegistryEndpoint` that it gives."""

    @property
    def name(self) -> str:
        """As in `--ecr`."""

    @property
    def registry_host(self) -> str:
        """The one name in image references; known before `up`."""

    def address(self) -> str:
        """What the name must resolve to in pods and on nodes; empty where public names do it."""

    def up(self) -> None:
        """Start it or find it, until it answers. Raises EnvironmentFailure."""

    def registry(self) -> RegistryEndpoint:
        """Where it is, after `up`."""

    def ended_token(self) -> Login | None:
        """A login that was good once and has ended, or None where nobody can have one without waiting."""

    def down(self) -> None:
        """Remove what `up` made; a second call does nothing."""


@dataclass(frozen=True, slots=True)
class Choice:
    """`why` is one line for people: which backend, and for what reason."""

    backend: BackendName
    why: str


def choose(requested: str, env: Mapping[str, str]) -> Choice:
    """Settle `--ecr=auto|local|localstack|aws`. Raises UsageError."""
    token = bool(env.get(TOKEN_VARIABLE))
    match requested:
        case "auto" if token:
            return Choice("localstack", f"ECR: LocalStack, because {TOKEN_VARIABLE} is set")
        case "auto":
            return Choice(
                "simulator",
                f"ECR: simulator (moto and Distribution), because {TOKEN_VARIABLE} is not set "
                "and LocalStack's ECR is licensed",
            )
        case "simulator":
            return Choice("simulator", "ECR: simulator (moto and Distribution), as requested")
        case "localstack" if token:
            return Choice("localstack", "ECR: LocalStack, as requested")
        case "localstack":
            raise UsageError(
                "--ecr=localstack needs a LocalStack auth token",
                where=f"environment variable {TOKEN_VARIABLE}",
                expected="a token with a licence for ECR",
                observed="not set",
                remedy=f"export {TOKEN_VARIABLE}, or use --ecr=simulator",
            )
        case "aws":
            return Choice("aws", "ECR: AWS, as requested")
    raise UsageError(
        f"there is no ECR backend {requested!r}",
        where="--ecr",
        expected=" | ".join(CHOICES),
        remedy="choose one of these",
    )
