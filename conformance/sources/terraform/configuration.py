"""What a Terraform configuration makes: resources of all modules, providers, variables."""

from __future__ import annotations

from dataclasses import dataclass

from conformance.sources.facts import Place, SourceError, Undecided
from conformance.sources.terraform.variables import Variable
from conformance.sources.yaml_positions import Node


@dataclass(frozen=True, slots=True)
class Resource:
    """One instance. Nested blocks are lists of objects in `body`, dynamic ones are expanded."""

    type: str
    name: str
    #: `module.ecr.aws_ecr_repository.this["a"]`
    address: str
    body: Node
    place: Place
    #: why it is not known whether, or how often, it is made
    instances: Undecided | None = None

    def block(self, *kinds: str) -> Node | None:
        """The first nested block of these types, one inside of the other."""
        return first_block(self.body, *kinds)


@dataclass(frozen=True, slots=True)
class Provider:
    name: str
    alias: str
    body: Node
    place: Place


@dataclass(frozen=True, slots=True)
class Requirement:
    """A provider that a module requires, with its version constraint."""

    name: str
    source: str
    version: str
    place: Place


@dataclass(frozen=True, slots=True)
class UnreadModule:
    """A module whose source is not in the repository."""

    address: str
    source: str
    version: str
    inputs: Node
    place: Place


@dataclass(frozen=True, slots=True)
class Configuration:
    """One root module with everything that it calls."""

    folder: str
    resources: tuple[Resource, ...] = ()
    providers: tuple[Provider, ...] = ()
    requirements: tuple[Requirement, ...] = ()
    variables: tuple[Variable, ...] = ()
    unread_modules: tuple[UnreadModule, ...] = ()
    #: files of values that were used, in their order
    value_files: tuple[str, ...] = ()
    #: a file that Terraform does not read by itself and that is taken since it alone gives what is missing
    assumed_file: str = ""
    errors: tuple[SourceError, ...] = ()
    #: files that are read as templates
    templates: tuple[str, ...] = ()
    #: folders that the configuration's modules are read from
    module_folders: tuple[str, ...] = ()

    def of_type(self, *kinds: str) -> tuple[Resource, ...]:
        return tuple(resource for resource in self.resources if resource.type in kinds)


def first_block(body: Node | None, *kinds: str) -> Node | None:
    """The first nested block of these types, one inside of the other."""
    found = body
    for kind in kinds:
        own = found.at(kind) if found is not None else None
        if own is not None and isinstance(own.value, tuple):
            own = own.items[0] if own.items else None
        found = own
    return found


def blocks(body: Node | None, kind: str) -> tuple[Node, ...]:
    """Every nested block of a type; an object counts as one."""
    own = body.at(kind) if body is not None else None
    if own is None or own.value is None:
        return ()
    return own.items if isinstance(own.value, tuple) else (own,)
