"""What a declarative pipeline says of its own job: parameters and options become the job's configuration."""

import xml.etree.ElementTree as ET
from collections.abc import Mapping
from typing import Any

from ..home.items import Item
from ..home.jobxml import parse
from .groovy_host import StepError

KINDS = {
    "string": "String",
    "text": "Text",
    "booleanParam": "Boolean",
    "choice": "Choice",
    "password": "Password",
}
NO_CONCURRENCY = "org.jenkinsci.plugins.workflow.job.properties.DisableConcurrentBuildsJobProperty"
TRIGGERS = "org.jenkinsci.plugins.workflow.job.properties.PipelineTriggersJobProperty"
TIMED = {"cron": "hudson.triggers.TimerTrigger", "pollSCM": "hudson.triggers.SCMTrigger"}
PARAMETERS = "hudson.model.ParametersDefinitionProperty"


def apply(job: Item, message: Mapping[str, Any]) -> dict[str, Any]:
    """Write the declaration into the job and return the parameters' default values."""
    root = ET.fromstring(job.xml.partition("?>")[2] or job.xml)
    properties = root.find("properties")
    if properties is None:
        properties = ET.SubElement(root, "properties")
    calls = message.get("parameters") or []
    defaults = _parameters(properties, calls) if calls else {}
    if message.get("triggers"):
        _triggers(properties, message["triggers"])
    for option in message.get("options") or []:
        if option["name"] == "disableConcurrentBuilds" and properties.find(NO_CONCURRENCY) is None:
            abort = any(fact.get("abortPrevious") for fact in option["args"] if isinstance(fact, Mapping))
            mark = ET.SubElement(ET.SubElement(properties, NO_CONCURRENCY), "abortPrevious")
            mark.text = str(abort).lower()
        if option["name"] == "buildDiscarder":
            _discarder(properties, option)
    xml = '<?xml version="1.1" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode")
    if xml != job.xml:
        job.write(xml, parse(xml))
    return defaults


def message(given: list[Mapping[str, Any]]) -> dict[str, Any]:
    """The values of a `properties` step, in the form of a declaration."""
    calls = [_call(value) for value in given]
    nested = {call["name"]: call["args"][0] for call in calls if call["args"]}
    return {
        "parameters": nested.get("parameters") or [],
        "triggers": nested.get("pipelineTriggers") or [],
        "options": calls,
    }


def _call(value: Any) -> Any:
    """What a symbol made, as the call that it was."""
    if isinstance(value, list):
        return [_call(entry) for entry in value]
    if not isinstance(value, Mapping) or "$symbol" not in value:
        return value
    facts = {name: item for name, item in value.items() if not name.startswith("$")}
    args = [_call(value["$value"])] if "$value" in value else [facts] if facts else []
    return {"name": value["$symbol"], "args": args}


def _triggers(properties: ET.Element, calls: list[Mapping[str, Any]]) -> None:
    existing = properties.find(TRIGGERS)
    if existing is not None:
        properties.remove(existing)
    holder = ET.SubElement(ET.SubElement(properties, TRIGGERS), "triggers")
    for call in calls:
        facts = call["args"][0] if call["args"] else ""
        if call["name"] == "upstream":
            named = facts if isinstance(facts, Mapping) else {"upstreamProjects": facts}
            element = ET.SubElement(holder, "jenkins.triggers.ReverseBuildTrigger")
            ET.SubElement(element, "upstreamProjects").text = str(named.get("upstreamProjects", ""))
        elif call["name"] in TIMED:
            spec = facts.get("spec", "") if isinstance(facts, Mapping) else facts
            ET.SubElement(ET.SubElement(holder, TIMED[call["name"]]), "spec").text = str(spec)
        else:
            raise StepError("illegal", f'Invalid trigger type "{call["name"]}"')


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
