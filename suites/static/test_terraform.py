"""What Terraform declares: the releases, and the ECR repositories."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from conformance.contract.model import Contract, EcrRepository
from conformance.core.nonconformance import require, require_none, require_same_names
from conformance.sources.stack import StackFiles

_LITERAL_REPOSITORY = re.compile(
    r'resource\s+"aws_ecr_repository"\s+"(\w+)"\s*\{(?:(?!\n\}).)*?name\s*=\s*"([^"$]+)"', re.DOTALL
)
_WORKLOAD = re.compile(r"^kind:\s*(Deployment|StatefulSet|DaemonSet|Job|CronJob)\b", re.MULTILINE)
_EXACT_TAG = re.compile(r"\d+\.\d+\.\d+|sha256:[0-9a-f]{64}$")
_EXACT = re.compile(r"^v?\d+\.\d+\.\d+([-+].+)?$")


def _repositories(stack_files: StackFiles) -> dict[str, dict[str, Any]]:
    found = stack_files.declaration.get("ecr_repositories")
    return found if isinstance(found, dict) else {}


def _releases(stack_files: StackFiles) -> dict[str, dict[str, Any]]:
    found = stack_files.declaration.get("releases")
    return found if isinstance(found, dict) else {}


@pytest.mark.requirement("STATIC-50")
def test_ecr_repositories_are_the_declared_ones(stack_files: StackFiles, contract: Contract) -> None:
    """Terraform declares exactly the ECR repositories of the contract."""
    require_same_names(
        (wanted.name for wanted in contract.registry.repositories),
        _repositories(stack_files),
        what="Terraform declares other ECR repositories",
        remedy="declare the repository in ecr_repositories, or in the contract (registry.repositories)",
    )


@pytest.mark.requirement("STATIC-51")
def test_ecr_repositories_are_set_up_as_declared(stack_files: StackFiles, contract: Contract) -> None:
    """Terraform sets each ECR repository up as the contract declares: tags, scanning, encryption,
    lifecycle.
    """
    said = _repositories(stack_files)
    require_none(
        [
            f"{wanted.name}: {key} is {seen}, not {should}"
            for wanted in contract.registry.repositories
            if wanted.name in said
            for key, seen, should in _settings(wanted, said[wanted.name])
            if seen != should
        ]
        + [
            f"{wanted.name}: there is no lifecycle policy {wanted.lifecycle_policy}"
            for wanted in contract.registry.repositories
            if wanted.lifecycle_policy not in ("", "none")
            and not (stack_files.root / wanted.lifecycle_policy).is_file()
        ],
        "Terraform sets an ECR repository up differently",
        remedy="set it in ecr_repositories as the contract declares",
    )


def _settings(wanted: EcrRepository, said: dict[str, Any]) -> list[tuple[str, object, object]]:
    """(key, what Terraform says, what the contract says), of what the contract speaks of."""
    found: list[tuple[str, object, object]] = [
        ("image_tag_mutability", said.get("image_tag_mutability"), wanted.tag_mutability),
        ("scan_on_push", said.get("scan_on_push"), wanted.scan_on_push),
    ]
    if wanted.encryption:
        # AES256 is the provider's own default
        found.append(("encryption_type", said.get("encryption_type", "AES256"), wanted.encryption))
    if wanted.lifecycle_policy:
        found.append(("lifecycle_policy", said.get("lifecycle_policy") or "none", wanted.lifecycle_policy))
    return found


@pytest.mark.requirement("STATIC-52")
def test_region_is_the_registry_s(stack_files: StackFiles, contract: Contract) -> None:
    """Terraform works in the registry's region."""
    said = stack_files.declaration.get("aws_region")
    require(
        said == contract.registry.region,
        f"Terraform works in region {said}, the registry is in {contract.registry.region}",
        expected=contract.registry.region,
        observed=said,
        remedy="set aws_region, or registry.region in the contract",
    )


@pytest.mark.requirement("STATIC-53")
def test_releases_are_declared(stack_files: StackFiles, contract: Contract) -> None:
    """Terraform declares the releases of Jenkins and Nexus, in their namespaces."""
    said = _releases(stack_files)
    findings = []
    for wanted in (contract.jenkins, contract.nexus):
        release = said.get(wanted.release)
        if release is None:
            findings.append(f"no release {wanted.release}")
        elif release.get("namespace") != wanted.namespace:
            findings.append(f"release {wanted.release} goes to namespace {release.get('namespace')}")
    require_none(
        findings,
        "Terraform does not declare the releases of the contract",
        expected=", ".join(
            f"{part.release} in {part.namespace}" for part in (contract.jenkins, contract.nexus)
        ),
        remedy="declare it in releases, or name the right release and namespace in the contract",
    )


@pytest.mark.requirement("STATIC-54")
def test_charts_are_exact(stack_files: StackFiles) -> None:
    """Each release takes one exact version of its chart."""
    findings = []
    for name, release in _releases(stack_files).items():
        if release.get("repository"):
            version = str(release.get("version") or "")
        elif (_chart_dir(stack_files, release) / "Chart.yaml").is_file():
            version = str(_chart(stack_files, release).get("version", ""))
        else:
            continue  # STATIC-55 tells
        if not _EXACT.match(version):
            findings.append(
                f"release {name} takes chart {release.get('chart')} {version or 'without a version'}"
            )
    require_none(
        findings,
        "a chart's version is not exact",
        expected="a version such as 5.8.114",
        remedy="set version of the release (or of the chart in Chart.yaml) to one exact version",
    )


@pytest.mark.requirement("STATIC-55")
def test_releases_files_are_there(stack_files: StackFiles) -> None:
    """Charts and values that releases name are there."""
    findings = []
    for name, release in _releases(stack_files).items():
        values = stack_files.root / str(release.get("values", ""))
        if not values.is_file():
            findings.append(f"release {name}: no values at {release.get('values')}")
        if not release.get("repository") and not (_chart_dir(stack_files, release) / "Chart.yaml").is_file():
            findings.append(f"release {name}: no chart at {release.get('chart')}")
    require_none(findings, "a release names a file that is not there", remedy="correct its path in releases")


@pytest.mark.requirement("STATIC-56")
def test_nexus_is_a_deployment(stack_files: StackFiles, contract: Contract) -> None:
    """Nexus is a Deployment."""
    release = _releases(stack_files).get(contract.nexus.release) or {}
    if release.get("repository"):
        # a chart from elsewhere shows its kind when it is installed: PLATFORM-08
        return
    kinds = [
        kind
        for path in sorted((_chart_dir(stack_files, release) / "templates").glob("*.y*ml"))
        for kind in _WORKLOAD.findall(stack_files.read(path))
    ]
    require(
        kinds.count("Deployment") == 1 and "StatefulSet" not in kinds,
        f"the chart of {contract.nexus.release} makes {', '.join(kinds) or 'no workload'}",
        expected="one Deployment",
        observed=", ".join(kinds),
        remedy="make Nexus a Deployment with the strategy Recreate",
    )


@pytest.mark.requirement("STATIC-59")
def test_image_of_nexus_is_exact(stack_files: StackFiles, contract: Contract) -> None:
    """The image of Nexus has one exact tag."""
    release = _releases(stack_files).get(contract.nexus.release) or {}
    values = stack_files.root / str(release.get("values", ""))
    said = stack_files.yaml(values) if values.is_file() else None
    image = said.get("image") if isinstance(said, dict) else None
    if image is None and release.get("repository"):
        # the image of a chart from elsewhere is as exact as the chart's version: STATIC-54
        return
    tag = image.get("tag") if isinstance(image, dict) else str(image or "").rpartition(":")[2]
    text = str(tag or "")
    require(
        # what the environment fills in shows when it runs: PLATFORM-11
        "${" in text or _EXACT_TAG.match(text),
        f"the image tag of {contract.nexus.release} is {text or 'not set'}: it moves by itself",
        expected=f"an exact version, such as {contract.nexus.version.partition('-')[0]}",
        observed=text,
        remedy="set image.tag in the values of the release to one exact version",
    )


@pytest.mark.requirement("STATIC-57")
def test_repositories_are_made_from_the_declaration(stack_files: StackFiles) -> None:
    """ECR repositories are made from the declaration alone."""
    text = "\n".join(stack_files.terraform.values())
    require(
        stack_files.terraform, "the stack has no Terraform files", remedy="declare the stack in Terraform"
    )
    literal = _LITERAL_REPOSITORY.findall(text)
    require_none(
        [f"resource {name} makes {repository}" for name, repository in literal],
        "an ECR repository is made beside the declaration",
        remedy="move it into ecr_repositories: two places that declare repositories drift apart",
    )
    require(
        "aws_ecr_repository" in text,
        "Terraform makes no ECR repository",
        remedy="make aws_ecr_repository for each of ecr_repositories",
    )


def _chart_dir(stack_files: StackFiles, release: dict[str, Any]) -> Path:
    return stack_files.root / str(release.get("chart", ""))


def _chart(stack_files: StackFiles, release: dict[str, Any]) -> dict[str, Any]:
    found = stack_files.yaml(_chart_dir(stack_files, release) / "Chart.yaml")
    return found if isinstance(found, dict) else {}
