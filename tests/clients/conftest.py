"""Servers and clients of them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from conformance.clients.http import Http
from conformance.clients.jenkins import Jenkins
from conformance.clients.nexus import Nexus
from environments.base import Login, Service
from tests.clients.server import Server, recorded, running


@pytest.fixture
def server() -> Iterator[Server]:
    with running() as made:
        yield made


@pytest.fixture
def http(server: Server) -> Http:
    return Http(Service(server.url, Login("admin", "made-up-password")), patience=2, name="the server")


@pytest.fixture
def jenkins(server: Server, http: Http) -> Jenkins:
    server.on("GET", "/crumbIssuer/api/json", recorded("crumb"))
    return Jenkins(http)


@pytest.fixture
def nexus(http: Http) -> Nexus:
    return Nexus(http)
