"""Distribution, as the application reaches it: over its socket, without credentials."""

from __future__ import annotations

import http.client
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from .wire import Answer

#: headers of one connection, not of the message (RFC 9110, 7.6.1)
HOP = frozenset({"connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"})
REPLACED = frozenset({"host", "authorization", "content-length", "date"})


class Registry(Protocol):
    """The data plane."""

    def send(self, method: str, target: str, headers: Mapping[str, str], body: bytes = b"") -> Answer:
        """Pass a request on and return the answer."""


class Distribution:
    """A connection per request: only manifests come this way, and a fresh one is never stale."""

    def __init__(self, path: Path, host: str, timeout: float = 60) -> None:
        self._path = path
        self._host = host
        self._timeout = timeout

    def send(self, method: str, target: str, headers: Mapping[str, str], body: bytes = b"") -> Answer:
        """Raises OSError or http.client.HTTPException when the registry does not answer."""
        kept = {name: value for name, value in headers.items() if name.lower() not in HOP | REPLACED}
        connection = _Connection(self._path, self._timeout)
        try:
            connection.request(method, target, body=body or None, headers={**kept, "Host": self._host})
            response = connection.getresponse()
            data = response.read()
        finally:
            connection.close()
        back = tuple(
            (name, value)
            for name, value in response.getheaders()
            if name.lower() not in HOP and (name.lower() != "content-length" or method == "HEAD")
        )
        return Answer(response.status, back, data)


class _Connection(http.client.HTTPConnection):
    def __init__(self, path: Path, timeout: float) -> None:
        super().__init__("registry", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))
