"""Fixtures and parameters that checks of several layers share.

Agents and products of the contract are parameters. The one restart of Nexus begins here, because checks of
lower layers run beside it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from conformance.clients.kubernetes import Cluster
from conformance.clients.nexus import Nexus
from conformance.contract.load import load
from conformance.contract.model import Contract
from conformance.core.errors import EnvironmentFailure
from conformance.core.nonconformance import NonConformance
from conformance.core.shared_facts import Shared
from conformance.runner.endpoints import load_endpoints
from conformance.runner.outcomes import MEANING, runs_beside_restart
from suites.restarts import nexus_restart as restart_of_nexus

#: the longest time in seconds that another worker may need for a restart
LONGEST = 900


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Fill the parameters `label`, `image_label` and `product_name` from the contract."""
    if not {"label", "image_label", "product_name"} & set(metafunc.fixturenames):
        return
    contract: Contract = load(Path(str(metafunc.config.getoption("--contract")))).contract
    values = {
        "label": [agent.label for agent in contract.jenkins.agents],
        "image_label": [agent.label for agent in contract.jenkins.agents if agent.builds_images],
        "product_name": [product.name for product in contract.products],
    }
    for name, found in values.items():
        if name in metafunc.fixturenames:
            metafunc.parametrize(name, found)


def pytest_itemcollected(item: pytest.Item) -> None:
    """Let a check that runs beside the restart of Nexus begin that restart."""
    name = "begun_nexus_restart"
    if not isinstance(item, pytest.Function) or item.get_closest_marker("beside_restart") is None:
        return
    # the items of one function share this list
    if name not in item.fixturenames:
        item.fixturenames.insert(0, name)


@pytest.fixture(scope="session")
def planned(request: pytest.FixtureRequest) -> frozenset[str]:
    """The requirements that checks of this session decide."""
    meanings = (item.stash.get(MEANING, None) for item in request.session.items)
    return frozenset(name for meaning in meanings if meaning for name in meaning.requirements)


class NexusRestart:
    """The one restart of Nexus in a run, which takes half a minute; one worker makes it, all read it."""

    def __init__(self, restart: restart_of_nexus.Restart, shared: Shared) -> None:
        self._restart, self._shared = restart, shared
        # a daemon: it holds up no process that is about to end
        self._thread = threading.Thread(target=self._begin, name="restart of nexus", daemon=True)

    def begin(self) -> None:
        """Begin it in the background, where this process did not yet."""
        if self._thread.ident is None:
            self._thread.start()

    def result(self) -> restart_of_nexus.RestartResult:
        """Begin it, and wait for its end. Raises NonConformance, EnvironmentFailure."""
        self.begin()
        return self._once()

    def join(self) -> None:
        """Wait for a restart that this process began: other workers wait for its result."""
        if self._thread.ident is not None:
            self._thread.join()

    def _once(self) -> restart_of_nexus.RestartResult:
        fact = self._shared.once("restart of nexus", self._restart.make, timeout=LONGEST)
        return restart_of_nexus.RestartResult.from_facts(fact)

    def _begin(self) -> None:
        with suppress(NonConformance, EnvironmentFailure):  # `result` raises the same
            self._once()


@pytest.fixture(scope="session")
def nexus_restart(
    contract: Contract, shared: Shared, run_name: str, nexus: Nexus, kube: Cluster
) -> Iterator[NexusRestart]:
    """The one restart of Nexus in a run."""
    restart = restart_of_nexus.Restart(nexus.in_own_session(), kube, contract, shared, run_name)
    found = NexusRestart(restart, shared)
    yield found
    found.join()


@pytest.fixture
def begun_nexus_restart(request: pytest.FixtureRequest, nexus_restart: NexusRestart) -> None:
    """Begin the restart of Nexus, where the session restarts it at all and is allowed to."""
    if (
        runs_beside_restart(request.node, request.session.items)
        and load_endpoints(request.config).disruptible
    ):
        nexus_restart.begin()
