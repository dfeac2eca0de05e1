"""pytest plugin for direct calls of pytest: finds the stack before workers start.

With `--stack FILE` nothing is to do. With `--environment NAME` the newest kept stack of that environment is
taken (`conformance up` makes one), or the one that the environment finds by the contract.
The controlling process decides once; workers get the file's name.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.contract.load import load
from conformance.core.errors import ConformanceError, UsageError
from environments import registry, runs
from environments.environment import Order
from environments.options import RunOptions


def pytest_configure(config: pytest.Config) -> None:
    if config.option.stack or not config.option.environment or hasattr(config, "workerinput"):
        return
    try:
        config.option.stack = str(_find(config.option.environment, Path(config.option.contract)))
    except ConformanceError as error:
        raise pytest.UsageError(str(error)) from error


def _find(name: str, contract: Path) -> Path:
    environment = registry.find(name)
    if not environment.makes:
        run = runs.new(str(contract), name, "")
        order = Order(load(contract), RunOptions(contract=contract, environment=name), run, lambda _: None)
        run.save_endpoints(environment.up(order))
        return run.endpoints_file
    kept = [
        run for run in runs.all_runs() if run.environment == name and run.kept and run.endpoints() is not None
    ]
    if not kept:
        raise UsageError("no stack is kept", remedy="conformance up, then run pytest again")
    return kept[-1].endpoints_file
