"""Sources of configuration as code: scripts of the chart, ConfigMaps, files, folders."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from conformance.sources.facts import Place, SourceError, Undecided
from conformance.sources.texts import Text, is_open
from conformance.sources.yaml_positions import Document, Node, load_all, undecided


@dataclass(frozen=True, slots=True)
class CascSource:
    """One file as the controller reads it."""

    name: str
    root: Node
    #: "chart", "values", "ConfigMap", "file"
    kind: str
    #: keys that are given twice: the plugin refuses the file
    duplicates: tuple[SourceError, ...] = ()


@dataclass(frozen=True, slots=True)
class OpenSource:
    """A source that the repository does not determine."""

    name: str
    why: Undecided
    place: Place


def of_text(
    name: str, text: Text, kind: str
) -> tuple[tuple[CascSource, ...], tuple[SourceError | OpenSource, ...]]:
    """A text's documents; one that is no YAML is one error, or undecided where parts are not known."""
    documents = load_all(text)
    if isinstance(documents, SourceError):
        if is_open(text.value):
            return (), (OpenSource(name, undecided(text.value), documents.place),)
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
        yield SourceError(place, f"the key {key!r} is given twice in one object")
