"""The server: up, its version, its repositories, its logins."""

from __future__ import annotations

import pytest

from conformance.clients.names import Names
from conformance.clients.nexus import Nexus, RepositoryFact
from conformance.contract.model import Contract
from conformance.core.nonconformance import require, require_none, require_same_names
from suites.nexus.conftest import ReliesOn, differences

#: bytes of the largest artifact that is deployed: NEXUS-31
LARGEST = 100_000_000


@pytest.mark.requirement("NEXUS-01")
def test_nexus_is_writable(unwritable: str) -> None:
    """Nexus is up and writable."""
    require(
        not unwritable,
        "Nexus is up but not writable",
        expected="/service/rest/v1/status/writable answers 200",
        observed=unwritable,
        remedy="read Nexus' log: is it still starting, or read-only because its blob store is full?",
    )


@pytest.mark.requirement("NEXUS-02")
def test_administrator_logs_in(writable_nexus: Nexus) -> None:
    """Nexus' administrator logs in."""
    status = writable_nexus.administrator_status()
    require(
        status == 200,
        f"Nexus answers {status} to its administrator",
        expected="status 200",
        observed=status,
        remedy="let the administrator's secret hold the password that Nexus has",
    )


@pytest.mark.requirement("NEXUS-03")
def test_version(nexus: Nexus, contract: Contract) -> None:
    """Nexus runs the version of the contract."""
    seen = nexus.version()
    require(
        seen == contract.nexus.version,
        f"Nexus runs {seen or 'an unknown version'}, not {contract.nexus.version}",
        expected=contract.nexus.version,
        observed=seen,
        remedy="pin the image of Nexus to the contract's version",
    )


@pytest.mark.requirement("NEXUS-04")
def test_repositories_are_the_declared_ones(
    repositories: dict[str, RepositoryFact], contract: Contract
) -> None:
    """Nexus has exactly the repositories of the contract."""
    require_same_names(
        (wanted.name for wanted in contract.nexus.repositories),
        repositories,
        what="the repositories of Nexus differ",
        remedy="make or remove the repository, or declare it in the contract (nexus.repositories)",
    )


@pytest.mark.requirement("NEXUS-05")
def test_repositories_are_configured_as_declared(
    repositories: dict[str, RepositoryFact], contract: Contract
) -> None:
    """Each repository of Nexus is configured as the contract declares: format, type, policies, remote,
    members in order.
    """
    require_none(
        [
            line
            for wanted in contract.nexus.repositories
            if wanted.name in repositories
            for line in differences(wanted, repositories[wanted.name])
        ],
        "a repository of Nexus is configured differently",
        remedy="configure it as the contract says; its type can only be changed by making it anew",
    )


@pytest.mark.requirement("NEXUS-06")
def test_repositories_are_online(repositories: dict[str, RepositoryFact], contract: Contract) -> None:
    """Each repository of Nexus is online."""
    require_none(
        [
            f"{wanted.name} is offline"
            for wanted in contract.nexus.repositories
            if wanted.name in repositories and not repositories[wanted.name].online
        ],
        "a repository of Nexus is not online",
        remedy="set the repository online",
    )


@pytest.mark.requirement("NEXUS-07")
def test_wrong_password_is_refused(nexus: Nexus) -> None:
    """Nexus refuses a wrong password."""
    username = nexus.http.session.auth[0] if isinstance(nexus.http.session.auth, tuple) else "admin"
    status = (
        nexus.as_login(username, "not-the-password").http.get("/service/rest/v1/status/check").status_code
    )
    require(
        status == 401,
        f"Nexus answers {status} to a wrong password",
        expected="status 401",
        observed=status,
        remedy="look at the active realms: the local authenticating realm must be among them",
    )


@pytest.mark.requirement("NEXUS-08")
def test_initial_password_is_changed(nexus: Nexus) -> None:
    """The administrator's initial password is changed."""
    status = nexus.as_login("admin", "admin123").http.get("/service/rest/v1/status/check").status_code
    require(
        status == 401,
        "the administrator still has the initial password admin123",
        expected="status 401",
        observed=status,
        remedy="change the password of admin at the first start",
    )


@pytest.mark.requirement("NEXUS-09")
@pytest.mark.usefixtures("through_group")
def test_anonymous_access_is_as_declared(nexus: Nexus, contract: Contract, relies_on: ReliesOn) -> None:
    """Anonymous reading of Nexus is allowed or refused as the contract declares."""
    relies_on(contract.nexus.group)
    with nexus.http.anonymous() as anyone:
        status = anyone.get(
            f"/repository/{contract.nexus.group}/conformance/absent/1/absent-1.pom"
        ).status_code
    declared = "allowed" if contract.nexus.anonymous else "refused"
    require(
        (status in (401, 403)) != contract.nexus.anonymous,
        f"anonymous reading is not {declared}: status {status}",
        expected="404 (nothing there)" if contract.nexus.anonymous else "401 or 403",
        observed=status,
        remedy="switch anonymous access as the contract declares (nexus.anonymous)",
    )


@pytest.mark.requirement("NEXUS-10")
def test_deployer_is_no_administrator(deployer: Nexus) -> None:
    """The user that builds deploy with does not administer Nexus."""
    status = deployer.http.get("/service/rest/v1/security/users").status_code
    require(
        status == 403,
        f"the user that builds deploy with may administer Nexus: status {status}",
        expected="status 403",
        observed=status,
        remedy="give it a role with read, browse, add and edit on the Maven repositories only",
    )


@pytest.mark.requirement("NEXUS-11")
@pytest.mark.writes
@pytest.mark.usefixtures("deploys")
def test_deployer_deploys_but_does_not_delete(
    nexus: Nexus, deployer: Nexus, contract: Contract, maven_group: str
) -> None:
    """The user that builds deploy with deploys, and deletes nothing."""
    path = f"{maven_group.replace('.', '/')}/undeletable/1/undeletable-1.pom"
    from_deployer = deployer.upload(contract.nexus.releases, path, b"<project/>").status_code
    require(
        from_deployer == 201,
        f"the user that builds deploy with cannot deploy: status {from_deployer}",
        expected="status 201",
        observed=from_deployer,
        remedy="grant it add and edit on the hosted repositories",
    )
    status = deployer.http.delete(f"/repository/{contract.nexus.releases}/{path}").status_code
    require(
        status in (401, 403),
        f"the user that builds deploy with may delete releases: status {status}",
        expected="status 403",
        observed=status,
        remedy="nx-repository-view-maven2-*-* includes delete: grant read, browse, add and edit one by one",
    )
    require(
        nexus.fetch(contract.nexus.releases, path).status_code == 200, "a refused deletion deleted the file"
    )


@pytest.mark.requirement("NEXUS-12")
def test_blob_stores_have_room(nexus: Nexus) -> None:
    """The blob stores of Nexus are available, within their quota, and have room for the largest artifact."""
    stores = nexus.blob_stores()
    require(stores, "Nexus has no blob store", remedy="make one")
    findings = []
    for store in stores:
        quota = nexus.http.get(f"/service/rest/v1/blobstores/{store['name']}/quota-status")
        if quota.status_code == 200 and quota.json().get("isViolation"):
            findings.append(f"blob store {store['name']}: {quota.json().get('message')}")
        if store.get("unavailable"):
            findings.append(f"blob store {store['name']} is unavailable")
        if 0 <= store.get("availableSpaceInBytes", -1) < LARGEST:
            findings.append(f"blob store {store['name']} has {store['availableSpaceInBytes']} bytes left")
    require_none(
        findings,
        "a blob store of Nexus has no room",
        expected=f"room for an artifact of {LARGEST} bytes",
        remedy="clean up or enlarge its volume",
    )


@pytest.mark.requirement("NEXUS-13")
def test_no_scripts_over_rest(nexus: Nexus, names: Names) -> None:
    """Nexus takes no scripts over REST."""
    # a whole script, for Nexus looks at the body before it says that scripts are off; never run
    script = {"name": names.unique, "type": "groovy", "content": "return 1"}
    status = nexus.http.post("/service/rest/v1/script", json=script).status_code
    if status == 204:
        nexus.http.delete(f"/service/rest/v1/script/{script['name']}")
    require(
        status in (403, 404, 405, 410),
        f"Nexus takes Groovy scripts over REST: status {status}",
        expected="status 410: disabled",
        observed=status,
        remedy="remove nexus.scripts.allowCreation=true",
    )
