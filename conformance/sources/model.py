"""Everything that a repository says of its stack, joined: one typed, frozen model."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from conformance.sources import mounts, plugin_facts
from conformance.sources.discovery import classify, releases
from conformance.sources.discovery.classify import Inventory
from conformance.sources.discovery.walk import walk
from conformance.sources.facts import Fact, Place, SourceError, Undecided
from conformance.sources.helm import jenkins, values, workloads
from conformance.sources.helm.jenkins import JenkinsRelease
from conformance.sources.helm.releases import Release, of_values
from conformance.sources.helm.values import ChartValues
from conformance.sources.jcasc.configuration import JcascConfiguration
from conformance.sources.jcasc.gather import gather
from conformance.sources.jcasc.source import CascSource
from conformance.sources.kubernetes_objects import (
    KubernetesObject,
    Workload,
    of_document,
    of_terraform,
    workload,
)
from conformance.sources.mounts import MountedFile, mounted_files
from conformance.sources.plugin_facts import Need
from conformance.sources.pods import templates
from conformance.sources.pods.model import Pod
from conformance.sources.pods.templates import PodTemplate
from conformance.sources.terraform import ecr
from conformance.sources.terraform.configuration import Configuration
from conformance.sources.terraform.load import load
from conformance.sources.terraform.plan import load_plan
from conformance.sources.texts import Text


class Used(Protocol):
    """A name that a seed or a Jenkinsfile uses: kinds as in `plugin_facts.plugin_of`."""

    @property
    def kind(self) -> str: ...

    @property
    def name(self) -> str: ...

    @property
    def place(self) -> Place: ...


@dataclass(frozen=True, slots=True)
class SeedSource:
    """A Job DSL script that configuration as code runs; None: the controller alone has it."""

    text: Text | None
    #: the path in the controller, empty for a script written out
    file: str
    #: names that nothing in the repository resolves
    open: tuple[str, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a contract says beside the sources: files by their paths from the root on."""

    #: values files in their order, for the one Jenkins release
    values: tuple[str, ...] = ()
    #: the chart's folder for `values`
    chart: str = ""
    release: str = ""
    namespace: str = ""
    #: folders of Terraform roots; empty: all that declare the stack
    terraform: tuple[str, ...] = ()
    var_files: tuple[str, ...] = ()
    plan: str = ""


@dataclass(frozen=True, slots=True)
class StackModel:
    """The sources of a stack, evaluated."""

    root: Path
    #: every file of the repository that counts
    files: tuple[str, ...]
    inventory: Inventory
    #: Terraform roots that declare the stack
    terraform: tuple[Configuration, ...]
    #: Terraform roots that jobs apply, or that declare something else
    other_terraform: tuple[Configuration, ...]
    releases: tuple[Release, ...]
    charts: tuple[ChartValues, ...]
    jenkins: tuple[JenkinsRelease, ...]
    jcasc: JcascConfiguration
    #: every pod template after merging, and every pod file
    pods: tuple[Pod, ...]
    #: pod templates before merging, by name: what Jenkinsfiles inherit from
    pod_templates: tuple[PodTemplate, ...]
    objects: tuple[KubernetesObject, ...]
    workloads: tuple[Workload, ...]
    repositories: tuple[ecr.EcrRepository, ...]
    registry: ecr.RegistrySettings | None
    region: Fact[str] | None
    mounted: tuple[MountedFile, ...]
    seeds: tuple[SeedSource, ...]
    needs: tuple[Need, ...]
    #: sentences that say what was assumed
    assumptions: tuple[str, ...]
    #: what the sources do not determine, each once with its place
    undecided: tuple[tuple[Place, Undecided], ...]
    #: templates of charts that Helm alone can read
    unread: tuple[SourceError, ...]
    errors: tuple[SourceError, ...]

    @property
    def jenkinsfiles(self) -> tuple[str, ...]:
        """Jenkinsfiles by their names; jobs may name further files."""
        return self.inventory.jenkinsfiles

    @property
    def plugin_entries(self) -> tuple[Fact[str], ...]:
        """Entries of plugins in the values, as they are written."""
        return tuple(entry for release in self.jenkins for entry in release.plugins.entries or ())


def load_model(root: Path, inputs: Inputs | None = None) -> StackModel:
    """The model of a repository."""
    given = inputs or Inputs()
    files = walk(root)
    inventory = classify.classify(files)
    stack, other = _terraform(inventory, root, given)
    found, assumed = _releases(inventory, stack, root, given)
    charts = tuple(chart for release in found for chart in values.of_release(release, root))
    controllers = tuple(jenkins.read_release(chart) for chart in charts if jenkins.is_jenkins(chart))
    templated = {path for part in (*stack, *other) for path in part.templates}
    errors = [error for error in inventory.errors if error.place.file not in templated]
    errors += [*(error for part in (*stack, *other) for error in part.errors)]
    errors += [error for chart in charts for error in chart.errors]
    errors += [error for controller in controllers for error in controller.errors]
    unread: list[SourceError] = []
    others = [chart for chart in charts if not jenkins.is_jenkins(chart)]
    objects = (
        *_objects(inventory, stack, root, errors),
        *(own for chart in others for own in workloads.objects(chart, root, unread)),
    )
    mounted = tuple(
        file
        for controller in controllers
        for file in mounted_files(controller.persistence.volumes, controller.persistence.mounts, objects)
    )
    casc = gather(controllers, objects, mounted, _files(inventory))
    errors += casc.errors
    pod_templates = (*(own for part in controllers for own in part.pod_templates), *casc.pod_templates)
    return StackModel(
        root=root,
        files=files.paths,
        inventory=inventory,
        terraform=stack,
        other_terraform=other,
        releases=found,
        charts=charts,
        jenkins=controllers,
        jcasc=casc,
        pods=tuple(_pods(pod_templates, inventory)),
        pod_templates=pod_templates,
        objects=objects,
        workloads=tuple(_workloads(objects, inventory)),
        repositories=tuple(own for part in stack for own in ecr.repositories(part)),
        registry=ecr.registry_settings(stack[0]) if stack else None,
        region=next((own for part in stack if (own := ecr.region(part)) is not None), None),
        mounted=mounted,
        seeds=tuple(_seeds(casc, mounted)),
        needs=tuple(_needs(casc, pod_templates)),
        assumptions=assumed,
        undecided=tuple(dict.fromkeys(_undecided(found, stack, casc))),
        unread=tuple(unread),
        errors=tuple(dict.fromkeys(errors)),
    )


def _terraform(
    inventory: Inventory, root: Path, given: Inputs
) -> tuple[tuple[Configuration, ...], tuple[Configuration, ...]]:
    """Roots that declare the stack, and the others; a plan takes their place."""
    if given.plan:
        return (load_plan(root / given.plan, root),), ()
    files = [root / path for path in given.var_files]
    wanted = given.terraform or inventory.terraform
    loaded = [
        load(root / folder, root, files if folder in given.terraform or not given.terraform else ())
        for folder in wanted
    ]
    called = {folder for part in loaded for folder in part.module_folders[1:]}
    roots = [part for part in loaded if part.folder not in called or part.folder in given.terraform]
    if given.terraform:
        return tuple(roots), ()
    stack = [part for part in roots if _declares_stack(part)] or roots
    return tuple(stack), tuple(part for part in roots if part not in stack)


def _declares_stack(part: Configuration) -> bool:
    kinds = {resource.type for resource in part.resources}
    if kinds & {"helm_release", "aws_ecr_repository"}:
        return True
    return any("ecr" in module.source.split("/") for module in part.unread_modules)


def _releases(
    inventory: Inventory, stack: Sequence[Configuration], root: Path, given: Inputs
) -> tuple[tuple[Release, ...], tuple[str, ...]]:
    if not given.values:
        return releases.find(inventory, stack, root)
    paths = tuple(root / path for path in given.values)
    own = of_values(paths, given.chart, root, given.release, given.namespace)
    found, assumed = releases.find(inventory, stack, root)
    named = set(given.values)
    # another release of the same files says name and chart; values files that are named win
    others = [
        release
        for release in found
        if release.kind not in {"values", "command"}
        and not named & {layer.place.file for layer in release.layers}
    ]
    return (own, *(release for release in others if not _brings_jenkins(release, root))), assumed


def _brings_jenkins(release: Release, root: Path) -> bool:
    return any(jenkins.is_jenkins(chart) for chart in values.of_release(release, root))


def _objects(
    inventory: Inventory, stack: Sequence[Configuration], root: Path, errors: list[SourceError]
) -> Iterator[KubernetesObject]:
    for path, documents in inventory.documents.items():
        for document in documents:
            yield from of_document(document.root)
            yield from mounts.generated(document.root, (root / path).parent, root)
    for part in stack:
        for resource in part.resources:
            yield from of_terraform(resource, errors)


def _workloads(objects: Sequence[KubernetesObject], inventory: Inventory) -> Iterator[Workload]:
    """What runs pods; pods of builds are no workloads of the stack."""
    for own in objects:
        made = workload(own) if own.kind != "Pod" or own.place.file not in inventory.pod_files else None
        if made is not None:
            yield made


def _files(inventory: Inventory) -> Iterator[CascSource]:
    """Files of configuration as code that the repository holds."""
    for path in inventory.casc_files:
        for document in inventory.documents[path]:
            if document.root.mapping:
                yield CascSource(path, document.root, "file")


def _pods(pod_templates: Sequence[PodTemplate], inventory: Inventory) -> Iterator[Pod]:
    known = {template.name: template for template in pod_templates}
    for template in pod_templates:
        yield templates.effective(template, known)
    for path in inventory.pod_files:
        for template in templates.of_documents(inventory.documents.get(path, ()), f"pod file {path}"):
            yield templates.effective(template, known)


def _seeds(casc: JcascConfiguration, mounted: Sequence[MountedFile]) -> Iterator[SeedSource]:
    files = {file.path: file.text for file in mounted}
    for seed in casc.seeds:
        if seed.script is not None:
            names = tuple(reference.name for reference in seed.open)
            yield SeedSource(seed.script, "", names, seed.place)
            continue
        text = files.get(seed.file)
        yield SeedSource(text if isinstance(text, Text) else None, seed.file or seed.url, (), seed.place)


def _needs(casc: JcascConfiguration, pod_templates: Sequence[PodTemplate]) -> Iterator[Need]:
    """Plugins that configuration as code and pod templates need."""
    if casc.sources:
        yield plugin_facts.need("feature", "configuration as code", casc.sources[0].root.place)
    for use in casc.uses:
        yield plugin_facts.need(use.kind, use.name, use.place)
    for template in pod_templates[:1]:
        yield plugin_facts.need("feature", "pod template", template.place)


def _undecided(
    found: Sequence[Release], stack: Sequence[Configuration], casc: JcascConfiguration
) -> Iterator[tuple[Place, Undecided]]:
    """Whole parts that are not known; values have their own reasons."""
    for release in found:
        for layer in release.layers:
            if isinstance(layer.value, Undecided):
                yield layer.place, layer.value
    for part in stack:
        for resource in part.resources:
            if resource.instances is not None:
                yield resource.place, resource.instances
        for module in part.unread_modules:
            yield (
                module.place,
                Undecided(f"the module {module.source} is not in the repository", module.address),
            )
    for own in casc.open_sources:
        yield own.place, own.why


def needs_of(uses: Iterable[Used]) -> tuple[Need, ...]:
    """Plugins that seeds and Jenkinsfiles need."""
    return tuple(plugin_facts.need(use.kind, use.name, use.place) for use in uses)


def missing(needs: Iterable[Need], pinned: Iterable[str]) -> tuple[Need, ...]:
    """Needs whose plugin is known and not pinned; `unknown` returns the others."""
    names = {*pinned, plugin_facts.CORE}
    return tuple(need for need in needs if isinstance(need.plugin, str) and need.plugin not in names)


def unknown(needs: Iterable[Need]) -> tuple[Need, ...]:
    """Needs whose plugin is unknown."""
    return tuple(need for need in needs if isinstance(need.plugin, Undecided))
