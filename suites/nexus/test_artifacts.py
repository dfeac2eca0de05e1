"""Artifacts in Nexus: what goes in comes out, and the policies of releases and snapshots hold."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from conformance.clients import artifacts
from conformance.clients.http import expect
from conformance.clients.nexus import Coordinates, Nexus
from conformance.contract.model import Contract
from conformance.core.errors import WaitTimeout
from conformance.core.nonconformance import NonConformance, PreconditionFailed, require, require_none
from conformance.core.waiting import eventually
from conformance.runner.decision import not_applicable
from suites.nexus.conftest import ReliesOn

pytestmark = pytest.mark.writes
needs_deploying = pytest.mark.usefixtures("deploys")

VERSION = "1.0.0"
SNAPSHOT = "1.0.0-SNAPSHOT"
#: a small file that is in Maven Central for good
PUBLIC = Coordinates("org.hamcrest", "hamcrest-parent", "1.3", "pom")
#: seconds after which search must know what was deployed
INDEXED = 30


def _jar(seed: str) -> bytes:
    return artifacts.jar({"conformance.bin": artifacts.noise(20_000, seed)})


def _pom(coordinates: Coordinates) -> bytes:
    return artifacts.pom(coordinates.group, coordinates.artifact, coordinates.version)


@pytest.mark.requirement("NEXUS-20")
def test_release_round_trip(nexus: Nexus, contract: Contract, maven_group: str, relies_on: ReliesOn) -> None:
    """A release deployed in Maven's layout comes back byte for byte, with its checksum."""
    relies_on(contract.nexus.releases)
    sent = _jar(maven_group)
    item = Coordinates(maven_group, "round-trip", VERSION)
    nexus.deploy(contract.nexus.releases, item, sent, _pom(item))
    require(
        nexus.content(contract.nexus.releases, item.path) == sent,
        f"{contract.nexus.releases} gives back other bytes than were deployed",
        expected=f"{len(sent)} bytes with sha256 {artifacts.sha256(sent)}",
        remedy="check the blob store and every proxy between client and Nexus",
    )
    checksum = nexus.checksum(contract.nexus.releases, item.path, "sha1")
    require(
        checksum == artifacts.sha1(sent),
        f"{contract.nexus.releases} gives a wrong SHA-1 for what was deployed",
        expected=artifacts.sha1(sent),
        observed=checksum,
        remedy="repair the repository's metadata (checksums)",
    )


@pytest.mark.requirement("NEXUS-21")
@needs_deploying
def test_search_gives_true_checksums(nexus: Nexus, contract: Contract, maven_group: str) -> None:
    """Search finds what was deployed and gives its true SHA-256."""
    sent = _jar(maven_group)
    item = Coordinates(maven_group, "searched", VERSION)
    nexus.deploy(contract.nexus.releases, item, sent, _pom(item))

    def indexed() -> list[dict[str, Any]]:
        return [
            asset
            for component in nexus.search(group=maven_group, name="searched")
            for asset in component["assets"]
            if asset["path"].lstrip("/") == item.path
        ]

    try:
        found = eventually(indexed, what=f"search finds {item}", timeout=INDEXED)
    except WaitTimeout as error:
        raise NonConformance(
            "Nexus does not find what was deployed",
            expected=f"{item.path} within {INDEXED} s",
            observed=error.observed,
            remedy="rebuild the search index",
        ) from error
    checksum = found[0]["checksum"].get("sha256", "")
    require(
        checksum == artifacts.sha256(sent),
        "Nexus' search gives a wrong SHA-256",
        expected=artifacts.sha256(sent),
        observed=checksum,
        remedy="rebuild the search index",
    )


@pytest.mark.requirement("NEXUS-29")
@needs_deploying
def test_component_by_rest(nexus: Nexus, contract: Contract, maven_group: str) -> None:
    """A component uploaded by REST comes back, with true checksums made by Nexus."""
    sent = _jar(maven_group)
    item = Coordinates(maven_group, "by-rest", VERSION)
    expect(
        nexus.upload_component(contract.nexus.releases, item, sent),
        204,
        what=f"{contract.nexus.releases} does not take a component by REST",
    )
    require(nexus.content(contract.nexus.releases, item.path) == sent, "Nexus gives back other bytes")
    for kind, wanted in (("sha1", artifacts.sha1(sent)), ("md5", artifacts.md5(sent))):
        checksum = nexus.checksum(contract.nexus.releases, item.path, kind)
        require(
            checksum == wanted,
            f"Nexus gives a wrong {kind} for what was uploaded",
            expected=wanted,
            observed=checksum,
            remedy="repair the repository's metadata (checksums)",
        )


@pytest.mark.requirement("NEXUS-22")
@needs_deploying
def test_release_is_never_replaced(nexus: Nexus, contract: Contract, maven_group: str) -> None:
    """A release is never replaced."""
    first, second = _jar("first"), _jar("second")
    item = Coordinates(maven_group, "immutable", VERSION)
    nexus.deploy(contract.nexus.releases, item, first, _pom(item))
    status = nexus.upload(contract.nexus.releases, item.path, second).status_code
    require(
        status in (400, 403, 409),
        f"{contract.nexus.releases} takes a release a second time: status {status}",
        expected="status 400: the asset cannot be updated",
        observed=status,
        remedy="set the repository's write policy to ALLOW_ONCE (Disable redeploy)",
    )
    require(
        nexus.content(contract.nexus.releases, item.path) == first, "a refused redeploy replaced the release"
    )


@pytest.mark.requirement("NEXUS-23")
def test_snapshot_may_be_replaced(
    nexus: Nexus, contract: Contract, maven_group: str, relies_on: ReliesOn
) -> None:
    """A snapshot may be replaced."""
    relies_on(contract.nexus.snapshots)
    item = Coordinates(maven_group, "moving", SNAPSHOT)
    path = item.path
    for seed in ("first", "second"):
        sent = _jar(seed)
        status = nexus.upload(contract.nexus.snapshots, path, sent).status_code
        require(
            status in (200, 201),
            f"{contract.nexus.snapshots} does not take a snapshot: status {status}",
            expected="status 201",
            observed=status,
            remedy="set the repository's version policy to SNAPSHOT and its write policy to ALLOW",
        )
        require(
            nexus.content(contract.nexus.snapshots, path) == sent,
            f"{contract.nexus.snapshots} keeps serving the old snapshot",
            remedy="set the repository's write policy to ALLOW",
        )


@pytest.mark.requirement("NEXUS-24")
@needs_deploying
def test_snapshot_is_refused_by_releases(nexus: Nexus, contract: Contract, maven_group: str) -> None:
    """The release repository refuses snapshots."""
    _require_refused(nexus, contract.nexus.releases, Coordinates(maven_group, "stray", SNAPSHOT), "RELEASE")


@pytest.mark.requirement("NEXUS-25")
def test_release_is_refused_by_snapshots(
    nexus: Nexus, contract: Contract, maven_group: str, relies_on: ReliesOn
) -> None:
    """The snapshot repository refuses releases."""
    relies_on(contract.nexus.snapshots)
    _require_refused(nexus, contract.nexus.snapshots, Coordinates(maven_group, "stray", VERSION), "SNAPSHOT")


def _require_refused(nexus: Nexus, repository: str, item: Coordinates, policy: str) -> None:
    status = nexus.upload(repository, item.path, _jar(item.version)).status_code
    require(
        status == 400,
        f"{repository} takes {item.version}: status {status}",
        expected=f"status 400: version policy {policy}",
        observed=status,
        remedy=f"set the version policy of {repository} to {policy} (it can only be set when it is made)",
    )


@pytest.mark.requirement("NEXUS-26")
@pytest.mark.usefixtures("through_group")
@needs_deploying
def test_group_serves_what_was_deployed(
    nexus: Nexus, contract: Contract, maven_group: str, relies_on: ReliesOn
) -> None:
    """The group serves what the hosted repositories have."""
    relies_on(contract.nexus.group, contract.nexus.snapshots)
    for repository, version in ((contract.nexus.releases, VERSION), (contract.nexus.snapshots, SNAPSHOT)):
        sent = _jar(version)
        item = Coordinates(maven_group, "grouped", version)
        status = nexus.upload(repository, item.path, sent).status_code
        if status not in (200, 201):
            raise PreconditionFailed("NEXUS-23", f"{repository} does not take {item}: status {status}")
        answer = nexus.fetch(contract.nexus.group, item.path)
        require(
            answer.status_code == 200 and answer.content == sent,
            f"the group {contract.nexus.group} does not serve what {repository} has",
            expected=f"200 with the {len(sent)} bytes that were deployed",
            observed=f"{answer.status_code}, {len(answer.content)} bytes",
            remedy=f"put {repository} among the members of {contract.nexus.group}, before any proxy",
        )


@pytest.mark.requirement("NEXUS-27")
@pytest.mark.usefixtures("through_group")
@needs_deploying
def test_metadata_lists_every_release(
    nexus: Nexus, contract: Contract, maven_group: str, relies_on: ReliesOn
) -> None:
    """The group's metadata lists every deployed version."""
    relies_on(contract.nexus.group)
    versions = ("1.0.0", "1.0.1")
    for version in versions:
        item = Coordinates(maven_group, "listed", version)
        nexus.deploy(contract.nexus.releases, item, _jar(version), _pom(item))
    # clients write the metadata; Nexus merges it for a group from the members' own
    metadata = artifacts.metadata(maven_group, "listed", versions)
    path = f"{item.folder}/maven-metadata.xml"
    nexus.upload(contract.nexus.releases, path, metadata)
    listed = [node.text for node in nexus.metadata(contract.nexus.group, item).iter("version")]
    require_none(
        [f"version {version} is not in it" for version in versions if version not in listed],
        f"maven-metadata.xml of {contract.nexus.group} does not list what is deployed",
        expected=", ".join(versions),
        remedy="rebuild the Maven metadata of the repository",
    )


@pytest.mark.requirement("NEXUS-28")
def test_absent_artifact_is_not_found(
    nexus: Nexus, contract: Contract, maven_group: str, relies_on: ReliesOn
) -> None:
    """An artifact that was never deployed is not found."""
    relies_on(contract.nexus.releases)
    item = Coordinates(maven_group, "absent", VERSION)
    status = nexus.fetch(contract.nexus.releases, item.path).status_code
    require(
        status == 404,
        f"Nexus answers {status} for an artifact that was never deployed",
        expected="status 404",
        observed=status,
        remedy="look at the proxies between client and Nexus: none may answer for it",
    )


@pytest.mark.requirement("NEXUS-30")
@pytest.mark.usefixtures("through_group")
def test_proxy_serves_and_keeps(nexus: Nexus, contract: Contract, relies_on: ReliesOn) -> None:
    """The group serves what a proxy fetches, and the proxy keeps it."""
    proxies = [wanted.name for wanted in contract.nexus.repositories if wanted.type == "proxy"]
    if not proxies:
        not_applicable("the contract declares no proxy repository")
    relies_on(contract.nexus.group, *proxies)
    first = nexus.content(contract.nexus.group, PUBLIC.path)
    require(
        PUBLIC.artifact.encode() in first,
        f"the group serves something else for {PUBLIC}",
        observed=first[:200],
        remedy="check the proxy's remote",
    )

    def kept() -> bool:
        return any(
            component["repository"] in proxies
            for component in nexus.search(group=PUBLIC.group, name=PUBLIC.artifact, version=PUBLIC.version)
        )

    try:
        eventually(kept, what=f"a proxy keeps {PUBLIC}", timeout=INDEXED)
    except WaitTimeout as error:
        raise NonConformance(
            f"no proxy repository keeps {PUBLIC} after serving it",
            expected=f"it is in {' or '.join(proxies)}",
            observed=error.observed,
            remedy="let the group have the proxy as a member, and the proxy keep what it fetched",
        ) from error


@pytest.mark.requirement("NEXUS-31")
@needs_deploying
def test_large_artifact(nexus: Nexus, contract: Contract, maven_group: str) -> None:
    """An artifact of 100 MB can be deployed."""
    # repeated noise: making 100 MB of it anew would cost more than the upload. Stored in a real archive:
    # Nexus looks at what is inside a file before it takes it
    sent = artifacts.archive({"noise.bin": artifacts.noise(1_000_000, maven_group) * 100})
    item = Coordinates(maven_group, "large", VERSION, "zip")
    status = nexus.upload(contract.nexus.releases, item.path, sent).status_code
    require(
        status == 201,
        f"{contract.nexus.releases} does not take 100 MB: status {status}",
        remedy="raise the body size limit before Nexus, and look at its disk",
    )
    answer = nexus.fetch(contract.nexus.releases, item.path)
    require(
        answer.status_code == 200 and artifacts.sha1(answer.content) == artifacts.sha1(sent),
        "100 MB come back different",
        expected=f"{len(sent)} bytes",
        observed=f"status {answer.status_code}, {len(answer.content)} bytes",
        remedy="check the blob store",
    )


@pytest.mark.requirement("NEXUS-32")
@needs_deploying
def test_deployments_side_by_side(nexus: Nexus, contract: Contract, maven_group: str) -> None:
    """Different artifacts can be deployed at the same time."""
    items = [Coordinates(maven_group, f"parallel-{n}", VERSION) for n in range(8)]

    def deploy(item: Coordinates) -> int:
        # a session for each: one session serves one thread
        own = nexus.in_own_session()
        return own.upload(contract.nexus.releases, item.path, _jar(item.artifact)).status_code

    with ThreadPoolExecutor(8) as pool:
        statuses = dict(zip(items, pool.map(deploy, items), strict=True))
    require_none(
        [f"{item}: status {status}" for item, status in statuses.items() if status != 201]
        + [
            f"{item}: other bytes"
            for item in items
            if statuses[item] == 201
            and nexus.fetch(contract.nexus.releases, item.path).content != _jar(item.artifact)
        ],
        "deployments side by side do not all arrive",
        remedy="read Nexus' log: is it short of threads, memory or database connections?",
    )


@pytest.mark.requirement("NEXUS-33")
@needs_deploying
def test_content_is_what_its_name_says(nexus: Nexus, contract: Contract, maven_group: str) -> None:
    """A file whose content is not what its name says is refused."""
    item = Coordinates(maven_group, "not-a-jar", VERSION)
    status = nexus.upload(contract.nexus.releases, item.path, b"this is text\n" * 100).status_code
    require(
        status == 400,
        f"{contract.nexus.releases} takes a text as a jar: status {status}",
        expected="status 400",
        observed=status,
        remedy="switch strict content type validation on",
    )
