"""A Nexus in memory with the REST resources that the set-up uses, shaped as 3.71 answers them."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Json = dict[str, Any]


@dataclass
class PlayedNexus:
    url: str = ""
    passwords: dict[str, str] = field(default_factory=lambda: {"admin": "admin-password"})
    repositories: dict[str, Json] = field(default_factory=dict)
    policies: dict[str, Json] = field(default_factory=dict)
    roles: dict[str, Json] = field(default_factory=dict)
    users: dict[str, Json] = field(default_factory=dict)
    anonymous: Json = field(
        default_factory=lambda: {"enabled": True, "userId": "anonymous", "realmName": "NexusAuthorizingRealm"}
    )
    writes: list[str] = field(default_factory=list)
    #: how often it still says that it cannot write
    refusals: int = 0

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, Any]:
        parts = path.removeprefix("/service/rest/v1/").split("?")[0].split("/")
        if method != "GET":
            self.writes.append(f"{method} {path.removeprefix('/service/rest')}")
        match method, parts:
            case "GET", ["status", *which]:
                ready = not which or self.refusals == 0
                self.refusals -= 0 if ready else 1
                return (200 if ready else 503), None
            case "GET", ["repositorySettings"]:
                return 200, list(self.repositories.values())
            case _, ["", "service", "rest", "internal", "cleanup-policies", *_]:
                return 200, self._policy(method, body)
            case (("POST" | "PUT"), ["repositories", "maven", kind, *_]):
                sent = json.loads(body)
                # as Nexus does: a group has no Maven settings, and some keys are its own
                own = {"format": "maven2", "type": kind, "url": f"{self.url}/repository/{sent['name']}"}
                if kind == "group":
                    sent.pop("maven", None)
                self.repositories[sent["name"]] = {"cleanup": None, **sent, **own}
                return 201 if method == "POST" else 204, None
            case _, ["security", "roles", *name]:
                return self._role(method, name, body)
            case _, ["security", "users", *name]:
                return self._user(method, name, body)
            case _, ["security", "anonymous"]:
                self.anonymous = json.loads(body) if method == "PUT" else self.anonymous
                return 200, self.anonymous
        return 404, None

    def _policy(self, method: str, body: bytes) -> Any:
        if method == "GET":
            return list(self.policies.values())
        policy = json.loads(body)
        self.policies[policy["name"]] = {"retain": None, "inUseCount": 0, **policy}
        return policy

    def _role(self, method: str, name: list[str], body: bytes) -> tuple[int, Any]:
        if method == "GET":
            found = self.roles.get(name[0])
            return (200, found) if found else (404, None)
        sent = json.loads(body)
        if unknown := [each for each in sent["privileges"] if not each.startswith("nx-")]:
            return 400, [{"id": "*", "message": f"Privilege '{unknown[0]}' contained in role not found."}]
        self.roles[sent["id"]] = {**sent, "source": "default", "readOnly": False}
        return 200 if method == "POST" else 204, None

    def _user(self, method: str, name: list[str], body: bytes) -> tuple[int, Any]:
        if method == "GET":
            return 200, list(self.users.values())
        if name[1:] == ["change-password"]:
            self.passwords[name[0]] = body.decode()
            return 204, None
        sent = json.loads(body)
        if "password" in sent:
            self.passwords[sent["userId"]] = sent.pop("password")
        self.users[sent["userId"]] = {**sent, "source": "default", "readOnly": False, "externalRoles": []}
        return 200 if method == "POST" else 204, None


@contextmanager
def playing() -> Iterator[PlayedNexus]:
    nexus = PlayedNexus()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            who, _, password = (
                base64.b64decode(self.headers.get("Authorization", "").removeprefix("Basic "))
                .decode()
                .partition(":")
            )
            known = who in nexus.passwords and nexus.passwords[who] == password
            known = known or self.path.endswith("/status/writable")
            status, content = nexus.answer(self.command, self.path, body) if known else (401, None)
            data = b"" if content is None else json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_POST = do_PUT = do_GET

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        nexus.url = f"http://127.0.0.1:{server.server_address[1]}"
        try:
            yield nexus
        finally:
            server.shutdown()
            thread.join()
