"""The gate for programs: JSON, and JUnit XML where each pin is a test case."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any
from xml.etree import ElementTree as ET

from conformance.pins.diff import PinChange
from conformance.pins.gate import GateResult
from conformance.pins.output import rows
from conformance.sources.plugins.pin import Finding

SCHEMA = 1


def as_json(result: GateResult) -> str:
    """Keys: schema, verdict, exit_code, reasons, core, java, pins, document, changes, findings, trial and
    bisection (null when none)."""
    document = {"source": result.document, "day": result.document_day, "signed": result.document_signed}
    trial = {"outcome": result.trial.outcome, "summary": result.trial.summary} if result.trial else None
    content: dict[str, Any] = {
        "schema": SCHEMA,
        "verdict": result.verdict.word,
        "exit_code": result.verdict.exit_code,
        "reasons": result.verdict.reasons,
        "core": result.target.core,
        "java": result.target.java,
        "pins": {name: pin.version for name, pin in result.candidate.exact().items()},
        "document": document,
        "changes": [_plain(one) for one in result.changes],
        "findings": [_plain(one) for one in result.findings],
        "trial": trial,
        "bisection": asdict(result.bisection) if result.bisection else None,
    }
    return json.dumps(content, indent=1) + "\n"


def _plain(one: Finding | PinChange) -> dict[str, Any]:
    return asdict(one) | {"where": {"file": one.where.file, "line": one.where.line}}


def as_junit(result: GateResult) -> str:
    """One case for each subject: a pin, the core, or another subject of a finding.

    no-go is a failure, error an error, a waived finding and a warning go to system-out.
    """
    cases: dict[str, list[Finding]] = {name: [] for name in ("core", *result.candidate.exact())}
    for one in result.findings:
        cases.setdefault(one.subject, []).append(one)
    failed = [name for name, found in cases.items() if any(one.blocks for one in found)]
    broken = [
        name
        for name, found in cases.items()
        if name not in failed and any(one.level == "error" and not one.waived for one in found)
    ]
    counts = {"tests": str(len(cases)), "failures": str(len(failed)), "errors": str(len(broken))}
    suites = ET.Element("testsuites", counts)
    suite = ET.SubElement(suites, "testsuite", {"name": "plugin-gate", **counts})
    ET.SubElement(ET.SubElement(suite, "properties"), "property", name="verdict", value=result.verdict.word)
    for name, found in cases.items():
        case = ET.SubElement(suite, "testcase", classname="plugin-gate", name=_clean(name))
        lines = [f"{rows.level(one)} {one.where} {rows.what(one)}" for one in found]
        if name in failed or name in broken:
            tag = "failure" if name in failed else "error"
            ET.SubElement(case, tag, message=_clean(lines[0])).text = _clean("\n".join(lines))
        elif lines:
            ET.SubElement(case, "system-out").text = _clean("\n".join(lines))
    return ET.tostring(suites, encoding="unicode", xml_declaration=True) + "\n"


def _clean(text: str) -> str:
    """Without the characters that XML cannot hold; a hostile document may have them."""
    return "".join(
        char for char in text if char in "\t\n" or " " <= char <= "\ud7ff" or "\ue000" <= char <= "\ufffd"
    )
