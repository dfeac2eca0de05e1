"""The relay: a name that does not resolve, reached where it really is, and nothing else."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest

from environments.base import Service
from environments.deploy.relay import relay


@contextmanager
def echo() -> Iterator[str]:
    """A server that sends back the first bytes of each connection in capitals."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    connection.sendall(connection.recv(1000).upper())

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"127.0.0.1:{server.getsockname()[1]}"
        server.shutdown(socket.SHUT_RDWR)
    thread.join()


def connect(proxy: str, target: str) -> tuple[socket.socket, bytes]:
    parts = urlsplit(proxy)
    connection = socket.create_connection((parts.hostname or "", parts.port or 0), timeout=10)
    connection.sendall(f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n".encode())
    return connection, connection.recv(1000)


def test_the_named_service_is_reached_at_its_address() -> None:
    with echo() as address, relay(Service("https://registry.example", connect=address)) as proxy:
        connection, said = connect(proxy, "registry.example:443")
        with connection:
            assert said.startswith(b"HTTP/1.1 200")
            connection.sendall(b"hello")
            assert connection.recv(100) == b"HELLO"


def test_no_other_service_is_reached() -> None:
    with echo() as address, relay(Service("https://registry.example", connect=address)) as proxy:
        connection, said = connect(proxy, "elsewhere.example:443")
        with connection:
            assert said.startswith(b"HTTP/1.1 403")


def test_a_service_that_is_away_is_said_so() -> None:
    with relay(Service("https://registry.example", connect="127.0.0.1:1")) as proxy:
        connection, said = connect(proxy, "registry.example:443")
        with connection:
            assert said.startswith(b"HTTP/1.1 502")


def test_a_service_that_breaks_off_ends_the_connection_without_a_word(
    capfd: pytest.CaptureFixture[str],
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"
        with relay(Service("https://registry.example", connect=address)) as proxy:
            connection, said = connect(proxy, "registry.example:443")
            upstream, _ = server.accept()
            assert said.startswith(b"HTTP/1.1 200")
            # closed at once, with a reset instead of an end
            upstream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            upstream.close()
            with connection:
                assert connection.recv(100) == b""
    assert capfd.readouterr().err == ""
