"""The parts of its own job that a pipeline declares: they become the job's configuration."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..home.items import Item
from ..home.jobxml import parse, read, written
from ..unsupported import unsupported
from .groovy_host import StepError

KINDS = {"string": "String", "booleanParam": "Boolean"}
NO_CONCURRENCY = "org.jenkinsci.plugins.workflow.job.properties.DisableConcurrentBuildsJobProperty"
PARAMETERS = "hudson.model.ParametersDefinitionProperty"
Call = Mapping[str, Any]
"""One call of a block such as `options { }`: its name and its args."""


def declare(job: Item, parameters: Sequence[Call], options: Iterable[Call]) -> dict[str, Any]:
    """Write a declaration into the job and return the parameters' default values.

    Raises:
        StepError: an option or its argument is not implemented.
    """
    root = read(job.xml)
    properties = root.find("properties")
    if properties is None:
        properties = ET.SubElement(root, "properties")
    defaults = _parameters(properties, parameters) if parameters else {}
    if any(option["name"] == "disableConcurrentBuilds" for option in options):
        if any(option["args"] for option in options if option["name"] == "disableConcurrentBuilds"):
            raise StepError("abort", unsupported("the arguments of disableConcurrentBuilds"))
        if properties.find(NO_CONCURRENCY) is None:
            ET.SubElement(ET.SubElement(properties, NO_CONCURRENCY), "abortPrevious").text = "false"
    text = written(root)
    if text != job.xml:
        job.write(text, parse(text))
    return defaults


def property_calls(given: list[Mapping[str, Any]]) -> tuple[list[Call], list[Call]]:
    """The parameters and the options that a `properties` step sets."""
    calls = [_call(value) for value in given]
    parameters = [entry for call in calls if call["name"] == "parameters" for entry in call["args"][0]]
    return parameters, [call for call in calls if call["name"] != "parameters"]


def _call(value: Any) -> Any:
    """The call that made a symbol's value."""
    if isinstance(value, list):
        return [_call(entry) for entry in value]
    if not isinstance(value, Mapping) or "$symbol" not in value:
        return value
    facts = {name: item for name, item in value.items() if not name.startswith("$")}
    args = [_call(value["$value"])] if "$value" in value else [facts] if facts else []
    return {"name": value["$symbol"], "args": args}


def _parameters(properties: ET.Element, calls: Sequence[Call]) -> dict[str, Any]:
    existing = properties.find(PARAMETERS)
    if existing is not None:
        properties.remove(existing)
    definitions = ET.SubElement(ET.SubElement(properties, PARAMETERS), "parameterDefinitions")
    defaults: dict[str, Any] = {}
    for call in calls:
        if call["name"] not in KINDS:
            raise StepError("abort", unsupported(f"the parameter type {call['name']!r}"))
        kind, facts = KINDS[str(call["name"])], dict((call["args"] or [{}])[0])
        element = ET.SubElement(definitions, f"hudson.model.{kind}ParameterDefinition")
        ET.SubElement(element, "name").text = str(facts["name"])
        value = facts.get("defaultValue", False if kind == "Boolean" else "")
        shown = str(value).lower() if kind == "Boolean" else str(value)
        ET.SubElement(element, "defaultValue").text = shown
        defaults[str(facts["name"])] = value
        if facts.get("description"):
            ET.SubElement(element, "description").text = str(facts["description"])
    return defaults
