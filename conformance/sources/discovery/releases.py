"""Every Helm release of a repository, from the best source that declares it."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

from conformance.sources import texts
from conformance.sources.discovery.classify import Inventory
from conformance.sources.discovery.commands import HelmCommand, variable_parts
from conformance.sources.facts import Place, SourceError
from conformance.sources.helm import releases, settings
from conformance.sources.helm.jenkins import is_jenkins
from conformance.sources.helm.releases import Release, Setting
from conformance.sources.helm.values import of_release
from conformance.sources.terraform.configuration import Configuration
from conformance.sources.terraform.files import located
from conformance.sources.yaml_positions import Node

#: names of the place that a stack is judged for when its files have several
PLACES = ("prod", "production", "live", "main", "primary")
BASE_FOLDERS = frozenset(("base", "bases", "common", "default", "defaults", "shared", "global"))
BASES = (
    "values",
    "values-base",
    "values.base",
    "base",
    "values-common",
    "common",
    "values-default",
    "default",
)


def find(
    inventory: Inventory, configurations: Sequence[Configuration], root: Path
) -> tuple[tuple[Release, ...], tuple[str, ...]]:
    """Releases, and sentences that say what was assumed to find them."""
    found: list[Release] = []
    assumed: list[str] = []
    for configuration in configurations:
        found += [
            _located(releases.of_terraform(resource), configuration.folder, root)
            for resource in configuration.of_type("helm_release")
        ]
    for path, documents in inventory.documents.items():
        folder = (root / path).parent
        for document in documents:
            found += releases.of_manifest(document.root, folder, root)
    for path in inventory.helmfiles:
        for document in inventory.documents.get(path, ()):
            found += releases.of_helmfile(document.root, (root / path).parent, root)
    for command in inventory.helm_commands:
        found += _of_command(command, inventory, root, assumed)
    if any(is_jenkins(chart) for release in found for chart in of_release(release, root)):
        return tuple(found), tuple(assumed)
    used = {layer.place.file for release in found for layer in release.layers}
    found += _of_values(
        [path for path in inventory.values if path not in used], inventory, root, assumed, found
    )
    return tuple(found), tuple(assumed)


def _located(release: Release, folder: str, root: Path) -> Release:
    """A chart's folder is relative to the folder that Terraform runs in."""
    chart = release.chart
    if not chart.known or release.repository.value != "" or "/" not in chart.printed or ":" in chart.printed:
        return release
    path = located(chart.printed, folder, root)
    if path is None or not path.exists():
        return release
    return replace(release, chart=Node(texts.relative(path, root), chart.place))


def chosen(candidates: Sequence[str]) -> str:
    """The file of the place that counts among those of several places."""
    for place in PLACES:
        for path in candidates:
            if place in PurePosixPath(path).stem.replace("_", "-").replace(".", "-").split("-"):
                return path
            if place in PurePosixPath(path).parts[:-1]:
                return path
    return candidates[0]


def _of_command(
    command: HelmCommand, inventory: Inventory, root: Path, assumed: list[str]
) -> Iterator[Release]:
    here = Path(command.place.file).parent
    errors: list[SourceError] = []
    layers: list[Node] = []
    for word in command.values:
        path = _resolved(word, here, root, command.place, assumed)
        if not path.is_file() and len(variable_parts(word)) > 1 and len(inventory.values) == 1:
            path = root / inventory.values[0]
            assumed.append(f"{command.place}: {word} is {inventory.values[0]}, the one values file")
        layers.append(releases.values_file(path, root, errors))
    literal = len(variable_parts(command.chart)) == 1
    chart = command.chart
    if literal and (root / here / chart).is_dir() and not (root / chart).is_dir():
        chart = str(PurePosixPath(here.as_posix()) / chart)
    place = command.place
    found: list[Setting] = []
    for setting in command.settings:
        for part in setting.split(","):
            name, _, value = part.partition("=")
            if len(variable_parts(value)) == 1:
                found.append(Setting(settings.path_of(name), settings.typed(value, place)))
    yield Release(
        Node(command.release if len(variable_parts(command.release)) == 1 else "", place),
        Node(command.namespace if len(variable_parts(command.namespace)) == 1 else "", place),
        Node(chart, place),
        Node(command.repository, place),
        Node(command.version, place),
        tuple(layers),
        tuple(found),
        "command",
        place,
        tuple(errors),
    )


def _resolved(word: str, here: Path, root: Path, place: Place, assumed: list[str]) -> Path:
    """The file that a word of a script names; a variable in it takes the place that counts."""
    parts = variable_parts(word)
    if not any(parts):
        return root / word
    pattern = "*".join(parts).removeprefix("./")
    if len(parts) == 1:
        return root / word if (root / word).is_file() else root / here / word
    for base in (root, root / here):
        try:
            candidates = sorted(
                path.relative_to(root).as_posix() for path in base.glob(pattern) if path.is_file()
            )
        except (ValueError, NotImplementedError):
            candidates = []
        if candidates:
            path = chosen(candidates)
            if len(candidates) > 1:
                assumed.append(
                    f"{place}: {word} is {path} (others: {', '.join(c for c in candidates if c != path)})"
                )
            return root / path
    return root / word


def _of_values(
    paths: list[str], inventory: Inventory, root: Path, assumed: list[str], found: Sequence[Release]
) -> Iterator[Release]:
    """Values files that no release names: those of a folder belong together, base first."""
    folders: dict[str, list[str]] = {}
    for path in paths:
        folders.setdefault(str(PurePosixPath(path).parent), []).append(path)
    layered = _folders_as_layers([path for path in paths if _is_jenkins_folder([path], inventory)], inventory)
    if layered:
        assumed.append(f"the values are {', '.join(layered)}, in this order")
        yield releases.of_values(tuple(root / path for path in layered), "", root)
        return
    taken = {posixpath.normpath(release.chart.printed) for release in found if release.chart.printed}
    for folder, files in sorted(folders.items()):
        chart = folder if folder in inventory.charts else ""
        skipped = chart in taken if chart else bool(found) and not _is_jenkins_folder(files, inventory)
        layers = [] if skipped else _layers(files, folder, chart, assumed)
        if layers or (chart and not skipped):
            yield releases.of_values(tuple(root / path for path in layers), chart, root)


def _layers(files: list[str], folder: str, chart: str, assumed: list[str]) -> list[str]:
    """Files of one folder in their order: those of all places, then that of the place that counts."""
    bases = [path for path in files if PurePosixPath(path).stem.lower() in BASES]
    places = [path for path in files if path not in bases]
    if chart:
        # a chart's own values.yaml is its defaults
        bases = [path for path in bases if PurePosixPath(path).name not in {"values.yaml", "values.yml"}]
    if not places:
        return bases
    path = chosen(places)
    if len(places) > 1:
        others = ", ".join(other for other in places if other != path)
        assumed.append(f"{folder}: the place is {path} (others: {others})")
    return [*bases, path]


def _folders_as_layers(paths: list[str], inventory: Inventory) -> list[str]:
    """Files of one name in folders of places: those of base folders, then that of the place that counts."""
    folders = {str(PurePosixPath(path).parent) for path in paths}
    if len(paths) < 2 or len(folders) != len(paths) or folders & set(inventory.charts):
        return []
    bases = [path for path in paths if {*PurePosixPath(path).parts[:-1]} & BASE_FOLDERS]
    places = [path for path in paths if path not in bases]
    counting = [path for path in places if {*PurePosixPath(path).parts[:-1]} & set(PLACES)]
    return [*bases, *(counting[:1] or places[:1])] if bases or counting else []


def _is_jenkins_folder(files: list[str], inventory: Inventory) -> bool:
    for path in files:
        for document in inventory.documents.get(path, ()):
            if document.root.at("controller") is not None or document.root.at("master") is not None:
                return True
    return False
