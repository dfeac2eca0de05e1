"""A request and its answer, and the small HTTP/1.1 server between nginx and the application."""

from __future__ import annotations

import json
import sys
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import ThreadingUnixStreamServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

REGISTRY_VERSION = ("Docker-Distribution-Api-Version", "registry/2.0")


@dataclass(frozen=True, slots=True)
class Request:
    """`target` is the raw request target; `headers` have lower-case names."""

    method: str
    target: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def path(self) -> str:
        """Still percent-encoded, so that the checked path is the forwarded one."""
        return self.target.partition("?")[0]

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.target).query, keep_blank_values=True))


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


def json_answer(status: int, document: object, *headers: tuple[str, str]) -> Answer:
    return Answer(status, (("Content-Type", "application/json"), *headers), json.dumps(document).encode())


def registry_error(status: int, code: str, message: str, *headers: tuple[str, str]) -> Answer:
    """An error as the registry API words it: {"errors": [{"code", "message"}]}."""
    return json_answer(status, {"errors": [{"code": code, "message": message}]}, REGISTRY_VERSION, *headers)


Application = Callable[[Request], Answer]


class Server(ThreadingUnixStreamServer):
    """A thread per connection; nginx keeps a few open, so there are a few threads."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, path: Path, application: Application) -> None:
        self.application = application
        path.parent.mkdir(parents=True, exist_ok=True)
        # a killed container leaves its socket, and the pod's folder outlives the container
        path.unlink(missing_ok=True)
        super().__init__(str(path), _Handler)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # head and body in one write
    wbufsize = -1
    server: Server

    def _serve(self) -> None:
        started = time.monotonic()
        length = int(self.headers.get("Content-Length") or 0)
        request = Request(
            self.command,
            self.path,
            {name.lower(): value for name, value in self.headers.items()},
            self.rfile.read(length) if length else b"",
        )
        try:
            answer = self.server.application(request)
        except Exception:  # noqa: BLE001 # the thread's last line: the client gets a 500, the log the reason
            traceback.print_exc()
            answer = json_answer(500, {"errors": [{"code": "UNKNOWN", "message": "internal error"}]})
        self.send_response_only(answer.status)
        for name, value in answer.headers:
            self.send_header(name, value)
        if self.command == "HEAD" or answer.status in (204, 304):
            self.end_headers()
        else:
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)
        if request.path != "/authorize":
            shown = request.headers.get("x-amz-target", request.path)
            took = (time.monotonic() - started) * 1000
            print(f"{self.command} {shown} {answer.status} {took:.1f} ms", file=sys.stderr)  # the log

    do_GET = do_HEAD = do_PUT = do_POST = do_PATCH = do_DELETE = _serve  # http.server's names

    def log_message(self, *_: Any) -> None:
        """_serve writes a line with more facts."""
