"""Jobs, plugins and builds as frozen facts, and the configuration XML of jobs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote
from xml.sax.saxutils import escape

from conformance.core.nonconformance import NonConformance

#: folders that runs make for their own jobs begin with this
SCRATCH = "conformance-run-"

#: lines of a console that never say why a build failed
_SKIPPED = ("+ ", "[Pipeline]", "Finished:")
_GENERIC = "ERROR: script returned exit code"
_HINT = re.compile(
    r"\berror\b|\bfail|not (found|in|set|there)\b|denied|refuse|missing|cannot|Exception", re.IGNORECASE
)

FOLDER_CLASS = "com.cloudbees.hudson.plugins.folder.Folder"


@dataclass(frozen=True, slots=True)
class JobFact:
    """A job as `/api/json` returns it. `parameters` are (name, type) with the type as in the contract."""

    name: str
    kind: str
    disabled: bool
    concurrent: bool
    parameters: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class PluginFact:
    name: str
    version: str
    active: bool
    enabled: bool


@dataclass(frozen=True, slots=True)
class Build:
    """A finished build. `seconds` is its duration, `console` its whole log."""

    job: str
    number: int
    result: str
    seconds: float
    console: str

    def require_success(self, remedy: str = "") -> Build:
        """The build itself. Raises NonConformance when its result is not SUCCESS."""
        if self.result != "SUCCESS":
            raise NonConformance(
                f"build {self.job} #{self.number} ended {self.result}: {self.reason()}",
                expected="SUCCESS",
                observed="the console's end:\n" + "\n".join(self.console.splitlines()[-25:]),
                remedy=remedy or f"read the console of {self.job} #{self.number}",
            )
        return self

    def reason(self) -> str:
        """The console's most likely reason for the result: one line for a message's first line."""
        lines = [line.strip() for line in self.console.splitlines()]
        lines = [line for line in lines if line and not line.startswith(_SKIPPED)]
        # what is skipped follows from the failure and never says why
        lines = [line for line in lines if not line.endswith("skipped due to earlier failure(s)")]
        maven = next((line for line in lines if line.startswith("[ERROR]") and len(line) > 20), "")
        errors = [line for line in lines if line.startswith("ERROR") and not line.startswith(_GENERIC)]
        hints = [line for line in lines if _HINT.search(line) and not line.startswith(_GENERIC)]
        found = maven or (errors or hints or lines or ["the console is empty"])[-1]
        return found[:300]


@dataclass(frozen=True, slots=True)
class Started:
    """A build that left the queue."""

    job: str
    number: int
    queue_id: int


def job_path(name: str) -> str:
    """URL path of a job by its full name: `a/b` is `/job/a/job/b`."""
    return "".join(f"/job/{quote(part, safe='')}" for part in name.split("/"))


def pipeline_xml(script: str) -> str:
    """config.xml of a pipeline job whose script runs in the sandbox."""
    return (
        "<?xml version='1.1' encoding='UTF-8'?><flow-definition plugin=\"workflow-job\">"
        "<description>made by a conformance run</description><properties/>"
        '<definition class="org.jenkinsci.plugins.workflow.cps.CpsFlowDefinition" plugin="workflow-cps">'
        f"<script>{escape(script)}</script><sandbox>true</sandbox></definition>"
        "<keepDependencies>false</keepDependencies><triggers/><disabled>false</disabled></flow-definition>"
    )


def walk(raw: Mapping[str, Any]) -> Iterator[JobFact]:
    """Every item below `raw` (an answer with nested `jobs`), except those of runs."""
    for item in raw.get("jobs") or []:
        name = item.get("fullName") or item["name"]
        if name.startswith(SCRATCH):
            continue
        parameters = [
            (definition["name"], _kind(definition.get("type", "")))
            for part in item.get("property") or []
            for definition in part.get("parameterDefinitions") or []
        ]
        yield JobFact(
            name,
            item.get("_class", ""),
            bool(item.get("disabled")),
            bool(item.get("concurrentBuild")),
            tuple(parameters),
        )
        yield from walk(item)


def _kind(type_name: str) -> str:
    return type_name.removesuffix("ParameterDefinition").lower()
