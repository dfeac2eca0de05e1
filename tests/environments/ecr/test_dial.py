"""TLS, SNI and Host by the service's name while the connection goes to another address."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
import requests
from botocore.exceptions import EndpointConnectionError, SSLError

from conformance.core.errors import EnvironmentFailure, WaitTimeout
from environments.base import Login, RegistryEndpoint, Service
from environments.ecr.client import ecr_client
from environments.ecr.dial import session, split_address
from environments.ecr.provision import RepositoryDeclaration, provision
from environments.kind.ecr_simulator import wait_healthy
from simulators.ecr.tests.loopback import ACCOUNT, HOST, KEY_ID, REGION, SECRET, free_port, write_certificates


class Echo(BaseHTTPRequestHandler):
    """Answers with what it saw; an API call gets an empty list of repositories."""

    def do_GET(self) -> None:
        self._answer({"host": self.headers["Host"], "sni": NAMES[-1]})

    def do_POST(self) -> None:
        SEEN.append(self.headers["Host"])
        self.rfile.read(int(self.headers["Content-Length"]))
        self._answer({"repositories": []})

    def _answer(self, document: dict[str, object]) -> None:
        body = json.dumps(document).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


NAMES: list[str | None] = []
SEEN: list[str | None] = []


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tls")
    write_certificates(folder)
    return folder


@pytest.fixture(scope="module")
def registry(certificates: Path) -> Iterator[RegistryEndpoint]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates / "tls.crt", certificates / "tls.key")
    context.sni_callback = lambda _socket, name, _context: NAMES.append(name)
    server = HTTPServer(("127.0.0.1", 0), Echo)
    # a refused handshake is what some tests provoke: not the server's news
    server.handle_error = lambda *_: None  # type: ignore[method-assign]
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    connect = f"127.0.0.1:{server.server_address[1]}"
    url = f"https://{HOST}"
    yield RegistryEndpoint(
        HOST,
        Service(url, Login(KEY_ID, SECRET), connect),
        Service(url, None, connect),
        ACCOUNT,
        REGION,
        "simulator",
    )
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(autouse=True)
def misleading_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A host whose variables would send every client astray if they counted."""
    wrong = tmp_path / "other-ca.crt"
    wrong.write_text("")
    for name in ("AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.setenv(name, str(wrong))
    for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")


def test_requests_by_name(registry: RegistryEndpoint, certificates: Path) -> None:
    with session(registry.data, str(certificates / "ca.crt")) as http:
        seen = http.get(f"https://{HOST}/anything", timeout=10).json()
    assert seen == {"host": HOST, "sni": HOST}


def test_requests_checks_the_certificate(registry: RegistryEndpoint, certificates: Path) -> None:
    with session(registry.data) as http, pytest.raises(requests.exceptions.SSLError):
        http.get(f"https://{HOST}/", timeout=10)
    other = Service("https://other.test", None, registry.data.connect)
    with (
        session(other, str(certificates / "ca.crt")) as http,
        pytest.raises(requests.exceptions.SSLError, match=r"other\.test"),
    ):
        http.get("https://other.test/", timeout=10)


def test_boto3_by_name(registry: RegistryEndpoint, certificates: Path) -> None:
    client = ecr_client(registry, str(certificates / "ca.crt"))
    assert client.describe_repositories()["repositories"] == []
    assert SEEN[-1] == HOST
    assert NAMES[-1] == HOST


def test_boto3_checks_the_certificate(registry: RegistryEndpoint) -> None:
    with pytest.raises(SSLError, match="CERTIFICATE_VERIFY_FAILED"):
        ecr_client(registry).describe_repositories()


def test_boto3_tells_a_closed_port_from_a_wrong_certificate(
    registry: RegistryEndpoint, certificates: Path
) -> None:
    closed = replace(registry, api=replace(registry.api, connect=f"127.0.0.1:{free_port()}"))
    client = ecr_client(closed, str(certificates / "ca.crt"))
    with pytest.raises(EndpointConnectionError):
        client.describe_repositories()
    with pytest.raises(EnvironmentFailure, match="does not answer") as failure:
        provision(client, [RepositoryDeclaration("a/b")])
    assert HOST in failure.value.where


def test_waiting_for_health_ends(registry: RegistryEndpoint, certificates: Path) -> None:
    wait_healthy(registry, str(certificates / "ca.crt"), timeout=5)
    closed = replace(registry, data=replace(registry.data, connect=f"127.0.0.1:{free_port()}"))
    with pytest.raises(WaitTimeout, match=HOST):
        wait_healthy(closed, str(certificates / "ca.crt"), timeout=0.2)


def test_addresses() -> None:
    assert split_address("127.0.0.1:30443") == ("127.0.0.1", 30443)
    for wrong in ("127.0.0.1", ":1", "host:https", ""):
        with pytest.raises(ValueError, match="host:port"):
            split_address(wrong)
