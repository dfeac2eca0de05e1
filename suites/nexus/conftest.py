"""What checks of Nexus stand on: what is broken there is told once, by the check that decides it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest

from conformance.clients import artifacts
from conformance.clients.http import Unavailable
from conformance.clients.kubernetes import Cluster
from conformance.clients.names import Names
from conformance.clients.nexus import Coordinates, Nexus, RepositoryFact
from conformance.contract.model import Contract, NexusRepository
from conformance.core import maven
from conformance.core.errors import NotYet
from conformance.core.nonconformance import NonConformance
from conformance.core.shared_facts import Shared
from conformance.core.waiting import eventually
from conformance.runner.decision import not_applicable
from suites.ground import blocked

#: `with cut_off(proxy)`: the proxy does not reach its remote
CutOff = Callable[[str], AbstractContextManager[None]]
#: `relies_on(names)`: the repositories are there, online and as declared, or another check tells
ReliesOn = Callable[..., None]


@pytest.fixture(scope="session")
def unwritable(nexus: Nexus) -> str:
    """Empty, or what was seen of a Nexus that takes nothing; it may have been starting."""
    frozen = False

    def writable() -> bool:
        nonlocal frozen
        try:
            takes = nexus.writable()
        except Unavailable:
            # its pod is not ready for long, and then nobody reaches it: what it said before counts
            if frozen:
                return False
            raise
        if not takes and not frozen:
            # who does not even say that it is up is away: an error, whatever stands in between
            nexus.require_up()
            frozen = True
        return takes

    try:
        eventually(writable, what="Nexus is writable", timeout=15)
    except NotYet:
        return "Nexus is up, and status/writable does not answer 200"
    return ""


@pytest.fixture(scope="session")
def _answers(nexus: Nexus, unwritable: str) -> str:
    """Empty, or the requirement that tells why nothing else can be asked."""
    if unwritable:
        return "NEXUS-01"
    return "" if nexus.administrator_status() == 200 else "NEXUS-02"


@pytest.fixture(autouse=True)
def _ground(request: pytest.FixtureRequest, _answers: str) -> None:
    if _answers:
        what = "Nexus is not writable" if _answers == "NEXUS-01" else "Nexus refuses its administrator"
        blocked(request, _answers, what)


@pytest.fixture(scope="session")
def _repositories(nexus: Nexus) -> dict[str, RepositoryFact]:
    return {found.name: found for found in nexus.repositories()}


@pytest.fixture
def repositories(request: pytest.FixtureRequest) -> dict[str, RepositoryFact]:
    """Every repository of Nexus, in one request; asked for when the ground is known to hold."""
    found: dict[str, RepositoryFact] = request.getfixturevalue("_repositories")
    return found


@pytest.fixture
def relies_on(
    request: pytest.FixtureRequest, repositories: dict[str, RepositoryFact], contract: Contract
) -> ReliesOn:
    declared = {wanted.name: wanted for wanted in contract.nexus.repositories}

    def look(*names: str) -> None:
        for name in names:
            seen = repositories.get(name)
            if seen is None:
                blocked(request, "NEXUS-04", f"repository {name} is missing")
            elif not seen.online:
                blocked(request, "NEXUS-06", f"repository {name} is offline")
            elif name in declared and (wrong := differences(declared[name], seen)):
                blocked(request, "NEXUS-05", wrong[0])

    return look


@pytest.fixture(scope="session")
def _deploys(nexus: Nexus, contract: Contract, request: pytest.FixtureRequest) -> str:
    """Empty, or why not even a small release can be deployed and read again."""
    names = Names.of(request.getfixturevalue("run_name"), _worker(request), "nexus ground")
    item = Coordinates(names.group, "ground", "1.0.0")
    sent = artifacts.jar({"ground.bin": names.group.encode()})
    try:
        nexus.deploy(contract.nexus.releases, item, sent, artifacts.pom(item.group, item.artifact, "1.0.0"))
        kept = nexus.content(contract.nexus.releases, item.path)
        told = nexus.checksum(contract.nexus.releases, item.path, "sha1")
    except NonConformance as error:
        return error.what
    finally:
        nexus.remove_group(names.group)
    return "" if kept == sent and told == artifacts.sha1(sent) else "a release comes back damaged"


@pytest.fixture
def deploys(request: pytest.FixtureRequest, relies_on: ReliesOn, contract: Contract) -> None:
    """A small release can be deployed; what stands on that is blocked otherwise."""
    relies_on(contract.nexus.releases)
    if why := request.getfixturevalue("_deploys"):
        blocked(request, "NEXUS-20", why)


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
    """The check asks the group; meanwhile no other one takes a remote away."""
    with shared.held("the proxy's remote", alone=False):
        yield


@pytest.fixture
def cut_off(nexus: Nexus, shared: Shared) -> CutOff:
    @contextmanager
    def away(name: str) -> Iterator[None]:
        with shared.held("the proxy's remote", alone=True):
            shared.leave("proxy", name=name)
            nexus.cut_off(name, away=True)
            try:
                yield
            finally:
                nexus.cut_off(name, away=False)

    return away


def differences(wanted: NexusRepository, seen: RepositoryFact) -> list[str]:
    """What of a repository is otherwise than declared, a line each."""
    parts = ("format", "type", "version_policy", "write_policy", "remote", "members")
    pairs = [(part, getattr(wanted, part), getattr(seen, part)) for part in parts]
    # Nexus keeps no version policy for a group; "central" stands for what this host calls Maven Central
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
