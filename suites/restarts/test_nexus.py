"""Nexus, restarted, comes back and is what it was."""

from __future__ import annotations

import pytest

from conformance.clients.artifacts import sha256
from conformance.clients.nexus import Nexus
from conformance.contract.model import Contract
from conformance.core.nonconformance import require, require_none
from suites.restarts.nexus_restart import RestartResult
from suites.restarts.snapshot import Facts, changes, password_of, users_of

pytestmark = [pytest.mark.writes, pytest.mark.disrupts, pytest.mark.run_late]


@pytest.mark.requirement("RESTARTS-11")
@pytest.mark.parametrize("kind", ["release", "snapshot"])
def test_acknowledged_artifact_is_served(
    kind: str, known: Nexus, restarted_nexus: RestartResult, contract: Contract
) -> None:
    """An artifact that Nexus acknowledged just before a restart is served byte for byte after it."""
    wanted = contract.nexus.releases if kind == "release" else contract.nexus.snapshots
    place = next(place for place in restarted_nexus.artifacts if place.startswith(f"{wanted}/"))
    repository, _, path = place.partition("/")
    answer = known.fetch(repository, path)
    seen = sha256(answer.content) if answer.status_code == 200 else ""
    require(
        seen == restarted_nexus.artifacts[place],
        f"a {kind} that Nexus had acknowledged is {'other bytes' if seen else 'not served'} after a restart",
        expected=f"sha256 {restarted_nexus.artifacts[place]} of {place}",
        observed=f"status {answer.status_code}, sha256 {seen}" if seen else f"status {answer.status_code}",
        remedy="keep Nexus' blob stores on its persistent volume, and let it stop by itself",
    )


@pytest.mark.requirement("RESTARTS-12")
def test_repositories_are_the_same(repositories: Facts, restarted_nexus: RestartResult) -> None:
    """A restart changes no repository of Nexus."""
    require_none(
        changes(restarted_nexus.repositories, repositories, "repository"),
        "the restart changed the repositories",
        remedy="keep Nexus' database on its persistent volume",
    )


@pytest.mark.requirement("RESTARTS-13")
def test_users_are_the_same_and_sign_in(known: Nexus, restarted_nexus: RestartResult, run_name: str) -> None:
    """A restart changes no user of Nexus, and they sign in."""
    findings = list(changes(restarted_nexus.users, users_of(known), "user"))
    own = known.as_login(restarted_nexus.user, password_of(restarted_nexus.user, run_name))
    if not findings and own.http.get("/service/rest/v1/status").status_code != 200:
        findings = [f"user {restarted_nexus.user} cannot sign in any more"]
    require_none(
        findings,
        "the restart changed the users of Nexus",
        remedy="keep Nexus' database on its persistent volume",
    )
