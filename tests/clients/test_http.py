"""HTTP: the rule about faults, trust and the journal."""

from __future__ import annotations

import time

import pytest

from conformance.clients.http import Http, Unavailable, expect
from conformance.core.errors import EnvironmentFailure
from conformance.core.nonconformance import NonConformance
from environments.base import Login, Service
from tests.clients.server import Answer, Server


def test_reading_outlasts_a_service_that_is_away_and_the_first_fault_stays(
    server: Server, http: Http
) -> None:
    server.on("GET", "/x", Answer(503), Answer(0), Answer(200, b"there"))
    assert http.get("/x").content == b"there"
    faults = [exchange.fault for exchange in http.journal.exchanges]
    assert faults[0] == "status 503"
    assert "ConnectionError" in faults[1] or "ChunkedEncoding" in faults[1]
    assert faults[2] == ""


def test_what_stays_away_is_the_environment_s_fault(server: Server, http: Http) -> None:
    http.patience = 0.3
    server.on("GET", "/x", Answer(503, b"starting"))
    with pytest.raises(Unavailable) as caught:
        http.get("/x")
    assert isinstance(caught.value, EnvironmentFailure)
    assert not isinstance(caught.value, AssertionError)
    assert "503" in str(caught.value)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
@pytest.mark.parametrize("fault", [Answer(503), Answer(0)], ids=["503", "reset"])
def test_changing_is_asked_once(server: Server, http: Http, method: str, fault: Answer) -> None:
    server.on(method, "/x", fault, Answer(200))
    with pytest.raises(Unavailable):
        http.request(method, "/x")
    assert server.times(method, "/x") == 1


@pytest.mark.parametrize("status", [400, 401, 403, 404, 500])
def test_other_statuses_are_answers(server: Server, http: Http, status: int) -> None:
    server.on("GET", "/x", Answer(status))
    assert http.get("/x").status_code == status
    assert server.times("GET", "/x") == 1


def test_nobody_there_is_reported_with_the_next_step() -> None:
    gone = Http(Service("http://127.0.0.1:9"), patience=0.2, name="Nexus")
    with pytest.raises(Unavailable) as caught:
        gone.get("/x")
    assert "Nexus" in str(caught.value)
    assert "next:" in str(caught.value)


def test_a_slow_answer_is_waited_for(server: Server, http: Http) -> None:
    def slow(_: object) -> Answer:
        time.sleep(0.4)
        return Answer(200, b"late")

    server.on("GET", "/x", slow)
    assert http.get("/x").content == b"late"


def test_redirects_are_not_followed(server: Server, http: Http) -> None:
    server.on("GET", "/x", Answer(302, headers={"Location": "/y"}))
    assert http.get("/x").status_code == 302
    assert server.times("GET", "/y") == 0


def test_trust_and_proxies_of_the_environment_do_not_count(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nonexistent")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    server.on("GET", "/x", Answer(200))
    made = Http(Service(server.url), ca_bundle="/run/ca.pem", patience=1)
    assert made.get("/x").status_code == 200
    assert made.session.verify == "/run/ca.pem"


def test_login_is_sent_and_can_be_left_out(server: Server, http: Http) -> None:
    server.on("GET", "/x", Answer(200))
    http.get("/x")
    with http.anonymous() as anyone:
        anyone.get("/x")
    http.as_login(("other", "word")).get("/x")
    sent = [asked.headers.get("Authorization", "") for asked in server.asked]
    assert sent[0].startswith("Basic ")
    assert sent[1] == ""
    assert sent[2] not in ("", sent[0])


def test_the_password_is_in_no_error(server: Server, http: Http) -> None:
    server.on("GET", "/x", Answer(500, b"broken"))
    with pytest.raises(NonConformance) as caught:
        expect(http.get("/x"), 200, what="the server does not report x", remedy="read its log")
    text = str(caught.value)
    assert text.splitlines()[0] == "the server does not report x: status 500"
    assert "read its log" in text
    assert "made-up-password" not in text
    assert "made-up-password" not in repr(Service(server.url, Login("admin", "made-up-password")))


def test_journal_gives_one_check_s_part(server: Server, http: Http) -> None:
    server.on("GET", "/x", Answer(200))
    http.get("/x")
    mark = http.journal.mark()
    http.get("/x")
    http.get("/x")
    assert len(http.journal.since(mark)) == 2
