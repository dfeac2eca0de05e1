"""Functions that read files: inside of the repository alone."""

from __future__ import annotations

import base64
import fnmatch
import hashlib
import posixpath
from collections.abc import Callable
from pathlib import Path

from conformance.sources import texts
from conformance.sources.facts import MissingFile, Place, SourceError, Undecided
from conformance.sources.terraform.evaluate import Budget, Evaluator, LimitError
from conformance.sources.terraform.functions import FunctionError
from conformance.sources.terraform.parser import parse_template
from conformance.sources.terraform.structures import open_reason
from conformance.sources.yaml_positions import Node

#: files that one `fileset` may find
MAX_FILES = 5_000


class FileReader:
    """Reads files for expressions.

    Paths that begin with `path.module` are relative to the repository's root here; others are relative to the
    folder that Terraform runs in.
    """

    def __init__(self, root: Path, folder: str, errors: list[SourceError]) -> None:
        self._root = root
        self._folder = folder
        self._errors = errors
        #: files that are read as templates: they need not be what their names say
        self.templates: list[str] = []

    def call(self, name: str, place: Place, arguments: list[Node], caller: Evaluator) -> Node:
        for argument in arguments[:1]:
            reason = open_reason(argument)
            if reason is not None:
                return Node(reason, place)
        if not arguments:
            raise FunctionError(f"{name} needs a path")
        path = arguments[0].printed
        functions: dict[str, Callable[[], Node]] = {
            "file": lambda: self._file(path, place),
            "templatefile": lambda: self._template(path, place, arguments[1:], caller),
            "fileset": lambda: self._fileset(path, arguments[1].printed if arguments[1:] else "*", place),
            "fileexists": lambda: self._exists(path, place),
            "abspath": lambda: Node(path, place),
            "filebase64": lambda: self._digest(path, place, lambda data: base64.b64encode(data).decode()),
        }
        if name in functions:
            return functions[name]()
        algorithm = name.removeprefix("file")
        return self._digest(
            path, place, lambda data: hashlib.new(algorithm, data, usedforsecurity=False).hexdigest()
        )

    def _path(self, path: str) -> Path | None:
        """The file inside of the repository; None if the path leads elsewhere."""
        return located(path, self._folder, self._root)

    def _elsewhere(self, path: str, place: Place) -> Node:
        return Node(MissingFile(f"the file {path} lies outside of the repository", path), place)

    def _read(self, path: str, place: Place) -> texts.Text | Node:
        found = self._path(path)
        if found is None:
            return self._elsewhere(path, place)
        if not found.is_file():
            return Node(MissingFile(f"the file {path} is not in the repository", path), place)
        text = texts.read(found, self._root)
        if isinstance(text, SourceError):
            if text not in self._errors:
                self._errors.append(text)
            return Node(Undecided(f"the file {path} cannot be read", path), place)
        return text

    def _file(self, path: str, place: Place) -> Node:
        text = self._read(path, place)
        return text if isinstance(text, Node) else Node(text.value, Place(text.origin.file, 1), text.origin)

    def _template(self, path: str, place: Place, names: list[Node], caller: Evaluator) -> Node:
        text = self._read(path, place)
        if isinstance(text, Node):
            return text
        self.templates.append(text.origin.file)
        return self._rendered(text, names[0] if names else Node({}, place), caller)

    def _rendered(self, text: texts.Text, given: Node, caller: Evaluator) -> Node:
        template = parse_template(text)
        file = text.origin.place(1).file
        if isinstance(template, SourceError):
            if template not in self._errors:
                self._errors.append(template)
            return Node(Undecided(f"{file} is not a template: {template.message}", file), template.place)
        rest = given.value if isinstance(given.value, Undecided) else given.rest
        return Evaluator(caller.scope, caller.budget, given.mapping, rest, closed=True).rendered(template)

    def with_rendered(self, body: Node, caller: Evaluator) -> Node:
        """The data source `template_file` with its text filled in."""
        template = body.at("template")
        if template is None or isinstance(template.value, Undecided):
            return body
        origin = template.lines
        if origin is not None and origin.fixed is None:
            self.templates.append(origin.place(1).file)
        made = self._rendered(template.as_text(), body.at("vars") or Node({}, body.place), caller)
        return Node({**body.mapping, "rendered": made}, body.place, keys=body.keys)

    def _fileset(self, folder: str, pattern: str, place: Place) -> Node:
        where = self._path(folder)
        if where is None or not where.is_dir():
            return self._elsewhere(folder, place) if where is None else Node((), place)
        found: list[str] = []
        for path in where.rglob("*"):
            name = path.relative_to(where).as_posix()
            if path.is_file() and _matches(name.split("/"), pattern.split("/")):
                found.append(name)
            if len(found) > MAX_FILES:
                raise FunctionError(f"fileset finds more than {MAX_FILES} files")
        return Node(tuple(Node(name, place) for name in sorted(found)), place)

    def _exists(self, path: str, place: Place) -> Node:
        found = self._path(path)
        return self._elsewhere(path, place) if found is None else Node(found.is_file(), place)

    def _digest(self, path: str, place: Place, make: Callable[[bytes], str]) -> Node:
        found = self._path(path)
        if found is None or not found.is_file() or found.stat().st_size > texts.MAX_BYTES:
            return self._elsewhere(path, place)
        return Node(make(found.read_bytes()), place)


def located(path: str, folder: str, root: Path) -> Path | None:
    """A path inside of the repository, as it is seen from a folder; None if it leads elsewhere."""
    names = (posixpath.normpath(posixpath.join(folder, path)), posixpath.normpath(path))
    found = [
        root / name
        for name in names
        if not name.startswith(("/", "..", "~")) and (root / name).resolve().is_relative_to(root.resolve())
    ]
    return next((own for own in found if own.exists()), found[-1] if found else None)


class _NoScope:
    """A template knows its own names alone."""

    def value(self, root: str, name: str, place: Place) -> Node:
        raise FunctionError(f"{root}.{name} is not known in a template ({place})")

    def file_function(self, name: str, place: Place, arguments: list[Node], caller: Evaluator) -> Node:
        raise FunctionError(f"{name} cannot be called ({place}, {len(arguments)}, {caller.closed})")


def open_template(text: texts.Text) -> texts.Text | SourceError:
    """A template without values for its names: they stay open."""
    template = parse_template(text)
    if isinstance(template, SourceError):
        return template
    rest = Undecided("a name of the template is given where it is rendered")
    try:
        found = Evaluator(_NoScope(), Budget(), {}, rest, closed=True).rendered(template)
    except (LimitError, RecursionError) as error:
        return SourceError(template.place, f"not a template: {error}")
    return found.as_text()


def _matches(name: list[str], pattern: list[str]) -> bool:
    """A path against a pattern of `fileset`, `**` for any folders."""
    if not pattern:
        return not name
    if pattern[0] == "**":
        return any(_matches(name[skip:], pattern[1:]) for skip in range(len(name) + 1))
    return bool(name) and fnmatch.fnmatchcase(name[0], pattern[0]) and _matches(name[1:], pattern[1:])
