"""result.json: the result model as it is, for machines and for later comparisons."""

from __future__ import annotations

import json
from pathlib import Path

from reports.model import RunResult


def render(result: RunResult, folder: Path) -> str:  # noqa: ARG001 - every renderer has these two
    """The JSON text of `result` (schema: docs/result-1.schema.json)."""
    return json.dumps(result.model_dump(mode="json"), indent=1, ensure_ascii=False) + "\n"
