"""Small builders for the pins' tests."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from conformance.pins.judge import Rules
from conformance.pins.release_index import ReleaseIndex, read_manifests
from conformance.pins.updatecenter.document import UpdateCenter
from conformance.pins.updatecenter.load import load
from conformance.pins.updatecenter.load import parse as parse_document
from conformance.sources.plugins.pin import Finding, PinFile
from conformance.sources.plugins.read import parse, read

DATA = Path(__file__).parent / "data"
DAYS = DATA / "days"
PINS = DATA / "plugins.txt"
MANIFESTS = DATA / "manifests.json"
LAST = DAYS / "2026-06-14.json.gz"
TODAY = date(2026, 6, 14)


def real_pins() -> PinFile:
    return read(PINS)


def real_catalogue(document: Path = LAST) -> ReleaseIndex:
    return ReleaseIndex(load(str(document)), (), read_manifests(MANIFESTS))


def rules(**more: Any) -> Rules:
    return Rules(today=TODAY, **more)


def plugin(name: str, version: str, core: str = "2.479.1", **needs: str) -> dict[str, Any]:
    """An update center entry; `needs` holds plugin to version, `_` for `-`, `_optional` at its end."""
    dependencies = [
        {
            "name": need.removesuffix("_optional").replace("_", "-"),
            "version": least,
            "optional": need.endswith("_optional"),
        }
        for need, least in needs.items()
    ]
    return {"name": name, "version": version, "requiredCore": core, "dependencies": dependencies}


def document(*plugins: dict[str, Any], **more: Any) -> UpdateCenter:
    raw = {
        "core": {"version": "2.568"},
        "generationTimestamp": "2026-06-14T01:50:16Z",
        "plugins": {one["name"]: one for one in plugins},
        "warnings": [],
        "deprecations": {},
        **more,
    }
    return parse_document(json.dumps(raw).encode(), "test.json")


def pin_file(pins: Mapping[str, str]) -> PinFile:
    return parse("".join(f"{name}:{version}\n" for name, version in pins.items()), "pins.txt")


def keys(findings: list[Finding]) -> list[tuple[str, str]]:
    """(code, subject) of what keeps the pins from GO."""
    return sorted((one.code, one.subject) for one in findings if one.level in ("no-go", "error"))
