"""The simulator's client of the Kubernetes API."""

import http.client
from collections.abc import Iterator
from pathlib import Path

import pytest

from simulators.jenkins.agents.kube import Kube
from simulators.jenkins.tests.fake_kube import FakeKube

WHERE = "agents"


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[FakeKube]:
    made = FakeKube(tmp_path)
    made.pods["a"] = {"metadata": {"name": "a"}}
    yield made
    made.close()


def test_repeated_requests_connect_once(cluster: FakeKube, monkeypatch: pytest.MonkeyPatch) -> None:
    connected: list[http.client.HTTPConnection] = []
    real = http.client.HTTPConnection.connect

    def connect(self: http.client.HTTPConnection) -> None:
        connected.append(self)
        real(self)

    monkeypatch.setattr(http.client.HTTPConnection, "connect", connect)
    kube = Kube(cluster.url)
    assert [kube.get_pod(WHERE, name) is not None for name in ("a", "b", "a")] == [True, False, True]
    assert len(connected) == 1


def test_a_connection_that_the_server_closed_is_opened_again(cluster: FakeKube) -> None:
    kube = Kube(cluster.url)
    assert kube.get_pod(WHERE, "a")
    cluster.close_connections()
    assert kube.get_pod(WHERE, "a")


def test_a_server_that_is_gone_is_an_error(cluster: FakeKube) -> None:
    kube = Kube(cluster.url)
    assert kube.get_pod(WHERE, "a")
    cluster.close()
    cluster.close_connections()
    with pytest.raises(OSError, match="refused"):
        kube.get_pod(WHERE, "a")
