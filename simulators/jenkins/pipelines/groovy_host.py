"""The Groovy process: commands go to it, the scripts' own requests come back and are answered by a
handler."""

import contextlib
import itertools
import json
import subprocess
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, BinaryIO

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
    """A script failed in the Groovy process."""

    def __init__(self, error: dict[str, Any]) -> None:
        """Args: error: type, message and trace of the exception."""
        super().__init__(error.get("message"))
        self.type = str(error.get("type"))
        self.trace = str(error.get("trace"))


class StepError(Exception):
    """A step's refusal, thrown in the script as the exception that `kind` names."""

    def __init__(
        self, kind: str, message: str, result: str | None = None, causes: list[str] | None = None
    ) -> None:
        """Args: kind: abort, interrupted, illegal, nomethod, missingproperty or io; result, causes: of
        an interruption."""
        super().__init__(message)
        self.answer = {"kind": kind, "message": message, "result": result, "causes": causes or []}


class GroovyHost:
    """One long-lived JVM."""

    def __init__(
        self,
        java: str,
        classpath: str,
        handler: Callable[[dict[str, Any]], Any],
        crashed: Callable[[str], None],
    ) -> None:
        """Start it.

        Args:
            java: the program.
            classpath: Groovy and the compiled host.
            handler: answers the scripts' requests, each in its own thread; StepError refuses.
            crashed: told about a defect in the handler, with the text of the exception.
        """
        self._handler = handler
        self._crashed = crashed
        self._ids = itertools.count(1)
        self._waiting: dict[int, Future[Any]] = {}
        self._lock = threading.Lock()
        self._process = subprocess.Popen(
            [java, *FLAGS, "-cp", classpath, "standin.Bridge"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        threading.Thread(target=self._read, daemon=True, name="groovy").start()

    def call(self, op: str, **payload: Any) -> Any:
        """Run a command and wait for its answer.

        Raises:
            ScriptError: the command failed.
        """
        number = next(self._ids)
        future: Future[Any] = Future()
        self._waiting[number] = future
        self._send({"t": "req", "id": number, "op": op, **payload})
        return future.result()

    def close(self) -> None:
        """End the process."""
        self._process.terminate()
        self._process.wait(timeout=10)

    def _send(self, message: dict[str, Any]) -> None:
        line = json.dumps(message).encode() + b"\n"
        pipe = self._process.stdin
        assert pipe is not None
        with self._lock:
            pipe.write(line)
            pipe.flush()

    def _read(self) -> None:
        pipe = self._process.stdout
        assert pipe is not None
        self._lines(pipe)
        gone = ScriptError({"type": "gone", "message": "the Groovy process ended", "trace": ""})
        for future in list(self._waiting.values()):
            if not future.done():
                future.set_exception(gone)

    def _lines(self, pipe: BinaryIO | Any) -> None:
        for line in pipe:
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
            self._crashed(f"{message.get('op')} {message.get('name')}: {defect!r}")
            answer = {"error": {"kind": "defect", "message": f"stand-in defect: {defect!r}"}}
        with contextlib.suppress(BrokenPipeError):  # the process ended meanwhile: nobody waits for the answer
            self._send({"t": "res", "id": message["id"], **answer})
