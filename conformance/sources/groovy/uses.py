"""What the calls of a pipeline say: libraries, credentials, shell texts, images, parameters, agents."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass, field, replace

from conformance.sources.facts import Fact, Place, Undecided
from conformance.sources.groovy.pipelines import (
    Agent,
    Call,
    CredentialUse,
    Entries,
    Image,
    Library,
    PipelineParameter,
    ShellScript,
    Stage,
    Value,
    Variable,
)

SHELLS = ("sh", "bat", "powershell", "pwsh")


@dataclass(frozen=True, slots=True)
class Where:
    """The stages and blocks round a node."""

    stages: tuple[str, ...] = ()
    blocks: tuple[str, ...] = ()
    #: folder of the workspace that `dir` changed to; None when it is not known
    folder: str | None = ""

    def block(self, name: str) -> Where:
        return replace(self, blocks=(*self.blocks, name))

    def stage(self, name: str) -> Where:
        return replace(self, stages=(*self.stages, name))

    def inside(self, folder: Value) -> Where:
        known = isinstance(folder, str) and self.folder is not None
        return replace(self, folder=posixpath.join(str(self.folder), str(folder)) if known else None)


@dataclass(slots=True)
class Uses:
    """What was found so far, in the order of the text."""

    pipeline: Place | None = None
    agents: list[Agent] = field(default_factory=list)
    stages: list[Stage] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    options: list[Call] = field(default_factory=list)
    triggers: list[Call] = field(default_factory=list)
    parameters: list[PipelineParameter] = field(default_factory=list)
    conditions: list[Call] = field(default_factory=list)
    environment: list[Variable] = field(default_factory=list)
    tools: list[Variable] = field(default_factory=list)
    libraries: list[Library] = field(default_factory=list)
    loads: list[Fact[str]] = field(default_factory=list)
    credentials: list[CredentialUse] = field(default_factory=list)
    scripts: list[ShellScript] = field(default_factory=list)
    containers: list[Fact[str]] = field(default_factory=list)
    images: list[Image] = field(default_factory=list)

    def call(self, call: Call, folder: str | None) -> None:
        """What a call of a step says besides that it is called."""
        self.credentials_of(call)
        if call.owner:
            if call.name == "image" and call.owner == "docker":
                self.image(call.first(), "docker.image", call.place)
            if call.name == "withRegistry" and len(call.arguments) > 1:
                self.credentials.append(CredentialUse(call.arguments[1].value, call.name, call.place))
            return
        if call.name in SHELLS:
            text = call.first("script")
            self.scripts.append(ShellScript(call.name, text, call.stages, call.blocks, call.place))
        elif call.name == "container":
            self.containers.append(_fact(call.first("name"), call.place))
        elif call.name == "load":
            self.loads.append(_fact(_inside(folder, call.first("path")), call.place))
        elif call.name == "library":
            self.library(call.first("identifier"), call.place)
        elif call.name == "properties":
            self._properties(call)
        elif call.name in {"node", "podTemplate"} and call.has_block:
            self._scripted_agent(call)

    def _scripted_agent(self, call: Call) -> None:
        named = [(each.name, each.value) for each in call.arguments if each.name]
        listed = dict(named).get("containers")
        containers = (
            tuple(each for each in listed if isinstance(each, Call)) if isinstance(listed, tuple) else ()
        )
        label = call.first("label")
        places = tuple((each.name, each.place) for each in call.arguments if each.name)
        self.agents.append(
            Agent(call.name, label, Entries(tuple(named)), containers, call.stages, call.place, places)
        )
        for container in containers:
            self.image(container.first("image"), container.name, container.place)

    def _properties(self, call: Call) -> None:
        listed = call.first("properties")
        for each in listed if isinstance(listed, tuple) else ():
            if not isinstance(each, Call):
                continue
            inner = each.first()
            calls = [one for one in inner if isinstance(one, Call)] if isinstance(inner, tuple) else []
            if each.name == "pipelineTriggers":
                self.triggers += calls
            elif each.name == "parameters":
                for parameter in calls:
                    self.parameter(parameter)
            else:
                self.options.append(each)

    def parameter(self, call: Call) -> None:
        self.parameters.append(
            PipelineParameter(
                call.name,
                call.first("name"),
                call.named("defaultValue"),
                call.named("description"),
                call.named("choices"),
                call.place,
            )
        )

    def library(self, value: Value, place: Place) -> None:
        name, _, version = value.partition("@") if isinstance(value, str) else ("", "", "")
        self.libraries.append(Library(name if isinstance(value, str) else value, version, place))

    def image(self, name: Value, by: str, place: Place) -> None:
        if name is not None:
            self.images.append(Image(name, by, place))

    def credentials_of(self, call: Call) -> None:
        """Ids in the arguments of a call, at any depth of lists and maps, not in nested calls."""
        if call.name == "credentials" and not call.owner:
            self.credentials.append(CredentialUse(call.first(), call.name, call.place))
        if call.name == "sshagent":
            listed = call.first("credentials")
            for each in listed if isinstance(listed, tuple) else (listed,):
                self.credentials.append(CredentialUse(each, call.name, call.place))
        for argument in call.arguments:
            self._credential_argument(argument.name, argument.value, call, argument.place)

    def _credential_argument(self, name: str, value: Value, call: Call, place: Place) -> None:
        if name in {"credentialsId", "registryCredentialsId"} or name.endswith("CredentialsId"):
            self.credentials.append(CredentialUse(value, call.name, place))
        elif isinstance(value, tuple):
            for each in value:
                self._credential_argument("", each, call, place)
        elif isinstance(value, Entries):
            for key, each in value.pairs:
                self._credential_argument(key, each, call, place)


def _fact(value: Value, place: Place) -> Fact[str]:
    if isinstance(value, str):
        return Fact(value, place)
    reason = value if isinstance(value, Undecided) else Undecided("it is put together when the build runs")
    return Fact(reason, place)


def _inside(folder: str | None, path: Value) -> Value:
    if folder is None and isinstance(path, str):
        return Undecided(f"it is {path} below a folder that the build chooses")
    return posixpath.normpath(posixpath.join(folder or "", path)) if isinstance(path, str) else path
