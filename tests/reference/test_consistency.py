"""The contract, the declaration, the seed and the pipelines say the same."""

from __future__ import annotations

import re

import pytest

from conformance.contract.load import load as load_contract
from conformance.contract.model import Job, Product
from conformance.core.paths import REFERENCE
from environments.deploy import declaration
from environments.deploy.nexus_model import load as load_nexus

from .rendering import DECLARATION, STACK

CONTRACT = load_contract(REFERENCE / "conformance.toml").contract
SEED = (STACK / "jobs/seed.groovy").read_text("utf-8")


def seeded() -> dict[str, str]:
    """Each job's part of the seed, by its name."""
    parts = re.split(r"^pipelineJob\('", SEED, flags=re.MULTILINE)[1:]
    return {part.split("'", 1)[0]: part for part in parts}


def test_the_seed_makes_exactly_the_contracts_jobs() -> None:
    assert list(seeded()) == [job.name for job in CONTRACT.jenkins.jobs]


@pytest.mark.parametrize("job", CONTRACT.jenkins.jobs, ids=lambda job: job.name)
def test_a_job_runs_its_jenkinsfile_with_its_parameters(job: Job) -> None:
    part = seeded()[job.name]
    assert f"scriptPath('{job.pipeline}')" in part
    parameters = [parameter.name for parameter in job.parameters]
    assert re.findall(r"stringParam\('(\w+)'", part) == parameters
    assert "disableConcurrentBuilds()" in part
    assert "logRotator" in part
    text = (STACK / job.pipeline).read_text("utf-8")
    assert f"scripts/require {' '.join(parameters)}'" in text
    (label,) = re.findall(r"agent \{ label '(\w+)' \}", text)
    assert label in {agent.label for agent in CONTRACT.jenkins.agents}
    assert set(re.findall(r"credentialsId: '(\w+)'", text)) <= set(CONTRACT.jenkins.credentials)
    for script in re.findall(r"pipelines/scripts/([\w-]+)", text):
        assert (STACK / "pipelines/scripts" / script).stat().st_mode & 0o111


def test_ecr_repositories_are_the_contracts() -> None:
    declared = {
        each.name: (each.image_tag_mutability, each.scan_on_push, each.encryption_type)
        for each in declaration.load(DECLARATION).ecr_repositories
    }
    assert declared == {
        each.name: (each.tag_mutability, each.scan_on_push, each.encryption)
        for each in CONTRACT.registry.repositories
    }


def test_releases_are_the_contracts() -> None:
    found = {each.name: each.namespace for each in declaration.load(DECLARATION).releases}
    assert found == {
        CONTRACT.nexus.release: CONTRACT.nexus.namespace,
        CONTRACT.jenkins.release: CONTRACT.jenkins.namespace,
    }


def test_nexus_repositories_are_the_contracts() -> None:
    setup = load_nexus(STACK / "nexus/repositories.json")
    assert setup.anonymous is CONTRACT.nexus.anonymous
    assert {each.name: (each.type, each.write_policy or "", each.members) for each in setup.repositories} == {
        each.name: (each.type, each.write_policy, each.members) for each in CONTRACT.nexus.repositories
    }
    for ours, theirs in zip(setup.repositories, CONTRACT.nexus.repositories, strict=True):
        assert ours.version_policy == (None if ours.type == "group" else theirs.version_policy)
        assert (ours.remote or "") == theirs.remote


@pytest.mark.parametrize("product", CONTRACT.products, ids=lambda product: product.name)
def test_an_image_job_takes_the_products_package_and_makes_its_images(product: Product) -> None:
    (job,) = [each for each in CONTRACT.jenkins.jobs if each.name == product.images_job]
    text = (STACK / job.pipeline).read_text("utf-8")
    assert f"fetch-package {product.package_group} {product.package_artifact} " in text
    (prefix,) = re.findall(r"build-images package ([\w-]+)'", text)
    folder = STACK / "products" / product.name
    components = {file.parent.name for file in folder.rglob("Dockerfile")}
    assert {f"{prefix}/{name}" for name in components} == set(product.images)


def test_every_maven_plugin_is_pinned() -> None:
    pom = (STACK / "products/commerce/pom.xml").read_text("utf-8")
    plugins = re.findall(r"<plugin>(.*?)</plugin>", pom, flags=re.DOTALL)
    assert len(plugins) == 8
    assert [each for each in plugins if not re.search(r"<version>\d+(\.\d+)+</version>", each)] == []
