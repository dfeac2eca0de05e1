"""Policies of Nexus: the order of a group's members, metadata, cleanup, a proxy without its remote."""

from __future__ import annotations

import pytest

from conformance.clients import artifacts
from conformance.clients.nexus import Coordinates, Nexus, RepositoryFact
from conformance.contract.model import Contract
from conformance.core.nonconformance import PreconditionFailed, require, require_none
from conformance.runner.decision import not_applicable
from suites.nexus.conftest import CutOff, ReliesOn


@pytest.mark.requirement("NEXUS-14")
def test_snapshots_are_cleaned_up(nexus: Nexus, contract: Contract) -> None:
    """Each hosted repository of snapshots is cleaned up by a policy: those of the contract, or any."""
    named = {entry["repository"]: entry["policies"] for entry in nexus.cleanup_policies()}
    findings = []
    for wanted in contract.nexus.repositories:
        if wanted.name not in named:
            continue  # NEXUS-04 decides that
        seen = set(named[wanted.name])
        if wanted.cleanup:
            findings += [f"{wanted.name} does not name {name}" for name in wanted.cleanup if name not in seen]
        elif wanted.type == "hosted" and wanted.version_policy == "SNAPSHOT" and not seen:
            findings.append(f"{wanted.name} names no policy")
    require_none(
        findings,
        "a repository is never cleaned up",
        expected="a cleanup policy for each hosted repository of snapshots",
        remedy="set the repository's cleanup policy: snapshots fill the blob store without end",
    )


@pytest.mark.requirement("NEXUS-15")
def test_cleanup_policies_are_there(nexus: Nexus) -> None:
    """Each cleanup policy that a repository names exists."""
    listed = nexus.cleanup_policies_api()
    if listed is None:
        not_applicable("this Nexus lists its cleanup policies neither by its public REST API nor by its own")
    require_none(
        [
            f"{of['repository']} names {name}, and there is none"
            for of in nexus.cleanup_policies()
            for name in of["policies"]
            if name not in listed[1]
        ],
        "a repository names a cleanup policy that does not exist",
        expected="only policies that exist: Nexus takes any name and then cleans nothing up",
        remedy="make the policy, or correct the name",
    )


@pytest.mark.requirement("NEXUS-34")
@pytest.mark.writes
@pytest.mark.usefixtures("through_group")
def test_snapshot_metadata_advances(
    nexus: Nexus,
    contract: Contract,
    maven_group: str,
    *,
    relies_on: ReliesOn,
    repositories: dict[str, RepositoryFact],
) -> None:
    """The metadata of a snapshot follows each build, in its repository and through the group."""
    relies_on(contract.nexus.snapshots, contract.nexus.group)
    if contract.nexus.snapshots not in repositories[contract.nexus.group].members:
        raise PreconditionFailed(
            "NEXUS-26", f"{contract.nexus.group} does not serve {contract.nexus.snapshots}"
        )
    item = Coordinates(maven_group, "built-twice", "1.0.0-SNAPSHOT")
    folder = item.path.rpartition("/")[0]
    for number in (1, 2):
        # as Maven does: a file with time and number, then the metadata that names it
        stamp = f"2026010{number}.120000"
        jar = artifacts.jar({"build.txt": f"{maven_group} {number}".encode()})
        file = f"{folder}/built-twice-1.0.0-{stamp}-{number}.jar"
        metadata = artifacts.snapshot_metadata(item.group, item.artifact, item.version, stamp, number)
        for path, data in ((file, jar), (f"{folder}/maven-metadata.xml", metadata)):
            status = nexus.upload(contract.nexus.snapshots, path, data).status_code
            require(
                status in (200, 201),
                f"{contract.nexus.snapshots} does not take build {number} of a snapshot: status {status}",
                expected="status 201",
                observed=f"PUT {path}: {status}",
                remedy="set the repository's version policy to SNAPSHOT and its write policy to ALLOW",
            )
        for repository in (contract.nexus.snapshots, contract.nexus.group):
            metadata_seen = nexus.metadata(repository, item, of_version=True)
            seen = (
                metadata_seen.findtext(".//snapshot/buildNumber"),
                metadata_seen.findtext(".//snapshot/timestamp"),
            )
            require(
                seen == (str(number), stamp),
                f"maven-metadata.xml of {repository} does not follow build {number} of a snapshot",
                expected=f"build {number} of {stamp}",
                observed=f"build {seen[0]} of {seen[1]}",
                remedy="rebuild the repository's metadata, and cache none before Nexus",
            )
            kept = nexus.fetch(repository, file)
            require(
                kept.status_code == 200 and kept.content == jar,
                f"{repository} does not serve build {number} of a snapshot",
                expected=f"the {len(jar)} bytes that were deployed",
                observed=f"status {kept.status_code}, {len(kept.content)} bytes",
                remedy=f"put {contract.nexus.snapshots} among the members of {contract.nexus.group}",
            )


#: small files that are in Maven Central for good, and that no build requests
TWICE = Coordinates("org.hamcrest", "hamcrest-parent", "1.1", "pom")


@pytest.mark.requirement("NEXUS-35")
@pytest.mark.writes
@pytest.mark.usefixtures("deploys", "through_group", "only_where_disposable")
def test_group_asks_hosted_repositories_first(
    nexus: Nexus, contract: Contract, proxy: str, relies_on: ReliesOn
) -> None:
    """The group serves what a hosted repository has before what a proxy has."""
    relies_on(contract.nexus.group, contract.nexus.releases, proxy)
    own = artifacts.pom(TWICE.group, TWICE.artifact, TWICE.version, "pom") + b"<!-- conformance -->\n"
    outside = nexus.content(proxy, TWICE.path)
    nexus.expect_deployed(contract.nexus.releases, TWICE.path, own)
    try:
        seen = nexus.content(contract.nexus.group, TWICE.path)
    finally:
        nexus.remove_group(TWICE.group)
    require(
        seen == own,
        f"the group {contract.nexus.group} serves {TWICE} from {proxy}, not from {contract.nexus.releases}",
        expected=f"the {len(own)} bytes that were deployed",
        observed=f"{len(seen)} bytes" + (", those of the proxy" if seen == outside else ""),
        remedy="put the hosted repositories before any proxy: else artifacts that others publish under your "
        "names replace yours",
    )


@pytest.mark.requirement("NEXUS-36")
@pytest.mark.writes
@pytest.mark.usefixtures("only_where_disposable")
def test_proxy_serves_without_its_remote(
    nexus: Nexus, proxy: str, relies_on: ReliesOn, cut_off: CutOff
) -> None:
    """A proxy serves what it has fetched while its remote is away."""
    relies_on(proxy)
    item = Coordinates("org.hamcrest", "hamcrest-parent", "1.3", "pom")
    before = nexus.content(proxy, item.path)
    with cut_off(proxy):
        after = nexus.fetch(proxy, item.path)
    require(
        after.status_code == 200 and after.content == before,
        f"{proxy} does not serve what it fetched before while its remote is away",
        expected=f"status 200 and {len(before)} bytes",
        observed=f"status {after.status_code}, {len(after.content)} bytes",
        remedy="let the proxy keep what it fetches (no limit to its age), and look at its blob store",
    )
