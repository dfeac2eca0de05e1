"""Repositories and texts for tests of sources."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from conformance.sources.facts import SourceError
from conformance.sources.model import StackModel, load_model
from conformance.sources.texts import Origin, Text
from conformance.sources.yaml_positions import Document, Node, load

DATA = Path(__file__).parent / "data"
REFERENCE = Path(__file__).parents[2] / "reference" / "stack"


def text(value: str, file: str = "file") -> Text:
    return Text(value, Origin(file))


def node(value: str, file: str = "file") -> Node:
    found = load(text(value, file))
    assert isinstance(found, Document), found
    return found.root


def broken(found: object) -> SourceError:
    assert isinstance(found, SourceError), found
    return found


def repository(root: Path, files: Mapping[str, str | bytes]) -> Path:
    """A repository of these files."""
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            path.write_text(content, encoding="utf-8")
    return root


def model(root: Path, files: Mapping[str, str | bytes]) -> StackModel:
    return load_model(repository(root, files))


def at(value: Node | None) -> str:
    assert value is not None
    return str(value.place)
