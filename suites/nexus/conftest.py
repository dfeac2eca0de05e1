"""Preconditions of the checks of Nexus: it is writable, its administrator logs in, it takes a release.

In this folder `nexus` is the client of a Nexus that answers; `clients.nexus` is the same without
preconditions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest

from conformance.clients import artifacts
from conformance.clients.http import Unavailable
from conformance.clients.kubernetes import Cluster
from conformance.clients.names import Names
from conformance.clients.nexus import Coordinates, Nexus, RepositoryFact
from conformance.clients.stack_clients import StackClients
from conformance.contract.model import Contract, NexusRepository
from conformance.core import maven
from conformance.core.errors import WaitTimeout
from conformance.core.nonconformance import NonConformance, PreconditionFailed
from conformance.core.shared_facts import Shared
from conformance.core.waiting import eventually
from conformance.runner.decision import not_applicable

#: `with cut_off(proxy)`: the proxy does not reach its remote
CutOff = Callable[[str], AbstractContextManager[None]]
#: `relies_on(names)`: requires that these repositories are there, online and as declared
ReliesOn = Callable[..., None]


@pytest.fixture(scope="session")
def unwritable(clients: StackClients) -> str:
    """Why Nexus takes nothing after 15 seconds, in which it may have been starting; empty: it is writable."""
    nexus, frozen = clients.nexus, False

    def writable() -> bool:
        nonlocal frozen
        try:
            takes = nexus.writable()
        except Unavailable:
            # a pod that is not ready for long is out of reach: its earlier answer counts
            if frozen:
                return False
            raise
        if not takes and not frozen:
            # a service that does not report itself up is away: an error, whatever answers in its place
            nexus.require_up()
            frozen = True
        return takes

    try:
        eventually(writable, what="Nexus is writable", timeout=15)
    except WaitTimeout:
        return "Nexus is up, and status/writable does not answer 200"
    return ""


@pytest.fixture(scope="session")
def writable_nexus(clients: StackClients, unwritable: str) -> Nexus:
    """A Nexus that takes artifacts; its administrator's login is not known to work."""
    if unwritable:
        raise PreconditionFailed("NEXUS-01", "Nexus is not writable")
    return clients.nexus


@pytest.fixture(scope="session")
def nexus(writable_nexus: Nexus) -> Nexus:
    """Nexus as its administrator, writable and logged in."""
    if writable_nexus.administrator_status() != 200:
        raise PreconditionFailed("NEXUS-02", "Nexus refuses its administrator")
    return writable_nexus


@pytest.fixture(scope="session")
def repositories(nexus: Nexus) -> dict[str, RepositoryFact]:
    """Every repository of Nexus by name, read in one request."""
    return {repository.name: repository for repository in nexus.repositories()}


@pytest.fixture(scope="session")
def relies_on(repositories: dict[str, RepositoryFact], contract: Contract) -> ReliesOn:
    """Raises PreconditionFailed for a repository that is missing, offline or otherwise than declared."""
    declared = {wanted.name: wanted for wanted in contract.nexus.repositories}

    def require_repositories(*names: str) -> None:
        for name in names:
            repository = repositories.get(name)
            if repository is None:
                raise PreconditionFailed("NEXUS-04", f"repository {name} is missing")
            if not repository.online:
                raise PreconditionFailed("NEXUS-06", f"repository {name} is offline")
            if name in declared and (wrong := differences(declared[name], repository)):
                raise PreconditionFailed("NEXUS-05", wrong[0])

    return require_repositories


@pytest.fixture(scope="session")
def deploys(
    request: pytest.FixtureRequest, nexus: Nexus, contract: Contract, run_name: str, relies_on: ReliesOn
) -> None:
    """A small release can be deployed and read again."""
    relies_on(contract.nexus.releases)
    if trouble := _deploys(
        nexus, contract, Names.for_check(run_name, _worker(request), "nexus precondition")
    ):
        raise PreconditionFailed("NEXUS-20", trouble)


def _deploys(nexus: Nexus, contract: Contract, names: Names) -> str:
    """Why not even a small release can be deployed and read again; empty: it can."""
    item = Coordinates(names.group, "precondition", "1.0.0")
    sent = artifacts.jar({"precondition.bin": names.group.encode()})
    try:
        nexus.deploy(contract.nexus.releases, item, sent, artifacts.pom(item.group, item.artifact, "1.0.0"))
        kept = nexus.content(contract.nexus.releases, item.path)
        checksum = nexus.checksum(contract.nexus.releases, item.path, "sha1")
    except NonConformance as error:
        return error.what
    finally:
        nexus.remove_group(names.group)
    return "" if kept == sent and checksum == artifacts.sha1(sent) else "a release comes back damaged"


@pytest.fixture(scope="session")
def deployer(nexus: Nexus, kube: Cluster, contract: Contract) -> Nexus:
    """Nexus as the user that builds deploy with."""
    name = f"{contract.nexus.release}-deployer"
    secret = kube.secret(contract.nexus.namespace, name)
    if not secret or not {"username", "password"} <= set(secret):
        raise NonConformance(
            f"builds have no login: no secret {contract.nexus.namespace}/{name} with username and password",
            remedy="make a user that may only deploy, and keep its login in this secret",
        )
    return nexus.as_login(secret["username"], secret["password"])


@pytest.fixture
def proxy(contract: Contract) -> str:
    """The first proxy repository of the contract."""
    found = [wanted.name for wanted in contract.nexus.repositories if wanted.type == "proxy"]
    if not found:
        not_applicable("the contract declares no proxy repository")
    return found[0]


@pytest.fixture
def through_group(shared: Shared) -> Iterator[None]:
    """The check reads through the group; no other check takes a remote away at the same time."""
    with shared.held("the proxy's remote", exclusive=False):
        yield


@pytest.fixture
def cut_off(nexus: Nexus, shared: Shared) -> CutOff:
    """Takes a proxy's remote away for as long as a block runs; no check reads through a group then."""

    @contextmanager
    def away(name: str) -> Iterator[None]:
        with shared.held("the proxy's remote", exclusive=True):
            shared.register_cleanup("proxy", name=name)
            nexus.cut_off(name, away=True)
            try:
                yield
            finally:
                nexus.cut_off(name, away=False)

    return away


def differences(wanted: NexusRepository, seen: RepositoryFact) -> list[str]:
    """A line for each setting of a repository that is not as declared."""
    parts = ("format", "type", "version_policy", "write_policy", "remote", "members")
    pairs = [(part, getattr(wanted, part), getattr(seen, part)) for part in parts]
    # Nexus keeps no version policy for a group; "central" means this host's address of Maven Central
    pairs = [
        (part, maven.resolve(should) if part == "remote" else should, was)
        for part, should, was in pairs
        if not (part == "version_policy" and seen.type == "group")
    ]
    return [
        f"{wanted.name}: {part.replace('_', ' ')} is {was!r}, not {should!r}"
        for part, should, was in pairs
        if should not in ("", ()) and _plain(should) != _plain(was)
    ]


def _plain(value: object) -> object:
    return value.rstrip("/") if isinstance(value, str) else value


def _worker(request: pytest.FixtureRequest) -> str:
    return str(getattr(request.config, "workerinput", {}).get("workerid", ""))
