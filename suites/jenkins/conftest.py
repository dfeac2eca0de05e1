"""Preconditions of the checks of the controller: its login page answers, and its administrator logs in.

In this folder `jenkins` is the client of a controller that answers; `clients.jenkins` is the same without
preconditions.
"""

from __future__ import annotations

import pytest

from conformance.clients.jenkins import Jenkins
from conformance.clients.stack_clients import StackClients
from conformance.core.nonconformance import PreconditionFailed


@pytest.fixture(scope="session")
def answering_jenkins(clients: StackClients) -> Jenkins:
    """A controller whose login page answers; its administrator's login is not known to work."""
    with clients.jenkins.http.anonymous() as anonymous:
        status = anonymous.get("/login").status_code
    if status != 200:
        raise PreconditionFailed("JENKINS-01", f"the login page answers {status}")
    return clients.jenkins


@pytest.fixture(scope="session")
def jenkins(answering_jenkins: Jenkins) -> Jenkins:
    """Jenkins as its administrator, logged in."""
    status = answering_jenkins.http.get("/whoAmI/api/json").status_code
    if status != 200:
        raise PreconditionFailed("JENKINS-02", f"the administrator's login gets {status}")
    return answering_jenkins
