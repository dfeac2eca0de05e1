"""The few calls of the Kubernetes API that agents in pods need."""

from __future__ import annotations

import contextlib
import http.client
import json
import ssl
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import websocket

from .commands import STATUS, STDIN, Command, Disconnected

ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
AFTER_EXIT = 4
"""Half seconds of silence after the exit code that end a stream which the server forgot to close."""


class KubeError(Exception):
    """The API server refused; carries its status code and message."""

    def __init__(self, verb: str, url: str, status: int, message: str) -> None:
        super().__init__(f"Failure executing: {verb} at: {url}. Message: {message}.")
        self.status = status
        self.message = message


@dataclass(frozen=True)
class Kube:
    """One API server and the account used there."""

    server: str
    token_file: Path = ACCOUNT / "token"
    ca_file: Path = ACCOUNT / "ca.crt"
    timeout: float = 15.0
    #: each thread's connection: waiting for a pod takes many requests, and TLS costs more than the answer
    _kept: threading.local = field(default_factory=threading.local, init=False, repr=False, compare=False)

    def _token(self) -> str | None:
        """Read for every request: the kubelet renews it."""
        return self.token_file.read_text().strip() if self.token_file.exists() else None

    def _tls(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.ca_file) if self.ca_file.exists() else None)

    def request(self, verb: str, path: str, body: Any = None, kind: str = "application/json") -> Any:
        """Send one request and return the decoded answer.

        Raises:
            KubeError: any answer of 400 and more.
            OSError: the server cannot be reached.
        """
        headers = {"Accept": "application/json", "Content-Type": kind, "User-Agent": "conformance-simulator"}
        if token := self._token():
            headers["Authorization"] = f"Bearer {token}"
        connection = self._connection()

        def exchange() -> Any:
            try:
                connection.request(verb, path, None if body is None else json.dumps(body), headers)
                answer = connection.getresponse()
                content = answer.read().decode("utf-8", "replace")
            except BaseException:
                connection.close()  # the next request opens it again
                raise
            if answer.status >= 400:
                raise KubeError(verb, self.server + path, answer.status, _message(content))
            return json.loads(content)

        if verb != "GET":
            connection.close()  # a change is never sent twice, so never over one that may be closed already
        elif connection.sock is not None:
            with contextlib.suppress(
                ConnectionError
            ):  # the server closes connections that were idle for long
                return exchange()
        return exchange()

    def _connection(self) -> http.client.HTTPConnection:
        """This thread's; not yet open when it is new."""
        if not hasattr(self._kept, "connection"):
            parts = urlsplit(self.server)
            host = parts.hostname or ""
            self._kept.connection = (
                http.client.HTTPSConnection(host, parts.port, timeout=self.timeout, context=self._tls())
                if parts.scheme == "https"
                else http.client.HTTPConnection(host, parts.port, timeout=self.timeout)
            )
        connection: http.client.HTTPConnection = self._kept.connection
        return connection

    def create_pod(self, namespace: str, pod: dict[str, Any]) -> dict[str, Any]:
        """Create a pod."""
        return dict(self.request("POST", f"/api/v1/namespaces/{namespace}/pods", pod))

    def get_pod(self, namespace: str, name: str) -> dict[str, Any] | None:
        """A pod, or None where there is none."""
        try:
            return dict(self.request("GET", f"/api/v1/namespaces/{namespace}/pods/{quote(name)}"))
        except KubeError as error:
            if error.status == 404:
                return None
            raise

    def pods(self, namespace: str, selector: str) -> list[dict[str, Any]]:
        """The pods with these labels."""
        query = urlencode({"labelSelector": selector})
        return list(self.request("GET", f"/api/v1/namespaces/{namespace}/pods?{query}")["items"])

    def label_pod(self, namespace: str, name: str, labels: dict[str, str]) -> None:
        """Set labels of a pod; its other ones stay."""
        path = f"/api/v1/namespaces/{namespace}/pods/{quote(name)}"
        self.request("PATCH", path, {"metadata": {"labels": labels}}, kind="application/merge-patch+json")

    def delete_pod(self, namespace: str, name: str) -> None:
        """Delete a pod; one that is gone already is no error."""
        try:
            self.request("DELETE", f"/api/v1/namespaces/{namespace}/pods/{quote(name)}")
        except KubeError as error:
            if error.status != 404:
                raise

    def exec(self, namespace: str, pod: str, container: str, command: Command) -> int:
        """Run a command in a container, pass its output on as it comes, return its exit code.

        Raises:
            Disconnected: the container ended, or the command was cancelled.
            KubeError: the server refused to start it.
        """
        query = [("container", container), ("stdin", "true"), ("stdout", "true"), ("stderr", "true")]
        path = f"/api/v1/namespaces/{namespace}/pods/{quote(pod)}/exec?" + urlencode(
            [*query, *(("command", argument) for argument in command.argv)]
        )
        stream = self._open(path)
        try:
            for start in range(0, len(command.stdin), 32768):
                stream.send_binary(bytes([STDIN]) + command.stdin[start : start + 32768])
            return _pump(stream, command)
        finally:
            stream.close()

    def _open(self, path: str) -> websocket.WebSocket:
        header = [f"Authorization: Bearer {token}"] if (token := self._token()) else []
        url = "ws" + self.server.removeprefix("http") + path
        options = {"ca_certs": str(self.ca_file)} if self.ca_file.exists() else {}
        try:
            return websocket.create_connection(
                url, header=header, sslopt=options, subprotocols=["v4.channel.k8s.io"], timeout=self.timeout
            )
        except websocket.WebSocketBadStatusException as error:
            raise KubeError("GET", self.server + path, int(error.status_code), str(error)) from error
        except (websocket.WebSocketException, OSError) as error:
            raise Disconnected(str(error)) from error


def _pump(stream: websocket.WebSocket, command: Command) -> int:
    """Read until the server closes: the exit code may overtake the last output, each has a stream of
    its own."""
    stream.settimeout(0.5)
    code: int | None = None
    quiet = 0
    while not command.cancelled() and quiet < AFTER_EXIT:
        try:
            opcode, data = stream.recv_data()
        except websocket.WebSocketTimeoutException:
            quiet += code is not None
            continue
        except (websocket.WebSocketException, OSError) as error:
            if code is not None:
                return code
            raise Disconnected(str(error)) from error
        if opcode == websocket.ABNF.OPCODE_CLOSE or not data:
            if code is not None:
                return code
            raise Disconnected("closed")
        channel, payload = data[0], bytes(data[1:])
        if channel == STATUS:
            code = _exit_code(json.loads(payload))
        elif payload:
            command.output(channel, payload)
    if code is None:
        raise Disconnected("cancelled")
    return code


def _exit_code(status: dict[str, Any]) -> int:
    if status.get("status") == "Success":
        return 0
    for cause in status.get("details", {}).get("causes", []):
        if cause.get("reason") == "ExitCode":
            return int(cause["message"])
    raise Disconnected(str(status.get("message", status)))


def _message(content: str) -> str:
    try:
        return str(json.loads(content).get("message", content))
    except json.JSONDecodeError:
        return content
