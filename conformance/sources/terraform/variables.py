"""Values of variables: `terraform.tfvars`, `*.auto.tfvars` and further files, as HCL and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from conformance.sources import texts
from conformance.sources.facts import Place, SourceError, Undecided
from conformance.sources.terraform.evaluate import Budget, Evaluator
from conformance.sources.terraform.functions import FunctionError
from conformance.sources.terraform.parser import parse
from conformance.sources.yaml_positions import Node, load_json


@dataclass(frozen=True, slots=True)
class Variable:
    """An input of a configuration's root; without a value it is undecided."""

    name: str
    place: Place
    value: Node
    default: Node | None
    sensitive: bool


@dataclass(frozen=True, slots=True)
class ValueFile:
    """A file of variables' values."""

    path: str
    values: MappingProxyType[str, Node]
    #: Terraform reads it by itself; otherwise it is for `-var-file`
    automatic: bool


class _NoScope:
    """A file of values knows no names."""

    def value(self, root: str, name: str, place: Place) -> Node:
        raise FunctionError(f"{root}.{name} cannot be used in a file of values ({place})")

    def file_function(self, name: str, place: Place, arguments: list[Node], caller: Evaluator) -> Node:
        raise FunctionError(
            f"{name} cannot be called in a file of values ({place}, {len(arguments)}, {caller})"
        )


def read_value_file(path: Path, root: Path, automatic: bool) -> ValueFile | SourceError:
    """One file, HCL or JSON."""
    text = texts.read(path, root)
    if isinstance(text, SourceError):
        return text
    if path.suffix == ".json":
        found = load_json(text)
        if isinstance(found, SourceError):
            return found
        if not isinstance(found.value, MappingProxyType):
            return SourceError(found.place, "a file of values holds an object")
        return ValueFile(text.origin.file, MappingProxyType(dict(found.mapping)), automatic)
    body = parse(text)
    if isinstance(body, SourceError):
        return body
    evaluate = Evaluator(_NoScope(), Budget())
    values = {name: evaluate(setting.value) for name, setting in body.settings.items()}
    return ValueFile(text.origin.file, MappingProxyType(values), automatic)


def value_files(
    folder: Path, root: Path, further: Sequence[Path]
) -> tuple[tuple[ValueFile, ...], tuple[ValueFile, ...], tuple[SourceError, ...]]:
    """Files in their order of precedence, the others of the folder, and what is broken."""
    names = sorted(path.name for path in folder.iterdir() if path.is_file())
    first = [name for name in ("terraform.tfvars", "terraform.tfvars.json") if name in names]
    automatic = [name for name in names if name.endswith((".auto.tfvars", ".auto.tfvars.json"))]
    others = [
        name
        for name in names
        if name.endswith((".tfvars", ".tfvars.json")) and name not in first and name not in automatic
    ]
    errors: list[SourceError] = []

    def read(paths: Sequence[Path], by_itself: bool) -> list[ValueFile]:
        found: list[ValueFile] = []
        for path in paths:
            file = read_value_file(path, root, by_itself)
            if isinstance(file, SourceError):
                errors.append(file)
            else:
                found.append(file)
        return found

    used = read([folder / name for name in first + automatic], True) + read(list(further), False)
    resolved = {path.resolve() for path in further}
    free = read([folder / name for name in others if (folder / name).resolve() not in resolved], False)
    return tuple(used), tuple(free), tuple(errors)


def unset(name: str, place: Place) -> Node:
    """A variable that no file and no default gives."""
    return Node(Undecided(f"the variable {name} has no value in the repository", f"var.{name}"), place)
