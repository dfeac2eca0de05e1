"""What a stack's seeds make and what its Jenkinsfiles say, evaluated once for all processes of a run."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from conformance.core.files import lock
from conformance.core.paths import lock_file
from conformance.sources.facts import Fact, Place, SourceError
from conformance.sources.groovy import (
    Argument,
    Call,
    Entries,
    GroovyEngine,
    Item,
    PipelineFile,
    Seeds,
    SeedScript,
    Value,
    text_of,
)
from conformance.sources.texts import Text

#: kinds of items that are no jobs
FOLDERS = frozenset(("folder",))
#: a program of the repository at the beginning of a shell's command
_PROGRAM = re.compile(r"(?m)(?:^|[;&|(])[ \t]*(?:\./)?([\w-]+(?:/[\w.-]+)+)(?=\s|$|[;&|)])")
_PATH = re.compile(r"[\w-]+(?:/[\w.-]+)+")
#: steps that read a file of the workspace
_READERS = frozenset(("load", "readFile", "readJSON", "readMavenPom", "readTrusted", "readYaml"))
#: the compiler's words for what is not closed, and a plain sentence for each
_UNCLOSED = (
    ("expecting '}'", "a brace is never closed"),
    ("expecting ')'", "a parenthesis is never closed"),
    ("expecting ']'", "a bracket is never closed"),
    ("expecting '''", "a string is never closed"),
    ("expecting '\"'", "a string is never closed"),
    ("expecting anything but ''\\n''", "a string is never closed"),
)


@dataclass(frozen=True, slots=True)
class Builds:
    """Seeds and pipelines of one stack; every path and place counts from the stack's folder."""

    scripts: tuple[SeedScript, ...]
    seeds: Seeds
    #: Jenkinsfiles by name, and every further file that a job runs
    pipelines: Mapping[str, PipelineFile | SourceError]
    #: steps of a shared library in the repository (`vars/NAME.groovy`), by the step's name
    steps: Mapping[str, PipelineFile | SourceError]
    #: init scripts of the controller, parsed and never run
    init_scripts: tuple[PipelineFile | SourceError, ...] = ()

    @property
    def items(self) -> tuple[Item, ...]:
        return self.seeds.items

    @property
    def jobs(self) -> tuple[Item, ...]:
        """Everything that the seeds make but folders."""
        return tuple(item for item in self.items if item.kind not in FOLDERS)


def evaluate(
    root: Path,
    scripts: Sequence[SeedScript],
    inputs: Mapping[str, str],
    named: Sequence[str],
    init_scripts: Sequence[Text] = (),
) -> Builds:
    """Run the seeds and parse the pipelines and init scripts of the repository at `root`.

    `named` are further Jenkinsfiles, by their paths. Processes that evaluate the same repository wait for
    the first one and find its results in the cache.
    """
    name = hashlib.sha256(str(root.resolve()).encode()).hexdigest()[:16]
    with lock(lock_file(f"groovy-{name}")), GroovyEngine() as engine:
        seeds = engine.evaluate_seeds(root, scripts, inputs)
        files = {_relative(path, root) for path in _files(root, "Jenkinsfile")}
        files |= {path for path in named if (root / path).is_file()}
        files |= {path for item in seeds.items if (path := script_file(item)) and (root / path).is_file()}
        pipelines = engine.parse_pipelines(root, sorted(files))
        library = {path.stem: _relative(path, root) for path in _files(root, "vars/*.groovy")}
        steps = {step: engine.parse_pipelines(root, [file])[file] for step, file in library.items()}
        init = tuple(
            engine.parse_text(root, text.origin.file, text.value, text.origin.place(1).line or 1)
            for text in init_scripts
        )
    return Builds(tuple(scripts), seeds, pipelines, steps, init)


def _files(root: Path, pattern: str) -> list[Path]:
    return sorted(path for path in root.rglob(pattern) if path.is_file())


def _relative(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix()


def script_file(item: Item) -> str:
    """The repository's file that a job runs: its script path without the checkout's target directory.

    Empty: the job runs none of this repository, or the sources do not determine it.
    """
    path = item.script_path.value if item.script_path is not None else ""
    if not isinstance(path, str) or item.sources:
        return ""
    target = item.scm.target.value if item.scm is not None and item.scm.target is not None else ""
    folder = str(PurePosixPath(target)) + "/" if isinstance(target, str) and target else ""
    return path.removeprefix("./").removeprefix(folder)


def sentence(error: SourceError) -> str:
    """What the compiler says, in one line, with a plain sentence where something is not closed."""
    words = " ".join(error.message.split())
    plain = next((text for part, text in _UNCLOSED if part in words), "")
    if words == "unexpected token:":
        # the token of the file's end has no text
        plain = "the file ends where a brace or a parenthesis is never closed"
    return f"{error.place}: {plain} ({words})" if plain else f"{error.place}: {words}"


def paths(pipeline: PipelineFile) -> Iterator[Fact[str]]:
    """Paths that a pipeline runs or reads: programs of its scripts, and texts that are a path as a whole.

    Further words of a script are no paths here: builds make files, and parts of addresses look like them.
    """
    for script in pipeline.scripts:
        text = text_of(script.text) or ""
        for found in _PROGRAM.finditer(text):
            line = script.place.line + text.count("\n", 0, found.start(1))
            yield Fact(found[1], Place(script.place.file, line))
    whole = [(text_of(each.value), each.place) for each in pipeline.environment]
    whole += [(_path(call), call.place) for call in pipeline.steps if call.name in _READERS]
    whole += [(text_of(each.settings.get("yamlFile")), each.place_of("yamlFile")) for each in pipeline.agents]
    for path, place in whole:
        if path is not None and _PATH.fullmatch(path):
            yield Fact(path, place)


def _path(call: Call) -> str | None:
    return text_of(call.first("file") or call.first("path"))


def texts(pipeline: PipelineFile) -> Iterator[Fact[str]]:
    """Every text that a pipeline gives to a step, an agent or a variable, with its place."""
    for call in (*pipeline.calls, *pipeline.options, *pipeline.conditions):
        for argument in call.arguments:
            yield from _texts(argument.value, argument.place)
    for variable in pipeline.environment:
        yield from _texts(variable.value, variable.place)
    for agent in pipeline.agents:
        for name, value in agent.settings.pairs:
            yield from _texts(value, agent.place_of(name))


def _texts(value: Value, place: Place) -> Iterator[Fact[str]]:
    text = text_of(value)
    if text is not None:
        yield Fact(text, place)
    elif isinstance(value, tuple):
        for each in value:
            yield from _texts(each, place)
    elif isinstance(value, Entries):
        for _, each in value.pairs:
            yield from _texts(each, place)
    elif isinstance(value, Call):
        yield from _arguments(value.arguments)


def _arguments(arguments: Sequence[Argument]) -> Iterator[Fact[str]]:
    for each in arguments:
        yield from _texts(each.value, each.place)


def repository(item: Item) -> str:
    """URL of the repository that a job's pipeline comes from; empty: the sources do not determine it."""
    return _first(item.scm.urls if item.scm is not None else ())


def branch(item: Item) -> str:
    """The branch that a job's pipeline comes from; empty: the sources do not determine it."""
    return _first(item.scm.branches if item.scm is not None else ())


def _first(facts: Sequence[Fact[str]]) -> str:
    return next((fact.value for fact in facts if isinstance(fact.value, str)), "")
