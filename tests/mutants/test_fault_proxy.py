"""The proxy changes nothing without a rule, and with one exactly what the rule says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import requests

from conformance.clients.http import Http, Unavailable
from environments.base import Endpoints, Login, RegistryEndpoint, Service
from mutants.fault_proxy import FaultProxies, Rule
from tests.clients.server import Answer, Server, running

Through = Callable[..., Http]


@pytest.fixture
def server() -> Iterator[Server]:
    with running() as made:
        made.on("GET", "/thing", Answer(200, b"version one", {"X-Extra": "yes"}))
        made.on("PUT", "/thing", Answer(201))
        yield made


@pytest.fixture
def through(server: Server, tmp_path: Path) -> Iterator[Through]:
    """`through(**rule)`: a client of the server behind a proxy with that rule."""
    service = Service(server.url, Login("admin", "made-up"))
    registry = RegistryEndpoint("ecr.example.org", service, service, "1", "r", "local")
    endpoints = Endpoints("run", "kind", "", "", "", service, service, registry)
    with ExitStack() as stack:

        def make(**rule: object) -> Http:
            rules = [Rule.model_validate({"service": "nexus", **rule})]
            reported = stack.enter_context(FaultProxies(endpoints, rules, tmp_path)).endpoints.nexus
            host, _, port = (reported.connect or "").partition(":")
            return Http(Service(f"http://{host}:{port}", reported.login), patience=1)

        yield make


def test_without_a_match_nothing_changes(through: Through, server: Server) -> None:
    http = through(path="/other", status=500)
    answer = http.get("/thing?a=b%20c")
    assert (answer.status_code, answer.content, answer.headers["X-Extra"]) == (200, b"version one", "yes")
    assert server.asked[-1].path == "/thing?a=b%20c"
    assert http.put("/thing", data=b"x" * 100_000).status_code == 201
    assert len(server.asked[-1].body) == 100_000


def test_an_answer_is_rewritten(through: Through) -> None:
    http = through(answer=["one", "two"], as_status=203, headers={"X-Extra": ""})
    answer = http.get("/thing")
    assert (answer.status_code, answer.text) == (203, "version two")
    assert "X-Extra" not in answer.headers


def test_only_the_first_are_refused(through: Through, server: Server) -> None:
    http = through(status=503, times=2)
    assert http.get("/thing").status_code == 200
    assert [exchange.status for exchange in http.journal.exchanges] == [503, 503, 200]
    assert server.times("GET", "/thing") == 1


def test_only_the_later_are_refused(through: Through) -> None:
    http = through(status=400, after=1)
    assert [http.get("/thing").status_code for _ in range(3)] == [200, 400, 400]


def test_large_bodies_are_refused(through: Through) -> None:
    http = through(largest=10)
    assert http.put("/thing", data=b"small").status_code == 201
    assert http.put("/thing", data=b"larger than that").status_code == 413


def test_a_cut_connection_is_no_answer(through: Through) -> None:
    http = through(reset=True)
    with pytest.raises(Unavailable):
        http.put("/thing", data=b"x")


def test_who_asks_is_distinguished(through: Through) -> None:
    http = through(lacks="^authorization", status=200, body="anybody")
    with http.anonymous() as anyone:
        assert anyone.get("/thing").text == "anybody"
    assert http.get("/thing").text == "version one"


def test_tls_is_shown_with_an_authority_of_its_own(server: Server, tmp_path: Path) -> None:
    service = Service("https://ecr.example.org", None, server.url.removeprefix("http://"))
    registry = RegistryEndpoint("ecr.example.org", service, service, "1", "r", "local")
    endpoints = Endpoints("run", "kind", "", "", "", service, service, registry)
    rule = Rule(service="registry", status=204)
    with FaultProxies(endpoints, [rule], tmp_path) as proxies:
        from environments.ecr.dial import session

        with session(proxies.endpoints.registry.data, proxies.endpoints.ca_bundle) as asked:
            assert asked.get("https://ecr.example.org/v2/", timeout=5).status_code == 204
        with (
            session(proxies.endpoints.registry.data, "") as asked,
            pytest.raises(requests.exceptions.SSLError),
        ):
            asked.get("https://ecr.example.org/v2/", timeout=5)
