"""What checks of pipelines stand on: a build that deployed all, and one that pushed all."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable

import pytest

from conformance.clients import artifacts
from conformance.clients.jobs import Build
from conformance.clients.nexus import Coordinates
from conformance.clients.products import Products, Turn, components, told_digests
from conformance.clients.registry import EcrApi, Registry
from conformance.contract.model import Contract, Product
from conformance.core import xml
from conformance.core.nonconformance import NonConformance
from conformance.runner.decision import not_applicable
from suites.ground import blocked, planned

MAVEN = "{http://maven.apache.org/POM/4.0.0}"


@pytest.fixture
def product(contract: Contract, product_name: str) -> Product:
    return next(found for found in contract.products if found.name == product_name)


@pytest.fixture
def built(request: pytest.FixtureRequest, products: Products, product: Product) -> Build:
    """The build that deployed the product's artifacts; one that failed is told once."""
    if not product.build_job:
        not_applicable(f"{product.name} comes as a release package; nothing is built")
    build = products.build(product)
    if build.result != "SUCCESS":
        blocked(request, "PIPELINES-01", f"build {build.job} #{build.number} ended {build.result}")
    return build


@pytest.fixture
def deployed(request: pytest.FixtureRequest, built: Build, products: Products, product: Product) -> Build:
    """The build, when all that it should deploy is in Nexus."""
    if absent := _lacks(products, f"{product.name} in Nexus", lambda: missing(products, product)):
        blocked(request, "PIPELINES-02", f"{absent[0]} is not in Nexus")
    if planned(request, "PIPELINES-08") and stays(products.hands.contract):
        products.ask_again(product)
    return built


@pytest.fixture
def described(request: pytest.FixtureRequest, deployed: Build, products: Products, product: Product) -> Build:
    """The build, when what it deployed can be resolved."""
    if wrong := _lacks(products, f"POMs of {product.name}", lambda: wrong_poms(products, product)):
        blocked(request, "PIPELINES-03", wrong[0])
    return deployed


@pytest.fixture
def imaged(request: pytest.FixtureRequest, products: Products, product: Product) -> Build:
    """The build that made the product's images; one that failed is told once."""
    if product.build_job:
        request.getfixturevalue("deployed")
        hands, item = products.hands, products.package(product)
        repository = hands.contract.nexus.releases
        if absent := _lacks(
            products,
            f"package of {product.name}",
            lambda: lacking(product, hands.nexus.content(repository, item.path)),
        ):
            blocked(request, "PIPELINES-05", f"the package lacks {absent[0]}")
    build = products.images(product)
    if build.result != "SUCCESS":
        blocked(request, "PIPELINES-10", f"build {build.job} #{build.number} ended {build.result}")
    return build


@pytest.fixture
def pushed(
    request: pytest.FixtureRequest, imaged: Build, products: Products, product: Product, ecr: EcrApi
) -> Build:
    """The build, when ECR has an image of every component."""
    if absent := _lacks(products, f"{product.name} in ECR", lambda: unpushed(products, product, ecr)):
        blocked(request, "PIPELINES-11", absent[0])
    return imaged


@pytest.fixture
def traced(
    request: pytest.FixtureRequest,
    pushed: Build,
    products: Products,
    product: Product,
    ecr: EcrApi,
    *,
    registry: Registry,
) -> Build:
    """The build, when its images are those that it says it pushed."""
    if broken := _lacks(
        products,
        f"digests of {product.name}",
        lambda: broken_chains(pushed, products, product, ecr, registry),
    ):
        blocked(request, "PIPELINES-12", broken[0])
    return pushed


def _lacks(products: Products, name: str, look: Callable[[], list[str]]) -> list[str]:
    """What is wrong with what checks stand on: looked for once in a run, and by the check that decides it."""
    return list(products.hands.shared.once(f"ground: {name}", lambda: {"found": look()})["found"])


def stays(contract: Contract) -> str:
    """The write policy by which the releases' repository replaces nothing, or empty."""
    name = contract.nexus.releases
    policy = next((one.write_policy for one in contract.nexus.repositories if one.name == name), "")
    return policy if policy in ("ALLOW_ONCE", "DENY") else ""


def missing(products: Products, product: Product, turn: Turn = Turn.FIRST) -> list[str]:
    """What the build job should have deployed and Nexus does not have."""
    hands = products.hands
    return [
        f"{item} ({status})"
        for item in products.files(product, turn)
        if (status := hands.nexus.head(hands.contract.nexus.releases, item.path)) != 200
    ]


def unpushed(products: Products, product: Product, ecr: EcrApi, turn: Turn = Turn.FIRST) -> list[str]:
    """What the images job should have pushed and ECR does not have."""
    findings = []
    for repository in product.images:
        try:
            ecr.image(repository, products.versions[turn])
        except NonConformance as error:
            findings.append(error.what)
    return findings


def wrong_poms(products: Products, product: Product) -> list[str]:
    """What is wrong with the POMs that the build job deployed."""
    hands = products.hands
    findings = []
    for name in (*product.artifacts, product.package_artifact):
        item = Coordinates(product.package_group, name, products.version, "pom")
        answer = hands.nexus.fetch(hands.contract.nexus.releases, item.path)
        if answer.status_code != 200:
            findings.append(f"{item}: status {answer.status_code}")
            continue
        findings += [f"{item}: {wrong}" for wrong in _wrong_in_pom(answer.content, name, products.version)]
    return findings


def _wrong_in_pom(data: bytes, artifact: str, version: str) -> list[str]:
    try:
        root = xml.parse(data)
    except ValueError as error:
        return [f"not XML: {error}"]
    told = {
        "artifactId": root.findtext(f"{MAVEN}artifactId"),
        "version": root.findtext(f"{MAVEN}version") or root.findtext(f"{MAVEN}parent/{MAVEN}version"),
    }
    wanted = {"artifactId": artifact, "version": version}
    return [f"{key} is {told[key]!r}, not {wanted[key]!r}" for key in wanted if told[key] != wanted[key]]


def lacking(product: Product, package: bytes) -> list[str]:
    """Components without a Dockerfile in the package."""
    try:
        names = set(zipfile.ZipFile(io.BytesIO(package)).namelist())
    except zipfile.BadZipFile as error:
        return [f"every component: it is no zip ({error})"]
    return [f"{name}/Dockerfile" for name in components(product) if f"{name}/Dockerfile" not in names]


def broken_chains(
    pushed: Build, products: Products, product: Product, ecr: EcrApi, registry: Registry
) -> list[str]:
    """Images whose digest is another one for the builder, the manifest, the registry or the ECR API."""
    told = told_digests(pushed.console)
    findings = []
    for repository in product.images:
        pulled = registry.manifest(repository, products.version)
        chain = {
            "the builder said": told.get(repository, "nothing"),
            "the manifest has": artifacts.digest(pulled.data),
            "the registry says": pulled.digest,
            "the ECR API says": ecr.image(repository, products.version)["imageDigest"],
        }
        if len(set(chain.values())) != 1:
            findings.append(f"{repository}: " + ", ".join(f"{who} {digest}" for who, digest in chain.items()))
    return findings
