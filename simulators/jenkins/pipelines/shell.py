"""Commands in an agent's containers: `sh`, and the small ones by which steps reach its files."""

import contextlib
import secrets
import shlex
import threading
from collections.abc import Callable
from typing import Any, NoReturn

from ..agents.commands import STDOUT, Command, Disconnected
from ..agents.computers import AGENT, Computer
from ..agents.kube import Kube, KubeError
from ..agents.podstate import is_dead
from .flow import Ctx, hide
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
"""One stream keeps output and trace in their order; a captured output must stay apart from the trace."""

KILLED = {137, 143}
"""Exit codes of a command whose pod may have been taken away under it."""

STOP = """for p in /proc/[0-9]*; do
grep -qs "JENKINS_SERVER_COOKIE=$1" "$p/environ" && kill -TERM "${p#/proc/}"
done 2>/dev/null; true"""


class Lines:
    """Hands output on line by line, so that a secret is never cut in two before it is hidden."""

    def __init__(self, write: Callable[[bytes], None], masks: tuple[str, ...]) -> None:
        """Args: write: takes whole lines; masks: what to hide in them."""
        self._write, self._masks, self._rest = write, masks, b""
        self._lock = threading.Lock()

    def feed(self, data: bytes) -> None:
        """Take some output."""
        with self._lock:
            whole, found, self._rest = (self._rest + data).rpartition(b"\n")
            if found:
                self._put(whole + b"\n")

    def finish(self) -> None:
        """The last line may lack its end."""
        with self._lock:
            if self._rest:
                self._put(self._rest + b"\n")
                self._rest = b""

    def _put(self, text: bytes) -> None:
        self._write(hide(text.decode("utf-8", "replace"), self._masks).encode() if self._masks else text)


class Shell:
    """Runs commands for the steps of one controller."""

    def __init__(self, kube: Callable[[Any], Kube]) -> None:
        """Args: kube: the API client for an agent."""
        self._kube = kube

    def sh(self, ctx: Ctx, script: str, capture: bool) -> tuple[int, bytes]:
        """Run a script as the `sh` step does: traced, its output in the console (or captured). Returns
        exit code and output.

        Raises:
            StepError: the build was stopped, or the agent went away.
        """
        captured: list[bytes] = []
        lines = Lines(ctx.flow.build.write, ctx.secrets())

        def output(channel: int, data: bytes) -> None:
            captured.append(data) if capture and channel == STDOUT else lines.feed(data)

        code = self._run(ctx, ctx.pod_container(), script, output, "-xe", prefix="" if capture else MERGED)
        lines.finish()
        return code, b"".join(captured)

    def quiet(
        self, ctx: Ctx, script: str, stdin: bytes = b"", container: str | None = None
    ) -> tuple[int, bytes, bytes]:
        """Run a script of our own without a word in the console. Returns exit code, output and errors."""
        out: list[bytes] = []
        err: list[bytes] = []
        prefix = f'head -c {len(stdin)} > "$d/stdin"\n' if stdin else ""

        def output(channel: int, data: bytes) -> None:
            (out if channel == STDOUT else err).append(data)

        code = self._run(ctx, container or ctx.pod_container(), script, output, "-e", stdin, prefix)
        return code, b"".join(out), b"".join(err)

    def _run(  # noqa: PLR0917 - each is one part of a command
        self,
        ctx: Ctx,
        container: str,
        script: str,
        output: Callable[[int, bytes], None],
        flags: str,
        stdin: bytes = b"",
        prefix: str = "",
    ) -> int:
        computer = ctx.agent()
        ctx.check()
        cookie = secrets.token_hex(8)
        variables = {**ctx.environment(), "JENKINS_SERVER_COOKIE": f"durable-{cookie}"}
        exports = "".join(
            f"export {name}={shlex.quote(value)}\n" for name, value in variables.items() if _is_name(name)
        )
        boot = BOOT.replace('. "$d/env"', prefix + '. "$d/env"').replace(
            "</dev/null", '<"$d/stdin"' if stdin else "</dev/null"
        )
        payload = exports.encode(), script.encode()
        workspace = next((c.data["workspace"] for c in ctx.chain() if "workspace" in c.data), ctx.where())
        sizes = [str(len(part)) for part in payload]
        command = Command(
            argv=("sh", "-c", boot, "sh", *sizes, workspace, cookie, ctx.where(), flags),
            stdin=b"".join(payload) + stdin,
            output=output,
            cancelled=lambda: ctx.stopped() is not None or computer.removed,
        )
        try:
            code = self._execute(computer, container, command)
        except Disconnected as error:
            self._lost(ctx, container, cookie, error)
        except KubeError as error:
            raise StepError(
                "abort", f"Unexpected response from the container {container!r}: {error.message}"
            ) from error
        if code in KILLED and is_dead(self._kube(computer).get_pod(computer.namespace, computer.name)):
            self._lost(ctx, container, cookie, Disconnected(f"exit code {code}"))
        return code

    def _execute(self, computer: Computer, container: str, command: Command) -> int:
        if container != AGENT:
            return self._kube(computer).exec(computer.namespace, computer.name, container, command)
        if computer.channel is None:
            raise Disconnected("the agent is not connected")
        return computer.channel.run(command)

    def _lost(self, ctx: Ctx, container: str, cookie: str, error: Disconnected) -> NoReturn:
        """The command's stream ended: the build was stopped, the agent was removed, or the container died."""
        computer = ctx.agent()
        if ctx.stopped() is not None and not computer.removed:
            with contextlib.suppress(Disconnected, KubeError):
                stop = Command(("sh", "-c", STOP, "sh", f"durable-{cookie}"))
                self._execute(computer, container, stop)
        ctx.check()
        ctx.wait(lambda: computer.removed, seconds=10.0)
        ctx.check()
        raise StepError(
            "abort", f"{computer.name}: the container {container} ended while the step ran ({error})"
        )


def _is_name(name: str) -> bool:
    return name.replace("_", "a").isalnum() and not name[0].isdigit()
