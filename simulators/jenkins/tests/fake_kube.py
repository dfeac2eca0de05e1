"""A Kubernetes API server as far as agents need one: pods, and commands that run on this machine
instead of in containers."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import io
import json
import re
import socket
import subprocess
import threading
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from simulators.jenkins.agents.channel import FRAME

GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
WORKDIR = "/home/jenkins/agent"


class FakeKube:
    """Start it, point a cloud's `serverUrl` at `url`, and decide with the attributes how pods fare."""

    def __init__(self, scratch: Path) -> None:
        """Args: scratch: the folder of the agents' workspace volumes."""
        self.scratch = scratch
        self.pods: dict[str, dict[str, Any]] = {}
        self.created: list[dict[str, Any]] = []
        self.forbidden = False
        self.broken_image = False
        self.connects = threading.Event()
        """Whether agents connect once their pod runs."""
        self.connects.set()
        self.canned: dict[str, str] = {}
        """Output by a piece of the script that it replaces."""
        self._open: dict[str, socket.socket] = {}
        self._connections: list[socket.socket] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"kube": self}))
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        """Base URL."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()

    def close_connections(self) -> None:
        """Close those that clients hold open."""
        for connection in self._connections:
            with contextlib.suppress(OSError):  # closed already
                connection.shutdown(socket.SHUT_RDWR)

    def create(self, pod: dict[str, Any]) -> dict[str, Any]:
        """A new pod starts at once, or cannot pull its image."""
        name = pod["metadata"]["name"]
        names = [c["name"] for c in pod["spec"]["containers"]]
        state: dict[str, Any] = {"running": {}}
        phase = "Running"
        if self.broken_image:
            phase = "Pending"
            state = {"waiting": {"reason": "ErrImagePull", "message": "failed to pull"}}
        pod["status"] = {
            "phase": phase,
            "containerStatuses": [{"name": n, "state": state} for n in names],
            "conditions": [],
        }
        self.pods[name] = pod
        self.created.append(pod)
        if not self.broken_image:
            threading.Thread(target=self._agent, args=(pod,), daemon=True).start()
        return pod

    def toggle_pull(self) -> None:
        """The kubelet tries again: waiting containers go from one reason to the other."""
        for pod in self.pods.values():
            for status in pod["status"]["containerStatuses"]:
                waiting = status["state"].get("waiting")
                if waiting:
                    back_off = waiting["reason"] == "ErrImagePull"
                    waiting["reason"] = "ImagePullBackOff" if back_off else "ErrImagePull"

    def delete(self, name: str) -> None:
        """The pod goes, and its agent's connection with it."""
        self.pods.pop(name, None)
        connection = self._open.pop(name, None)
        if connection is not None:
            connection.close()

    def _agent(self, pod: dict[str, Any]) -> None:
        """Act as agent.jar."""
        self.connects.wait(30)
        jnlp = next(c for c in pod["spec"]["containers"] if c["name"] == "jnlp")
        env = {e["name"]: e.get("value", "") for e in jnlp["env"]}
        name, parts = env["JENKINS_AGENT_NAME"], urlsplit(env["JENKINS_URL"])
        head = f"GET /simulator/agent/{name} HTTP/1.1\r\nHost: x\r\n"
        head += f"X-Agent-Secret: {env['JENKINS_SECRET']}\r\n\r\n"
        with contextlib.suppress(OSError, ValueError):  # the pod was deleted, or the controller stopped
            connection = socket.create_connection((parts.hostname or "", parts.port or 80))
            self._open[name] = connection
            with connection, connection.makefile("rb") as received:
                connection.sendall(head.encode())
                while (line := received.readline()) not in {b"", b"exit\n"}:
                    if line.startswith(b"run "):
                        number, count, size = map(int, line.split()[1:])
                        self._start(connection, number, count, received.read(size))

    def _start(self, connection: socket.socket, number: int, count: int, payload: bytes) -> None:
        """Act as Command.java."""
        *command, stdin = payload.split(b"\0", count)

        def send(stream: int, data: bytes) -> None:
            if stream == 3:
                answer = json.loads(data)
                causes = answer.get("details", {}).get("causes", [{"message": "0"}])
                data = causes[0]["message"].encode()
            with contextlib.suppress(OSError):  # the pod was deleted
                connection.sendall(FRAME.pack(stream, number, len(data)) + data)

        arguments = [argument.decode() for argument in command], io.BytesIO(stdin).read, send
        threading.Thread(target=self.run, args=arguments, daemon=True).start()

    def run(self, command: list[str], read: Any, send: Any) -> None:
        """Run a command of the controller here, its paths mapped into the scratch folder."""
        if "JENKINS_SERVER_COOKIE" in command[2] and len(command) == 5:
            send(3, b'{"status":"Success"}')
            return
        here = str(self.scratch)
        boot, sizes, rest = command[2], (int(command[4]), int(command[5])), command[6:]
        env = read(sizes[0]).decode().replace(WORKDIR, here)
        script = read(sizes[1]).decode()
        for piece, output in self.canned.items():
            if piece in script:
                send(1, output.encode())
                send(3, b'{"status":"Success"}')
                return
        stdin = (
            b"" if "$d/stdin" not in boot else read(int(re.findall(r'head -c (\d+) > "\$d/stdin"', boot)[0]))
        )
        rest = [piece.replace(WORKDIR, here) for piece in rest]
        argv = [*command[:2], boot, "sh", str(len(env.encode())), str(len(script.encode())), *rest]
        done = subprocess.run(
            argv, input=env.encode() + script.encode() + stdin, capture_output=True, timeout=60, check=False
        )
        for channel, data in ((1, done.stdout), (2, done.stderr)):
            if data:
                send(channel, data.replace(here.encode(), WORKDIR.encode()))
        status: dict[str, Any] = {"status": "Success"}
        if done.returncode:
            causes = [{"reason": "ExitCode", "message": str(done.returncode)}]
            status = {"status": "Failure", "reason": "NonZeroExitCode", "details": {"causes": causes}}
        send(3, json.dumps(status).encode())


class _Handler(BaseHTTPRequestHandler):
    kube: FakeKube
    protocol_version = "HTTP/1.1"

    def log_message(self, *args: object) -> None:
        """Quiet."""

    def setup(self) -> None:
        super().setup()
        self.kube._connections.append(self.connection)

    def _answer(self, status: int, body: Any) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _serve(self) -> None:
        parts = urlsplit(self.path)
        pieces = [p for p in parts.path.split("/") if p]
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        name = pieces[5] if len(pieces) > 5 else ""
        if self.kube.forbidden:
            who = "system:serviceaccount:jenkins:jenkins"
            said = f'pods "{name}" is forbidden: User "{who}" cannot get resource "pods"'
            self._answer(403, {"kind": "Status", "message": said, "reason": "Forbidden", "code": 403})
        elif pieces[-1:] == ["exec"]:
            self._exec(parse_qs(parts.query)["command"])
        elif self.command == "POST":
            self._answer(201, self.kube.create(json.loads(body)))
        elif self.command == "DELETE":
            self.kube.delete(name)
            self._answer(200, {})
        elif self.command == "PATCH" and name in self.kube.pods:
            assert self.headers["Content-Type"] == "application/merge-patch+json"
            self.kube.pods[name]["metadata"]["labels"] |= json.loads(body)["metadata"]["labels"]
            self._answer(200, self.kube.pods[name])
        elif not name:
            self._answer(200, {"items": list(self.kube.pods.values())})
        elif name in self.kube.pods:
            self._answer(200, self.kube.pods[name])
        else:
            self._answer(404, {"message": f'pods "{name}" not found', "code": 404})

    def _exec(self, command: list[str]) -> None:
        key = base64.b64encode(
            hashlib.sha1((self.headers["Sec-WebSocket-Key"] + GUID).encode(), usedforsecurity=False).digest()
        )
        head = (
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Accept: {key.decode()}\r\n"
        )
        self.wfile.write((head + "Sec-WebSocket-Protocol: v4.channel.k8s.io\r\n\r\n").encode())
        self.wfile.flush()
        pending = b""

        def frame() -> bytes:
            first, second = self.rfile.read(2)
            size = second & 127
            if size >= 126:
                size = int.from_bytes(self.rfile.read(2 if size == 126 else 8), "big")
            mask = self.rfile.read(4)
            data = bytes(b ^ mask[i % 4] for i, b in enumerate(self.rfile.read(size)))
            return data[1:] if first & 15 == 2 else b""

        def read(count: int) -> bytes:
            nonlocal pending
            while len(pending) < count:
                pending += frame()
            taken, pending = pending[:count], pending[count:]
            return taken

        def send(channel: int, data: bytes) -> None:
            payload = bytes([channel]) + data
            size = len(payload)
            length = (
                bytes([size])
                if size < 126
                else b"\x7e" + size.to_bytes(2, "big")
                if size < 65536
                else b"\x7f" + size.to_bytes(8, "big")
            )
            self.wfile.write(b"\x82" + length + payload)
            self.wfile.flush()

        self.kube.run(command, read, send)
        self.wfile.write(b"\x88\x00")
        self.close_connection = True

    do_GET = do_POST = do_PATCH = do_DELETE = _serve


def fetch(url: str) -> bytes:
    """A plain GET, for waiting."""
    with urllib.request.urlopen(url, timeout=5) as answer:
        return bytes(answer.read())
