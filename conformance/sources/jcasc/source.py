"""Sources of configuration as code: scripts of the chart, ConfigMaps, files, folders."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from conformance.sources.facts import SourceError
from conformance.sources.texts import Text
from conformance.sources.yaml_positions import Document, Node, load_all


@dataclass(frozen=True, slots=True)
class CascSource:
    """One file as the controller reads it."""

    name: str
    root: Node
    #: "chart", "values", "ConfigMap", "file"
    kind: str
    #: keys that are given twice: the plugin refuses the file
    duplicates: tuple[SourceError, ...] = ()


def of_text(name: str, text: Text, kind: str) -> tuple[tuple[CascSource, ...], tuple[SourceError, ...]]:
    """A text's documents; a text that is no YAML is one error."""
    documents = load_all(text)
    if isinstance(documents, SourceError):
        return (), (documents,)
    found: list[CascSource] = []
    errors: list[SourceError] = []
    for document in documents:
        if document.root.value is None:
            continue
        if not isinstance(document.root.value, Mapping):
            errors.append(SourceError(document.root.place, f"configuration as code {name} is not an object"))
            continue
        found.append(CascSource(name, document.root, kind, tuple(_duplicates(document))))
    return tuple(found), tuple(errors)


def _duplicates(document: Document) -> Iterable[SourceError]:
    for place, key in document.duplicates:
        yield SourceError(place, f"the key {key!r} is given twice; configuration as code refuses it")
