"""What a declarative pipeline says of its own job: parameters and options become the job's configuration."""

import xml.etree.ElementTree as ET
from collections.abc import Mapping
from typing import Any

from .items import Item
from .jobxml import parse

KINDS = {
    "string": "String",
    "text": "Text",
    "booleanParam": "Boolean",
    "choice": "Choice",
    "password": "Password",
}
NO_CONCURRENCY = "org.jenkinsci.plugins.workflow.job.properties.DisableConcurrentBuildsJobProperty"
PARAMETERS = "hudson.model.ParametersDefinitionProperty"


def apply(job: Item, message: Mapping[str, Any]) -> dict[str, Any]:
    """Write the declaration into the job and return the parameters' default values."""
    root = ET.fromstring(job.xml.partition("?>")[2] or job.xml)  # noqa: S314 - the controller's own file
    properties = root.find("properties")
    if properties is None:
        properties = ET.SubElement(root, "properties")
    calls = message.get("parameters") or []
    defaults = _parameters(properties, calls) if calls else {}
    for option in message.get("options") or []:
        if option["name"] == "disableConcurrentBuilds" and properties.find(NO_CONCURRENCY) is None:
            ET.SubElement(ET.SubElement(properties, NO_CONCURRENCY), "abortPrevious").text = "false"
        if option["name"] == "buildDiscarder":
            _discarder(properties, option)
    xml = '<?xml version="1.1" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode")
    if xml != job.xml:
        job.write(xml, parse(xml))
    return defaults


def _parameters(properties: ET.Element, calls: list[Mapping[str, Any]]) -> dict[str, Any]:
    existing = properties.find(PARAMETERS)
    if existing is not None:
        properties.remove(existing)
    definitions = ET.SubElement(ET.SubElement(properties, PARAMETERS), "parameterDefinitions")
    defaults: dict[str, Any] = {}
    for call in calls:
        kind, facts = KINDS.get(str(call["name"]), "String"), dict((call["args"] or [{}])[0])
        element = ET.SubElement(definitions, f"hudson.model.{kind}ParameterDefinition")
        ET.SubElement(element, "name").text = str(facts["name"])
        value = facts.get("defaultValue", False if kind == "Boolean" else "")
        if kind == "Choice":
            options = facts.get("choices") or []
            options = options.splitlines() if isinstance(options, str) else options
            holder = ET.SubElement(
                ET.SubElement(element, "choices", {"class": "java.util.Arrays$ArrayList"}),
                "a",
                {"class": "string-array"},
            )
            for option in options:
                ET.SubElement(holder, "string").text = str(option)
            value = options[0] if options else ""
        else:
            ET.SubElement(element, "defaultValue").text = (
                str(value).lower() if kind == "Boolean" else str(value)
            )
        if facts.get("description"):
            ET.SubElement(element, "description").text = str(facts["description"])
        defaults[str(facts["name"])] = value
    return defaults


def _discarder(properties: ET.Element, option: Mapping[str, Any]) -> None:
    tag = "jenkins.model.BuildDiscarderProperty"
    existing = properties.find(tag)
    if existing is not None:
        properties.remove(existing)
    rotator = (option["args"] or [{}])[0]
    facts = (rotator.get("args") or [{}])[0] if isinstance(rotator, Mapping) else {}
    strategy = ET.SubElement(ET.SubElement(properties, tag), "strategy", {"class": "hudson.tasks.LogRotator"})
    for name in ("daysToKeep", "numToKeep", "artifactDaysToKeep", "artifactNumToKeep"):
        ET.SubElement(strategy, name).text = str(facts.get(name + "Str", -1) or -1)
