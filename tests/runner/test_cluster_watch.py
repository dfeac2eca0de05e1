"""A cluster that goes away blocks what is left, with one reason; an error of another kind blocks nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from conformance.runner.cluster_watch import lost
from environments.base import Endpoints, RegistryEndpoint, Service
from environments.reachable import api_server
from tests.runner.suite_run import checks, outcomes, run, suite

SERVER = (
    "import socket, time; s = socket.create_server(('127.0.0.1', 0)); print(s.getsockname()[1], flush=True); "
    "time.sleep(60)"
)
CHECKS = """
@need('STATIC-01')
def test_1_before():
    pass

@need('STATIC-02')
def test_2_breaks():
    {breaks}
    raise EnvironmentFailure('no answer')

@need('PLATFORM-01')
def test_3_beside():
    time.sleep(2)  # with two workers this one runs when the cluster goes away

@need('NEXUS-01')
def test_4_later():
    pass
"""


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Path]:
    """Endpoints of a stack whose API server is a process of its own, its number in the file `pid`."""
    with subprocess.Popen([sys.executable, "-c", SERVER], stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        port = int(server.stdout.readline())
        (tmp_path / "pid").write_text(str(server.pid))
        document = {
            "contexts": [{"name": "here", "context": {"cluster": "c"}}],
            "clusters": [{"name": "c", "cluster": {"server": f"https://127.0.0.1:{port}"}}],
        }
        (tmp_path / "kubeconfig").write_text(json.dumps(document))
        service = Service("http://127.0.0.1:1")
        registry = RegistryEndpoint("h", service, service, "1", "r", "local")
        endpoints = Endpoints(
            "r", "kind", str(tmp_path / "kubeconfig"), "here", "", service, service, registry
        )
        (tmp_path / "stack.json").write_text(endpoints.to_json())
        yield tmp_path / "stack.json"
        server.kill()


@pytest.mark.parametrize("workers", ["0", "2"])
def test_what_is_left_is_blocked_when_the_cluster_is_gone(tmp_path: Path, stack: Path, workers: str) -> None:
    suite(tmp_path, all=CHECKS.format(breaks="os.kill(int(open('pid').read()), 9); time.sleep(0.1)"))
    reported = run(tmp_path, "-p", "conformance.runner.cluster_watch", "--stack", str(stack), "-n", workers)
    found = outcomes(tmp_path)
    assert found["test_2_breaks"] == "error", reported.stdout
    assert found["test_4_later"] == "blocked"
    assert "the cluster went away: nothing listens at 127.0.0.1:" in checks(tmp_path)["test_4_later"].message
    assert "went away" in lost(tmp_path / "results")


def test_another_error_blocks_nothing(tmp_path: Path, stack: Path) -> None:
    suite(tmp_path, all=CHECKS.format(breaks="pass"))
    run(tmp_path, "-p", "conformance.runner.cluster_watch", "--stack", str(stack))
    assert list(outcomes(tmp_path).values()) == ["passed", "error", "passed", "passed"]
    assert lost(tmp_path / "results") == ""


def test_a_server_that_was_never_reached_is_not_missed(tmp_path: Path, stack: Path) -> None:
    """Behind a proxy, a plain connection says nothing."""
    (tmp_path / "kubeconfig").write_text(
        (tmp_path / "kubeconfig").read_text().replace("127.0.0.1:", "127.0.0.1:1#")
    )
    suite(tmp_path, all=CHECKS.format(breaks="pass"))
    run(tmp_path, "-p", "conformance.runner.cluster_watch", "--stack", str(stack))
    assert list(outcomes(tmp_path).values()) == ["passed", "error", "passed", "passed"]


def test_the_address_of_a_context(tmp_path: Path, stack: Path) -> None:
    assert api_server(tmp_path / "kubeconfig", "here")[0] == "127.0.0.1"
    with pytest.raises(LookupError):
        api_server(tmp_path / "kubeconfig", "elsewhere")
