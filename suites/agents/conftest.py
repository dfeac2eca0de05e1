"""What checks of agents stand on: that an agent comes at all, and that img builds at all."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from contract.model import Contract
from fixtures.agents import Agent, Agents
from fixtures.judging import not_applicable
from fixtures.nonconformance import NonConformance
from suites.ground import blocked

#: `comes(label)`: the agent that the run holds; without one the check is blocked
Comes = Callable[[str], Agent]


@pytest.fixture
def comes(request: pytest.FixtureRequest, agents: Agents, contract: Contract) -> Comes:
    def look(label: str) -> Agent:
        try:
            return agents.held(label, timeout=contract.budgets.agent_online)
        except NonConformance as error:
            blocked(request, "AGENTS-01", error.what)
            raise

    return look


@pytest.fixture
def agent(comes: Comes, label: str) -> Agent:
    """The agent of this label that the run holds."""
    return comes(label)


@pytest.fixture
def any_label(contract: Contract, comes: Comes) -> str:
    """A label of which an agent comes."""
    if not contract.jenkins.agents:
        not_applicable("the contract declares no agent")
    label = contract.jenkins.agents[0].label
    comes(label)
    return label
