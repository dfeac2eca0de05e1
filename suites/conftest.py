"""What checks of several layers share.

Agents and products of the contract are parameters. What many checks must read and cannot is told once, by
the check that decides it; the others are blocked.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from conformance.clients.kubernetes import Cluster
from conformance.clients.nexus import Nexus
from conformance.contract.load import load
from conformance.contract.model import Contract
from conformance.core.errors import EnvironmentFailure
from conformance.core.nonconformance import NonConformance, Unreadable
from conformance.core.shared_facts import Shared
from conformance.runner.decision import Blocked
from conformance.runner.endpoints import load_endpoints
from conformance.runner.outcomes import comes_meanwhile
from suites.restarts import nexus_restart as restarting_nexus

#: seconds for which another worker may be at a restart, at its longest
LONGEST = 900
#: the restart of Nexus: called, it waits for its end
NexusRestart = Callable[[], restarting_nexus.Restarted]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None, object, object]:
    with _told_once(item):
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    with _told_once(item):
        return (yield)


@contextmanager
def _told_once(item: pytest.Item) -> Iterator[None]:
    try:
        yield
    except Unreadable as error:
        if error.decided_by in {name for mark in item.iter_markers("requirement") for name in mark.args}:
            raise
        raise Blocked(f"{error.decided_by}: {error.what}") from error


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Fill the parameters `label`, `image_label` and `product` from the contract."""
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


@pytest.fixture(scope="session")
def nexus_restart(
    contract: Contract, shared: Shared, run_name: str, nexus: Nexus, kube: Cluster
) -> Iterator[NexusRestart]:
    """The one restart of Nexus in a run, begun by whoever comes first; its start takes half a minute.

    Raises, when it is called: NonConformance, EnvironmentFailure.
    """
    make = restarting_nexus.Restart(nexus.in_own_session(), kube, contract, shared, run_name).make

    def once() -> restarting_nexus.Restarted:
        return restarting_nexus.Restarted.from_facts(shared.once("restart of nexus", make, timeout=LONGEST))

    def begin() -> None:
        with suppress(NonConformance, EnvironmentFailure):  # whoever calls it gets the same
            once()

    # it holds up no process that is told to end
    thread = threading.Thread(target=begin, name="restart of nexus", daemon=True)
    thread.start()
    yield once
    # other workers wait for what this one may be at
    thread.join()


@pytest.fixture(autouse=True)
def _begun(request: pytest.FixtureRequest, _may_write: None) -> None:
    """Who runs while Nexus restarts lets it begin, where it may."""
    if comes_meanwhile(request.node, request.session.items) and load_endpoints(request.config).disruptible:
        request.getfixturevalue("nexus_restart")
