"""Publishes the JSON schema of results: `python -m reports.schema` writes docs/result-1.schema.json."""

from __future__ import annotations

import json

from conformance.core.paths import PROJECT
from reports.model import SCHEMA_VERSION, schema

FILE = PROJECT / "docs" / f"result-{SCHEMA_VERSION}.schema.json"

if __name__ == "__main__":
    FILE.write_text(json.dumps(schema(), indent=1) + "\n", encoding="utf-8")
