"""Preconditions of the checks of pipelines: a build that deployed and a build that pushed everything."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable

import pytest

from conformance.clients import artifacts
from conformance.clients.jobs import Build
from conformance.clients.nexus import Coordinates
from conformance.clients.products import Products, Turn, components, console_digests
from conformance.clients.registry import EcrApi, Registry
from conformance.contract.model import Contract, Product
from conformance.core import xml
from conformance.core.nonconformance import NonConformance, PreconditionFailed
from conformance.runner.decision import not_applicable

MAVEN = "{http://maven.apache.org/POM/4.0.0}"


@pytest.fixture
def product(contract: Contract, product_name: str) -> Product:
    return next(found for found in contract.products if found.name == product_name)


@pytest.fixture
def built(products: Products, product: Product) -> Build:
    """The build that deployed the product's artifacts, successful."""
    return successful_build(products, product)


@pytest.fixture
def deployed(products: Products, product: Product, planned: frozenset[str]) -> Build:
    """The build, with all that it should deploy in Nexus."""
    return complete_build(products, product, planned)


@pytest.fixture
def described(deployed: Build, products: Products, product: Product) -> Build:
    """The build, with POMs that Maven can resolve."""
    if wrong := _once(products, f"POMs of {product.name}", lambda: wrong_poms(products, product)):
        raise PreconditionFailed("PIPELINES-03", wrong[0])
    return deployed


@pytest.fixture
def imaged(products: Products, product: Product, planned: frozenset[str]) -> Build:
    """The build that made the product's images, successful."""
    if product.build_job:
        complete_build(products, product, planned)
        clients, item = products.clients, products.package(product)
        repository = clients.contract.nexus.releases
        if absent := _once(
            products,
            f"package of {product.name}",
            lambda: lacking(product, clients.nexus.content(repository, item.path)),
        ):
            raise PreconditionFailed("PIPELINES-05", f"the package lacks {absent[0]}")
    return _require_success("PIPELINES-10", products.images(product))


@pytest.fixture
def pushed(imaged: Build, products: Products, product: Product, ecr: EcrApi) -> Build:
    """The build, with an image of every component in ECR."""
    if absent := _once(products, f"{product.name} in ECR", lambda: unpushed(products, product, ecr)):
        raise PreconditionFailed("PIPELINES-11", absent[0])
    return imaged


@pytest.fixture
def traced(pushed: Build, products: Products, product: Product, ecr: EcrApi, *, registry: Registry) -> Build:
    """The build, whose images are those that its console says it pushed."""
    if broken := _once(
        products,
        f"digests of {product.name}",
        lambda: broken_chains(pushed, products, product, ecr, registry),
    ):
        raise PreconditionFailed("PIPELINES-12", broken[0])
    return pushed


def successful_build(products: Products, product: Product) -> Build:
    """The build of the product's build job. Raises PreconditionFailed, and NotApplicable without a job."""
    if not product.build_job:
        not_applicable(f"{product.name} comes as a release package; nothing is built")
    return _require_success("PIPELINES-01", products.build(product))


def complete_build(products: Products, product: Product, planned: frozenset[str]) -> Build:
    """The successful build, with all that it should deploy in Nexus. Raises PreconditionFailed.

    Where the session checks a second build of the version, that build is requested here.
    """
    build = successful_build(products, product)
    if absent := _once(products, f"{product.name} in Nexus", lambda: missing(products, product)):
        raise PreconditionFailed("PIPELINES-02", f"{absent[0]} is not in Nexus")
    if "PIPELINES-08" in planned and stays(products.clients.contract):
        products.request_again(product)
    return build


def _require_success(requirement: str, build: Build) -> Build:
    try:
        build.require_success()
    except NonConformance as error:
        raise PreconditionFailed.from_error(
            requirement, error, dependents=f"build {build.job} #{build.number} ended {build.result}"
        ) from error
    return build


def _once(products: Products, name: str, findings: Callable[[], list[str]]) -> list[str]:
    """The findings about a precondition, made once in a run."""
    return list(products.shared.once(f"precondition: {name}", lambda: {"found": findings()})["found"])


def stays(contract: Contract) -> str:
    """The write policy by which the releases' repository replaces nothing, or empty."""
    name = contract.nexus.releases
    policy = next((one.write_policy for one in contract.nexus.repositories if one.name == name), "")
    return policy if policy in ("ALLOW_ONCE", "DENY") else ""


def missing(products: Products, product: Product, turn: Turn = Turn.FIRST) -> list[str]:
    """Files that the build job should have deployed and Nexus does not have."""
    clients = products.clients
    return [
        f"{item} ({status})"
        for item in products.files(product, turn)
        if (status := clients.nexus.head(clients.contract.nexus.releases, item.path)) != 200
    ]


def unpushed(products: Products, product: Product, ecr: EcrApi, turn: Turn = Turn.FIRST) -> list[str]:
    """Images that the images job should have pushed and ECR does not have."""
    findings = []
    for repository in product.images:
        try:
            ecr.image(repository, products.versions[turn])
        except NonConformance as error:
            findings.append(error.what)
    return findings


def wrong_poms(products: Products, product: Product) -> list[str]:
    """Faults of the POMs that the build job deployed."""
    clients = products.clients
    findings = []
    for name in (*product.artifacts, product.package_artifact):
        item = Coordinates(product.package_group, name, products.version, "pom")
        answer = clients.nexus.fetch(clients.contract.nexus.releases, item.path)
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
    coordinates = {
        "artifactId": root.findtext(f"{MAVEN}artifactId"),
        "version": root.findtext(f"{MAVEN}version") or root.findtext(f"{MAVEN}parent/{MAVEN}version"),
    }
    wanted = {"artifactId": artifact, "version": version}
    return [
        f"{key} is {coordinates[key]!r}, not {wanted[key]!r}"
        for key in wanted
        if coordinates[key] != wanted[key]
    ]


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
    pushed_digests = console_digests(pushed.console)
    findings = []
    for repository in product.images:
        pulled = registry.manifest(repository, products.version)
        chain = {
            "the builder said": pushed_digests.get(repository, "nothing"),
            "the manifest has": artifacts.digest(pulled.data),
            "the registry says": pulled.digest,
            "the ECR API says": ecr.image(repository, products.version)["imageDigest"],
        }
        if len(set(chain.values())) != 1:
            findings.append(
                f"{repository}: " + ", ".join(f"{source} {digest}" for source, digest in chain.items())
            )
    return findings
