"""Writes the artifacts of a result; one that cannot be written never costs the others or the verdict."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from conformance.core.files import write_atomically
from reports import charts, junit, markdown, page
from reports.model import RunResult
from reports.redact import SECRETS


def write_all(result: RunResult, folder: Path, previous: RunResult | None = None) -> dict[str, str]:
    """Write all artifacts of `result` into the results folder `folder`.

    The page compares `result` with `previous`. Returns the artifacts that could not be written, each with
    its reason. Everything passes the redactor once more, because a secret may have been declared after the
    check that recorded it.
    """
    renderers: dict[str, Callable[[], str]] = {
        "result.json": lambda: to_json(result),
        "junit.xml": lambda: junit.render(result),
        "summary.md": lambda: markdown.render(result),
        "timeline.txt": lambda: charts.stand_up_text(result),
        "report.html": lambda: page.render(result, folder, previous),
    }
    lost = {}
    for name, render in renderers.items():
        try:
            write_atomically(folder / name, _redacted(name, render()).encode("utf-8", "backslashreplace"))
        except OSError as error:
            lost[name] = error.strerror or str(error)
    return lost


def to_json(result: RunResult) -> str:
    """The text of result.json (schema: docs/result-1.schema.json)."""
    return json.dumps(result.model_dump(mode="json"), indent=1, ensure_ascii=False) + "\n"


def _redacted(name: str, text: str) -> str:
    clean = SECRETS.text(text)
    if clean != text and name.endswith(".json"):
        # a mark in the middle of an escape would break the document: redact value by value
        return json.dumps(SECRETS.tree(json.loads(text)), indent=1, ensure_ascii=False)
    return clean
