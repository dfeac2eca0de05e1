"""A job's config.xml, as far as this controller acts on it."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

FOLDER = "com.cloudbees.hudson.plugins.folder.Folder"
PIPELINE = "flow-definition"
FREESTYLE = "project"


@dataclass(frozen=True)
class Parameter:
    """A parameter definition; its kind is String, Boolean, Choice, Text or Password."""

    kind: str
    name: str
    default: Any
    description: str | None
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Scm:
    """The repository of a pipeline's script."""

    url: str
    branches: tuple[str, ...]
    credentials: str | None


@dataclass(frozen=True)
class Config:
    """One config.xml.

    `seed` is the Job DSL of a free-style job's build step, `keep` the builds to keep (-1 for all),
    `unsupported` the build steps that this simulator does not implement."""

    tag: str
    description: str | None
    display_name: str | None
    disabled: bool
    parameters: tuple[Parameter, ...]
    script: str | None
    sandbox: bool
    scm: Scm | None
    script_path: str
    label: str | None
    seed: str | None
    seed_sandbox: bool
    concurrent: bool
    keep: int
    properties: tuple[str, ...]
    unsupported: tuple[str, ...] = ()


DECLARATION = '<?xml version="1.1" encoding="UTF-8"?>'


def body(text: str) -> str:
    """A document without its XML declaration: expat refuses the version 1.1 that Jenkins writes."""
    return text.partition("?>")[2] if text.lstrip().startswith("<?xml") else text


def read(text: str) -> ET.Element:
    """Parse a config.xml.

    Raises:
        ValueError: it is no XML.
    """
    try:
        return ET.fromstring(body(text).strip())
    except ET.ParseError as error:
        raise ValueError(str(error)) from error


def written(root: ET.Element) -> str:
    """A config.xml as text."""
    return f"{DECLARATION}\n{ET.tostring(root, encoding='unicode')}"


def parse(text: str) -> Config:
    """Read a config.xml.

    Raises:
        ValueError: it is no XML, or its root is no item that this controller knows.
    """
    root = read(text)
    if root.tag not in {FOLDER, PIPELINE, FREESTYLE}:
        raise ValueError(f"{root.tag} : {root.tag}")
    definition = root.find("definition")
    step = root.find("builders/javaposse.jobdsl.plugin.ExecuteDslScripts")
    path = definition.findtext("scriptPath") if definition is not None else None
    properties = tuple(child.tag for child in root.find("properties") or ())
    return Config(
        tag=root.tag,
        description=root.findtext("description"),
        display_name=root.findtext("displayName"),
        disabled=root.findtext("disabled") == "true",
        parameters=tuple(_parameters(root)),
        script=definition.findtext("script") if definition is not None else None,
        sandbox=(definition.findtext("sandbox") if definition is not None else None) == "true",
        scm=_scm(definition.find("scm") if definition is not None else None),
        script_path=path or "Jenkinsfile",
        label=root.findtext("assignedNode"),
        seed=step.findtext("scriptText") if step is not None else None,
        seed_sandbox=step is not None and step.findtext("sandbox") == "true",
        concurrent=not any("DisableConcurrentBuilds" in tag for tag in properties)
        and root.findtext("concurrentBuild") != "false",
        keep=_keep(root),
        properties=properties,
        unsupported=tuple(child.tag for child in root.find("builders") or () if child is not step),
    )


def _parameters(root: ET.Element) -> Iterator[Parameter]:
    for element in root.findall(
        "properties/hudson.model.ParametersDefinitionProperty/parameterDefinitions/*"
    ):
        kind = element.tag.rsplit(".", 1)[-1].removesuffix("ParameterDefinition")
        name = element.findtext("name") or ""
        description = element.findtext("description")
        value: Any = element.findtext("defaultValue")
        choices = tuple(item.text or "" for item in element.iter("string"))
        if kind == "Boolean":
            value = value == "true"
        elif kind == "Choice":
            value = choices[0] if choices else ""
        yield Parameter(kind, name, "" if value is None else value, description, choices)


def _scm(element: ET.Element | None) -> Scm | None:
    if element is None:
        return None
    config = element.find("userRemoteConfigs/hudson.plugins.git.UserRemoteConfig")
    url = config.findtext("url") if config is not None else None
    branches = tuple(
        spec.text or "" for spec in element.findall("branches/hudson.plugins.git.BranchSpec/name")
    )
    credentials = config.findtext("credentialsId") if config is not None else None
    return Scm(url or "", branches or ("**",), credentials)


def _keep(root: ET.Element) -> int:
    for path in ("logRotator", "properties/jenkins.model.BuildDiscarderProperty/strategy"):
        rotator = root.find(path)
        if rotator is not None:
            return int(rotator.findtext("numToKeep") or -1)
    return -1


def parameter_values(config: Config | None, given: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The values of a job's parameters: the given ones, the defaults for the rest. A value without a
    declaration is dropped.

    Raises:
        ValueError: a choice that does not exist.
    """
    values = []
    for definition in config.parameters if config else ():
        value = given.get(definition.name, definition.default)
        kind = "String" if definition.kind == "Choice" else definition.kind
        if definition.kind == "Boolean":
            value = value if isinstance(value, bool) else str(value).lower() in {"true", "on"}
        elif definition.kind == "Choice" and value not in definition.choices:
            raise ValueError(f"Illegal choice for parameter {definition.name}: {value}")
        values.append(
            {"_class": f"hudson.model.{kind}ParameterValue", "name": definition.name, "value": value}
        )
    return values
