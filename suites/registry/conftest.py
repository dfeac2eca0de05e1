"""Preconditions of the checks of the registry: a token opens it, repositories exist, a push arrives."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from uuid import uuid4

import pytest

from conformance.clients import artifacts
from conformance.clients.names import Names
from conformance.clients.registry import EcrApi, Registry, scratch_repository
from conformance.contract.model import Contract
from conformance.core.nonconformance import NonConformance, PreconditionFailed

#: part of every pushed content: a registry takes no blob twice, so each run pushes new content
FRESH = uuid4().hex
#: `relies_on(mutability, pushing)`: requires a token that opens, a repository, and a push that arrives
ReliesOn = Callable[..., None]
#: `delete_later(repository, reference)` deletes an image after the check
DeleteLater = Callable[[str, str], None]


@pytest.fixture
def delete_later(ecr: EcrApi) -> Iterator[DeleteLater]:
    """`delete_later(repository, reference)`: delete this image after the check."""
    made: list[tuple[str, str]] = []
    yield lambda repository, reference: made.append((repository, reference))
    for repository, reference in made:
        ecr.delete(repository, reference)


@pytest.fixture(scope="session")
def provisioned(ecr: EcrApi) -> dict[str, dict[str, object]]:
    """Every repository of ECR with its settings, by name."""
    return ecr.repositories()


def _pushes(registry: Registry, ecr: EcrApi, contract: Contract, names: Names) -> str:
    """Why not even a small image can be pushed and pulled again; empty: it can."""
    repository = scratch_repository(contract)
    image = artifacts.image(({"precondition": fresh_noise(16, "precondition")},))
    try:
        pushed = registry.push(repository, names.unique, image)
        pulled = registry.manifest(repository, names.unique)
        same = registry.blob(repository, image.config.digest) == image.config.data
        ecr.delete(repository, names.unique)
    except NonConformance as error:
        return error.what
    whole = pushed == image.digest and pulled.data == image.manifest.data and same
    return "" if whole else "an image comes back other than it was pushed"


@pytest.fixture(scope="session")
def opened_registry(registry: Registry) -> Registry:
    """The distribution API, whose front accepts a fresh token."""
    status = registry.ping().status_code
    if status != 200:
        raise PreconditionFailed("REGISTRY-05", f"a fresh token gets {status}")
    return registry


@pytest.fixture(scope="session")
def relies_on(
    request: pytest.FixtureRequest,
    opened_registry: Registry,
    ecr: EcrApi,
    contract: Contract,
    *,
    provisioned: dict[str, dict[str, object]],
    run_name: str,
) -> ReliesOn:
    """Raises PreconditionFailed when a scratch repository is missing, set up otherwise, or takes no push."""

    @cache
    def trouble() -> str:
        names = Names.for_check(run_name, _worker(request), "registry precondition")
        return _pushes(opened_registry, ecr, contract, names)

    def require_repository(mutability: str = "MUTABLE", *, pushing: bool = True) -> None:
        name = scratch_repository(contract, mutability)
        if name not in provisioned:
            raise PreconditionFailed("REGISTRY-01", f"repository {name} is missing")
        if provisioned[name].get("imageTagMutability") != mutability:
            raise PreconditionFailed("REGISTRY-02", f"tags of {name} are not {mutability}")
        if pushing and trouble():
            raise PreconditionFailed("REGISTRY-10", trouble())

    return require_repository


def _worker(request: pytest.FixtureRequest) -> str:
    return str(getattr(request.config, "workerinput", {}).get("workerid", ""))


def fresh_noise(size: int, seed: str) -> bytes:
    """Bytes that no earlier run pushed."""
    return artifacts.noise(size, f"{FRESH}{seed}")
