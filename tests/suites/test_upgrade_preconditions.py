"""A loss that took other items along is reported once, by the check that decides it."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.contract.load import load
from conformance.core.nonconformance import NonConformance, PreconditionFailed
from conformance.core.paths import REFERENCE
from conformance.upgrade.state.collectors import Comparison
from conformance.upgrade.state.model import GONE, Difference, Item, Manifest
from suites.upgrade import test_upgrade as checks
from suites.upgrade.preconditions import lost_volume

CONTRACT = load(REFERENCE / "conformance.toml").contract


def gone(service: str, kind: str, name: str, after: Any = GONE, **key: str) -> Difference:
    item = Item(service=service, kind=kind, name=name, key=key)
    return Difference(item=item, fact="fact", before="there", after=after)


HOME = gone("jenkins", "volume marker", "jenkins's volume")
FOLDER, JOB = gone("jenkins", "job", "a", job="a"), gone("jenkins", "job", "a/b", job="a/b")
BUILD = gone("jenkins", "build", "a/b #1", job="a/b", number="1")
REPOSITORY = gone("registry", "ECR repository", "scratch", after="2026-01-01")
IMAGE = gone("registry", "image", "scratch:1", repository="scratch", tag="1", digest="d")
USER = gone("nexus", "user", "u", id="u")


def check(kind: str, *different: Difference, intended: tuple[str, ...] = ()) -> None:
    upgrade = CONTRACT.upgrade.model_copy(update={"intended": intended})
    manifest = Manifest(seed=1, stack="s", items=tuple(each.item for each in different))
    checks.kept(kind, Comparison(different, ()), manifest, CONTRACT.model_copy(update={"upgrade": upgrade}))


@pytest.mark.parametrize(
    ("kind", "different", "decided_by"),
    [
        ("job", (HOME, FOLDER, JOB), "UPGRADE-02"),
        ("build", (HOME, FOLDER, JOB, BUILD), "UPGRADE-02"),
        ("build", (FOLDER, JOB, BUILD), "UPGRADE-09"),
        ("image", (REPOSITORY, IMAGE), "UPGRADE-08"),
    ],
)
def test_blocked_by_what_it_was_in(kind: str, different: tuple[Difference, ...], decided_by: str) -> None:
    with pytest.raises(PreconditionFailed) as caught:
        check(kind, *different)
    assert caught.value.requirement == decided_by
    assert caught.value.what == str(different[0] if kind != "build" or HOME in different else JOB)


def test_what_is_lost_for_itself_is_reported() -> None:
    with pytest.raises(NonConformance, match="user u is gone"):
        check("user", HOME, USER)
    with pytest.raises(NonConformance, match=r"volume marker jenkins's volume is gone"):
        check("volume marker", HOME, FOLDER)
    with pytest.raises(NonConformance, match="build a/b #1 is gone"):
        check("build", BUILD, gone("jenkins", "job", "other", job="other"))


def test_a_change_on_purpose_reports_nothing_of_what_went_with_it() -> None:
    with pytest.raises(NonConformance, match=r"image scratch:1 is gone") as caught:
        check("image", REPOSITORY, IMAGE, intended=("ECR repository scratch",))
    assert not isinstance(caught.value, PreconditionFailed)
    check("image", REPOSITORY, IMAGE, intended=("ECR repository scratch", "image scratch:1"))


def test_what_is_away_after_a_failed_upgrade_is_not_reported_twice() -> None:
    manifest = Manifest(seed=1, stack="s", items=(USER.item,))
    comparison = Comparison((), ((USER.item, "refused"),), failed="nexus: it does not start")
    with pytest.raises(PreconditionFailed, match="the upgrade failed: nexus") as caught:
        checks.kept("user", comparison, manifest, CONTRACT)
    assert caught.value.requirement == "UPGRADE-01"


def test_each_service_has_its_volume() -> None:
    assert lost_volume(Comparison((HOME, USER), ()), "jenkins") == HOME
    assert lost_volume(Comparison((HOME, USER), ()), "nexus") is None
