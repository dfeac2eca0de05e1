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
from conformance.core.nonconformance import NonConformance, PreconditionFailed, require, require_none
from conformance.runner.decision import not_applicable
from conformance.runner.outcomes import Evidence
from suites.registry import test_blobs as blobs
from suites.registry import test_images as images
from suites.registry.conftest import DeleteLater, ReliesOn


@pytest.fixture
def require_single_checks(
    registry: Registry,
    contract: Contract,
    names: Names,
    *,
    ecr: EcrApi,
    delete_later: DeleteLater,
    relies_on: ReliesOn,
) -> Callable[[], None]:
    """Raises PreconditionFailed when a check of a single thing fails: it decides what is broken."""

    def run_single_checks() -> None:
        for requirement, check in (
            ("REGISTRY-13", partial(images.test_mutable_tag_moves, delete_later=delete_later)),
            ("REGISTRY-15", partial(images.test_multi_architecture_index, delete_later=delete_later)),
            ("REGISTRY-17", blobs.test_blob_is_verified),
            ("REGISTRY-18", blobs.test_blob_mounts_from_another_repository),
            ("REGISTRY-19", images.test_manifest_needs_its_blobs),
            ("REGISTRY-20", blobs.test_blob_in_chunks),
            ("REGISTRY-21", partial(images.test_deleted_image_is_gone, ecr=ecr)),
        ):
            try:
                check(registry=registry, contract=contract, names=names, relies_on=relies_on)
            except NonConformance as error:
                raise PreconditionFailed.from_error(requirement, error) from error

    return run_single_checks


@pytest.mark.requirement("REGISTRY-27")
@pytest.mark.writes
def test_distribution_specification(
    oci_suite: oci.Suite | None,
    contract: Contract,
    tmp_path: Path,
    *,
    relies_on: ReliesOn,
    require_single_checks: Callable[[], None],
    evidence: Evidence,
) -> None:
    """The registry passes the OCI distribution conformance suite but for the accepted deviations."""
    if oci_suite is None:
        not_applicable("the OCI distribution conformance suite is not on this host: it could not be built")
    repository = scratch_repository(contract)
    others = [other.name for other in contract.registry.repositories if other.name != repository]
    if not others:
        not_applicable("the contract declares one repository, and the suite mounts blobs from a second one")
    relies_on()
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
        require_single_checks()
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
        remedy="look at the proxy before the registry; or accept the test by its name "
        "(registry.accepted_deviations)",
    )
