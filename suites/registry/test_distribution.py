"""The distribution protocol as a whole, by the official conformance suite."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from conformance.clients import oci
from conformance.clients.names import Names
from conformance.clients.registry import EcrApi, Registry, scratch_repository
from conformance.contract.model import Contract
from conformance.core.errors import EnvironmentFailure
from conformance.core.nonconformance import NonConformance, require, require_none
from conformance.runner.decision import not_applicable
from conformance.runner.outcomes import Evidence
from suites.ground import blocked
from suites.registry import test_blobs as blobs
from suites.registry import test_images as images
from suites.registry.conftest import StandsOn, Tidy


@pytest.fixture
def told_by_others(
    request: pytest.FixtureRequest,
    registry: Registry,
    contract: Contract,
    names: Names,
    *,
    ecr: EcrApi,
    tidy: Tidy,
    stands_on: StandsOn,
) -> Callable[[], None]:
    """Blocks the check when one that looks at a single thing fails for the same reason."""

    def look() -> None:
        for requirement, check in (
            ("REGISTRY-13", partial(images.test_mutable_tag_moves, tidy=tidy)),
            ("REGISTRY-15", partial(images.test_multi_architecture_index, tidy=tidy)),
            ("REGISTRY-17", blobs.test_blob_is_verified),
            ("REGISTRY-18", blobs.test_blob_mounts_from_another_repository),
            ("REGISTRY-19", images.test_manifest_needs_its_blobs),
            ("REGISTRY-20", blobs.test_blob_in_chunks),
            ("REGISTRY-21", partial(images.test_deleted_image_is_gone, ecr=ecr)),
        ):
            try:
                check(registry=registry, contract=contract, names=names, stands_on=stands_on)
            except NonConformance as error:
                blocked(request, requirement, error.what)

    return look


@pytest.mark.requirement("REGISTRY-27")
@pytest.mark.writes
def test_distribution_specification(
    oci_suite: oci.Suite | None,
    contract: Contract,
    tmp_path: Path,
    *,
    stands_on: StandsOn,
    told_by_others: Callable[[], None],
    evidence: Evidence,
) -> None:
    """The registry passes the OCI distribution conformance suite but for the accepted deviations."""
    if oci_suite is None:
        not_applicable("the OCI distribution conformance suite is not on this host: it could not be built")
    repository = scratch_repository(contract)
    others = [other.name for other in contract.registry.repositories if other.name != repository]
    if not others:
        not_applicable("the contract declares one repository, and the suite mounts blobs from a second one")
    stands_on()
    found = oci_suite.run((repository, others[0]), tmp_path)
    accepted = contract.registry.accepted_deviations
    evidence.add(
        "OCI distribution conformance",
        {
            "tests": Counter(case.status for case in found),
            "accepted deviations under which nothing fails any more": oci.needless(found, accepted),
        },
    )
    for file, content in (
        ("junit.xml", oci.without_exchanges((tmp_path / "junit.xml").read_text(encoding="utf-8"))),
        ("results.yaml", (tmp_path / "results.yaml").read_text(encoding="utf-8")),
    ):
        evidence.add(f"OCI distribution conformance: {file}", content)
    require(found, "the OCI distribution conformance suite ran no test")
    broken = oci.unaccepted(found, accepted)
    if broken:
        told_by_others()
    for case in broken:
        if oci.away(case):
            raise EnvironmentFailure(
                "the registry was away while the OCI distribution conformance suite ran",
                observed=f"{case.name}: {case.said}",
                remedy="look at the registry's log",
            )
    require_none(
        [f"{case.name}: {case.said[:200]}" for case in broken],
        "the registry deviates from the OCI distribution specification",
        expected="every test of the suite but the accepted deviations",
        remedy="look at what stands before the registry; or accept the test by its name "
        "(registry.accepted_deviations)",
    )
