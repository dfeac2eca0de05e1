"""More than one build: the same version again, another version meanwhile, and one whose tests fail."""

from __future__ import annotations

import io
import re
import zipfile

import pytest

from conformance.clients.jobs import Build
from conformance.clients.products import BRANCH, Products, Turn, console_digests
from conformance.clients.registry import EcrApi, Pulled, Registry
from conformance.contract.model import Contract, Product
from conformance.core.nonconformance import require, require_none
from conformance.runner.decision import not_applicable
from suites.pipelines.conftest import missing, stays, unpushed

pytestmark = pytest.mark.writes

#: words of Nexus, a registry or a pipeline for a version that exists and is not replaced
REFUSED = re.compile(
    r"cannot be (updated|moved|overwritten)|not allow|already exists|immutable|denied|\b40[039]\b",
    re.IGNORECASE,
)
FAILED_TESTS = re.compile(r"There (are|were) test failures|Failures: [1-9]|Errors: [1-9]|tests? failed")


def _refusal_shown(build: Build, name: str) -> bool:
    """Does a line of the console name `name` and a refusal?"""
    return any(name in line and REFUSED.search(line) for line in build.console.splitlines())


@pytest.mark.requirement("PIPELINES-07")
@pytest.mark.usefixtures("built")
def test_failing_test_publishes_nothing(products: Products, product: Product, contract: Contract) -> None:
    """A build whose unit test fails publishes nothing."""
    if not product.failing_branch:
        not_applicable(f"the contract names no branch of {product.name} whose tests fail")
    build = products.build(product, Turn.FAILING)
    nexus, what = products.clients.nexus, f"{product.build_job} with {BRANCH}={product.failing_branch}"
    require_none(
        [
            f"{item} is in {repository}"
            for item in products.files(product, Turn.FAILING)
            for repository in (contract.nexus.releases, contract.nexus.snapshots)
            if nexus.head(repository, item.path) == 200
        ],
        f"{what} published although a unit test fails",
        expected="nothing in Nexus",
        remedy="run the tests before anything is deployed, and let a failing one end the build",
    )
    require(
        build.result == "FAILURE",
        f"{what} ends {build.result} although a unit test fails",
        expected="FAILURE",
        observed=build.reason(),
        remedy="do not ignore failing tests: no testFailureIgnore, no skipTests",
    )
    require(
        FAILED_TESTS.search(build.console) is not None,
        f"{what} fails, but not for its test: {build.reason()}",
        expected="the number of tests that failed",
        observed="the console's end:\n" + "\n".join(build.console.splitlines()[-25:]),
        remedy="let the branch differ from the main one in a failing unit test alone",
    )


@pytest.mark.requirement("PIPELINES-08")
@pytest.mark.usefixtures("deployed")
def test_release_is_never_replaced(products: Products, product: Product, contract: Contract) -> None:
    """A second build of a version replaces nothing in Nexus, fails, and says why."""
    name, policy = contract.nexus.releases, stays(contract)
    if not policy:
        not_applicable(f"the contract lets {name} replace what it has")
    before = products.request_again(product)
    again = products.build(product, Turn.AGAIN)
    after = products.deployed(product)
    require_none(
        [
            f"{item} has other bytes" if before[item][0] != after[item][0] else f"{item} was written again"
            for item in before
            if before[item] != after[item]
        ],
        f"a second build of {products.version} replaced a release",
        expected="what the first build deployed, byte for byte",
        remedy=f"set the write policy of {name} to {policy}",
    )
    require(
        again.result == "FAILURE",
        f"a second build of {products.version} by {product.build_job} ends {again.result}",
        expected=f"FAILURE: {name} has that version, and its write policy is {policy}",
        observed=again.reason(),
        remedy=f"deploy releases to {name}, and let a refused deployment end the build",
    )
    require(
        _refusal_shown(again, products.version),
        f"a second build of {products.version} does not say why it fails: {again.reason()}",
        expected="the file, and that it is there already",
        observed=again.reason(),
        remedy="keep the deploy plugin's message in the console",
    )


@pytest.mark.requirement("PIPELINES-17")
@pytest.mark.usefixtures("pushed")
def test_tags_are_never_moved(
    products: Products, product: Product, contract: Contract, registry: Registry, ecr: EcrApi
) -> None:
    """A second build of a version's images moves no tag, fails, and says why."""
    fixed = {one.name for one in contract.registry.repositories if one.tag_mutability == "IMMUTABLE"}
    if not fixed.issuperset(product.images):
        not_applicable(f"the contract lets tags of {product.name} move")
    version = products.version

    def tags() -> dict[str, tuple[Pulled, str]]:
        return {
            name: (registry.manifest(name, version), str(ecr.image(name, version)["imageDigest"]))
            for name in product.images
        }

    before = tags()
    again = products.images(product, Turn.AGAIN)
    after = tags()
    require_none(
        [
            f"{name}:{version} was {before[name][1]} and is {after[name][1]}"
            for name in product.images
            if before[name] != after[name]
        ],
        f"a second build of the images of {version} moved a tag",
        expected="the images of the first build, byte for byte",
        remedy="set image_tag_mutability to IMMUTABLE",
    )
    pushed_digests = console_digests(again.console)
    if again.result == "SUCCESS":  # the same image once more is no change, where builds are reproducible
        require_none(
            [
                f"{name}: it says {pushed_digests.get(name, 'nothing')}, ECR has {after[name][1]}"
                for name in product.images
                if pushed_digests.get(name) != after[name][1]
            ],
            f"a second build of the images of {version} ends SUCCESS without having pushed what it built",
            expected="FAILURE, as ECR refuses to move a tag",
            remedy="let a refused push end the build",
        )
    else:
        require(
            any(_refusal_shown(again, f"{name}:{version}") for name in product.images),
            f"a second build of the images of {version} does not say why it fails: {again.reason()}",
            expected="the image, and that its tag cannot be moved",
            observed=again.reason(),
            remedy="name the image when its push is refused",
        )


@pytest.mark.requirement("PIPELINES-30")
@pytest.mark.usefixtures("traced")
def test_versions_at_once_do_not_mix(
    products: Products, product: Product, contract: Contract, registry: Registry, ecr: EcrApi
) -> None:
    """Versions that are built at once do not mix: each has artifacts, package and images of its own."""
    first, other = products.versions[Turn.FIRST], products.versions[Turn.OTHER]
    if product.build_job:
        products.build(product, Turn.OTHER).require_success(f"{other} was requested while {first} was built")
    images = {turn: products.images(product, turn) for turn in (Turn.FIRST, Turn.OTHER)}
    images[Turn.OTHER].require_success(f"images of {other} were requested beside those of {first}")
    findings = [f"{item} is missing" for item in missing(products, product, Turn.OTHER)]
    findings += unpushed(products, product, ecr, Turn.OTHER)
    if not findings:
        for turn, strange in ((Turn.FIRST, other), (Turn.OTHER, first)):
            findings += _strange_files(products, product, contract, turn, strange)
            findings += _strange_images(product, images[turn], products.versions[turn], registry)
    pushed = [set(console_digests(build.console).values()) for build in images.values()]
    findings += [f"both builds say that they pushed {digest}" for digest in sorted(pushed[0] & pushed[1])]
    require_none(
        findings,
        f"{first} and {other}, requested at once, are mixed up",
        expected="artifacts, package and images of each version, each its own",
        remedy="give each build a workspace of its own, and name versions and tags by its parameters alone",
    )


def _strange_files(
    products: Products, product: Product, contract: Contract, turn: Turn, strange: str
) -> list[str]:
    """Files of one version in which the other one is named."""
    findings = []
    for item in products.files(product, turn):
        data = products.clients.nexus.content(contract.nexus.releases, item.path)
        findings += [
            f"{item} names {strange} in {name}"
            for name, content in _members(data)
            if strange.encode() in content
        ]
    return findings


def _members(data: bytes) -> list[tuple[str, bytes]]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return [(name, archive.read(name)) for name in archive.namelist()]
    except zipfile.BadZipFile:
        return [("its bytes", data)]


def _strange_images(product: Product, build: Build, version: str, registry: Registry) -> list[str]:
    """Images under the tag of one version that are not what its build pushed, or name another version."""
    pushed_digests = console_digests(build.console)
    findings = []
    for name in product.images:
        if (digest := registry.manifest(name, version).digest) != pushed_digests.get(name):
            findings.append(
                f"{name}:{version} is {digest}; its build pushed {pushed_digests.get(name, 'nothing')}"
            )
        labelled = registry.labels(name, version).get("org.opencontainers.image.version", version)
        if labelled != version:
            findings.append(f"{name}:{version} is labelled {labelled}")
    return findings
