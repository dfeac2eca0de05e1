"""Rights of the users of Nexus, one by one: the user that deploys, and one that only reads."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from conformance.clients.names import Names
from conformance.clients.nexus import Nexus
from conformance.clients.nexus_rights import Privilege, privileges_of
from conformance.contract.model import Contract
from conformance.core.nonconformance import PreconditionFailed, require, require_none
from conformance.core.shared_facts import Shared
from suites.nexus.conftest import ReliesOn

READING = {"read", "browse"}
#: rights that only read
HARMLESS = {"nx-healthcheck-read", "nx-search-read", "nx-healthcheck-summary-read"}
#: Nexus' own role for users that may only read
READER = "nx-anonymous"


@pytest.mark.requirement("NEXUS-16")
def test_deployer_has_its_rights_and_no_others(nexus: Nexus, deployer: Nexus, contract: Contract) -> None:
    """The user that builds deploy with may read, and add and edit in the repositories for releases and
    snapshots, and nothing else.
    """
    rights = privileges_of(nexus, deployer.username)
    targets = (contract.nexus.releases, contract.nexus.snapshots)
    writes = {(right.repository, action) for right in rights for action in right.actions - READING}
    if any(right.name.startswith(("nx-all", "nx-users")) for right in rights):
        raise PreconditionFailed("NEXUS-10", "the user that builds deploy with may administer Nexus")
    if (contract.nexus.releases, "add") not in writes or any(
        {"delete", "all", "*"} & right.actions for right in rights
    ):
        raise PreconditionFailed("NEXUS-11", "the user that builds deploy with deploys nothing, or deletes")
    needed = {(target, action) for target in targets for action in ("add", "edit")}
    reads = {right.repository for right in rights if right.actions >= READING or "read" in right.actions}
    require_none(
        [f"it may not {action} in {target}" for target, action in sorted(needed - writes)]
        + [f"it may not read {target}" for target in targets if not {target, "*"} & reads]
        + [f"it has {right.name}" for right in rights if not _fits(right, targets)],
        "the user that builds deploy with has other rights than it needs",
        expected=f"to read everywhere, and to add and edit in {' and '.join(targets)}",
        remedy="give it a role with these privileges alone (nx-repository-view-maven2-NAME-add, -edit)",
    )


def _fits(right: Privilege, targets: tuple[str, ...]) -> bool:
    if right.type != "repository-view":
        return right.name in HARMLESS
    if right.actions <= READING:
        return True
    return right.repository in targets and right.actions <= READING | {"add", "edit"}


@pytest.fixture
def reader(nexus: Nexus, names: Names, shared: Shared) -> Iterator[Nexus]:
    """Nexus as a user that may only read, created for the check and removed."""
    shared.register_cleanup("nexus user", name=names.unique)
    yield nexus.make_user(names.unique, READER)
    nexus.delete_user(names.unique)


@pytest.mark.requirement("NEXUS-17")
@pytest.mark.writes
def test_reader_deploys_nothing(
    nexus: Nexus, reader: Nexus, contract: Contract, maven_group: str, *, relies_on: ReliesOn
) -> None:
    """A user with only the right to read, and a client without a login, deploy nothing."""
    relies_on(contract.nexus.releases)
    path = f"{maven_group.replace('.', '/')}/by-reader/1/by-reader-1.pom"
    seen = reader.fetch(contract.nexus.releases, path).status_code
    require(
        seen not in (401, 403),
        f"a user that may read {contract.nexus.releases} gets {seen}",
        expected="status 404 for what is not there",
        observed=seen,
        remedy=f"look at the active realms and at the role {READER}",
    )
    with nexus.http.anonymous() as anyone:
        anonymous = Nexus(anyone, nexus.put)
        statuses = {
            "a user that may only read": reader.upload(
                contract.nexus.releases, path, b"<project/>"
            ).status_code,
            "an anonymous client": anonymous.upload(contract.nexus.releases, path, b"<project/>").status_code,
        }
    require_none(
        [
            f"{client} deploys: status {status}"
            for client, status in statuses.items()
            if status not in (401, 403)
        ],
        f"{contract.nexus.releases} takes artifacts from a client that may not deploy",
        expected="status 401 or 403",
        remedy="take every right but read and browse from the anonymous user, its role and the default role",
    )
