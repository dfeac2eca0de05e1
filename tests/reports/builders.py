"""Builders of small results; every field can be set."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from reports.events import EventLog, piece
from reports.load import load_results
from reports.model import RunResult
from reports.redact import Redactor

LAYER_OF = {
    "STATIC": "static",
    "PLATFORM": "platform",
    "NEXUS": "nexus",
    "REGISTRY": "registry",
    "JENKINS": "jenkins",
    "AGENTS": "agents",
    "PIPELINES": "pipelines",
}


def requirement(name: str, **changes: Any) -> dict[str, Any]:
    layer = LAYER_OF[name.rpartition("-")[0]]
    return {
        "id": name,
        "text": f"What {name} asks for.",
        "level": "MUST",
        "layer": layer,
        "source": "the reference",
        "remedy": f"repair {name}",
        "gate": False,
        **changes,
    }


def check(name: str, outcome: str = "passed", **changes: Any) -> dict[str, Any]:
    layer = LAYER_OF[name.rpartition("-")[0]]
    return {
        "nodeid": f"suites/{layer}/test_{layer}.py::test_{name.lower().replace('-', '_')}",
        "layer": layer,
        "requirements": [name],
        "gate": False,
        "outcome": outcome,
        "message": "" if outcome == "passed" else f"{name} is not so",
        "remedy": "",
        "details": "",
        "started": 1_790_000_000.0,
        "seconds": 0.5,
        "worker": "",
        "blocked_by": "",
        "waiver": "",
        "evidence": [],
        **changes,
    }


def results(
    folder: Path,
    *checks: dict[str, Any],
    requirements: list[dict[str, Any]] | None = None,
    run: dict[str, Any] | None = None,
    head: dict[str, Any] | None = None,
    evidence: dict[str, dict[str, Any]] | None = None,
    redactor: Redactor | None = None,
    ended: bool = True,
) -> RunResult:
    """Write a results folder and load it. `evidence`: by requirement, name to content."""
    log = EventLog(folder, "live", redactor or Redactor())
    log.event("session-start", session="live", pid=1, arguments=[])
    planned = ("nodeid", "layer", "requirements", "gate")
    log.event("collected", checks=[{key: one[key] for key in planned} for one in checks])
    for one in checks:
        kept = (evidence or {}).get(one["requirements"][0], {})
        stored = log.store([piece(name, content) for name, content in kept.items()])
        log.event("check", check={**one, "evidence": stored})
    if ended:
        log.event("session-end", session="live", status=0)
    log.close()
    names = dict.fromkeys(name for one in checks for name in one["requirements"])
    about = {
        "id": folder.name,
        "started": 1_790_000_000.0,
        "ended": 1_790_000_100.0 if ended else None,
        "state": "finished" if ended else "running",
        "environment": "kind",
        "contract": "reference",
        "contract_file": "conformance.toml",
        "contract_sha256": "0" * 64,
        **(run or {}),
    }
    document = {
        "run": about,
        "requirements": [requirement(name) for name in names] if requirements is None else requirements,
        **(head or {}),
    }
    (folder / "run.json").write_text(json.dumps(document))
    return load_results(folder)
