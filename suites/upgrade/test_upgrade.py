"""After an upgrade in place: nothing is lost, no outage was too long, and once more changes nothing."""

from __future__ import annotations

import dataclasses

import pytest

from conformance.clients.http import Unavailable
from conformance.clients.stack_clients import StackClients
from conformance.contract.model import Contract
from conformance.core.errors import EnvironmentFailure
from conformance.core.nonconformance import PreconditionFailed, require, require_none
from conformance.runner.decision import not_applicable
from conformance.upgrade.observed import Observed
from conformance.upgrade.state.collectors import Comparison
from conformance.upgrade.state.model import Item, Manifest
from conformance.upgrade.state.volumes import plugin_configuration
from suites.upgrade import preconditions


@pytest.mark.requirement("UPGRADE-01")
def test_every_step_was_made(observed: Observed) -> None:
    """The upgrade in place makes every step without an error."""
    broken = [f"{step.name}: {step.note}" for step in observed.steps if not step.ok] or [observed.error]
    step, cause = first_line(broken[0]), observed.cause
    twice = ", also when it was made again undisturbed" if observed.interrupted else ""
    remedy = (cause and cause.remedy) or "repair the step that is named; the stack is as the upgrade left it"
    require(
        not observed.error,
        f"the upgrade from {observed.before} to {observed.after} failed{twice}: {step}"
        + (f": {cause.what}" if cause else ""),
        expected="every step is made",
        observed="; ".join([cause.words, *broken] if cause else broken),
        remedy="; ".join((remedy, *observed.cannot)),
    )


def first_line(text: str) -> str:
    return text.partition("\n")[0]


def unless_failed(comparison: Comparison) -> None:
    """Raises PreconditionFailed after an upgrade that failed: it explains what cannot be read."""
    if comparison.failed:
        raise PreconditionFailed("UPGRADE-01", f"the upgrade failed: {comparison.failed}")


def kept(kind: str, comparison: Comparison, manifest: Manifest, contract: Contract) -> None:
    """Require that every item of `kind` is unchanged, or on the contract's list of intended changes."""
    items = [item for item in manifest.items if item.kind == kind]
    require(items, f"the state before the upgrade held no {kind}", remedy="fill the stack again")
    unread = [f"{item.name}: {reason}" for item, reason in comparison.unread if item.kind == kind]
    if unread:
        unless_failed(comparison)
        raise EnvironmentFailure(f"{kind}s cannot be read", observed="; ".join(unread)[:500])
    different = [
        found
        for found in comparison.different
        if found.item.kind == kind and preconditions.name(found) not in contract.upgrade.intended
    ]
    causes = [preconditions.lost_with(found, comparison, contract) for found in different]
    if causes and all(causes) and causes[0]:
        raise PreconditionFailed(causes[0][0], str(causes[0][1]))
    require_none(
        [str(found) for found, cause in zip(different, causes, strict=True) if not cause],
        f"the upgrade lost or changed a {kind}",
        expected=f"{len(items)} as before",
        remedy="compare the service's volume and settings before and after, or list it as intended",
    )


@pytest.mark.requirement("UPGRADE-02")
def test_volumes_are_the_same(comparison: Comparison, manifest: Manifest, contract: Contract) -> None:
    """Each service has the volume it had before."""
    kept("volume marker", comparison, manifest, contract)


@pytest.mark.requirement("UPGRADE-03")
def test_artifacts_are_kept(comparison: Comparison, manifest: Manifest, contract: Contract) -> None:
    """Every artifact that Nexus had taken is served with the same bytes."""
    kept("artifact", comparison, manifest, contract)


@pytest.mark.requirement("UPGRADE-04")
def test_proxied_artifacts_are_served(comparison: Comparison, manifest: Manifest, contract: Contract) -> None:
    """What a proxy had fetched is still served through the group."""
    kept("proxied artifact", comparison, manifest, contract)


@pytest.mark.requirement("UPGRADE-05")
def test_users_of_nexus_sign_in(comparison: Comparison, manifest: Manifest, contract: Contract) -> None:
    """Users that people made in Nexus sign in with the password they had, in the roles they had, and see what
    they saw.
    """
    kept("user", comparison, manifest, contract)


@pytest.mark.requirement("UPGRADE-06")
def test_roles_of_nexus_are_kept(comparison: Comparison, manifest: Manifest, contract: Contract) -> None:
    """Roles that people made in Nexus are what they were."""
    kept("role", comparison, manifest, contract)


@pytest.mark.requirement("UPGRADE-24")
def test_cleanup_policies_are_kept(comparison: Comparison, manifest: Manifest, contract: Contract) -> None:
    """Cleanup policies that people made in Nexus are what they were."""
    if all(item.kind != "cleanup policy" for item in manifest.items):
        not_applicable("Nexus listed its cleanup policies by no REST API before the upgrade")
    kept("cleanup policy", comparison, manifest, contract)


@pytest.mark.requirement("UPGRADE-07")
def test_images_are_kept(comparison: Comparison, manifest: Manifest, contract: Contract) -> None:
    """Every image is there by tag and by digest, with all its layers."""
    kept("image", comparison, manifest, contract)


@pytest.mark.requirement("UPGRADE-08")
def test_ecr_repositories_are_not_made_again(
    comparison: Comparison, manifest: Manifest, contract: Contract
) -> None:
    """ECR repositories are changed in place, never made again."""
    kept("ECR repository", comparison, manifest, contract)


@pytest.mark.requirement("UPGRADE-09")
def test_jobs_made_by_hand_are_kept(comparison: Comparison, manifest: Manifest, contract: Contract) -> None:
    """Jobs and folders that people made by hand keep their configuration."""
    kept("job", comparison, manifest, contract)


@pytest.mark.requirement("UPGRADE-10")
def test_builds_are_kept(comparison: Comparison, manifest: Manifest, contract: Contract) -> None:
    """Finished builds keep result, times, parameters, console and archived files."""
    kept("build", comparison, manifest, contract)


def of_declared_jobs(kind: str, comparison: Comparison, manifest: Manifest, contract: Contract) -> None:
    """`kept`, of jobs that the contract still declares, under their present names."""
    declared = {job.name for job in contract.jenkins.jobs}

    def stays(item: Item) -> bool:
        return item.kind != kind or contract.upgrade.name_of(item.key["job"]) in declared

    items = tuple(item for item in manifest.items if stays(item))
    if any(item.kind == kind for item in manifest.items) and not any(item.kind == kind for item in items):
        not_applicable("the contract declares none of these jobs any more")
    shown = dataclasses.replace(
        comparison,
        different=tuple(found for found in comparison.different if stays(found.item)),
        unread=tuple((item, reason) for item, reason in comparison.unread if stays(item)),
    )
    kept(kind, shown, manifest.model_copy(update={"items": items}), contract)


@pytest.mark.requirement("UPGRADE-20")
def test_declared_jobs_keep_their_builds(
    comparison: Comparison, manifest: Manifest, contract: Contract
) -> None:
    """Declared jobs that stay keep their builds, also under the name that the contract gives them."""
    of_declared_jobs("build of a declared job", comparison, manifest, contract)


@pytest.mark.requirement("UPGRADE-21")
def test_what_was_changed_by_hand_is_as_declared(
    comparison: Comparison, manifest: Manifest, contract: Contract, observed: Observed
) -> None:
    """A declared job that was changed by hand is as declared again."""
    if not observed.was_away("jenkins"):
        not_applicable("nothing changed for the controller, so its seed did not run")
    of_declared_jobs("declared job changed by hand", comparison, manifest, contract)


@pytest.mark.requirement("UPGRADE-22")
def test_nothing_is_configured_by_plugins_that_are_gone(
    clients: StackClients, comparison: Comparison
) -> None:
    """No configuration is left of plugins that do not run any more."""
    try:
        running = {plugin.name for plugin in clients.jenkins.plugins()}
    except Unavailable:
        unless_failed(comparison)
        raise
    require_none(
        [
            f"{file}: {plugin}"
            for file, plugin in sorted(plugin_configuration(clients))
            if plugin not in running
        ],
        "configuration of a plugin that does not run is left",
        expected="every plugin that wrote a configuration runs",
        remedy="pin the plugin again, or remove what it wrote (Manage Jenkins, Manage Old Data)",
    )


@pytest.mark.requirement("UPGRADE-11")
def test_credentials_are_kept(comparison: Comparison, manifest: Manifest, contract: Contract) -> None:
    """Credentials are there under the ids they had."""
    kept("credential", comparison, manifest, contract)


@pytest.mark.requirement("UPGRADE-12")
def test_api_tokens_still_sign_in(comparison: Comparison, manifest: Manifest, contract: Contract) -> None:
    """API tokens that people made still sign in, and may do what they might."""
    kept("API token", comparison, manifest, contract)


def short_away(service: str, limit: int, observed: Observed) -> None:
    """Require that no probe, outside or inside, was without `service` for over `limit` seconds."""
    seen = [each for each in observed.away if each.service == service]
    if observed.error and any("did not come back" in each.last for each in seen):
        raise PreconditionFailed("UPGRADE-01", f"the upgrade failed: {first_line(observed.error)}")
    require(
        seen and all(each.requests for each in seen), f"no request was sent to {service} during the upgrade"
    )
    if observed.interrupted:
        longest = max(each.seconds for each in seen)
        not_applicable(f"the upgrade was interrupted on purpose: {service} was away for {longest:.1f} s")
    require_none(
        [
            f"{each.access} from {each.where}: {each.seconds:.1f} s, first {each.first}, last {each.last}"
            for each in seen
            if each.seconds > limit or "did not come back" in each.last
        ],
        f"{service} was away for too long",
        expected=f"at most {limit} s",
        remedy=f"see in the steps what its pods waited for, or allow more (upgrade.{service}_away)",
    )


@pytest.mark.requirement("UPGRADE-13")
@pytest.mark.usefixtures("home_kept")
def test_jenkins_is_not_away_for_long(observed: Observed, contract: Contract) -> None:
    """Jenkins is away for no longer than the contract allows."""
    short_away("jenkins", contract.upgrade.jenkins_away, observed)


@pytest.mark.requirement("UPGRADE-14")
def test_nexus_is_not_away_for_long(observed: Observed, contract: Contract) -> None:
    """Nexus is away for no longer than the contract allows."""
    short_away("nexus", contract.upgrade.nexus_away, observed)


@pytest.mark.requirement("UPGRADE-15")
def test_the_registry_is_not_away_for_long(observed: Observed, contract: Contract) -> None:
    """The registry is away for no longer than the contract allows."""
    short_away("registry", contract.upgrade.registry_away, observed)


@pytest.mark.requirement("UPGRADE-16")
@pytest.mark.usefixtures("home_kept")
def test_a_running_build_ends_as_the_contract_says(observed: Observed, contract: Contract) -> None:
    """A build that runs meanwhile goes on, or ends and says why, as the contract says."""
    seen, wanted = observed.inflight, contract.upgrade.running_builds
    if seen is None:
        not_applicable("the upgrade failed, so the fate of the build is unknown")
    goes_on = seen.running in ("still running", "SUCCESS")
    require(
        goes_on or (wanted == "any" and seen.running != "lost" and seen.reason),
        f"a build that ran during the upgrade did not end well: {seen.running}, "
        f"{seen.reason or 'without a reason'}",
        expected="it goes on" if wanted == "resumed" else "it goes on, or ends and says why",
        remedy="keep agents' pods during an upgrade (a pipeline is resumed when its agent comes back)",
    )


@pytest.mark.requirement("UPGRADE-17")
@pytest.mark.usefixtures("home_kept")
def test_the_queue_is_kept(observed: Observed) -> None:
    """A build that waits in the queue is not lost."""
    if observed.inflight is None:
        not_applicable("the upgrade failed, so the fate of the queue is unknown")
    if observed.interrupted and any("jenkins" in event.killed for event in observed.interrupted.events):
        not_applicable("the controller was killed: Jenkins writes its queue down when it stops")
    require(
        observed.inflight.queued == "queued",
        "a build that waited in the queue is lost",
        expected="it waits or ran",
        observed="neither in the queue nor among the builds",
        remedy="let the controller stop by itself: its grace period must suffice to write the queue",
    )


@pytest.mark.requirement("UPGRADE-18")
def test_once_more_changes_nothing(observed: Observed) -> None:
    """The same upgrade once more changes nothing."""
    if observed.again is None:
        not_applicable("the upgrade failed, so it was not made once more")
    require_none(
        observed.again,
        "the same upgrade once more changes something",
        expected="the same pods and repositories",
        remedy="find what differs between two renderings: a random value, a time, a generated password",
    )


@pytest.mark.requirement("UPGRADE-19")
def test_what_was_acknowledged_meanwhile_is_kept(observed: Observed, comparison: Comparison) -> None:
    """What a service acknowledged while it was upgraded is there afterwards."""
    if observed.lost is None:
        not_applicable("the upgrade failed, so the fate of the acknowledged writes is unknown")
    lost = [each for each in observed.lost if not each.known]
    volumes = {each.service: preconditions.lost_volume(comparison, each.service) for each in lost}
    if lost and all(volumes.values()):
        # writes from before the loss of the volume are gone with it
        raise PreconditionFailed("UPGRADE-02", str(volumes[lost[0].service]))
    require_none(
        [str(each) for each in lost if not volumes[each.service]],
        "what a service acknowledged during the upgrade is lost",
        expected="every acknowledged write is there",
        remedy="let the service end by SIGTERM, with a grace period that suffices to flush",
    )


@pytest.mark.requirement("UPGRADE-23")
def test_an_interrupted_upgrade_goes_on_or_says_where_it_stopped(observed: Observed) -> None:
    """An upgrade that is interrupted goes on by itself, or stops at a step that it names and can be
    made again.
    """
    seen = observed.interrupted
    if seen is None:
        not_applicable("the upgrade was not interrupted (conformance upgrade --interrupt)")
    if not seen.events:
        raise EnvironmentFailure(f"the interruption {seen.kind} did not come about")
    broken = [step.name for step in observed.steps if not step.ok and step.note]
    require(
        not seen.stopped or broken,
        f"the upgrade that was interrupted ({seen.kind}) stopped without saying where",
        expected="it goes on by itself, or names the step that failed and why",
        observed=seen.stopped,
        remedy="let the failing step name what it waited for, so that the upgrade can be made again",
    )
