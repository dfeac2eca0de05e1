"""A CONNECT proxy on loopback that dials one service where it really is.

Terraform knows the registry by its one name, which resolves in the cluster only. Through this relay it keeps
that name for TLS and signatures, and the connection goes to `Service.connect`.
"""

from __future__ import annotations

import select
import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

from environments.base import Service
from environments.ecr.dial import split_address

CONNECT_SECONDS = 10
IDLE_SECONDS = 120
CHUNK = 65536


@contextmanager
def relay(service: Service) -> Iterator[str]:
    """URL of a proxy that serves CONNECT to `service`'s host only, while the context is open."""
    parts = urlsplit(service.url)
    default = 443 if parts.scheme == "https" else 80
    named = (parts.hostname or "", parts.port or default)
    target = split_address(service.connect) if service.connect else named

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            words = self.rfile.readline(CHUNK).decode("latin-1").split()
            while self.rfile.readline(CHUNK).strip():
                pass
            if len(words) < 2 or words[0] != "CONNECT" or words[1].lower() != f"{named[0]}:{named[1]}":
                self.wfile.write(b"HTTP/1.1 403 only one service is reached from here\r\n\r\n")
                return
            try:
                upstream = socket.create_connection(target, timeout=CONNECT_SECONDS)
            except OSError as error:
                self.wfile.write(f"HTTP/1.1 502 {error}\r\n\r\n".encode())
                return
            # who breaks off has ended it
            with upstream, suppress(ConnectionError):
                self.wfile.write(b"HTTP/1.1 200 connected\r\n\r\n")
                _pump(self.connection, upstream)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


def _pump(one: socket.socket, other: socket.socket) -> None:
    """Copy bytes both ways until one side ends or nothing moves for a while."""
    while True:
        readable, _, _ = select.select([one, other], [], [], IDLE_SECONDS)
        if not readable:
            return
        for source in readable:
            data = source.recv(CHUNK)
            if not data:
                return
            (other if source is one else one).sendall(data)
