"""result.json: the result model as it is, for machines and for later comparisons."""

from __future__ import annotations

import json

from reports.model import RunResult


def render(result: RunResult) -> str:
    """The JSON text of `result` (schema: docs/result-1.schema.json)."""
    return json.dumps(result.model_dump(mode="json"), indent=1, ensure_ascii=False) + "\n"
