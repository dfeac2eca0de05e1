"""Writing every artifact of a result; one that cannot be written never costs the others or the verdict."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from reports import jsonfile, junit, textline
from reports.events import write_atomically
from reports.model import RunResult
from reports.redact import SECRETS

Writer = Callable[[RunResult, Path], str]

WRITERS: Mapping[str, Writer] = MappingProxyType(
    {
        "result.json": jsonfile.render,
        "junit.xml": junit.render,
        "timeline.txt": textline.render,
    }
)


def write_all(result: RunResult, folder: Path) -> dict[str, str]:
    """Write all artifacts of `result` into the results folder `folder`.

    Returns what could not be written: artifact to reason. Everything passes the redactor once more,
    in case a secret was declared after the check that saw it.
    """
    lost = {}
    for name, render in WRITERS.items():
        try:
            text = render(result, folder)
            clean = SECRETS.text(text)
            if clean != text and name.endswith(".json"):
                clean = json.dumps(SECRETS.tree(json.loads(text)), indent=1, ensure_ascii=False)
            write_atomically(folder / name, clean.encode("utf-8", "backslashreplace"))
        except OSError as error:
            lost[name] = error.strerror or str(error)
    return lost
