"""The threaded HTTP server, with requests and responses as Jetty and Stapler have them."""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

Headers = list[tuple[str, str]]


@dataclass(frozen=True)
class Request:
    """One request, its path decoded into segments."""

    method: str
    path: str
    segments: tuple[str, ...]
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: bytes
    host: str

    @property
    def posted(self) -> bool:
        """Whether it is a POST."""
        return self.method == "POST"

    def param(self, name: str) -> str | None:
        """A query or form parameter; the form wins."""
        values = self.form().get(name) or self.query.get(name)
        return values[-1] if values else None

    def form(self) -> dict[str, list[str]]:
        """The body as a form; any other body is an empty one."""
        if not self.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
            return {}
        return parse_qs(self.text(), keep_blank_values=True)

    def text(self) -> str:
        """The body as text."""
        return self.body.decode("utf-8", "replace")

    def cookies(self) -> dict[str, str]:
        """The request's cookies."""
        pairs = (item.strip().partition("=") for item in self.headers.get("cookie", "").split(";"))
        return {name: value for name, _, value in pairs if name}


@dataclass
class Response:
    """One response; `stream` takes the connection after the headers."""

    status: int = 200
    headers: Headers = field(default_factory=list)
    body: bytes = b""
    stream: Callable[[socket.socket], None] | None = None


Handler = Callable[[Request], Response]


class Server(ThreadingHTTPServer):
    """Serves one handler on all addresses."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int, handler: Handler) -> None:
        self.answer = handler
        super().__init__(("", port), _Exchange)


class _Exchange(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server
    timeout = 60

    def version_string(self) -> str:
        return "Jetty(12.0.22)"

    def date_time_string(self, timestamp: float | None = None) -> str:
        return formatdate(timestamp, usegmt=True)

    def log_message(self, format: str, *args: object) -> None:
        """A controller does not log its requests."""

    def _serve(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        parts = urlsplit(self.path)
        response = self.server.answer(
            Request(
                method=self.command,
                path=parts.path + (f"?{parts.query}" if parts.query else ""),
                segments=tuple(unquote(piece) for piece in parts.path.split("/") if piece),
                query=parse_qs(parts.query, keep_blank_values=True),
                headers={name.lower(): value for name, value in self.headers.items()},
                body=self.rfile.read(length),
                host=self.headers.get("Host", "localhost"),
            )
        )
        self.send_response(response.status)
        self.send_header("X-Content-Type-Options", "nosniff")
        for name, value in response.headers:
            self.send_header(name, value)
        if response.stream is not None:
            self.end_headers()
            self.wfile.flush()
            self.close_connection = True
            response.stream(self.connection)
            return
        if response.status != 204:
            self.send_header("Content-Length", str(len(response.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(response.body)

    do_GET = do_POST = do_HEAD = do_PUT = do_DELETE = _serve
