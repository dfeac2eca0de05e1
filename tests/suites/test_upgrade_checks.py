"""Each check of the upgrade layer fails for its own reason, on what a played upgrade left."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from conformance.clients.http import Unavailable
from conformance.clients.jobs import PluginFact
from conformance.contract.load import load
from conformance.contract.model import Contract, Renamed
from conformance.core.errors import EnvironmentFailure, UsageError
from conformance.core.nonconformance import NonConformance, PreconditionFailed
from conformance.core.paths import REFERENCE
from conformance.runner import stability
from conformance.runner.decision import NotApplicable
from conformance.upgrade.acknowledged import Lost
from conformance.upgrade.inflight import Outcome
from conformance.upgrade.interruptions import Event, Interrupted
from conformance.upgrade.observed import Observed, Step
from conformance.upgrade.probing.availability import Away
from conformance.upgrade.state.collectors import COLLECTORS, Comparison
from conformance.upgrade.state.model import GONE, Difference, Item, Manifest
from suites.upgrade import test_upgrade as checks

CONTRACT = load(REFERENCE / "conformance.toml").contract
JOB = CONTRACT.jenkins.jobs[0].name
MANIFEST = Manifest(
    seed=1,
    stack="s",
    items=tuple(Item(service="x", kind=kind, name="it", key={"job": JOB}) for kind in COLLECTORS),
)
AWAY = Away(service="jenkins", access="read", requests=9, failed=3, seconds=4.5)
#: kind -> the check that is for it
KEPT: dict[str, Callable[..., None]] = {
    "volume marker": checks.test_volumes_are_the_same,
    "artifact": checks.test_artifacts_are_kept,
    "proxied artifact": checks.test_proxied_artifacts_are_served,
    "user": checks.test_users_of_nexus_sign_in,
    "role": checks.test_roles_of_nexus_are_kept,
    "cleanup policy": checks.test_cleanup_policies_are_kept,
    "image": checks.test_images_are_kept,
    "ECR repository": checks.test_ecr_repositories_are_not_made_again,
    "job": checks.test_jobs_made_by_hand_are_kept,
    "build": checks.test_builds_are_kept,
    "credential": checks.test_credentials_are_kept,
    "API token": checks.test_api_tokens_still_sign_in,
    "build of a declared job": checks.test_declared_jobs_keep_their_builds,
    "declared job changed by hand": lambda comparison, manifest, contract: (
        checks.test_what_was_changed_by_hand_is_as_declared(
            comparison, manifest, contract, seen(away=(AWAY,))
        )
    ),
}


#: a look that showed all as before
FINE = Comparison((), ())


def allowing(**values: Any) -> Contract:
    return CONTRACT.model_copy(update={"upgrade": CONTRACT.upgrade.model_copy(update=values)})


def seen(**values: Any) -> Observed:
    """An upgrade that went well, but for `values`."""
    away = tuple(
        Away(service=service, access=way, requests=9, failed=0, seconds=0)
        for service in ("jenkins", "nexus", "registry")
        for way in ("read", "write")
    )
    fine: dict[str, Any] = {
        "direction": "forth",
        "before": "old",
        "after": "new",
        "seconds": 60,
        "away": away,
        "again": (),
        "steps": (Step(name="jenkins", seconds=9, ok=True),),
        "inflight": Outcome(running="still running", reason="", queued="queued"),
    }
    return Observed(**fine | values)


def lost(kind: str) -> Comparison:
    item = next(item for item in MANIFEST.items if item.kind == kind)
    return Comparison((Difference(item=item, fact="sha256", before="a", after="b"),), ())


def test_every_kind_of_state_has_a_check() -> None:
    assert set(KEPT) == set(COLLECTORS)


@pytest.mark.parametrize("kind", KEPT)
def test_state_that_changed_is_seen_by_the_check_of_its_kind_alone(kind: str) -> None:
    for other, check in KEPT.items():
        if other != kind:
            check(lost(kind), MANIFEST, CONTRACT)
    with pytest.raises(NonConformance, match="sha256 was 'a', is 'b'"):
        KEPT[kind](lost(kind), MANIFEST, CONTRACT)
    KEPT[kind](lost(kind), MANIFEST, allowing(intended=(f"{kind} it",)))


@pytest.mark.parametrize("kind", KEPT)
def test_state_that_was_never_made_or_cannot_be_seen_is_not_taken_for_kept(kind: str) -> None:
    # which Nexus has no API for them is not the stack's fault
    untold = (
        (NotApplicable, "by no REST API") if kind == "cleanup policy" else (NonConformance, f"held no {kind}")
    )
    with pytest.raises(untold[0], match=untold[1]):
        KEPT[kind](Comparison((), ()), MANIFEST.model_copy(update={"items": ()}), CONTRACT)
    item = next(item for item in MANIFEST.items if item.kind == kind)
    with pytest.raises(EnvironmentFailure, match="cannot be read"):
        KEPT[kind](Comparison((), ((item, "it is away"),)), MANIFEST, CONTRACT)
    # after an upgrade that failed it is away for that
    with pytest.raises(PreconditionFailed, match="the upgrade failed: no") as blocked:
        KEPT[kind](Comparison((), ((item, "it is away"),), failed="no"), MANIFEST, CONTRACT)
    assert blocked.value.requirement == "UPGRADE-01"


def test_a_step_that_failed() -> None:
    checks.test_every_step_was_made(seen())
    steps = (Step(name="nexus", seconds=9, ok=False, note="it does not start"),)
    with pytest.raises(NonConformance, match="the upgrade from old to new failed") as caught:
        checks.test_every_step_was_made(seen(error="WaitTimeout", steps=steps))
    assert "nexus: it does not start" in str(caught.value)


@pytest.mark.parametrize(
    ("service", "check"),
    [
        ("jenkins", checks.test_jenkins_is_not_away_for_long),
        ("nexus", checks.test_nexus_is_not_away_for_long),
        ("registry", checks.test_the_registry_is_not_away_for_long),
    ],
)
def test_a_service_that_was_away(service: str, check: Callable[..., None]) -> None:
    check(seen(), CONTRACT)
    limit = getattr(CONTRACT.upgrade, f"{service}_away")
    for seconds, last in ((limit + 1, "Timeout"), (1, "Timeout; it did not come back")):
        away = Away(
            service=service, access="write", requests=9, failed=2, seconds=seconds, first="x", last=last
        )
        with pytest.raises(NonConformance, match=f"{service} was away for too long"):
            check(seen(away=(away,)), CONTRACT)
    with pytest.raises(NonConformance, match=f"no request was sent to {service}"):
        check(seen(away=()), CONTRACT)


@pytest.mark.parametrize(
    ("running", "reason", "wanted", "fine"),
    [
        ("still running", "", "resumed", True),
        ("SUCCESS", "", "resumed", True),
        ("ABORTED", "the controller was restarted", "any", True),
        ("ABORTED", "the controller was restarted", "resumed", False),
        ("ABORTED", "", "any", False),
        ("lost", "the controller knows no such build", "any", False),
    ],
)
def test_a_build_that_ran(running: str, reason: str, wanted: str, fine: bool) -> None:
    observed = seen(inflight=Outcome(running=running, reason=reason, queued="queued"))
    check = checks.test_a_running_build_ends_as_the_contract_says
    if fine:
        check(observed, allowing(running_builds=wanted))
    else:
        with pytest.raises(NonConformance, match="did not end well"):
            check(observed, allowing(running_builds=wanted))


def test_a_queue_that_is_lost() -> None:
    checks.test_the_queue_is_kept(seen())
    with pytest.raises(NonConformance, match="queue is lost"):
        checks.test_the_queue_is_kept(seen(inflight=Outcome(running="SUCCESS", reason="", queued="lost")))


def test_a_second_time_that_changes_something() -> None:
    checks.test_once_more_changes_nothing(seen())
    with pytest.raises(NonConformance, match="pod nexus: 1 -> 2"):
        checks.test_once_more_changes_nothing(seen(again=("pod nexus: 1 -> 2",)))


def test_what_was_not_looked_at_after_a_failure_does_not_apply() -> None:
    failed = seen(error="x", inflight=None, again=None)
    with pytest.raises(NotApplicable):
        checks.test_a_running_build_ends_as_the_contract_says(failed, CONTRACT)
    with pytest.raises(NotApplicable):
        checks.test_the_queue_is_kept(failed)
    with pytest.raises(NotApplicable):
        checks.test_once_more_changes_nothing(failed)


def test_declared_jobs_that_are_no_more_have_no_history_to_keep() -> None:
    check, comparison = checks.test_declared_jobs_keep_their_builds, lost("build of a declared job")
    without = CONTRACT.jenkins.model_copy(update={"jobs": CONTRACT.jenkins.jobs[1:]})
    gone = CONTRACT.model_copy(update={"jenkins": without})
    with pytest.raises(NotApplicable, match="any more"):
        check(comparison, MANIFEST, gone)
    renamed = Renamed(old=JOB, new=CONTRACT.jenkins.jobs[1].name)
    upgrade = CONTRACT.upgrade.model_copy(update={"renamed": (renamed,)})
    with pytest.raises(NonConformance, match="lost or changed a build of a declared job"):
        check(comparison, MANIFEST, gone.model_copy(update={"upgrade": upgrade}))


def test_drift_stays_where_nothing_changed_for_the_controller() -> None:
    with pytest.raises(NotApplicable):
        checks.test_what_was_changed_by_hand_is_as_declared(
            lost("declared job changed by hand"), MANIFEST, CONTRACT, seen()
        )


def test_a_write_that_was_acknowledged_and_is_lost() -> None:
    check = checks.test_what_was_acknowledged_meanwhile_is_kept
    killed = Lost(service="nexus", where="outside", number=6, before_kill=0.4)
    check(seen(lost=(killed,)), FINE)
    for update in ({"before_kill": None}, {"before_kill": 0.6}, {"service": "registry"}):
        with pytest.raises(NonConformance, match="write 7 from outside is lost"):
            check(seen(lost=(killed, killed.model_copy(update=update))), FINE)
    with pytest.raises(NotApplicable):
        check(seen(error="x"), FINE)
    # what was on a volume that is gone is reported with it
    late = killed.model_copy(update={"before_kill": None})
    marker = Item(service="nexus", kind="volume marker", name="nexus's volume", key={})
    without = Comparison((Difference(item=marker, fact="sha256", before="a", after=GONE),), ())
    with pytest.raises(PreconditionFailed, match="nexus's volume") as blocked:
        check(seen(lost=(late,)), without)
    assert blocked.value.requirement == "UPGRADE-02"
    with pytest.raises(NonConformance, match="lost"):
        check(seen(lost=(late, late.model_copy(update={"service": "registry"}))), without)


def interrupted(stopped: str, *events: str) -> Interrupted:
    made = tuple(Event(at=1, until=2, what=what, killed=("jenkins",)) for what in events)
    return Interrupted(kind="pod", events=made, stopped=stopped)


def test_an_interrupted_upgrade() -> None:
    check = checks.test_an_interrupted_upgrade_goes_on_or_says_where_it_stopped
    check(seen(interrupted=interrupted("", "killed")))
    broken = (Step(name="nexus set-up", seconds=1, ok=False, note="refused"),)
    check(seen(interrupted=interrupted("refused", "killed"), steps=broken))
    with pytest.raises(NonConformance, match=r"interrupted \(pod\) stopped without saying where"):
        check(seen(interrupted=interrupted("refused", "killed")))
    with pytest.raises(EnvironmentFailure, match="did not come about"):
        check(seen(interrupted=interrupted("")))
    with pytest.raises(NotApplicable):
        check(seen())


def test_what_an_interruption_takes_is_not_judged_by_the_budgets() -> None:
    done = interrupted("", "killed")
    with pytest.raises(NotApplicable, match=r"away for 4\.5 s"):
        checks.test_jenkins_is_not_away_for_long(seen(away=(AWAY,), interrupted=done), CONTRACT)
    lost_queue = Outcome(running="SUCCESS", reason="", queued="lost")
    with pytest.raises(NotApplicable, match="writes its queue down"):
        checks.test_the_queue_is_kept(seen(inflight=lost_queue, interrupted=done))


def test_budgets_hold_inside_the_cluster_too() -> None:
    slow = AWAY.model_copy(update={"where": "inside", "seconds": 1000.0})
    with pytest.raises(NonConformance, match=r"read from inside: 1000\.0 s"):
        checks.test_jenkins_is_not_away_for_long(seen(away=(AWAY, slow)), CONTRACT)


def test_configuration_of_a_plugin_that_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    left = [("config.xml", "git"), ("jobs/a/config.xml", "gone")]
    monkeypatch.setattr(checks, "plugin_configuration", lambda *_: left)
    plugins = lambda: (PluginFact("git", "1", True, True),)
    stack: Any = SimpleNamespace(jenkins=SimpleNamespace(plugins=plugins), kube=None, contract=CONTRACT)
    with pytest.raises(NonConformance, match=r"jobs/a/config\.xml: gone"):
        checks.test_nothing_is_configured_by_plugins_that_are_gone(stack, FINE)
    left.pop()
    checks.test_nothing_is_configured_by_plugins_that_are_gone(stack, FINE)


def test_plugins_of_a_controller_that_is_away_after_a_failed_upgrade_are_not_asked_for() -> None:
    def away() -> None:
        raise Unavailable("Jenkins does not answer")

    stack: Any = SimpleNamespace(jenkins=SimpleNamespace(plugins=away))
    with pytest.raises(PreconditionFailed, match="the upgrade failed: no"):
        checks.test_nothing_is_configured_by_plugins_that_are_gone(stack, Comparison((), (), failed="no"))
    with pytest.raises(Unavailable):
        checks.test_nothing_is_configured_by_plugins_that_are_gone(stack, FINE)


def test_a_way_back_that_fails_says_what_cannot_go_back() -> None:
    with pytest.raises(NonConformance, match="Jenkins 1 is older"):
        checks.test_every_step_was_made(seen(error="WaitTimeout", cannot=("Jenkins 1 is older",)))


@pytest.mark.parametrize("killed", [True, False])
def test_an_upgrade_leaves_whether_it_killed_containers(killed: bool, tmp_path: Path) -> None:
    seen(interrupted=interrupted("", "killed") if killed else None).save(tmp_path)
    assert stability.killed_on_purpose(tmp_path) is killed


def test_an_upgrade_that_left_nothing_is_no_answer(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot read whether the upgrade"):
        stability.killed_on_purpose(tmp_path)
