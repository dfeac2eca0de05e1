"""pytest plugin for direct calls of pytest: finds the stack before workers start.

With `--stack FILE` nothing is to do. With `--environment=kind` the newest kept stack is taken
(`conformance up` makes one); with `--environment=existing` the one that the contract names.
The controlling process decides once; workers get the file's name.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.contract.load import load
from conformance.core.errors import ConformanceError, UsageError
from environments import runs


def pytest_configure(config: pytest.Config) -> None:
    if config.option.stack or not config.option.environment or hasattr(config, "workerinput"):
        return
    try:
        config.option.stack = str(_find(config.option.environment, Path(config.option.contract)))
    except ConformanceError as error:
        raise pytest.UsageError(str(error)) from error


def _find(environment: str, contract: Path) -> Path:
    if environment == "existing":
        from environments import existing

        run = runs.new(str(contract), "existing", "")
        run.endpoints_file.write_text(
            existing.endpoints(load(contract), run, writable=False).to_json(), encoding="utf-8"
        )
        return run.endpoints_file
    if environment != "kind":
        raise UsageError(f"there is no environment {environment!r}", expected="kind or existing")
    kept = [run for run in runs.all_runs() if run.kept and run.endpoints() is not None]
    if not kept:
        raise UsageError("no stack is kept", remedy="conformance up, then run pytest again")
    return kept[-1].endpoints_file
