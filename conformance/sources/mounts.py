"""Files that the controller sees and where the repository has them: ConfigMaps and Secrets that it mounts."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from conformance.sources import texts
from conformance.sources.facts import Fact, Place, SourceError, Undecided
from conformance.sources.kubernetes_objects import KubernetesObject, config_map_files
from conformance.sources.texts import Text
from conformance.sources.yaml_positions import Node


@dataclass(frozen=True, slots=True)
class MountedFile:
    """A file of the controller's pod."""

    #: the path in the pod
    path: str
    text: Text | Undecided
    #: "ConfigMap seed", "Secret controller-secrets"
    source: str
    place: Place


def generated(document: Node, folder: Path, root: Path) -> Iterator[KubernetesObject]:
    """ConfigMaps that a kustomization generates from files and literals."""
    if document.text("kind") not in {"Kustomization", ""} and document.at("configMapGenerator") is None:
        return
    several = document.at("configMapGenerator")
    for item in several.items if several is not None else ():
        data: dict[str, Node] = {}
        files, literals = item.at("files"), item.at("literals")
        for entry in files.items if files is not None else ():
            key, equals, name = entry.printed.partition("=")
            path = folder / (name if equals else key)
            text = texts.read(path, root)
            label = key if equals else posixpath.basename(key)
            if isinstance(text, SourceError):
                data[label] = Node(Undecided(text.message, text.place.file), entry.place)
            else:
                data[label] = Node(text.value, entry.place, text.origin)
        for entry in literals.items if literals is not None else ():
            key, _, value = entry.printed.partition("=")
            data[key] = Node(value, entry.place)
        labels = item.at("options", "labels") or document.at("generatorOptions", "labels")
        body = Node({"data": Node(data, item.place)}, item.place)
        yield KubernetesObject(
            "ConfigMap",
            Fact(item.text("name"), item.place),
            Fact(item.text("namespace") or document.text("namespace"), item.place),
            {
                key: Fact(value.printed, value.place)
                for key, value in (labels.mapping if labels is not None else {}).items()
            },
            body,
            "kustomize",
            item.place,
        )


def mounted_files(
    volumes: Node | None, mounts: Node | None, objects: Iterable[KubernetesObject]
) -> Iterator[MountedFile]:
    """The files of volumes whose ConfigMap or Secret the repository declares."""
    known: dict[tuple[str, str], KubernetesObject] = {}
    for own in objects:
        if isinstance(own.name.value, str):
            known[(own.kind, own.name.value)] = own
    sources = dict(_sources(volumes))
    for mount in mounts.items if mounts is not None else ():
        source = sources.get(mount.text("name"))
        if source is None:
            continue
        kind, name, items = source
        found = known.get((kind, name))
        if found is None:
            continue
        for key, text in config_map_files(found):
            path = items.get(key, key) if items else key
            if items and key not in items:
                continue
            sub = mount.text("subPath")
            if sub and sub != path:
                continue
            where = mount.text("mountPath") if sub else posixpath.join(mount.text("mountPath"), path)
            yield MountedFile(where, text, f"{kind} {name}", mount.place)


def _sources(volumes: Node | None) -> Iterator[tuple[str, tuple[str, str, Mapping[str, str]]]]:
    for volume in volumes.items if volumes is not None else ():
        for key, kind, name in (("configMap", "ConfigMap", "name"), ("secret", "Secret", "secretName")):
            own = volume.at(key)
            if own is None:
                continue
            items = own.at("items")
            paths = {item.text("key"): item.text("path") for item in items.items} if items is not None else {}
            yield volume.text("name"), (kind, own.text(name), paths)
