"""Commands in an agent's containers: `sh`, and the small ones by which steps reach its files."""

from __future__ import annotations

import contextlib
import secrets
import shlex
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn

from ..agents.clouds import Clouds
from ..agents.commands import STDOUT, Command, Disconnected
from ..agents.computers import AGENT, Computer
from ..agents.kube import Kube, KubeError
from ..agents.podstate import is_dead
from .flow import Context, hide
from .groovy_host import StepError

BOOT = """d="$3@tmp/durable-$4"; umask 022; mkdir -p "$3" "$d" || exit 125
head -c "$1" > "$d/env"; head -c "$2" > "$d/script.sh"
. "$d/env"; rm -f "$d/env"; cd "$5" 2>/dev/null || { mkdir -p "$5" && cd "$5"; } || exit 125
if [ "$(head -c 2 "$d/script.sh")" = '#!' ]; then chmod +x "$d/script.sh"; "$d/script.sh" </dev/null
else sh $6 "$d/script.sh" </dev/null; fi
rc=$?; rm -rf "$d"; exit $rc"""
"""The environment holds secrets, so it comes by stdin and never as an argument, which the API server
could log."""

MERGED = "exec 2>&1\n"
"""One stream keeps output and trace in their order."""

KILLED = {137, 143}
"""Exit codes of a command whose pod may have been taken away under it."""

STOP = """for p in /proc/[0-9]*; do
grep -qs "JENKINS_SERVER_COOKIE=$1" "$p/environ" && kill -TERM "${p#/proc/}"
done 2>/dev/null; true"""


class Lines:
    """Passes output on line by line, so that a secret is never cut in two before it is hidden."""

    def __init__(self, write: Callable[[bytes], None], masks: tuple[str, ...]) -> None:
        self._write, self._masks, self._rest = write, masks, b""
        self._lock = threading.Lock()

    def feed(self, data: bytes) -> None:
        """Take some output."""
        with self._lock:
            whole, newline, self._rest = (self._rest + data).rpartition(b"\n")
            if newline:
                self._put(whole + b"\n")

    def finish(self) -> None:
        """The last line may lack its end."""
        with self._lock:
            if self._rest:
                self._put(self._rest + b"\n")
                self._rest = b""

    def _put(self, text: bytes) -> None:
        self._write(hide(text.decode("utf-8", "replace"), self._masks).encode() if self._masks else text)


@dataclass(frozen=True)
class Script:
    """A script for one container: its shell flags, its input, and lines that run before its environment is
    read."""

    container: str
    text: str
    flags: str
    output: Callable[[int, bytes], None]
    stdin: bytes = b""
    prefix: str = ""


@dataclass(frozen=True)
class Shell:
    """Runs commands for the steps of one controller."""

    clouds: Clouds

    def sh(self, context: Context, script: str) -> int:
        """Run a script as the `sh` step does: traced, its output in the console. Returns its exit code.

        Raises:
            StepError: the build was stopped, or the agent went away.
        """
        lines = Lines(context.flow.build.write, context.secrets())
        container = context.pod_container()
        code = self._run(
            context, Script(container, script, "-xe", lambda _, data: lines.feed(data), prefix=MERGED)
        )
        lines.finish()
        return code

    def quiet(
        self, context: Context, script: str, stdin: bytes = b"", container: str | None = None
    ) -> tuple[int, bytes, bytes]:
        """Run a script of the simulator without a word in the console. Returns exit code, output and
        errors."""
        out: list[bytes] = []
        err: list[bytes] = []
        prefix = f'head -c {len(stdin)} > "$d/stdin"\n' if stdin else ""

        def output(channel: int, data: bytes) -> None:
            (out if channel == STDOUT else err).append(data)

        place = container or context.pod_container()
        code = self._run(context, Script(place, script, "-e", output, stdin, prefix))
        return code, b"".join(out), b"".join(err)

    def _run(self, context: Context, script: Script) -> int:
        computer = context.agent()
        context.check()
        cookie = secrets.token_hex(8)
        variables = {**context.environment(), "JENKINS_SERVER_COOKIE": f"durable-{cookie}"}
        exports = "".join(
            f"export {name}={shlex.quote(value)}\n" for name, value in variables.items() if _is_name(name)
        )
        boot = BOOT.replace('. "$d/env"', script.prefix + '. "$d/env"')
        boot = boot.replace("</dev/null", '<"$d/stdin"') if script.stdin else boot
        payload = exports.encode(), script.text.encode()
        sizes = [str(len(part)) for part in payload]
        command = Command(
            argv=("sh", "-c", boot, "sh", *sizes, context.where(), cookie, context.where(), script.flags),
            stdin=b"".join(payload) + script.stdin,
            output=script.output,
            cancelled=lambda: context.stopped() is not None or computer.removed,
        )
        try:
            code = self._execute(computer, script.container, command)
        except Disconnected as error:
            self._lost(context, script.container, cookie, error)
        except KubeError as error:
            raise StepError(
                "abort", f"Unexpected response from the container {script.container!r}: {error.message}"
            ) from error
        if code in KILLED and is_dead(self._kube(computer).get_pod(computer.namespace, computer.name)):
            self._lost(context, script.container, cookie, Disconnected(f"exit code {code}"))
        return code

    def _kube(self, computer: Computer) -> Kube:
        return self.clouds.owner(computer).kube()

    def _execute(self, computer: Computer, container: str, command: Command) -> int:
        if container != AGENT:
            return self._kube(computer).exec(computer.namespace, computer.name, container, command)
        if computer.channel is None:
            raise Disconnected("the agent is not connected")
        return computer.channel.run(command)

    def _lost(self, context: Context, container: str, cookie: str, error: Disconnected) -> NoReturn:
        """The command's stream ended: the build was stopped, the agent was removed, or the container
        ended."""
        computer = context.agent()
        if context.stopped() is not None and not computer.removed:
            with contextlib.suppress(Disconnected, KubeError):
                stop = Command(("sh", "-c", STOP, "sh", f"durable-{cookie}"))
                self._execute(computer, container, stop)
        context.check()
        context.wait(lambda: computer.removed, seconds=10.0)
        context.check()
        raise StepError(
            "abort", f"{computer.name}: the container {container} ended while the step ran ({error})"
        )


def _is_name(name: str) -> bool:
    return name.replace("_", "a").isalnum() and not name[0].isdigit()
