"""LocalStack without LocalStack: its container through a recorded docker, its API in the shapes it has.

The documents below have the shape of /_localstack/health and /_localstack/info as LocalStack documents them.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from conformance.core.errors import CommandFailed, EnvironmentFailure, TerminalState, WaitTimeout
from environments.ecr.localstack import LocalStackEcr

ACCOUNT = "123456789012"
HOST = f"{ACCOUNT}.dkr.ecr.us-east-1.localhost.localstack.cloud:4566"


@dataclass
class LocalStack:
    """What the container answers; `proxy` is the name in its tokens."""

    health: dict[str, Any] = field(
        default_factory=lambda: {
            "services": {"ecr": "running", "sts": "available", "s3": "disabled"},
            "edition": "pro",
            "version": "2026.8.2",
        }
    )
    info: dict[str, Any] = field(
        default_factory=lambda: {
            "version": "2026.8.2:c77b830",
            "edition": "pro",
            "is_license_activated": True,
            "session_id": "1830110c-6e4d-4256-9bc0-9008b8c5b6b9",
            "machine_id": "4256a311839b",
            "system": "linux",
            "is_docker": True,
            "server_time_utc": "2026-10-04T14:59:40",
            "uptime": 12,
        }
    )
    proxy: str = f"https://{HOST}"
    port: int = 0
    access_keys: list[str] = field(default_factory=list)

    def answer(self, path: str) -> tuple[int, dict[str, Any]]:
        if path == "/_localstack/health":
            return 200, self.health
        if path == "/_localstack/info":
            return 200, self.info
        data = {"authorizationToken": "QVdTOng=", "expiresAt": 1.8e9, "proxyEndpoint": self.proxy}
        return 200, {"authorizationData": [data]}


@pytest.fixture
def localstack() -> Iterator[LocalStack]:
    stack = LocalStack()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer()

        def do_POST(self) -> None:
            stack.access_keys.append(self.headers["Authorization"].split("Credential=")[1].split("/")[0])
            self.rfile.read(int(self.headers["Content-Length"]))
            self._answer()

        def _answer(self) -> None:
            status, document = stack.answer(self.path)
            body = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    stack.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield stack
    server.shutdown()
    thread.join()
    server.server_close()


@dataclass
class Docker:
    """A docker client with one container at most."""

    port: int
    status: str = ""
    #: the state that `docker run` leads to
    becomes: str = "running"
    calls: list[tuple[str, ...]] = field(default_factory=list)

    def __call__(self, *words: str, timeout: float = 600, check: bool = True) -> str:
        self.calls.append(words)
        match words[0]:
            case "run":
                self.status = self.becomes
                return "0123456789ab"
            case "inspect" if not self.status:
                raise CommandFailed("docker ended with status 1", observed="no such object")
            case "inspect" if "IPAddress" in words[2]:
                return "172.18.0.7"
            case "inspect":
                return self.status
            case "port":
                return f"127.0.0.1:{self.port}"
            case "logs":
                return "license activation failed: the token is not valid"
            case "rm":
                self.status = ""
                return ""
        raise AssertionError(words)


def backend(docker: Docker, timeout: float = 5) -> LocalStackEcr:
    return LocalStackEcr(
        "run-localstack", ACCOUNT, "us-east-1", docker, {"conformance.run": "r1"}, timeout=timeout
    )


def test_up_starts_a_labelled_container_and_keeps_the_token_out_of_its_arguments(
    localstack: LocalStack,
) -> None:
    docker = Docker(localstack.port)
    made = backend(docker)
    made.up()
    (started,) = (call for call in docker.calls if call[0] == "run")
    assert "conformance.run=r1" in started
    assert started[-1].startswith("localstack/localstack-pro:")
    assert started[started.index("LOCALSTACK_AUTH_TOKEN") - 1] == "--env"
    assert not any("LOCALSTACK_AUTH_TOKEN=" in word for word in started)
    assert "127.0.0.1::4566" in started
    registry = made.registry()
    assert (registry.host, registry.backend) == (HOST, "localstack")
    assert registry.api.url == f"http://127.0.0.1:{localstack.port}"
    assert made.address() == "172.18.0.7"
    assert localstack.access_keys == [ACCOUNT], "LocalStack takes the access key id for the account"


def test_a_running_container_is_used_again(localstack: LocalStack) -> None:
    docker = Docker(localstack.port, status="running")
    backend(docker).up()
    assert not any(call[0] in ("run", "rm") for call in docker.calls)


def test_a_container_that_exits_is_told_at_once_with_its_log(localstack: LocalStack) -> None:
    docker = Docker(localstack.port, becomes="exited")
    with pytest.raises(TerminalState) as ended:
        backend(docker, timeout=60).up()
    assert "license activation failed" in ended.value.observed


def test_without_an_active_licence(localstack: LocalStack) -> None:
    localstack.info["is_license_activated"] = False
    with pytest.raises(EnvironmentFailure, match="without an active licence") as failure:
        backend(Docker(localstack.port)).up()
    assert "--ecr=simulator" in failure.value.remedy


def test_ecr_that_is_not_part_of_the_licence(localstack: LocalStack) -> None:
    localstack.health["services"]["ecr"] = "disabled"
    with pytest.raises(WaitTimeout, match="ECR answers"):
        backend(Docker(localstack.port), timeout=0.1).up()


def test_another_registry_name_is_an_error(localstack: LocalStack) -> None:
    localstack.proxy = "http://localhost.localstack.cloud:4510"
    with pytest.raises(EnvironmentFailure, match="another name") as failure:
        backend(Docker(localstack.port)).up()
    assert failure.value.observed == "localhost.localstack.cloud:4510"


def test_down_removes_the_container_and_again_does_nothing(localstack: LocalStack) -> None:
    docker = Docker(localstack.port, status="running")
    made = backend(docker)
    made.down()
    made.down()
    assert docker.status == ""
    assert docker.calls[-1] == ("rm", "--force", "--volumes", "run-localstack")


def test_for_run_hands_in_the_socket_of_the_engine_in_use() -> None:
    env = {"DOCKER_HOST": "unix:///run/own.sock", "LOCALSTACK_AUTH_TOKEN": "ls-secret"}
    made = LocalStackEcr.for_run("conf-1", ACCOUNT, "us-east-1", env)
    assert (made.container, made.socket) == ("conf-1-localstack", "/run/own.sock")
    assert made.registry_host == HOST
    assert "ls-secret" not in repr(made)
    assert LocalStackEcr.for_run("c", ACCOUNT, "us-east-1", {}).socket == "/var/run/docker.sock"
