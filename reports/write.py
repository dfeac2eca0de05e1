"""Writing every artifact of a result; one that cannot be written never costs the others or the verdict."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from conformance.core.files import write_atomically
from reports import jsonfile, junit, markdown, page, textline
from reports.model import RunResult
from reports.redact import SECRETS


def write_all(result: RunResult, folder: Path, previous: RunResult | None = None) -> dict[str, str]:
    """Write all artifacts of `result` into the results folder `folder`.

    `previous` is what the page compares with. Returns what could not be written: artifact to reason.
    Everything passes the redactor once more, in case a secret was declared after the check that saw it.
    """
    renderers: dict[str, Callable[[], str]] = {
        "result.json": lambda: jsonfile.render(result),
        "junit.xml": lambda: junit.render(result),
        "summary.md": lambda: markdown.render(result),
        "timeline.txt": lambda: textline.render(result),
        "report.html": lambda: page.render(result, folder, previous),
    }
    lost = {}
    for name, render in renderers.items():
        try:
            write_atomically(folder / name, _redacted(name, render()).encode("utf-8", "backslashreplace"))
        except OSError as error:
            lost[name] = error.strerror or str(error)
    return lost


def _redacted(name: str, text: str) -> str:
    clean = SECRETS.text(text)
    if clean != text and name.endswith(".json"):
        # a mark put into the middle of an escape would break the document: redact value by value
        return json.dumps(SECRETS.tree(json.loads(text)), indent=1, ensure_ascii=False)
    return clean
