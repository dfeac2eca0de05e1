"""What was seen of the upgrade, and the state from before it as it is now."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from conformance.clients.stack_clients import Stack, connect
from conformance.contract.model import Contract
from conformance.core.errors import UsageError
from conformance.upgrade.observed import STATE, Observed
from conformance.upgrade.state.collectors import Looked, look
from conformance.upgrade.state.model import Manifest
from environments.base import Endpoints
from suites.ground import blocked, decides
from suites.upgrade.ground import lost_volume

IN_THE_HOME = ("UPGRADE-13", "UPGRADE-16", "UPGRADE-17")


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
    """What was seen while it happened."""
    return Observed.load(folder)


@pytest.fixture(scope="session")
def manifest(folder: Path) -> Manifest:
    """What the stack held before."""
    return Manifest.load(folder / STATE)


@pytest.fixture(scope="session")
def stack(endpoints: Endpoints, contract: Contract) -> Stack:
    """Hands for the stack that was come to."""
    return connect(endpoints, contract)


@pytest.fixture(scope="session")
def looked(manifest: Manifest, observed: Observed, stack: Stack) -> Looked:
    """All of it looked at again, once."""
    return dataclasses.replace(look(stack, manifest), failed=observed.error.partition("\n")[0])


@pytest.fixture(autouse=True)
def _home(request: pytest.FixtureRequest) -> None:
    """What was under way, and what was asked for, went with the home that it was in."""
    if any(decides(request, name) for name in IN_THE_HOME):
        volume = lost_volume(request.getfixturevalue("looked"), "jenkins")
        if volume is not None:
            blocked(request, "UPGRADE-02", str(volume))
