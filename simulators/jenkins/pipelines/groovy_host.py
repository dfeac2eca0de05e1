"""The Groovy process: it runs commands, and a handler answers the requests of its scripts."""

from __future__ import annotations

import contextlib
import itertools
import json
import subprocess
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from typing import Any

from ..home.settings import log

OPEN = [
    f"--add-opens=java.base/{package}=ALL-UNNAMED"
    for package in ("java.lang", "java.util", "java.lang.reflect", "java.io")
]
FLAGS = [
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-Xshare:auto",
    "-Xmx512m",
    "-Dfile.encoding=UTF-8",
    *OPEN,
]


class ScriptError(Exception):
    """A script failed in the Groovy process; `error` has the exception's type, message and trace."""

    def __init__(self, error: dict[str, Any]) -> None:
        super().__init__(error.get("message"))
        self.type = str(error.get("type"))
        self.trace = str(error.get("trace"))


class StepError(Exception):
    """A step's refusal, thrown in the script as the exception of its kind: abort, interrupted, illegal,
    nomethod, missingproperty or io. An interruption has a result and causes."""

    def __init__(
        self, kind: str, message: str, result: str | None = None, causes: list[str] | None = None
    ) -> None:
        super().__init__(message)
        self.answer = {"kind": kind, "message": message, "result": result, "causes": causes or []}


class GroovyHost:
    """One long-lived JVM. Its handler answers every request of a script in a thread of its own."""

    def __init__(self, java: str, classpath: str, handler: Callable[[dict[str, Any]], Any]) -> None:
        self._command = [java, *FLAGS, "-cp", classpath, "simulator.Bridge"]
        self._handler = handler
        self._ids = itertools.count(1)
        self._waiting: dict[int, Future[Any]] = {}
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the process."""
        self._process = subprocess.Popen(self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        threading.Thread(target=self._read, args=(self._process,), daemon=True, name="groovy").start()

    def call(self, op: str, **payload: Any) -> Any:
        """Run a command and wait for its answer.

        Raises:
            ScriptError: the command failed, or the process does not run.
        """
        number = next(self._ids)
        future: Future[Any] = Future()
        self._waiting[number] = future
        self._send({"t": "req", "id": number, "op": op, **payload})
        return future.result()

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(timeout=10)
            self._process = None

    def _send(self, message: dict[str, Any]) -> None:
        process = self._process
        if process is None or process.stdin is None:
            raise _gone()
        with self._lock:
            process.stdin.write(json.dumps(message).encode() + b"\n")
            process.stdin.flush()

    def _read(self, process: subprocess.Popen[bytes]) -> None:
        if process.stdout is not None:
            self._receive(process.stdout)
        for future in list(self._waiting.values()):
            if not future.done():
                future.set_exception(_gone())

    def _receive(self, lines: Iterable[bytes]) -> None:
        for line in lines:
            message = json.loads(line)
            if message["t"] == "res":
                future = self._waiting.pop(message["id"])
                if message.get("error") is not None:
                    future.set_exception(ScriptError(message["error"]))
                else:
                    future.set_result(message.get("ok"))
            elif message["t"] == "req":
                threading.Thread(target=self._serve, args=(message,), daemon=True).start()

    def _serve(self, message: dict[str, Any]) -> None:
        try:
            answer = {"ok": self._handler(message)}
        except StepError as refusal:
            answer = {"error": refusal.answer}
        except Exception as defect:  # noqa: BLE001 - a script must get an answer, or its build hangs for ever
            log("SEVERE", "simulator", f"defect: {message.get('op')} {message.get('name')}: {defect!r}")
            answer = {"error": {"kind": "defect", "message": f"defect of the Jenkins simulator: {defect!r}"}}
        with contextlib.suppress(
            BrokenPipeError, ScriptError
        ):  # the process ended: nothing waits for the answer
            self._send({"t": "res", "id": message["id"], **answer})


def _gone() -> ScriptError:
    return ScriptError({"type": "gone", "message": "the Groovy process does not run", "trace": ""})
