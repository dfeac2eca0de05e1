"""junit.xml: layers as suites, the requirement and the remedy in the message.

Jenkins' junit plugin, GitLab and GitHub know passed, failure, error and skipped. Blocked, waived, not
applicable, undecided and not run are skipped with their reason. Text that XML cannot hold (control
characters, lone surrogates) is escaped.
"""

from __future__ import annotations

import datetime as dt
import xml.etree.ElementTree as ET

from reports.model import Check, Outcome, RequirementInfo, RunResult
from reports.text import clean
from reports.verdict import by_layer, remedy_of


def render(result: RunResult) -> str:
    """The JUnit XML of `result`."""
    by_id = result.by_id
    root = ET.Element("testsuites", {"name": "conformance", **_sums(result.checks)})
    for layer, checks in by_layer(result.checks).items():
        root.append(_suite(layer, checks, result, by_id))
    if result.problems:
        suite = ET.SubElement(
            root,
            "testsuite",
            name="harness",
            failures="0",
            skipped="0",
            time="0",
            tests=str(len(result.problems)),
            errors=str(len(result.problems)),
        )
        for problem in result.problems:
            case = ET.SubElement(
                suite, "testcase", classname="harness", name=clean(problem.what)[:200], time="0"
            )
            error = ET.SubElement(case, "error", message=clean(_with_remedy(problem.what, problem.remedy)))
            error.text = clean("\n".join(filter(None, (problem.where, problem.observed))))
    ET.indent(root, " ")
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _suite(
    layer: str, checks: tuple[Check, ...], result: RunResult, by_id: dict[str, RequirementInfo]
) -> ET.Element:
    first = min((check.started for check in checks if check.started), default=result.run.started)
    stamp = dt.datetime.fromtimestamp(first, dt.UTC).strftime("%Y-%m-%dT%H:%M:%S")
    suite = ET.Element("testsuite", {"name": layer, "timestamp": stamp, **_sums(checks)})
    properties = ET.SubElement(suite, "properties")
    facts = [
        ("verdict", result.verdict.headline),
        ("run", result.run.id),
        ("subject", result.run.subject),
        ("environment", result.run.environment),
        ("contract.sha256", result.run.contract_sha256),
        ("stack.revision", result.run.stack_revision),
        ("version.harness", result.run.harness_version),
    ]
    for component in result.components:
        simulator = f" (simulator: {component.simulator})" if component.simulator else ""
        facts.append((f"version.{component.name}", f"{component.version}{simulator}"))
    for name, value in facts:
        ET.SubElement(properties, "property", name=clean(name), value=clean(value))
    for check in checks:
        suite.append(_case(check, by_id))
    return suite


def _case(check: Check, by_id: dict[str, RequirementInfo]) -> ET.Element:
    names = ", ".join(check.requirements)
    case = ET.Element(
        "testcase",
        classname=f"conformance.{check.layer}",
        name=clean(f"{names} {check.nodeid.rpartition('::')[2]}"),
        file=clean(check.nodeid.partition("::")[0]),
        time=f"{check.seconds:.3f}",
    )
    next_step = "Decided by" if check.outcome is Outcome.UNDECIDED else "Next"
    message = clean(_with_remedy(f"{names}: {check.message}", remedy_of(check, by_id), next_step))
    if check.outcome in (Outcome.FAILED, Outcome.ERROR):
        tag = "failure" if check.outcome is Outcome.FAILED else "error"
        child = ET.SubElement(case, tag, message=message, type=str(check.outcome))
        texts = [by_id[name].text for name in check.requirements if name in by_id]
        child.text = clean("\n".join([*texts, "", check.details or check.message]))
    elif check.outcome is not Outcome.PASSED:
        ET.SubElement(case, "skipped", message=f"{check.outcome}: {message}", type=str(check.outcome))
    for kept in check.evidence:
        if kept.file:
            # Jenkins' junit-attachments plugin and GitLab turn this line into a link
            out = case.find("system-out")
            out = ET.SubElement(case, "system-out") if out is None else out
            out.text = (out.text or "") + clean(f"[[ATTACHMENT|{kept.file}]] {kept.name}\n")
    return case


def _with_remedy(message: str, remedy: str, next_step: str = "Next") -> str:
    return f"{message}. {next_step}: {remedy}" if remedy else message


def _sums(checks: tuple[Check, ...]) -> dict[str, str]:
    not_skipped = (Outcome.FAILED, Outcome.ERROR, Outcome.PASSED)
    return {
        "tests": str(len(checks)),
        "failures": str(sum(check.outcome is Outcome.FAILED for check in checks)),
        "errors": str(sum(check.outcome is Outcome.ERROR for check in checks)),
        "skipped": str(sum(check.outcome not in not_skipped for check in checks)),
        "time": f"{sum(check.seconds for check in checks):.3f}",
    }
