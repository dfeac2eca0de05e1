"""Merges the shards of one run, from several machines, into one results folder."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from conformance.core.errors import UsageError
from conformance.core.files import write_atomically
from reports.events import DIAGNOSTICS
from reports.load import RUN, load_results
from reports.model import RunResult
from reports.recorder import CONTRACT, TIMELINE


def merge(shards: Sequence[Path], target: Path) -> RunResult:
    """Merge the results of `shards` into the empty folder `target` and load them.

    The merged run is finished only if every shard is. A check in several shards keeps its worst outcome.

    Raises:
        UsageError: fewer than two shards, `target` not empty, or shards of different contracts.
    """
    if len(shards) < 2:
        raise UsageError("merging needs at least two results folders")
    if target.exists() and any(target.iterdir()):
        raise UsageError(f"{target} is not empty", remedy="name a new folder for the merged results")
    loaded = [load_results(shard) for shard in shards]
    contracts = {result.run.contract_sha256 for result in loaded}
    if len(contracts) > 1:
        digests = "; ".join(
            f"{shard}: {r.run.contract_sha256[:12]}" for shard, r in zip(shards, loaded, strict=True)
        )
        raise UsageError("these results are of different contracts", observed=digests)
    target.mkdir(parents=True, exist_ok=True)
    for number, shard in enumerate(shards, 1):
        _copy(shard, target, f"shard{number}")
    write_atomically(target / RUN, json.dumps(_head(loaded), indent=1).encode())
    return load_results(target)


def _copy(shard: Path, target: Path, name: str) -> None:
    for file in sorted(shard.glob("events-*.jsonl")):
        shutil.copy(file, target / f"events-{name}-{file.name.removeprefix('events-')}")
    if (shard / "evidence").is_dir():
        # named by content: the same name is the same thing
        shutil.copytree(shard / "evidence", target / "evidence", dirs_exist_ok=True)
    if (shard / DIAGNOSTICS).is_dir():
        shutil.copytree(shard / DIAGNOSTICS, target / DIAGNOSTICS / name)
    for file in shard.glob("pytest-*.log"):
        shutil.copy(file, target / f"pytest-{name}-{file.name.removeprefix('pytest-')}")
    # one stand-up and one contract serve all shards
    for file in (shard / TIMELINE, shard / CONTRACT):
        if file.exists() and not (target / file.name).exists():
            shutil.copy(file, target / file.name)


def _head(loaded: list[RunResult]) -> dict[str, Any]:
    first = loaded[0]
    states = {result.run.state for result in loaded}
    state = "finished" if states == {"finished"} else "interrupted" if "interrupted" in states else "running"
    ends = [result.run.ended for result in loaded if result.run.ended is not None]
    run = {
        **first.run.model_dump(mode="json"),
        "started": min(result.run.started for result in loaded),
        "ended": max(ends, default=None),
        "state": state,
        "selection": " | ".join(dict.fromkeys(r.run.selection for r in loaded if r.run.selection)),
        "layers": sorted({layer for result in loaded for layer in result.run.layers}),
    }
    keys = ("requirement", "owner", "reason", "link", "expires", "match")
    waivers = {
        json.dumps({key: getattr(waiver, key) for key in keys})
        for result in loaded
        for waiver in result.waivers
    }
    return {
        "run": run,
        "components": _distinct(part.model_dump() for result in loaded for part in result.components),
        "requirements": list(
            {r.id: r.model_dump() for result in loaded for r in result.requirements}.values()
        ),
        "problems": _distinct(p.model_dump() for result in loaded for p in result.problems),
        "waivers": [json.loads(waiver) for waiver in sorted(waivers)],
    }


def _distinct(entries: Any) -> list[dict[str, Any]]:
    distinct: list[dict[str, Any]] = []
    for entry in entries:
        if entry not in distinct:
            distinct.append(entry)
    return distinct
