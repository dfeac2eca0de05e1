"""What checks of the registry stand on: a token that opens it, repositories, and a push that arrives."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from uuid import uuid4

import pytest

from conformance.clients import artifacts
from conformance.clients.names import Names
from conformance.clients.registry import EcrApi, Registry, scratch_repository
from conformance.contract.model import Contract
from conformance.core.nonconformance import NonConformance
from suites.ground import blocked

#: what was pushed by an earlier run on the same stack would not be pushed again: content is new in each
FRESH = uuid4().hex
#: `stands_on(mutability, pushing)`: blocks the running check when a check of these tells already
StandsOn = Callable[..., None]
#: `tidy(repository, reference)` deletes an image after the check
Tidy = Callable[[str, str], None]


@pytest.fixture
def tidy(ecr: EcrApi) -> Iterator[Tidy]:
    """`tidy(repository, reference)`: delete this image after the check."""
    made: list[tuple[str, str]] = []
    yield lambda repository, reference: made.append((repository, reference))
    for repository, reference in made:
        ecr.delete(repository, reference)


@pytest.fixture(scope="session")
def provisioned(ecr: EcrApi) -> dict[str, dict[str, object]]:
    """Every repository of ECR with its settings, by name."""
    return ecr.repositories()


@pytest.fixture(scope="session")
def _opens(registry: Registry) -> int:
    return registry.ping().status_code


@pytest.fixture(scope="session")
def _pushes(registry: Registry, ecr: EcrApi, contract: Contract, request: pytest.FixtureRequest) -> str:
    """Empty, or why not even a small image can be pushed and pulled again."""
    names = Names.of(request.getfixturevalue("run_name"), _worker(request), "registry ground")
    repository = scratch_repository(contract)
    image = artifacts.image(({"ground": fresh_noise(16, "ground")},))
    try:
        told = registry.push(repository, names.unique, image)
        pulled = registry.manifest(repository, names.unique)
        same = registry.blob(repository, image.config.digest) == image.config.data
        ecr.delete(repository, names.unique)
    except NonConformance as error:
        return error.what
    whole = told == image.digest and pulled.data == image.manifest.data and same
    return "" if whole else "an image comes back other than it was pushed"


@pytest.fixture
def stands_on(
    request: pytest.FixtureRequest, contract: Contract, provisioned: dict[str, dict[str, object]], _opens: int
) -> StandsOn:
    def look(mutability: str = "MUTABLE", *, pushing: bool = True) -> None:
        if _opens != 200:
            blocked(request, "REGISTRY-05", f"a fresh token gets {_opens}")
        name = scratch_repository(contract, mutability)
        if name not in provisioned:
            blocked(request, "REGISTRY-01", f"repository {name} is missing")
        elif provisioned[name].get("imageTagMutability") != mutability:
            blocked(request, "REGISTRY-02", f"tags of {name} are not {mutability}")
        if pushing and (why := request.getfixturevalue("_pushes")):
            blocked(request, "REGISTRY-10", why)

    return look


def _worker(request: pytest.FixtureRequest) -> str:
    return str(getattr(request.config, "workerinput", {}).get("workerid", ""))


def fresh_noise(size: int, seed: str) -> bytes:
    """Bytes that no earlier run pushed."""
    return artifacts.noise(size, f"{FRESH}{seed}")
