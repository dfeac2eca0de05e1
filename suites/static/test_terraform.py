"""What Terraform makes: the releases, and the ECR repositories."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest

from conformance.contract.model import Contract
from conformance.contract.model import EcrRepository as Wanted
from conformance.core.nonconformance import require, require_none
from conformance.runner.decision import not_applicable
from conformance.sources import images
from conformance.sources.facts import Fact, MissingFile, Undecided
from conformance.sources.helm.releases import Release
from conformance.sources.helm.values import ChartValues
from conformance.sources.kubernetes_objects import Workload
from conformance.sources.model import StackModel
from conformance.sources.stack import StackFiles
from conformance.sources.terraform.ecr import EcrRepository
from conformance.sources.texts import shown
from conformance.sources.yaml_positions import Node
from suites.static.findings import Findings

_EXACT_TAG = re.compile(r"\d+\.\d+\.\d+|sha256:[0-9a-f]{64}$")
_EXACT = re.compile(r"^v?\d+\.\d+\.\d+([-+].+)?$")


def _repositories(stack_files: StackFiles, findings: Findings) -> dict[str, EcrRepository]:
    """Repositories that are made from a declaration, by their names."""
    found = {}
    for repository in _terraform(stack_files).repositories:
        name = findings.known(repository.name)
        if name is not None and _declared(repository):
            found[name] = repository
            if repository.instances is not None:
                findings.leave_open(repository.instances, str(repository.place))
    return found


def _declared(repository: EcrRepository) -> bool:
    """Is a repository one of several that one list or map declares?"""
    return "[" in repository.address


def _terraform(stack_files: StackFiles) -> StackModel:
    """What Terraform declares; a stack without it makes its repositories elsewhere."""
    model = stack_files.infrastructure
    if not (model.terraform or model.other_terraform):
        not_applicable("the stack has no Terraform files")
    return model


@pytest.mark.requirement("STATIC-50")
def test_ecr_repositories_are_the_declared_ones(stack_files: StackFiles, contract: Contract) -> None:
    """Terraform declares exactly the ECR repositories of the contract."""
    findings = Findings()
    made = _repositories(stack_files, findings)
    wanted = {repository.name for repository in contract.registry.repositories}
    everything = all(repository.name.decided for repository in stack_files.infrastructure.repositories)
    findings += [f"{name} is missing" for name in sorted(wanted - made.keys()) if everything]
    findings += [
        f"{name} is there but not declared ({made[name].name.place})" for name in sorted(made.keys() - wanted)
    ]
    findings.conclude(
        "Terraform declares other ECR repositories",
        expected=", ".join(sorted(wanted)),
        remedy="declare the repository in ecr_repositories, or in the contract (registry.repositories)",
    )


@pytest.mark.requirement("STATIC-51")
def test_ecr_repositories_are_set_up_as_declared(stack_files: StackFiles, contract: Contract) -> None:
    """Terraform sets each ECR repository up as the contract declares: tags, scanning, encryption,
    lifecycle.
    """
    findings = Findings()
    made = _repositories(stack_files, findings)
    for wanted in contract.registry.repositories:
        if wanted.name in made:
            findings += [
                f"{wanted.name}: {key} is {seen}, not {should} ({place})"
                for key, seen, should, place in _settings(wanted, made[wanted.name], findings)
                if seen != should
            ]
            findings += _lifecycle(stack_files, wanted, made[wanted.name], findings)
        if (
            wanted.lifecycle_policy not in ("", "none")
            and not (stack_files.root / wanted.lifecycle_policy).is_file()
        ):
            findings.append(f"{wanted.name}: there is no lifecycle policy {wanted.lifecycle_policy}")
    findings.conclude(
        "Terraform sets an ECR repository up differently",
        remedy="set it in ecr_repositories as the contract declares",
    )


def _settings(
    wanted: Wanted, made: EcrRepository, findings: Findings
) -> Iterator[tuple[str, object, object, object]]:
    """(key, Terraform's value, the contract's value, place), of what the contract speaks of."""
    pairs: list[tuple[str, Fact[str] | Fact[bool], object]] = [
        ("image_tag_mutability", made.mutability, wanted.tag_mutability),
        ("scan_on_push", made.scan_on_push, wanted.scan_on_push),
    ]
    if wanted.encryption:
        pairs.append(("encryption_type", made.encryption, wanted.encryption))
    for key, fact, should in pairs:
        if isinstance(fact.value, Undecided):
            findings.leave_open(fact.value, str(fact.place))
        else:
            yield key, fact.value, should, fact.place


def _lifecycle(
    stack_files: StackFiles, wanted: Wanted, made: EcrRepository, findings: Findings
) -> Iterator[str]:
    """What is wrong with a repository's lifecycle policy; texts are compared as JSON."""
    if not wanted.lifecycle_policy:
        return
    policy = made.lifecycle_policy
    if wanted.lifecycle_policy == "none":
        if policy is not None:
            yield f"{wanted.name}: lifecycle_policy is set, not none ({policy.place})"
        return
    if policy is None:
        yield f"{wanted.name}: lifecycle_policy is none, not {wanted.lifecycle_policy} ({made.place})"
        return
    text = findings.known(policy)
    if text is None or not (stack_files.root / wanted.lifecycle_policy).is_file():
        return
    try:
        same = json.loads(text) == stack_files.lifecycle_policy(wanted)
    except ValueError:
        same = False
    if not same:
        yield f"{wanted.name}: lifecycle_policy is not {wanted.lifecycle_policy} ({policy.place})"


@pytest.mark.requirement("STATIC-52")
def test_region_is_the_registry_s(stack_files: StackFiles, contract: Contract) -> None:
    """Terraform works in the registry's region."""
    findings = Findings()
    region = _terraform(stack_files).region
    value = findings.known(region)
    if region is None:
        reason = Undecided("no provider of Terraform sets a region", "AWS_REGION")
        findings.leave_open(reason, stack_files.contract.stack.path)
    require(
        value is None or value == contract.registry.region,
        f"Terraform works in region {value}, the registry is in {contract.registry.region}",
        expected=contract.registry.region,
        observed=f"{value} ({region.place})" if region is not None else "",
        remedy="set aws_region, or registry.region in the contract",
    )
    findings.conclude("the region of Terraform is not known")


@pytest.mark.requirement("STATIC-53")
def test_releases_are_declared(stack_files: StackFiles, contract: Contract) -> None:
    """Terraform declares the releases of Jenkins and Nexus, in their namespaces."""
    findings = Findings()
    spaces = dict(_deployed(stack_files, findings))
    for wanted in (contract.jenkins, contract.nexus):
        if wanted.release not in spaces:
            findings.append(f"no release {wanted.release}")
            continue
        namespace = findings.known(spaces[wanted.release])
        if namespace is not None and namespace != wanted.namespace:
            place = spaces[wanted.release].place
            findings.append(f"release {wanted.release} goes to namespace {namespace} ({place})")
    findings.conclude(
        "Terraform does not declare the releases of the contract",
        expected=", ".join(
            f"{part.release} in {part.namespace}" for part in (contract.jenkins, contract.nexus)
        ),
        remedy="declare it in releases, or name the right release and namespace in the contract",
    )


def _deployed(stack_files: StackFiles, findings: Findings) -> Iterator[tuple[str, Fact[str]]]:
    """Names and namespaces of releases, and of workloads that Terraform or a manifest makes itself."""
    for workload in stack_files.infrastructure.workloads:
        if not workload.object.origin.startswith("chart ") and isinstance(workload.object.name.value, str):
            yield workload.object.name.value, workload.object.namespace
    for release in stack_files.infrastructure.releases:
        name = findings.known(_fact(release.name))
        # values alone declare no release
        if name and release.kind != "values":
            yield name, _fact(release.namespace)


def _fact(node: Node) -> Fact[str]:
    return Fact(node.value if isinstance(node.value, Undecided) else node.printed, node.place)


@pytest.mark.requirement("STATIC-54")
def test_charts_are_exact(stack_files: StackFiles) -> None:
    """Each release takes one exact version of its chart."""
    findings = Findings()
    for release, chart in _charts(stack_files):
        # a chart's folder that is not there is the finding of STATIC-55
        if not chart.folder and not release.repository.text():
            continue
        version = findings.known(chart.version if chart.folder else _fact(release.version))
        if version is not None and not _EXACT.match(version):
            name = release.chart.printed if not chart.folder else chart.folder
            findings.append(
                f"release {release.name.printed} takes chart {name} {version or 'without a version'} "
                f"({chart.version.place})"
            )
    findings.conclude(
        "a chart's version is not exact",
        expected="a version such as 5.8.114",
        remedy="set version of the release (or of the chart in Chart.yaml) to one exact version",
    )


def _charts(stack_files: StackFiles) -> Iterator[tuple[Release, ChartValues]]:
    """Declared releases, each with its own chart."""
    model = stack_files.infrastructure
    for release in model.releases:
        for chart in model.charts:
            if chart.place == release.place and chart.release == _fact(release.name):
                if release.kind != "values":
                    yield release, chart
                break


@pytest.mark.requirement("STATIC-55")
def test_releases_files_are_there(stack_files: StackFiles) -> None:
    """Charts and values that releases name are there."""
    findings = Findings()
    for release, chart in _charts(stack_files):
        name = release.name.printed
        for layer in release.layers:
            if isinstance(layer.value, MissingFile):
                findings.append(f"release {name}: {layer.value.reason} ({layer.place})")
        # values of Jenkins that are no YAML are the finding of STATIC-02
        findings += [
            f"release {name}: {error.message} ({error.place})"
            for error in release.errors
            if stack_files.root / error.place.file not in stack_files.loaded.values_files
        ]
        local = release.chart.known and "://" not in release.chart.printed and not release.repository.printed
        if local and not chart.folder:
            findings.append(f"release {name}: no chart at {release.chart.printed} ({release.chart.place})")
    findings.conclude("a release names a file that is not there", remedy="correct its path in releases")


@pytest.mark.requirement("STATIC-56")
def test_nexus_is_a_deployment(stack_files: StackFiles, contract: Contract) -> None:
    """Nexus is a Deployment."""
    chart, workloads = _nexus(stack_files, contract)
    if chart is not None and not chart.folder and not workloads:
        # a chart from elsewhere shows its kind when it is installed: PLATFORM-08
        return
    kinds = [workload.object.kind for workload in workloads]
    places = [str(workload.object.place) for workload in workloads]
    require(
        kinds.count("Deployment") == 1 and "StatefulSet" not in kinds,
        f"the chart of {contract.nexus.release} makes {', '.join(kinds) or 'no workload'}",
        expected="one Deployment",
        observed=", ".join(places),
        remedy="make Nexus a Deployment with the strategy Recreate",
    )
    strategy = workloads[0].strategy
    require(
        (
            strategy is not None
            and (strategy.value == "Recreate" or images.has_placeholder(str(strategy.value)))
        )
        or not (strategy is None or strategy.decided),
        f"the Deployment of {contract.nexus.release} is rolled: a second Nexus starts on the same volume",
        expected="the strategy Recreate",
        observed=f"{strategy.value if strategy is not None else 'no strategy'} ({places[0]})",
        remedy="set the strategy's type to Recreate",
    )


def _nexus(stack_files: StackFiles, contract: Contract) -> tuple[ChartValues | None, list[Workload]]:
    """The chart of Nexus, if a release brings it, and its workloads."""
    model, name = stack_files.infrastructure, contract.nexus.release
    charts = [chart for release, chart in _charts(stack_files) if release.name.printed == name]
    chart = charts[0] if charts else None
    origin = f"chart {chart.folder}" if chart is not None and chart.folder else ""
    return chart, [
        workload
        for workload in model.workloads
        if (workload.object.origin == origin if origin else workload.object.name.value == name)
    ]


@pytest.mark.requirement("STATIC-59")
def test_image_of_nexus_is_exact(stack_files: StackFiles, contract: Contract) -> None:
    """The image of Nexus has one exact tag."""
    chart, workloads = _nexus(stack_files, contract)
    image = chart.values.at("image") if chart is not None else None
    text, containers = "", list[Fact[str]]()
    if image is not None:
        text = image.text("tag") if image.mapping else images.parse(image.printed).tag
    elif workloads:
        containers = [fact for workload in workloads for fact in _images(workload)]
        parsed = [images.parse(str(fact.value)) for fact in containers]
        moving = [each for each in parsed if not (each.digest or _fixed(each.tag))]
        text = moving[0].tag if moving else parsed[0].digest or parsed[0].tag if parsed else ""
    elif chart is not None:
        # the image of a chart from elsewhere is as exact as the chart's version: STATIC-54
        return
    require(
        _fixed(text),
        f"the image tag of {contract.nexus.release} is {shown(text) or 'not set'}: it moves by itself",
        expected=f"an exact version, such as {contract.nexus.version.partition('-')[0]}",
        observed=", ".join(f"{shown(str(fact.value))} ({fact.place})" for fact in containers) or shown(text),
        remedy="set image.tag in the values of the release to one exact version",
    )


def _images(workload: Workload) -> Iterator[Fact[str]]:
    return (container.image for container in workload.pod.containers if container.image.decided)


def _fixed(tag: str) -> bool:
    """Is a tag exact? One that the environment fills in shows when it runs: PLATFORM-11."""
    return images.has_placeholder(tag) or _EXACT_TAG.match(tag) is not None


@pytest.mark.requirement("STATIC-57")
def test_repositories_are_made_from_the_declaration(stack_files: StackFiles) -> None:
    """ECR repositories are made from the declaration alone."""
    model = _terraform(stack_files)
    require_none(
        [
            f"{repository.address} makes {shown(str(repository.name.value))} ({repository.place})"
            for repository in model.repositories
            if not _declared(repository)
        ],
        "an ECR repository is made beside the declaration",
        remedy="move it into ecr_repositories: two places that declare repositories drift apart",
    )
    require(
        model.repositories,
        "Terraform makes no ECR repository",
        remedy="make aws_ecr_repository for each of ecr_repositories",
    )
