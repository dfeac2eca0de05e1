"""Certificates of services: trusted, for their name, or reported."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from conformance.clients.certificates import shown_by
from conformance.clients.http import Unavailable
from conformance.core.nonconformance import NonConformance
from environments.base import Service
from simulators.ecr.tests.loopback import HOST, write_certificates


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """host:port of a TLS server with a certificate for HOST."""
    write_certificates(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "tls.crt", tmp_path / "tls.key")
    server = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    # a refused handshake is what is tested here, not something to print
    server.handle_error = lambda *_: None  # type: ignore[method-assign]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_names_and_end(address: str, tmp_path: Path) -> None:
    shown = shown_by(Service(f"https://{HOST}/", connect=address), str(tmp_path / "ca.crt"))
    assert HOST in shown.names
    assert shown.until.tzinfo is not None


def test_an_authority_that_nobody_trusts(address: str, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    write_certificates(other)
    with pytest.raises(NonConformance) as caught:
        shown_by(Service(f"https://{HOST}/", connect=address), str(other / "ca.crt"))
    assert HOST in caught.value.what


def test_another_name(address: str, tmp_path: Path) -> None:
    with pytest.raises(NonConformance):
        shown_by(Service("https://other.example.org/", connect=address), str(tmp_path / "ca.crt"))


def test_nobody_there(tmp_path: Path) -> None:
    with pytest.raises(Unavailable):
        shown_by(Service(f"https://{HOST}/", connect="127.0.0.1:9"), "")
