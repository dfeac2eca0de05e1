"""What a seed makes: items and views with typed facts, each with its place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from conformance.sources.facts import Fact, Place, SourceError, Undecided
from conformance.sources.groovy.elements import Context, Element, element

#: root element of a config.xml and the class that Jenkins calls the item by, where they differ
_CLASSES = {
    "flow-definition": "org.jenkinsci.plugins.workflow.job.WorkflowJob",
    "project": "hudson.model.FreeStyleProject",
    "matrix-project": "hudson.matrix.MatrixProject",
    "maven2-moduleset": "hudson.maven.MavenModuleSet",
}
_PARAMETERS = {
    "hudson.model.StringParameterDefinition": "string",
    "hudson.model.BooleanParameterDefinition": "boolean",
    "hudson.model.ChoiceParameterDefinition": "choice",
    "hudson.model.TextParameterDefinition": "text",
    "hudson.model.PasswordParameterDefinition": "password",
    "hudson.model.FileParameterDefinition": "file",
    "hudson.model.RunParameterDefinition": "run",
    "com.cloudbees.plugins.credentials.CredentialsParameterDefinition": "credentials",
}
_TRIGGERS = {
    "hudson.triggers.TimerTrigger": ("cron", "spec"),
    "hudson.triggers.SCMTrigger": ("scm", "spec"),
    "jenkins.triggers.ReverseBuildTrigger": ("upstream", "upstreamProjects"),
    "com.cloudbees.hudson.plugins.folder.computed.PeriodicFolderTrigger": ("periodic", "interval"),
    "com.cloudbees.jenkins.GitHubPushTrigger": ("githubPush", "spec"),
}
_ONE_BUILD = "org.jenkinsci.plugins.workflow.job.properties.DisableConcurrentBuildsJobProperty"
_PIPELINE_TRIGGERS = "org.jenkinsci.plugins.workflow.job.properties.PipelineTriggersJobProperty"


@dataclass(frozen=True, slots=True)
class SeedScript:
    """A seed to run: a file of the repository, or a text inside one (`line` is where it begins there)."""

    file: str
    text: str | None = None
    line: int = 1
    #: variables that the seed's build sets (`additionalParameters`); their values are inputs
    variables: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Scm:
    """Where a job's or project's sources come from."""

    kind: str
    urls: tuple[Fact[str], ...]
    branches: tuple[Fact[str], ...]
    credentials: tuple[Fact[str], ...]
    #: folder of the workspace that the checkout goes to (`relativeTargetDirectory`)
    target: Fact[str] | None
    extensions: tuple[str, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class JobParameter:
    """A parameter; `default` is None when the seed sets none."""

    name: Fact[str]
    kind: str
    default: Fact[str] | None
    description: Fact[str] | None
    choices: tuple[Fact[str], ...]
    place: Place


@dataclass(frozen=True, slots=True)
class Trigger:
    """A trigger; `kind` is cron, scm, upstream, periodic, or the element that a plugin writes."""

    kind: str
    spec: Fact[str]


@dataclass(frozen=True, slots=True)
class BranchSource:
    """One source of a multibranch project, or a navigator of an organization folder."""

    kind: str
    remote: Fact[str] | None
    credentials: Fact[str] | None
    settings: Element
    place: Place


@dataclass(frozen=True, slots=True)
class Item:
    """A job, project or folder as the seed makes it."""

    full_name: str
    #: method of Job DSL: pipelineJob, freeStyleJob, folder, multibranchPipelineJob, organizationFolder ...
    kind: str
    #: class by which Jenkins calls the item's type
    type: str
    place: Place
    #: Undecided where an unknown input is part of the name
    name: Fact[str]
    description: Fact[str] | None
    script_path: Fact[str] | None
    script: Fact[str] | None
    lightweight: Fact[str] | None
    scm: Scm | None
    parameters: tuple[JobParameter, ...]
    triggers: tuple[Trigger, ...]
    discarder: tuple[tuple[str, Fact[str]], ...]
    disabled: Fact[bool]
    concurrent: Fact[bool]
    sources: tuple[BranchSource, ...]
    label: Fact[str] | None
    #: ids of credentials anywhere in the item
    credentials: tuple[Fact[str], ...]
    #: shell and batch steps of a freestyle job
    steps: tuple[Fact[str], ...]
    #: places of `configure` blocks; their effect is in `root` and `xml`
    configured: tuple[Place, ...]
    #: parts whose element is not known exactly, and why
    doubts: tuple[Fact[str], ...]
    root: Element
    #: config.xml as Job DSL writes it; unknown inputs as «name»
    xml: str
    #: place of an earlier item of the same name, which this one replaces
    replaces: Place | None = None


@dataclass(frozen=True, slots=True)
class View:
    """A view: the jobs that it names and the expression by which it takes others."""

    name: str
    kind: str
    place: Place
    jobs: tuple[Fact[str], ...]
    regex: Fact[str] | None
    root: Element


@dataclass(frozen=True, slots=True)
class Seeds:
    """What all seeds of a repository make together."""

    items: tuple[Item, ...]
    views: tuple[View, ...]
    #: jobs that a seed starts (`queue`)
    queued: tuple[Fact[str], ...]
    errors: tuple[SourceError, ...]
    #: decisions that depend on an unknown input: the items after them are not known
    undecided: tuple[Fact[None], ...]
    #: given inputs that a seed read
    used_inputs: frozenset[str]
    #: inputs that a seed read and nobody gave
    missing_inputs: frozenset[str]


def item(raw: Mapping[str, Any], context: Context) -> Item:
    """Facts of one item from its tree."""
    root = element(raw["tree"], context)
    definition = root.child("definition")
    factory = root.child("factory", "scriptPath") or root.child("projectFactories")
    return Item(
        full_name=context.readable(raw["name"]),
        kind="freeStyleJob" if raw["kind"] == "job" else raw["kind"],
        type=_CLASSES.get(root.tag, root.tag),
        place=context.place(raw["line"]),
        name=context.fact(raw["name"], raw["line"]),
        description=_filled(root.value("description")),
        script_path=_script_path(definition, factory),
        script=definition.value("script") if definition else None,
        lightweight=definition.value("lightweight") if definition else None,
        scm=_scm(definition.child("scm") if definition else root.child("scm")),
        parameters=tuple(_parameters(root)),
        triggers=tuple(_triggers(root)),
        discarder=tuple(_discarder(root)),
        disabled=_flag(root.value("disabled"), context.place(raw["line"])),
        concurrent=_concurrent(root, context.place(raw["line"])),
        sources=tuple(_sources(root)),
        label=root.value("assignedNode"),
        credentials=tuple(_credentials(root)),
        steps=tuple(each.text for each in _below(root, "builders", "command")),
        configured=tuple(context.place(line) for line in raw["configures"]),
        doubts=tuple(Fact(each.doubt, each.place) for each in root.walk() if each.doubt),
        root=root,
        xml=context.readable(raw["xml"]),
    )


def view(raw: Mapping[str, Any], context: Context) -> View:
    root = element(raw["tree"], context)
    names = root.child("jobNames")
    return View(
        name=context.readable(raw["name"]),
        kind=raw["kind"],
        place=context.place(raw["line"]),
        jobs=tuple(each.text for each in names.children if each.tag == "string") if names else (),
        regex=root.value("includeRegex"),
        root=root,
    )


def _filled(value: Fact[str] | None) -> Fact[str] | None:
    return value if value is not None and value.value != "" else None


def _script_path(definition: Element | None, factory: Element | None) -> Fact[str] | None:
    if definition is not None:
        return definition.value("scriptPath")
    if factory is None:
        return None
    path = next((each for each in factory.walk() if each.tag == "scriptPath"), None)
    return path.text if path else None


def _below(root: Element, section: str, tag: str) -> Iterator[Element]:
    found = root.child(section)
    yield from (each for each in found.walk() if each.tag == tag) if found else ()


def _texts(root: Element, *tags: str) -> tuple[Fact[str], ...]:
    return tuple(each.text for each in root.walk() if each.tag in tags)


def _scm(node: Element | None) -> Scm | None:
    if node is None or node.attribute("class") == "hudson.scm.NullSCM":
        return None
    branches = node.child("branches")
    extensions = node.child("extensions")
    target = next((each.text for each in node.walk() if each.tag == "relativeTargetDir"), None)
    return Scm(
        kind=node.attribute("class") or (node.children[0].tag if node.children else ""),
        urls=_texts(node, "url", "remote"),
        branches=_texts(branches, "name") if branches else (),
        credentials=_texts(node, "credentialsId"),
        target=target,
        extensions=tuple(each.tag.rpartition(".")[2] for each in extensions.children) if extensions else (),
        place=node.place,
    )


def _credentials(root: Element) -> Iterator[Fact[str]]:
    for each in root.walk():
        if each.tag.lower().endswith("credentialsid") and each.text.value != "":
            yield each.text
        # credentialsBinding { string('VARIABLE', 'id'); usernamePassword('USER', 'PASSWORD', 'id') }
        if each.tag == "credentialsBinding":
            yield from (one.children[-1].text for one in each.children if one.children)


def _parameters(root: Element) -> Iterator[JobParameter]:
    found = root.child("properties", "hudson.model.ParametersDefinitionProperty", "parameterDefinitions")
    for each in found.children if found else ():
        choices = each.child("choices")
        name = each.value("name") or each.value("string") or each.text
        yield JobParameter(
            name=name,
            kind=_PARAMETERS.get(each.tag, each.tag),
            default=each.value("defaultValue"),
            description=each.value("description"),
            choices=_texts(choices, "string") if choices else (),
            place=each.place,
        )


def _triggers(root: Element) -> Iterator[Trigger]:
    lists = (root.child("triggers"), root.child("properties", _PIPELINE_TRIGGERS, "triggers"))
    for each in (trigger for found in lists if found for trigger in found.children):
        kind, field = _TRIGGERS.get(each.tag, (each.tag, "spec"))
        yield Trigger(kind, each.value(field) or Fact("", each.place))


def _discarder(root: Element) -> Iterator[tuple[str, Fact[str]]]:
    ways = (
        root.child("logRotator"),
        root.child("properties", "jenkins.model.BuildDiscarderProperty", "strategy"),
    )
    strategy = root.child("orphanedItemStrategy")
    for found in (*ways, strategy):
        if found is not None:
            yield from ((each.tag, each.text) for each in found.children)
            return


def _flag(value: Fact[str] | None, place: Place, *, default: bool = False) -> Fact[bool]:
    if value is None:
        return Fact(default, place)
    if isinstance(value.value, Undecided):
        return Fact(value.value, value.place)
    return Fact(value.value == "true", value.place)


def _concurrent(root: Element, place: Place) -> Fact[bool]:
    if root.tag == "flow-definition":
        found = root.child("properties", _ONE_BUILD)
        return Fact(found is None, found.place if found else place)
    return _flag(root.value("concurrentBuild"), place)


def _sources(root: Element) -> Iterator[BranchSource]:
    data = root.child("sources", "data")
    navigators = root.child("navigators")
    found = [each.child("source") or each for each in data.children] if data else []
    for each in (*found, *(navigators.children if navigators else ())):
        remote = next(iter(_texts(each, "remote", "repositoryUrl", "repoOwner", "projectOwner")), None)
        credentials = next(
            iter(_texts(each, "credentialsId", "scanCredentialsId", "checkoutCredentialsId")), None
        )
        yield BranchSource(each.attribute("class") or each.tag, remote, credentials, each, each.place)
