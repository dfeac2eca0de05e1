"""What was seen of the upgrade, and the state from before it as it is now."""

from __future__ import annotations

from pathlib import Path

import pytest

from contract.model import Contract
from core.errors import UsageError
from environments.base import Endpoints
from fixtures.hands import Stack, connect
from upgrade.observed import STATE, Observed
from upgrade.state.keepers import Looked, look
from upgrade.state.model import Manifest


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
def looked(manifest: Manifest, stack: Stack) -> Looked:
    """All of it looked at again, once."""
    return look(stack, manifest)
