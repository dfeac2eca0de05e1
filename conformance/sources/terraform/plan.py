"""A plan as JSON (`terraform show -json`): what Terraform itself has evaluated."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from conformance.sources import texts
from conformance.sources.facts import Place, SourceError, Undecided
from conformance.sources.terraform.configuration import Configuration, Provider, Requirement, Resource
from conformance.sources.terraform.variables import Variable
from conformance.sources.yaml_positions import Node, from_plain, load_json

MAX_MODULES = 2_000


def load_plan(path: Path, root: Path) -> Configuration:
    """The resources of a plan or a state."""
    file = texts.relative(path, root)
    text = texts.read(path, root)
    document = text if isinstance(text, SourceError) else load_json(text)
    if isinstance(document, SourceError):
        return Configuration(file, errors=(document,))
    values = document.at("planned_values") or document.at("values")
    module = values.at("root_module") if values is not None else None
    if module is None:
        return Configuration(file, errors=(SourceError(Place(file), "not a plan: it has no planned_values"),))
    unknown = {
        change.text("address"): change.at("change", "after_unknown")
        for change in (document.at("resource_changes") or Node((), Place(file))).items
    }
    return Configuration(
        folder=file,
        resources=tuple(_resources(module, unknown)),
        providers=tuple(_providers(document)),
        requirements=tuple(_requirements(document)),
        variables=tuple(_variables(document)),
    )


def _resources(root: Node, unknown: dict[str, Node | None]) -> Iterator[Resource]:
    open_modules = [root]
    for _ in range(MAX_MODULES):
        if not open_modules:
            return
        module = open_modules.pop(0)
        resources, children = module.at("resources"), module.at("child_modules")
        for item in resources.items if resources is not None else ():
            if item.text("mode") == "data":
                continue
            address = item.text("address")
            body = _with_unknown(item.at("values") or Node({}, item.place), unknown.get(address), address)
            yield Resource(item.text("type"), item.text("name"), address, body, item.place)
        open_modules += children.items if children is not None else ()


def _with_unknown(values: Node, unknown: Node | None, address: str) -> Node:
    """Attributes that are known after apply are undecided."""
    found = dict(values.mapping)
    for name, flag in (unknown.mapping if unknown is not None else {}).items():
        if flag.value is True:
            why = Undecided(f"{address}.{name} is known when Terraform has applied it", f"{address}.{name}")
            found[name] = Node(why, values.place)
    return Node(found, values.place, keys=values.keys)


def _providers(document: Node) -> Iterator[Provider]:
    found = document.at("configuration", "provider_config")
    for item in found.mapping.values() if found is not None else ():
        body: dict[str, Node] = {}
        expressions = item.at("expressions")
        for name, expression in (expressions.mapping if expressions is not None else {}).items():
            constant, references = expression.at("constant_value"), expression.at("references")
            if constant is not None:
                body[name] = constant
            elif references is not None and references.items:
                body[name] = _reference(document, references.items[0])
        yield Provider(item.text("name"), item.text("alias"), Node(body, item.place), item.place)


def _reference(document: Node, reference: Node) -> Node:
    root, _, name = reference.printed.partition(".")
    value = document.at("variables", name, "value") if root == "var" else None
    if value is not None:
        return value
    return Node(Undecided(f"{reference.printed} is not in the plan", reference.printed), reference.place)


def _requirements(document: Node) -> Iterator[Requirement]:
    found = document.at("configuration", "provider_config")
    for item in found.mapping.values() if found is not None else ():
        yield Requirement(
            item.text("name"), item.text("full_name"), item.text("version_constraint"), item.place
        )


def _variables(document: Node) -> Iterator[Variable]:
    found = document.at("variables")
    for name, item in (found.mapping if found is not None else {}).items():
        yield Variable(name, item.place, item.at("value") or from_plain(None, item.place), None, False)
