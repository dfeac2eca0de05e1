"""A proxy between the suites and a service, which does what its rules say: for mutants and for faults.

It takes the place of a load balancer or an ingress, and breaks what those break: limits
on bodies, rewritten answers, authentication switched off, connections cut. Without rules it changes
nothing. For a service with TLS it shows a certificate of its own authority, `FaultProxies.ca_bundle`.
"""

from __future__ import annotations

import http.client
import re
import socket
import ssl
import struct
import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field

from environments.base import Endpoints, Service
from mutants.certificate import write_pair

ServiceName = Literal["nexus", "registry", "jenkins"]
LINES = re.IGNORECASE | re.MULTILINE
#: headers of one hop, which the proxy makes itself
HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length"})


class Rule(BaseModel):
    """The treatment of requests that match: everything that is given, in the order of the fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    service: ServiceName
    method: str = Field(".*", description="pattern of the whole method")
    path: str = Field("", description="pattern that is found in path and query")
    sends: str = Field(
        "", description="pattern that is found in the request's headers, one `name: value` a line"
    )
    lacks: str = Field("", description="pattern that is not found there")
    asks: str = Field("", description="pattern that is found in the request's body")
    times: int = Field(0, description="only the first so many, for each method and path; 0: all of them")
    after: int = Field(0, description="not the first so many, for each method and path")
    certificate_seconds: float = Field(86400, description="how long the certificate is valid that is shown")

    seconds: float = Field(0, description="wait so long before anything else")
    reset: bool = Field(False, description="cut the connection instead of answering")
    largest: int = Field(0, description="larger bodies are refused with 413")
    status: int = Field(0, description="answer this instead of sending the request to the service")
    body: str = Field("", description="body of that answer")
    rewrite: str = Field("", description="path that replaces the matching part, as in re.sub")
    request: tuple[str, str] | None = Field(
        None, description="pattern and what replaces it in the request's body"
    )
    only_status: int = Field(0, description="what follows happens only to answers with this status")
    as_status: int = Field(0, description="status that the client gets instead of the service's")
    answer: tuple[str, str] | None = Field(
        None, description="pattern and what replaces it in the answer's body"
    )
    headers: dict[str, str] = Field(default_factory=dict, description="headers of the answer; empty: none")


class FaultProxies:
    """Proxies in front of the services that rules name, as a context; `endpoints` leads through them."""

    def __init__(self, endpoints: Endpoints, rules: Iterable[Rule], folder: Path) -> None:
        self._folder = folder
        self._rules = tuple(rules)
        self._servers: list[_Proxy] = []
        self.endpoints = endpoints

    def __enter__(self) -> FaultProxies:
        endpoints = self.endpoints
        for name in dict.fromkeys(rule.service for rule in self._rules):
            rules = tuple(rule for rule in self._rules if rule.service == name)
            service = endpoints.registry.data if name == "registry" else getattr(endpoints, name)
            proxy = _Proxy(service, endpoints.ca_bundle, rules, self._folder)
            self._servers.append(proxy)
            threading.Thread(target=proxy.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()
            dialled = f"127.0.0.1:{proxy.server_address[1]}"
            if name == "registry":
                registry = endpoints.registry
                registry = replace(
                    registry,
                    api=replace(registry.api, connect=dialled),
                    data=replace(registry.data, connect=dialled),
                )
                endpoints = replace(endpoints, registry=registry, ca_bundle=str(proxy.trust))
            elif name == "nexus":
                endpoints = replace(endpoints, nexus=replace(service, connect=dialled))
            else:
                endpoints = replace(endpoints, jenkins=replace(service, connect=dialled))
        self.endpoints = endpoints
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for server in self._servers:
            server.shutdown()
            server.server_close()


class _Proxy(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, service: Service, ca_bundle: str, rules: tuple[Rule, ...], folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        url = urlsplit(service.url)
        self.rules = rules
        self.host = url.hostname or ""
        address = service.connect or f"{self.host}:{url.port or (443 if url.scheme == 'https' else 80)}"
        self._to = (address.rpartition(":")[0], int(address.rpartition(":")[2]))
        self._upstream: ssl.SSLContext | None = None
        self.trust = folder / "proxy-ca.pem"
        self._matched: dict[tuple[int, str, str], int] = {}
        self._guard = threading.Lock()
        if url.scheme == "https":
            self._upstream = ssl.create_default_context(cafile=ca_bundle or None)
            pair = write_pair(
                folder / "proxy.pem",
                self.trust,
                self.host,
                Path(ca_bundle) if ca_bundle else None,
                valid=min(rule.certificate_seconds for rule in rules),
            )
            shown = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            shown.load_cert_chain(pair)
            # the handshake happens in the handler's thread: a slow client does not stop others
            self.socket = shown.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)

    def handle_error(self, request: object, client_address: object) -> None:
        """Ignore clients that go away: some rules cut connections."""

    def connect(self) -> http.client.HTTPConnection:
        """A connection to the service itself."""
        plain = socket.create_connection(self._to, timeout=120)
        made = http.client.HTTPConnection(self.host)
        made.sock = self._upstream.wrap_socket(plain, server_hostname=self.host) if self._upstream else plain
        return made

    def matching(self, method: str, path: str, headers: str, body: bytes) -> list[Rule]:
        found = []
        for number, rule in enumerate(self.rules):
            if (
                re.fullmatch(rule.method, method)
                and re.search(rule.path, path)
                and re.search(rule.sends, headers, LINES)
                and not (rule.lacks and re.search(rule.lacks, headers, LINES))
                and (not rule.asks or re.search(rule.asks.encode(), body))
            ):
                with self._guard:
                    key = (number, method, path.partition("?")[0])
                    seen = self._matched[key] = self._matched.get(key, 0) + 1
                if seen > rule.after and (not rule.times or seen <= rule.times):
                    found.append(rule)
        return found


class _Handler(BaseHTTPRequestHandler):
    server: _Proxy
    protocol_version = "HTTP/1.1"
    # an answer is written in two pieces; without this each waits for the other side's acknowledgement
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: object) -> None:
        """Print nothing: the journal of the checks has the requests."""

    def handle_any(self) -> None:
        body = self._body()
        shown = "\n".join(f"{name}: {value}" for name, value in self.headers.items())
        rules = self.server.matching(self.command, self.path, shown, body)
        path, sent = self.path, body
        for rule in rules:
            time.sleep(rule.seconds)
            if rule.reset:
                self._cut()
                return
            if rule.largest and len(body) > rule.largest:
                self._give(413, [], b"too large")
                return
            if rule.status:
                self._give(rule.status, list(rule.headers.items()), rule.body.encode())
                return
            path = re.sub(rule.path, rule.rewrite, path) if rule.rewrite else path
            sent = _replaced(rule.request, sent)
        try:
            status, headers, data = self._ask(path, sent)
        except (OSError, http.client.HTTPException):
            self._cut()
            return
        for rule in rules:
            if rule.only_status in (0, status):
                data = _replaced(rule.answer, data)
                named = {name.lower() for name in rule.headers}
                headers = [pair for pair in headers if pair[0].lower() not in named]
                headers += [(name, value) for name, value in rule.headers.items() if value]
                status = rule.as_status or status
        self._give(status, headers, data)

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = []
        while size := int(self.rfile.readline().partition(b";")[0], 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass
        return b"".join(parts)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = handle_any

    def _ask(self, path: str, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        upstream = self.server.connect()
        try:
            upstream.putrequest(self.command, path, skip_host=True, skip_accept_encoding=True)
            for name, value in self.headers.items():
                if name.lower() not in (*HOP, "accept-encoding", "expect"):
                    upstream.putheader(name, value)
            upstream.putheader("Content-Length", str(len(body)))
            upstream.putheader("Connection", "close")
            upstream.endheaders(body)
            answer = upstream.getresponse()
            headers = [pair for pair in answer.getheaders() if pair[0].lower() not in HOP]
            if self.command == "HEAD" and (length := answer.getheader("Content-Length")):
                headers.append(("Content-Length", length))
            return answer.status, headers, answer.read()
        finally:
            upstream.close()

    def _give(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.send_response_only(status)
        for name, value in headers:
            self.send_header(name, value)
        if not any(name.lower() == "content-length" for name, _ in headers):
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD" and status != 204:
            self.wfile.write(body)

    def _cut(self) -> None:
        """Reset the connection: what the other side sees of a process that was killed."""
        self.close_connection = True
        with suppress(OSError):
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()


def _replaced(change: tuple[str, str] | None, data: bytes) -> bytes:
    return re.sub(change[0].encode(), change[1].encode(), data) if change else data
