"""One Terraform root: its files, its variables' values, and everything that its modules make."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from conformance.sources import texts
from conformance.sources.facts import Place, SourceError, Undecided
from conformance.sources.terraform.configuration import Configuration
from conformance.sources.terraform.evaluate import LimitError
from conformance.sources.terraform.files import FileReader
from conformance.sources.terraform.functions import FunctionError
from conformance.sources.terraform.modules import Loaded, Module, bodies_of
from conformance.sources.terraform.variables import ValueFile, Variable, value_files
from conformance.sources.yaml_positions import Node


def load(folder: Path, root: Path, var_files: Sequence[Path] = ()) -> Configuration:
    """The configuration of a folder; what is broken is in its errors, the rest is there."""
    errors: list[SourceError] = []
    files = FileReader(root, texts.relative(folder, root), errors)
    loaded = Loaded(root, files, errors=errors)
    used, free, broken = value_files(folder, root, var_files)
    errors += broken
    names = {
        block.labels[0]
        for body in bodies_of(folder, loaded)
        for block in body.of_type("variable")
        if block.labels and "default" not in block.body.settings
    }
    assumed = _assumed(used, free, names)
    value_inputs = (*used, *((assumed,) if assumed else ()))
    inputs: dict[str, Node] = {}
    for file in value_inputs:
        inputs.update(file.values)
    module = Module(folder, loaded, inputs, "", 0)
    where = texts.relative(folder, root)
    variables: tuple[Variable, ...] = ()
    try:
        variables = _variables(module, loaded, folder)
        module.collect()
    except LimitError as error:
        errors.append(SourceError(Place(where), str(error)))
    except RecursionError:
        errors.append(SourceError(Place(where), "expressions refer to each other too deep"))
    except FunctionError as error:
        errors.append(SourceError(Place(where), str(error)))
    return Configuration(
        folder=where,
        resources=tuple(loaded.resources),
        providers=tuple(loaded.providers),
        requirements=tuple(loaded.requirements),
        variables=variables,
        unread_modules=tuple(loaded.unread),
        value_files=tuple(file.path for file in value_inputs),
        assumed_file=assumed.path if assumed else "",
        errors=tuple(dict.fromkeys(errors)),
        module_folders=tuple(loaded.folders),
        templates=tuple(dict.fromkeys(files.templates)),
    )


def _assumed(used: Sequence[ValueFile], free: Sequence[ValueFile], needed: set[str]) -> ValueFile | None:
    """The one file for `-var-file` that gives values which nothing else gives."""
    missing = needed - {name for file in used for name in file.values}
    if not missing or any(not file.automatic for file in used):
        return None
    candidates = [file for file in free if missing & set(file.values)]
    return candidates[0] if len(candidates) == 1 else None


def _variables(module: Module, loaded: Loaded, folder: Path) -> tuple[Variable, ...]:
    found: list[Variable] = []
    for body in bodies_of(folder, loaded):
        for block in body.of_type("variable"):
            if not block.labels:
                continue
            name = block.labels[0]
            settings = block.body.settings
            default = settings.get("default")
            sensitive = settings.get("sensitive")
            try:
                value = module.value("var", name, block.place)
            except FunctionError as error:
                value = Node(Undecided(str(error), f"var.{name}"), block.place)
            own = module.evaluate(default.value) if default is not None else None
            hidden = sensitive is not None and module.evaluate(sensitive.value).value is True
            found.append(Variable(name, block.place, value, own, hidden))
    return tuple(found)
