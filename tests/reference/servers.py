"""Small HTTP servers that play Nexus and the ECR API for the pipelines' scripts."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import threading
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Played:
    """What the server was asked, and where it is."""

    url: str
    requests: list[tuple[str, str, Mapping[str, str]]] = field(default_factory=list)


@contextmanager
def serving(answers: Mapping[str, tuple[int, bytes]], authorization: str = "") -> Iterator[Played]:
    """Answers each path with its status and body, anything else with 404; with `authorization` else 401."""
    played = Played("")

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            played.requests.append((self.command, self.path, dict(self.headers)))
            status, body = answers.get(self.path, (404, b"nothing here"))
            if authorization and self.headers.get("Authorization") != authorization:
                status, body = 401, b""
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        played.url = f"http://127.0.0.1:{server.server_address[1]}"
        try:
            yield played
        finally:
            server.shutdown()
            thread.join()


def basic(username: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()


def package(files: Mapping[str, str]) -> bytes:
    stored = io.BytesIO()
    with zipfile.ZipFile(stored, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return stored.getvalue()


def with_sha1(path: str, body: bytes) -> dict[str, tuple[int, bytes]]:
    return {
        path: (200, body),
        f"{path}.sha1": (200, hashlib.sha1(body, usedforsecurity=False).hexdigest().encode()),
    }


def ecr_token(username: str, password: str) -> bytes:
    token = base64.b64encode(f"{username}:{password}".encode()).decode()
    return json.dumps({"authorizationData": [{"authorizationToken": token}]}).encode()
