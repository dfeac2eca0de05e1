"""After an upgrade in place: nothing is lost, nobody waited too long, and once more changes nothing."""

from __future__ import annotations

import pytest

from contract.model import Contract
from core.errors import EnvironmentFailure
from fixtures.judging import not_applicable
from fixtures.nonconformance import Unreadable, require, require_none
from suites.upgrade import ground
from upgrade.observed import Observed
from upgrade.state.keepers import Looked
from upgrade.state.model import Manifest


@pytest.mark.requirement("UPGRADE-01")
def test_every_step_was_made(observed: Observed) -> None:
    broken = [f"{step.name}: {step.note}" for step in observed.steps if not step.ok] or [observed.error]
    step, cause = first_line(broken[0]), observed.cause
    require(
        not observed.error,
        f"the upgrade from {observed.before} to {observed.after} failed: {step}"
        + (f": {cause.what}" if cause else ""),
        expected="every step is made", observed="; ".join([cause.said, *broken] if cause else broken),
        remedy=(cause and cause.remedy) or "mend the step that is named; the stack is as it left it",
    )  # fmt: skip


def first_line(text: str) -> str:
    return text.partition("\n")[0]


def kept(kind: str, looked: Looked, manifest: Manifest, contract: Contract) -> None:
    """Every item of `kind` is what it was, or on the contract's list of intended changes."""
    items = [item for item in manifest.items if item.kind == kind]
    require(items, f"the state before the upgrade held no {kind}", remedy="fill the stack again")
    unseen = [f"{item.name}: {reason}" for item, reason in looked.unseen if item.kind == kind]
    if unseen and looked.failed:
        raise Unreadable(f"the upgrade failed: {looked.failed}", decided_by="UPGRADE-01")
    if unseen:
        raise EnvironmentFailure(f"{kind}s cannot be looked at", observed="; ".join(unseen)[:500])
    different = [
        found for found in looked.different
        if found.item.kind == kind and ground.name(found) not in contract.upgrade.intended
    ]  # fmt: skip
    grounds = [ground.stands_on(found, looked, contract) for found in different]
    if grounds and all(grounds) and grounds[0]:
        raise Unreadable(str(grounds[0][1]), decided_by=grounds[0][0])
    require_none(
        [str(found) for found, under in zip(different, grounds, strict=True) if not under],
        f"the upgrade lost or changed a {kind}",
        expected=f"{len(items)} as before",
        remedy="compare the service's volume and settings before and after, or list it as intended",
    )


@pytest.mark.requirement("UPGRADE-02")
def test_volumes_are_the_same(looked: Looked, manifest: Manifest, contract: Contract) -> None:
    kept("volume marker", looked, manifest, contract)


@pytest.mark.requirement("UPGRADE-03")
def test_artifacts_are_kept(looked: Looked, manifest: Manifest, contract: Contract) -> None:
    kept("artifact", looked, manifest, contract)


@pytest.mark.requirement("UPGRADE-04")
def test_proxied_artifacts_are_served(looked: Looked, manifest: Manifest, contract: Contract) -> None:
    kept("proxied artifact", looked, manifest, contract)


@pytest.mark.requirement("UPGRADE-05")
def test_users_of_nexus_sign_in(looked: Looked, manifest: Manifest, contract: Contract) -> None:
    kept("user", looked, manifest, contract)


@pytest.mark.requirement("UPGRADE-06")
def test_roles_of_nexus_are_kept(looked: Looked, manifest: Manifest, contract: Contract) -> None:
    kept("role", looked, manifest, contract)


@pytest.mark.requirement("UPGRADE-07")
def test_images_are_kept(looked: Looked, manifest: Manifest, contract: Contract) -> None:
    kept("image", looked, manifest, contract)


@pytest.mark.requirement("UPGRADE-08")
def test_ecr_repositories_are_not_made_again(looked: Looked, manifest: Manifest, contract: Contract) -> None:
    kept("ECR repository", looked, manifest, contract)


@pytest.mark.requirement("UPGRADE-09")
def test_jobs_made_by_hand_are_kept(looked: Looked, manifest: Manifest, contract: Contract) -> None:
    kept("job", looked, manifest, contract)


@pytest.mark.requirement("UPGRADE-10")
def test_builds_are_kept(looked: Looked, manifest: Manifest, contract: Contract) -> None:
    kept("build", looked, manifest, contract)


@pytest.mark.requirement("UPGRADE-11")
def test_credentials_are_kept(looked: Looked, manifest: Manifest, contract: Contract) -> None:
    kept("credential", looked, manifest, contract)


@pytest.mark.requirement("UPGRADE-12")
def test_api_tokens_still_sign_in(looked: Looked, manifest: Manifest, contract: Contract) -> None:
    kept("API token", looked, manifest, contract)


def short_away(service: str, limit: int, observed: Observed) -> None:
    """Neither readers nor writers were without `service` for longer than `limit` seconds."""
    seen = [each for each in observed.away if each.service == service]
    if observed.error and any("did not come back" in each.last for each in seen):
        raise Unreadable(f"the upgrade failed: {first_line(observed.error)}", decided_by="UPGRADE-01")
    require(seen and all(each.asked for each in seen), f"nobody asked {service} during the upgrade")
    require_none(
        [
            f"{each.way}: {each.seconds:.1f} s, first {each.first}, last {each.last}"
            for each in seen
            if each.seconds > limit or "did not come back" in each.last
        ],
        f"{service} was away for too long",
        expected=f"at most {limit} s",
        remedy=f"see in the steps what its pods waited for, or allow more (upgrade.{service}_away)",
    )


@pytest.mark.requirement("UPGRADE-13")
def test_jenkins_is_not_away_for_long(observed: Observed, contract: Contract) -> None:
    short_away("jenkins", contract.upgrade.jenkins_away, observed)


@pytest.mark.requirement("UPGRADE-14")
def test_nexus_is_not_away_for_long(observed: Observed, contract: Contract) -> None:
    short_away("nexus", contract.upgrade.nexus_away, observed)


@pytest.mark.requirement("UPGRADE-15")
def test_the_registry_is_not_away_for_long(observed: Observed, contract: Contract) -> None:
    short_away("registry", contract.upgrade.registry_away, observed)


@pytest.mark.requirement("UPGRADE-16")
def test_a_running_build_ends_as_the_contract_says(observed: Observed, contract: Contract) -> None:
    seen, wanted = observed.inflight, contract.upgrade.running_builds
    if seen is None:
        not_applicable("the upgrade failed, so nobody looked after the build")
    goes_on = seen.running in ("still running", "SUCCESS")
    require(
        goes_on or (wanted == "any" and seen.running != "lost" and seen.reason),
        f"a build that ran during the upgrade did not end well: {seen.running}, "
        f"{seen.reason or 'without a reason'}",
        expected="it goes on" if wanted == "resumed" else "it goes on, or ends and says why",
        remedy="keep agents' pods during an upgrade (a pipeline is resumed when its agent comes back)",
    )


@pytest.mark.requirement("UPGRADE-17")
def test_the_queue_is_kept(observed: Observed) -> None:
    if observed.inflight is None:
        not_applicable("the upgrade failed, so nobody looked after the queue")
    require(
        observed.inflight.queued == "queued",
        "a build that waited in the queue is lost",
        expected="it waits or ran",
        observed="neither in the queue nor among the builds",
        remedy="let the controller stop by itself: its grace period must suffice to write the queue",
    )


@pytest.mark.requirement("UPGRADE-18")
def test_once_more_changes_nothing(observed: Observed) -> None:
    if observed.again is None:
        not_applicable("the upgrade failed, so it was not made once more")
    require_none(
        observed.again,
        "the same upgrade once more changes something",
        expected="the same pods and repositories",
        remedy="find what differs between two renderings: a random value, a time, a generated password",
    )
