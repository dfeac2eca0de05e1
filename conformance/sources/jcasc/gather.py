"""Every source of a controller's configuration as code: of its chart, of ConfigMaps, of mounted files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from conformance.sources.facts import SourceError, Undecided
from conformance.sources.helm.jenkins import JenkinsRelease
from conformance.sources.jcasc import source
from conformance.sources.jcasc.configuration import JcascConfiguration, configuration
from conformance.sources.jcasc.source import CascSource, OpenSource
from conformance.sources.kubernetes_objects import KubernetesObject, config_map_files
from conformance.sources.mounts import MountedFile
from conformance.sources.texts import Text


def gather(
    controllers: Sequence[JenkinsRelease],
    objects: Iterable[KubernetesObject],
    mounted: Sequence[MountedFile],
    files: Iterable[CascSource],
) -> JcascConfiguration:
    """The configuration of the first controller, or that of the files alone where there is none."""
    if not controllers:
        return configuration(tuple(files), {})
    controller = controllers[0]
    sources: list[CascSource] = []
    errors: list[SourceError] = []
    missing: list[OpenSource] = []
    if controller.default_config is not None:
        sources.append(CascSource("default configuration", controller.default_config, "chart"))
    texts = (
        *((script.name, script.text, "values") for script in controller.scripts),
        *_labelled(controller, objects),
        *_configured(controller, mounted),
    )
    for name, text, kind in texts:
        found, broken = source.of_text(name, text, kind)
        sources += found
        errors += [own for own in broken if isinstance(own, SourceError)]
        missing += [own for own in broken if isinstance(own, OpenSource)]
    variables = {name: node.printed for name, node in controller.environment.items() if node.known}
    overrides = variables.get("CASC_MERGE_STRATEGY") == "override"
    missing += [
        OpenSource(name, node.value, node.place)
        for name, node in controller.open_scripts.items()
        if isinstance(node.value, Undecided)
    ]
    return configuration(sources, variables, errors, overrides, missing)


def _labelled(
    controller: JenkinsRelease, objects: Iterable[KubernetesObject]
) -> Iterator[tuple[str, Text, str]]:
    """ConfigMaps that the side-car reads by their label."""
    for own in objects:
        if own.kind == "ConfigMap" and controller.config_label and controller.config_label in own.labels:
            for name, text in config_map_files(own):
                if isinstance(text, Text):
                    yield name, text, "ConfigMap"


def _configured(
    controller: JenkinsRelease, mounted: Sequence[MountedFile]
) -> Iterator[tuple[str, Text, str]]:
    """Mounted files that `CASC_JENKINS_CONFIG` names."""
    location = controller.environment.get("CASC_JENKINS_CONFIG")
    if location is None or not location.known:
        return
    for path in location.printed.split(","):
        for file in mounted:
            inside = file.path == path or file.path.startswith(f"{path.rstrip('/')}/")
            if inside and isinstance(file.text, Text):
                yield file.path, file.text, "file"
