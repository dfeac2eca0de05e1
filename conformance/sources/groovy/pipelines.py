"""What a pipeline's file says: a Jenkinsfile, a library's step, or a script that another one loads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from conformance.sources.facts import Fact, Place, Undecided


@dataclass(frozen=True, slots=True)
class Interpolated:
    """A string with expressions in it: the literal parts, and the source of the expression after each."""

    parts: tuple[str, ...]
    #: one fewer than `parts`
    expressions: tuple[str, ...]

    @property
    def text(self) -> str:
        """The string with each expression as `${source}`."""
        marks = [f"${{{each}}}" for each in self.expressions]
        return "".join(part + mark for part, mark in zip(self.parts, [*marks, ""], strict=True))


@dataclass(frozen=True, slots=True)
class FileText:
    """The content of a file that the pipeline reads, with texts in it replaced in this order."""

    #: readFile, readTrusted, libraryResource or new File
    how: str
    path: str | Undecided
    replacements: tuple[tuple[str, Value], ...] = ()


@dataclass(frozen=True, slots=True)
class Entries:
    """A map's entries in their order."""

    pairs: tuple[tuple[str, Value], ...]

    def get(self, name: str) -> Value:
        """The value of `name`; None when there is none."""
        return next((value for key, value in self.pairs if key == name), None)

    def __contains__(self, name: object) -> bool:
        return any(key == name for key, _ in self.pairs)


@dataclass(frozen=True, slots=True)
class Argument:
    """An argument of a call; `name` is empty when it is positional."""

    name: str
    value: Value
    place: Place


@dataclass(frozen=True, slots=True)
class Call:
    """A call: a step, an option, a value that a plugin's symbol makes."""

    name: str
    #: source of the object whose method it is: `docker` in `docker.image('x')`; empty for a step
    owner: str
    arguments: tuple[Argument, ...]
    place: Place
    #: names of the stages round it, the outermost first
    stages: tuple[str, ...] = ()
    #: names of the calls whose blocks it is in, the outermost first
    blocks: tuple[str, ...] = ()
    has_block: bool = False
    #: is it an argument of another call
    nested: bool = False
    #: is it a function of the same file
    local: bool = False

    def named(self, name: str) -> Value:
        """The value of argument `name`; None when it is not given."""
        return next((each.value for each in self.arguments if each.name == name), None)

    def first(self, name: str = "") -> Value:
        """The first positional argument, or else the one called `name`."""
        positional = [each.value for each in self.arguments if not each.name]
        return positional[0] if positional else self.named(name) if name else None


_Literal: TypeAlias = bool | int | float | str | None
Value: TypeAlias = "_Literal | tuple[Value, ...] | Entries | Interpolated | FileText | Call | Undecided"


def text_of(value: Value) -> str | None:
    """A string as it is written, expressions as `${source}`; None for everything else."""
    if isinstance(value, Interpolated):
        return value.text
    return value if isinstance(value, str) else None


@dataclass(frozen=True, slots=True)
class Agent:
    """Where a pipeline, a stage or a block runs.

    `kind`: any, none, label, docker, dockerfile, kubernetes or a plugin's own word in a declarative pipeline,
    node or podTemplate in a scripted one.
    """

    kind: str
    label: Value
    #: what the block or the arguments set: image, yaml, yamlFile, inheritFrom, cloud, defaultContainer ...
    settings: Entries
    #: containerTemplate and its like
    containers: tuple[Call, ...]
    stages: tuple[str, ...]
    place: Place
    #: place of each setting
    places: tuple[tuple[str, Place], ...] = ()
    #: is the agent inside a `matrix` or `parallel`
    within: tuple[str, ...] = ()

    def place_of(self, setting: str) -> Place:
        return dict(self.places).get(setting, self.place)


@dataclass(frozen=True, slots=True)
class PipelineParameter:
    """A parameter that the pipeline declares; `kind` is the symbol: string, booleanParam, choice ..."""

    kind: str
    name: Value
    default: Value
    description: Value
    choices: Value
    place: Place


@dataclass(frozen=True, slots=True)
class Variable:
    """An entry of `environment` or `tools`."""

    name: str
    value: Value
    stages: tuple[str, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class Library:
    """A shared library: `name@version` of `@Library` or `library`; the version may be empty."""

    name: Value
    version: str
    place: Place


@dataclass(frozen=True, slots=True)
class CredentialUse:
    """A credential's id and the call that uses it: usernamePassword, git, credentials ..."""

    id: Value
    by: str
    place: Place


@dataclass(frozen=True, slots=True)
class ShellScript:
    """The text of a `sh`, `bat`, `powershell` or `pwsh` step, expressions as `${source}`."""

    shell: str
    text: Value
    stages: tuple[str, ...]
    blocks: tuple[str, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class Image:
    """An image that the pipeline names, and where: docker.image, containerTemplate, agent."""

    name: Value
    by: str
    place: Place


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage and those round it; an empty name is not known."""

    path: tuple[str, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class Function:
    """A function of the file; `call` makes a library's step."""

    name: str
    parameters: tuple[str, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class PipelineFile:
    """All that one file says."""

    path: str
    #: declarative (has a `pipeline` block), scripted, or library (functions and classes alone)
    kind: str
    #: place of the `pipeline` block, also of one inside a function
    pipeline: Place | None
    agents: tuple[Agent, ...]
    stages: tuple[Stage, ...]
    #: every call outside of declarative directives
    calls: tuple[Call, ...]
    #: of the pipeline and its stages, and of `properties([...])`
    options: tuple[Call, ...]
    triggers: tuple[Call, ...]
    parameters: tuple[PipelineParameter, ...]
    #: calls in `when`
    conditions: tuple[Call, ...]
    environment: tuple[Variable, ...]
    tools: tuple[Variable, ...]
    libraries: tuple[Library, ...]
    #: scripts that the file loads, as paths in the workspace
    loads: tuple[Fact[str], ...]
    credentials: tuple[CredentialUse, ...]
    scripts: tuple[ShellScript, ...]
    containers: tuple[Fact[str], ...]
    images: tuple[Image, ...]
    functions: tuple[Function, ...]
    #: classes that the file defines, and those that it imports
    classes: tuple[str, ...]
    imports: tuple[str, ...]

    @property
    def steps(self) -> Iterator[Call]:
        """Calls of steps: no method of an object, no function of the file."""
        return (call for call in self.calls if not call.owner and not call.local)
