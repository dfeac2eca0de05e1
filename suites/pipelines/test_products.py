"""The products' pipelines, end to end, with a version of the run's own."""

from __future__ import annotations

import json
import re

import pytest

from conformance.clients import artifacts
from conformance.clients.jobs import Build
from conformance.clients.nexus import Coordinates, Nexus
from conformance.clients.products import IMAGE_TAG, VERSION, Products, components
from conformance.clients.registry import EcrApi, Registry
from conformance.contract.model import Contract, Product
from conformance.core.nonconformance import require, require_none
from conformance.runner.decision import not_applicable
from suites.pipelines.conftest import broken_chains, lacking, missing, unpushed, wrong_poms

pytestmark = pytest.mark.writes


@pytest.mark.requirement("PIPELINES-01")
def test_artifacts_are_built(built: Build) -> None:
    """The build job of each product succeeds from its repository."""
    built.require_success()


@pytest.mark.requirement("PIPELINES-02")
@pytest.mark.usefixtures("built")
def test_artifacts_are_in_nexus(products: Products, product: Product, contract: Contract) -> None:
    """The build job deploys every artifact and the deployment package to Nexus, at the right coordinates."""
    require_none(
        missing(products, product),
        f"what {product.build_job} should deploy is not in {contract.nexus.releases}",
        expected=", ".join((*product.artifacts, product.package_artifact)),
        remedy="look at the deploy goals in the build's console: coordinates, repository, credentials",
    )


@pytest.mark.requirement("PIPELINES-03")
@pytest.mark.usefixtures("deployed")
def test_poms_are_valid(products: Products, product: Product) -> None:
    """Deployed POMs are valid and name what they describe."""
    require_none(
        wrong_poms(products, product),
        f"a POM that {product.build_job} deployed is not usable",
        remedy="flatten the POM: what is deployed may hold no unresolved ${...}",
    )


@pytest.mark.requirement("PIPELINES-04")
@pytest.mark.usefixtures("deployed")
def test_metadata_names_the_version(
    products: Products, product: Product, nexus: Nexus, contract: Contract
) -> None:
    """The metadata in Nexus names the deployed version."""
    findings = []
    for name in (*product.artifacts, product.package_artifact):
        item = Coordinates(product.package_group, name, products.version)
        versions = [node.text for node in nexus.metadata(contract.nexus.group, item).iter("version")]
        if products.version not in versions:
            findings.append(f"{item.group}:{name} does not list {products.version}")
    require_none(
        findings,
        "maven-metadata.xml does not name what was deployed",
        remedy="deploy with Maven's deploy plugin, which keeps the metadata; or rebuild it in Nexus",
    )


@pytest.mark.requirement("PIPELINES-05")
@pytest.mark.usefixtures("deployed")
def test_deployment_package_has_every_component(
    products: Products, product: Product, nexus: Nexus, contract: Contract
) -> None:
    """The deployment package holds every component of the product."""
    item = products.package(product)
    data = nexus.content(contract.nexus.releases, item.path)
    require(
        nexus.checksum(contract.nexus.releases, item.path) == artifacts.sha1(data),
        f"the checksum of {item} is not that of its bytes",
        remedy="deploy it again, and look at the blob store",
    )
    require_none(
        lacking(product, data),
        f"{item} lacks a component",
        expected=", ".join(f"{name}/Dockerfile" for name in components(product)),
        remedy="add the component's folder to the assembly of the deployment package",
    )


@pytest.mark.requirement("PIPELINES-10")
def test_images_are_built(imaged: Build) -> None:
    """The images job of each product succeeds."""
    imaged.require_success()


@pytest.mark.requirement("PIPELINES-11")
@pytest.mark.usefixtures("imaged")
def test_one_image_for_every_component(products: Products, product: Product, ecr: EcrApi) -> None:
    """The images job pushes one image of every component to ECR."""
    require_none(
        unpushed(products, product, ecr),
        f"{product.images_job} did not push every image",
        expected=", ".join(f"{repository}:{products.version}" for repository in product.images),
        remedy="look at the push in the build's console",
    )


@pytest.mark.requirement("PIPELINES-12")
def test_digests_are_one_chain(
    pushed: Build, products: Products, product: Product, ecr: EcrApi, registry: Registry
) -> None:
    """The digest is one from the builder over manifest and registry to the ECR API."""
    require_none(
        broken_chains(pushed, products, product, ecr, registry),
        "an image's digests differ on its way",
        expected="builder = manifest = registry = ECR API",
        remedy="print REPOSITORY:TAG@DIGEST in the pipeline; nothing may rewrite manifests on the way",
    )


@pytest.mark.requirement("PIPELINES-13")
@pytest.mark.usefixtures("pushed")
def test_images_name_their_version(products: Products, product: Product, registry: Registry) -> None:
    """Each image names its version in a label."""
    findings = []
    for repository in product.images:
        labels = registry.labels(repository, products.version)
        version = labels.get("org.opencontainers.image.version")
        if version != products.version:
            findings.append(f"{repository}: org.opencontainers.image.version is {version!r}")
    require_none(
        findings,
        "an image does not name its version",
        expected=products.version,
        remedy="label images with org.opencontainers.image.version when they are built",
    )


@pytest.mark.requirement("PIPELINES-14")
@pytest.mark.usefixtures("pushed")
def test_images_name_their_source(products: Products, product: Product, registry: Registry) -> None:
    """Each image names its source repository and revision in labels."""
    findings = []
    for repository in product.images:
        labels = registry.labels(repository, products.version)
        revision = labels.get("org.opencontainers.image.revision", "")
        if not re.fullmatch(r"[0-9a-f]{40}", revision):
            findings.append(f"{repository}: org.opencontainers.image.revision is {revision!r}")
        if not labels.get("org.opencontainers.image.source"):
            findings.append(f"{repository}: org.opencontainers.image.source is missing")
    require_none(
        findings,
        "an image does not name its source",
        expected="the commit's id and the repository",
        remedy="label images with org.opencontainers.image.revision and .source when they are built",
    )


@pytest.mark.requirement("PIPELINES-15")
@pytest.mark.usefixtures("pushed")
def test_images_are_of_their_package(products: Products, product: Product, registry: Registry) -> None:
    """Each image is for Linux and has layers."""
    findings = []
    for repository in product.images:
        pulled = registry.manifest(repository, products.version).parsed
        if not pulled.get("layers"):
            findings.append(f"{repository} has no layer")
        config = json.loads(registry.blob(repository, pulled["config"]["digest"]))
        if config.get("os") != "linux":
            findings.append(f"{repository} is for {config.get('os')!r}")
    require_none(findings, "an image is not what a node can run", remedy="look at the component's Dockerfile")


@pytest.mark.requirement("PIPELINES-20")
def test_missing_package_fails_early_and_clearly(products: Products, product: Product) -> None:
    """Without its package an images job fails early and says which package is missing."""
    absent = f"{products.version}.absent"
    build = products.run(product.images_job, **{VERSION: absent, IMAGE_TAG: absent})
    require(
        build.result == "FAILURE",
        f"{product.images_job} ends {build.result} without a package",
        expected="FAILURE",
        remedy="let the pipeline stop when the package is not in Nexus",
    )
    require(
        product.package_artifact in build.console and absent in build.reason(),
        f"{product.images_job} does not say which package is missing: {build.reason()}",
        expected=f"a line with {product.package_artifact} and {absent}",
        observed=build.reason(),
        remedy="print coordinates and URL of the package when it cannot be fetched",
    )


@pytest.mark.beside_restart
@pytest.mark.requirement("PIPELINES-21")
def test_missing_parameter_fails_early(products: Products, contract: Contract) -> None:
    """Without its parameters an images job fails early and names them."""
    if not contract.products:
        not_applicable("the contract names no product")
    job = contract.products[0].images_job
    build = products.run(job, **{VERSION: "", IMAGE_TAG: ""})
    require(
        build.result == "FAILURE" and VERSION in build.reason(),
        f"{job} ends {build.result} without a version: {build.reason()}",
        expected=f"FAILURE, and {VERSION} named in the console",
        observed=build.reason(),
        remedy="check the parameters in the first stage",
    )
