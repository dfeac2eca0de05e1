"""The observations of the upgrade, and the state from before it as it is now."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from conformance.clients.stack_clients import StackClients
from conformance.core.errors import UsageError
from conformance.core.nonconformance import PreconditionFailed
from conformance.upgrade.observed import STATE, Observed
from conformance.upgrade.state.collectors import Comparison, compare
from conformance.upgrade.state.model import Manifest
from suites.upgrade.preconditions import lost_volume


@pytest.fixture(scope="session")
def folder(request: pytest.FixtureRequest) -> Path:
    given = str(request.config.getoption("--upgrade"))
    if not given:
        raise UsageError(
            "no upgrade was watched",
            expected="--upgrade DIR",
            remedy="run `conformance upgrade`, which gives it",
        )
    return Path(given)


@pytest.fixture(scope="session")
def observed(folder: Path) -> Observed:
    """The observations made while it ran."""
    return Observed.load(folder)


@pytest.fixture(scope="session")
def manifest(folder: Path) -> Manifest:
    """The state of the stack before it."""
    return Manifest.load(folder / STATE)


@pytest.fixture(scope="session")
def comparison(manifest: Manifest, observed: Observed, clients: StackClients) -> Comparison:
    """The state from before as it is now, read once."""
    return dataclasses.replace(compare(clients, manifest), failed=observed.error.partition("\n")[0])


@pytest.fixture(scope="session")
def home_kept(comparison: Comparison) -> None:
    """The controller has the home that it had: running and queued builds go with it."""
    volume = lost_volume(comparison, "jenkins")
    if volume is not None:
        raise PreconditionFailed("UPGRADE-02", str(volume))
