"""Modules: their files, their names, and the resources that they make."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from conformance.sources import texts
from conformance.sources.facts import Place, SourceError, Undecided
from conformance.sources.terraform import syntax as hcl
from conformance.sources.terraform.configuration import Provider, Requirement, Resource, UnreadModule
from conformance.sources.terraform.evaluate import Budget, Evaluator, LimitError
from conformance.sources.terraform.files import FileReader
from conformance.sources.terraform.functions import FunctionError, number_of
from conformance.sources.terraform.parser import parse
from conformance.sources.terraform.structures import open_reason
from conformance.sources.terraform.types import convert
from conformance.sources.terraform.variables import unset
from conformance.sources.yaml_positions import Node

#: modules inside of modules, and instances of all resources
MAX_NESTING, MAX_INSTANCES = 12, 20_000
_META = frozenset(("count", "for_each", "depends_on", "provider", "providers"))
_META_BLOCKS = frozenset(("lifecycle", "provisioner", "connection"))


@dataclass
class Loaded:
    """What all modules of one configuration put together."""

    root: Path
    files: FileReader
    budget: Budget = field(default_factory=Budget)
    resources: list[Resource] = field(default_factory=list)
    providers: list[Provider] = field(default_factory=list)
    requirements: list[Requirement] = field(default_factory=list)
    unread: list[UnreadModule] = field(default_factory=list)
    errors: list[SourceError] = field(default_factory=list)
    folders: list[str] = field(default_factory=list)
    bodies: dict[Path, tuple[hcl.Body, ...]] = field(default_factory=dict)


def bodies_of(folder: Path, loaded: Loaded) -> tuple[hcl.Body, ...]:
    """The parsed files of a module's folder; files that override come last."""
    if folder not in loaded.bodies:
        paths = sorted(path for path in folder.glob("*.tf") if path.is_file())
        paths.sort(key=lambda path: path.stem == "override" or path.stem.endswith("_override"))
        found: list[hcl.Body] = []
        for path in paths:
            text = texts.read(path, loaded.root)
            body = text if isinstance(text, SourceError) else parse(text)
            if isinstance(body, SourceError):
                loaded.errors.append(body)
            else:
                found.append(body)
        loaded.errors += [
            SourceError(Place(texts.relative(path, loaded.root)), "Terraform's JSON syntax is not evaluated")
            for path in sorted(folder.glob("*.tf.json"))
        ]
        loaded.bodies[folder] = tuple(found)
        loaded.folders.append(texts.relative(folder, loaded.root))
    return loaded.bodies[folder]


def _overridden(own: hcl.Block | None, block: hcl.Block) -> hcl.Block:
    """A block of an override file: its attributes win, its nested blocks take the place of their kind."""
    if own is None:
        return block
    kinds = {inner.type for inner in block.body.blocks}
    nested = (*(inner for inner in own.body.blocks if inner.type not in kinds), *block.body.blocks)
    body = hcl.Body({**own.body.settings, **block.body.settings}, nested)
    return hcl.Block(own.type, own.labels, body, own.place)


class Module:
    """One instance of a module: the scope of its expressions."""

    def __init__(
        self, folder: Path, loaded: Loaded, inputs: Mapping[str, Node], address: str, depth: int
    ) -> None:
        self.folder, self._loaded, self._address, self._depth = folder, loaded, address, depth
        self._bodies = bodies_of(folder, loaded)
        self._inputs = inputs
        self.evaluate = Evaluator(self, loaded.budget)
        self._settings: dict[str, hcl.Setting] = {}
        self._blocks: dict[tuple[str, ...], hcl.Block] = {}
        self._cache: dict[tuple[str, ...], Node] = {}
        self._running: set[tuple[str, ...]] = set()
        for body in self._bodies:
            for block in body.blocks:
                if block.type == "locals":
                    self._settings.update(block.body.settings)
                elif block.type in {"resource", "data", "variable", "module", "output"}:
                    key = (block.type, *block.labels)
                    self._blocks[key] = _overridden(self._blocks.get(key), block)

    # -- names ------------------------------------------------------------------------------

    def value(self, root: str, name: str, place: Place) -> Node:
        key = (root, name)
        if key not in self._cache:
            if key in self._running:
                return Node(Undecided(f"{root}.{name} refers to itself", f"{root}.{name}"), place)
            self._running.add(key)
            try:
                self._cache[key] = self._resolve(root, name, place)
            finally:
                self._running.discard(key)
        return self._cache[key]

    def _resolve(self, root: str, name: str, place: Place) -> Node:
        roots = {
            "local": self._local,
            "var": self._variable,
            "module": self._module_value,
            "path": self._path,
            "data": self._data,
        }
        if root in roots:
            return roots[root](name, place)
        if root in {"terraform", "self", "count", "each"}:
            return Node(Undecided(f"{root}.{name} is known when Terraform runs", f"{root}.{name}"), place)
        block = self._blocks.get(("resource", root, name))
        if block is None:
            raise FunctionError(f"there is no resource {root}.{name}")
        return self._resource_value(block, f"{root}.{name}")

    def _local(self, name: str, _: Place) -> Node:
        setting = self._settings.get(name)
        if setting is None:
            raise FunctionError(f"there is no local value {name!r}")
        return self.evaluate(setting.value)

    def _data(self, kind: str, place: Place) -> Node:
        """Data sources of one type by their names; of a template the text that it renders."""
        found = {
            labels[2]: self._resource_value(block, f"data.{kind}.{labels[2]}")
            for labels, block in self._blocks.items()
            if labels[:2] == ("data", kind) and len(labels) == 3
        }
        return Node(found, place)

    def _path(self, name: str, place: Place) -> Node:
        root = self._loaded.root
        here = texts.relative(self.folder, root)
        if name == "module":
            return Node(here, place)
        if name in {"root", "cwd"}:
            return Node(self._loaded.folders[0], place)
        raise FunctionError(f"there is no path.{name}")

    def _variable(self, name: str, place: Place) -> Node:
        block = self._blocks.get(("variable", name))
        if block is None:
            raise FunctionError(f"the variable {name!r} is not declared")
        return self.variable_value(name, block, place)

    def variable_value(self, name: str, block: hcl.Block, place: Place) -> Node:
        given = self._inputs.get(name)
        default = block.body.settings.get("default")
        nullable = block.body.settings.get("nullable")
        if given is not None and given.value is None and default is not None and nullable is not None:
            given = None if self.evaluate(nullable.value).value is False else given
        if given is None:
            given = self.evaluate(default.value) if default is not None else unset(name, place)
        kind = block.body.settings.get("type")
        return convert(given, kind.value, self.evaluate) if kind is not None else given

    def file_function(self, name: str, place: Place, arguments: list[Node], caller: Evaluator) -> Node:
        return self._loaded.files.call(name, place, arguments, caller)

    # -- resources --------------------------------------------------------------------------

    def _resource_value(self, block: hcl.Block, name: str) -> Node:
        """What other expressions see of a resource; attributes that it does not set are known later."""
        later = Undecided(f"attributes of {name} are known when Terraform has applied it", name)
        found: dict[str, Node] = {}
        rest: Undecided | None = None
        single: Node | None = None
        kind = ""
        for key, evaluate, why in self._instances(block):
            body = self._body(block.body, evaluate)
            if block.labels[:1] == ("template_file",):
                body = self._loaded.files.with_rendered(body, evaluate)
            node = Node(body.value, body.place, keys=body.keys, rest=later)
            if why is not None:
                rest = why
            elif key is None:
                single = node
            else:
                kind = "list" if isinstance(key, int) else "object"
                found[str(key)] = node
        if single is not None:
            return single
        if kind == "list" or "count" in block.body.settings:
            return Node(tuple(found.values()), block.place, rest=rest)
        return Node(found, block.place, rest=rest)

    def _instances(self, block: hcl.Block) -> Iterator[tuple[str | int | None, Evaluator, Undecided | None]]:
        """(key, evaluator, why it is not known) of each instance of a resource or a module."""
        settings = block.body.settings
        if "count" in settings:
            count = self.evaluate(settings["count"].value)
            reason = open_reason(count)
            if reason is not None:
                number = Node(Undecided(reason.reason, reason.decided_by), count.place)
                yield None, self.evaluate.with_names({"count": Node({"index": number}, count.place)}), reason
                return
            try:
                size = int(number_of(count.value))
            except (FunctionError, ValueError, OverflowError):
                why = Undecided(f"the count {count.printed!r} is not a whole number", count.printed)
                yield None, self.evaluate, why
                return
            if size > MAX_INSTANCES:
                raise LimitError(f"{count.place}: a count of {size}; at most {MAX_INSTANCES} are evaluated")
            for number_ in range(size):
                index = Node({"index": Node(number_, count.place)}, count.place)
                yield number_, self.evaluate.with_names({"count": index}), None
        elif "for_each" in settings:
            yield from self._each(self.evaluate(settings["for_each"].value))
        else:
            yield None, self.evaluate, None

    def _each(
        self, collection: Node
    ) -> Iterator[tuple[str, Evaluator, None] | tuple[None, Evaluator, Undecided]]:
        pairs = [(item, item) for item in collection.items] or [
            (Node(key, collection.key_place(key)), value) for key, value in sorted(collection.mapping.items())
        ]
        unknown = collection.value if isinstance(collection.value, Undecided) else collection.rest
        for key, value in pairs:
            reason = open_reason(key)
            if reason is not None:
                unknown = reason
                continue
            each = Node({"key": key, "value": value}, key.place)
            yield key.printed, self.evaluate.with_names({"each": each}), None
        if unknown is not None:
            blank = Node(unknown, collection.place)
            each = Node({"key": blank, "value": blank}, collection.place)
            yield None, self.evaluate.with_names({"each": each}), unknown

    def _body(self, body: hcl.Body, evaluate: Evaluator) -> Node:
        """Attributes and nested blocks as one object."""
        found: dict[str, Node] = {}
        places: dict[str, Place] = {}
        for name, setting in body.settings.items():
            if name not in _META:
                found[name], places[name] = evaluate(setting.value), setting.place
        nested: dict[str, list[Node]] = {}
        for block in body.blocks:
            if block.type in _META_BLOCKS:
                continue
            made = (
                self._dynamic(block, evaluate)
                if block.type == "dynamic"
                else [(block.type, self._body(block.body, evaluate))]
            )
            for kind, node in made:
                nested.setdefault(kind, []).append(
                    Node(node.value, block.place, keys=node.keys, rest=node.rest)
                )
        for kind, nodes in nested.items():
            found[kind] = Node(tuple(nodes), nodes[0].place)
            places[kind] = nodes[0].place
        first = next(iter(places.values()), Place(texts.relative(self.folder, self._loaded.root)))
        return Node(found, first, keys=places)

    def _dynamic(self, block: hcl.Block, evaluate: Evaluator) -> list[tuple[str, Node]]:
        kind = block.labels[0] if block.labels else "dynamic"
        settings = block.body.settings
        content = next(iter(block.body.of_type("content")), None)
        if "for_each" not in settings or content is None:
            return []
        iterator = settings.get("iterator")
        name = iterator.value.name if iterator is not None and isinstance(iterator.value, hcl.Name) else kind
        collection = evaluate(settings["for_each"].value)
        if isinstance(collection.value, Undecided):
            return [(kind, Node({}, collection.place, rest=collection.value))]
        pairs = [(Node(number, item.place), item) for number, item in enumerate(collection.items)] or [
            (Node(key, collection.key_place(key)), item) for key, item in sorted(collection.mapping.items())
        ]
        made: list[tuple[str, Node]] = []
        for key, item in pairs:
            names = {name: Node({"key": key, "value": item}, item.place)}
            made.append((kind, self._body(content.body, evaluate.with_names(names))))
        return made

    # -- what the module makes --------------------------------------------------------------

    def collect(self) -> None:
        """Adds the module's resources and those of the modules that it calls."""
        loaded = self._loaded
        for body in self._bodies:
            for block in body.of_type("terraform"):
                loaded.requirements += self._requirements(block)
            for block in body.of_type("provider"):
                made = self._body(block.body, self.evaluate)
                alias = made.text("alias")
                loaded.providers.append(
                    Provider(block.labels[0] if block.labels else "", alias, made, block.place)
                )
        for (kind, *labels), block in self._blocks.items():
            try:
                if kind == "resource" and len(labels) == 2:
                    self._collect_resource(block, labels[0], labels[1])
                elif kind == "module" and labels:
                    self._calls(labels[0], block, collect=True)
            except FunctionError as error:
                loaded.errors.append(SourceError(block.place, str(error)))

    def _collect_resource(self, block: hcl.Block, kind: str, name: str) -> None:
        for key, evaluate, why in self._instances(block):
            if len(self._loaded.resources) >= MAX_INSTANCES:
                raise LimitError(f"more than {MAX_INSTANCES} instances of resources")
            index = "" if key is None else f"[{key}]" if isinstance(key, int) else f'["{key}"]'
            address = ".".join(part for part in (self._address, f"{kind}.{name}{index}") if part)
            body = self._body(block.body, evaluate)
            self._loaded.resources.append(Resource(kind, name, address, body, block.place, why))

    def _requirements(self, block: hcl.Block) -> Iterator[Requirement]:
        for inner in block.body.of_type("required_providers"):
            for name, setting in inner.body.settings.items():
                value = self.evaluate(setting.value)
                version = value.text("version") if value.mapping else value.printed
                yield Requirement(name, value.text("source"), version, setting.place)

    def _module_value(self, name: str, place: Place) -> Node:
        block = self._blocks.get(("module", name))
        if block is None:
            raise FunctionError(f"there is no module {name!r}")
        found: dict[str, Node] = {}
        for key, module, why in self._calls(name, block, collect=False):
            if module is None or why is not None:
                reason = why or Undecided(f"the module {name} is not in the repository", f"module.{name}")
                return Node(reason, place)
            outputs = module.outputs()
            if key is None:
                return outputs
            found[str(key)] = outputs
        if "count" in block.body.settings:
            return Node(tuple(found.values()), place)
        return Node(found, place)

    def outputs(self) -> Node:
        found = {
            labels[0]: self.evaluate(block.body.settings["value"].value)
            for (kind, *labels), block in self._blocks.items()
            if kind == "output" and labels and "value" in block.body.settings
        }
        return Node(found, Place(texts.relative(self.folder, self._loaded.root)))

    def _calls(
        self, name: str, block: hcl.Block, collect: bool
    ) -> list[tuple[str | int | None, Module | None, Undecided | None]]:
        found: list[tuple[str | int | None, Module | None, Undecided | None]] = []
        folder = self._module_folder(block)
        for key, evaluate, why in self._instances(block):
            index = "" if key is None else f"[{key}]" if isinstance(key, int) else f'["{key}"]'
            address = ".".join(part for part in (self._address, f"module.{name}{index}") if part)
            inputs = self._body(block.body, evaluate)
            if isinstance(folder, Node):
                if collect:
                    self._loaded.unread.append(
                        UnreadModule(address, folder.printed, inputs.text("version"), inputs, block.place)
                    )
                found.append((key, None, why))
                continue
            if self._depth >= MAX_NESTING:
                raise LimitError(f"modules are nested deeper than {MAX_NESTING} levels")
            module = Module(folder, self._loaded, inputs.mapping, address, self._depth + 1)
            if collect:
                module.collect()
            found.append((key, module, why))
        return found

    def _module_folder(self, block: hcl.Block) -> Path | Node:
        """The folder of a module of the repository, else its source."""
        setting = block.body.settings.get("source")
        source = self.evaluate(setting.value) if setting is not None else Node("", block.place)
        text = source.printed
        if source.known and text.startswith(("./", "../")):
            here = texts.relative(self.folder, self._loaded.root)
            path = self._loaded.root / posixpath.normpath(posixpath.join(here, text))
            if path.is_dir() and path.resolve().is_relative_to(self._loaded.root.resolve()):
                return path
            self._loaded.errors.append(
                SourceError(source.place, f"the module's folder {text} is not in the repository")
            )
        return source
