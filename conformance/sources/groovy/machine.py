"""The virtual machine that evaluates: one process for a repository, without network, with limits."""

from __future__ import annotations

import json
import resource
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from conformance.core.errors import ConformanceError
from conformance.sources.groovy.program import Limits, Program, java, options

#: how the virtual machine ends when its memory is used up (`ExitOnOutOfMemoryError`)
OUT_OF_MEMORY = 3
START_SECONDS = 60.0
#: nothing of the caller's environment reaches a script
ENVIRONMENT = {"LANG": "C.UTF-8"}
#: limits of the operating system: no file grows, no core, few open files
OS_LIMITS = {resource.RLIMIT_FSIZE: 0, resource.RLIMIT_CORE: 0, resource.RLIMIT_NOFILE: 256}


class LimitReached(Exception):
    """A script used up its time or memory; the virtual machine is gone."""


class EngineBroken(ConformanceError):
    """The evaluator itself failed; never a finding about the sources."""


def without_network() -> list[str]:
    """Words before the command that take the network away, where the host lets an ordinary user do so."""
    unshare = shutil.which("unshare") if sys.platform == "linux" else None
    if not unshare:
        return []
    words = [unshare, "--user", "--map-current-user", "--net", "--"]
    allowed = subprocess.run([*words, "true"], capture_output=True, check=False).returncode == 0
    return words if allowed else []


class Machine:
    """One virtual machine for one repository; started at the first request and after a limit was reached."""

    def __init__(self, made: Program, root: Path, limits: Limits) -> None:
        self._program = made
        self._root = root
        self._limits = limits
        self._process: subprocess.Popen[str] | None = None
        self.starts = 0

    def request(self, message: dict[str, Any]) -> dict[str, Any]:
        """The response to one request.

        Raises:
            LimitReached: the script ran too long or needed too much memory.
            EngineBroken: the evaluator failed.
        """
        process = self._running()
        with _killed_after(process, self._limits.seconds) as expired:
            line = self._exchange(process, json.dumps(message))
        if not line:
            self._ended(process, expired)
        response: dict[str, Any] = json.loads(line)
        if "failure" in response:
            raise EngineBroken("the Groovy evaluator failed", observed=json.dumps(response))
        return response

    @property
    def pid(self) -> int | None:
        """The process, while it runs."""
        return self._process.pid if self._process else None

    def resident_mb(self) -> float:
        """Resident memory of the virtual machine; 0 when none runs or the system does not say."""
        if self._process is None:
            return 0.0
        try:
            status = Path(f"/proc/{self._process.pid}/status").read_text(encoding="utf-8")
        except OSError:
            return 0.0
        return int(status.partition("VmRSS:")[2].split()[0]) / 1024

    def close(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout):
            if stream:
                stream.close()

    def _running(self) -> subprocess.Popen[str]:
        if self._process is None:
            command = [*without_network(), str(java()), *options(self._program, self._root, self._limits)]
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                encoding="utf-8",
                cwd=self._root,
                env=ENVIRONMENT,
            )
            self.starts += 1
            with _killed_after(self._process, START_SECONDS):
                ready = _stream(self._process.stdout).readline()
            if not ready.startswith("{"):
                self.close()
                raise EngineBroken(
                    "the virtual machine for Groovy did not start",
                    where=str(java()),
                    observed=_words(command),
                )
            _limit(self._process.pid)
        return self._process

    @staticmethod
    def _exchange(process: subprocess.Popen[str], line: str) -> str:
        try:
            stdin = _stream(process.stdin)
            stdin.write(line + "\n")
            stdin.flush()
            line = _stream(process.stdout).readline()
            # a virtual machine that runs out of memory says so on the same stream
            return line if line.startswith("{") else ""
        except BrokenPipeError:
            return ""

    def _ended(self, process: subprocess.Popen[str], expired: threading.Event) -> None:
        code = process.wait()
        self.close()
        if expired.is_set():
            raise LimitReached(f"it ran for more than {self._limits.seconds:g} seconds")
        if code == OUT_OF_MEMORY:
            raise LimitReached(f"it needs more than {self._limits.heap_mb} MB of memory")
        raise EngineBroken("the virtual machine for Groovy ended", observed=f"exit code {code}")


def _stream(stream: IO[str] | None) -> IO[str]:
    if stream is None:
        raise EngineBroken("the virtual machine for Groovy has no pipes")
    return stream


def _words(command: list[str]) -> str:
    """The last words of a virtual machine that does not start."""
    done = subprocess.run(
        command, input="", capture_output=True, text=True, check=False, timeout=START_SECONDS, env=ENVIRONMENT
    )
    return (done.stdout + done.stderr).strip()[-500:]


def _limit(pid: int) -> None:
    """The system's own limits for the process, where the system can set them for another one."""
    if sys.platform != "linux":
        return
    for limit, value in OS_LIMITS.items():
        with suppress(OSError):
            resource.prlimit(pid, limit, (value, value))


@contextmanager
def _killed_after(process: subprocess.Popen[str], seconds: float) -> Iterator[threading.Event]:
    expired = threading.Event()

    def kill() -> None:
        expired.set()
        process.kill()

    timer = threading.Timer(seconds, kill)
    timer.daemon = True
    timer.start()
    try:
        yield expired
    finally:
        timer.cancel()
