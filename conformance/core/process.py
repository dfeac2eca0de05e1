"""Running other programs: captured, with a time limit, and an error that says what happened."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import subprocess
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from conformance.core.errors import CommandFailed, WaitTimeout
from conformance.core.waiting import eventually, is_shielded

TAIL_LINES = 20
#: In the environment of every process that a run starts, so that none outlives a killed run unseen.
RUN_MARK = "CONFORMANCE_RUN"
_running: set[subprocess.Popen[bytes]] = set()
_guard = threading.Lock()


def stop_all() -> None:
    """End every program that `run` is waiting for: a failure elsewhere or an interrupt makes them useless.

    Those of a thread inside of `conformance.core.waiting.shield` go on.
    """
    with _guard:
        programs = list(_running)
    for program in programs:
        program.terminate()


def run(
    command: Sequence[str | Path],
    *,
    timeout: float = 600,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    stdin: str | bytes | None = None,
    check: bool = True,
    remedy: str = "",
) -> subprocess.CompletedProcess[str]:
    """Run `command` without a shell and return it with decoded stdout and stderr.

    Raises:
        CommandFailed: not found, over `timeout` seconds, or (with `check`) a non-zero status;
            `observed` holds the last lines it printed.
    """
    argv = [str(word) for word in command]
    shown = shlex.join(argv)[:500]
    data = stdin.encode() if isinstance(stdin, str) else stdin
    try:
        program = subprocess.Popen(
            argv,
            stdin=subprocess.PIPE if data is not None else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=dict(env) if env is not None else None,
            cwd=cwd,
        )
    except FileNotFoundError as error:
        missing = error.filename or argv[0]
        raise CommandFailed(
            f"cannot run {argv[0]}: {missing} is not there",
            remedy=remedy or f"install {argv[0]} and put it on PATH",
        ) from error
    if not is_shielded():
        with _guard:
            _running.add(program)
    try:
        out, err = program.communicate(data, timeout=timeout)
    except subprocess.TimeoutExpired as error:
        program.kill()
        out, err = program.communicate()
        raise CommandFailed(
            f"{argv[0]} did not end within {timeout:g} s",
            where=shown,
            observed=_tail(_text(err) or _text(out)),
            remedy=remedy,
        ) from error
    except BaseException:
        program.kill()
        program.wait()
        raise
    finally:
        with _guard:
            _running.discard(program)
    result = subprocess.CompletedProcess(argv, program.returncode, _text(out), _text(err))
    if check and program.returncode != 0:
        raise CommandFailed(
            f"{argv[0]} ended with status {program.returncode}",
            where=shown,
            observed=_tail(result.stderr.strip() or result.stdout),
            remedy=remedy,
        )
    return result


def marked(run_id: str) -> tuple[int, ...]:
    """Numbers of the processes that run `run_id` started and that still run, without this one."""
    wanted = f"{RUN_MARK}={run_id}".encode()
    found = []
    for file in Path("/proc").glob("[0-9]*/environ"):
        try:
            if wanted in file.read_bytes().split(b"\0") and file.parent.name != str(os.getpid()):
                found.append(int(file.parent.name))
        except OSError:
            continue  # it ended meanwhile, or is not ours to look at
    return tuple(sorted(found))


def end_marked(run_id: str, patience: float = 3) -> tuple[int, ...]:
    """End what `marked` finds: SIGTERM, and SIGKILL for what still runs after `patience` seconds."""
    found = marked(run_id)
    _signal(found, signal.SIGTERM)
    with contextlib.suppress(WaitTimeout):
        eventually(lambda: not marked(run_id), what="they end", timeout=patience, interval=0.05)
    _signal(marked(run_id), signal.SIGKILL)
    return found


def _signal(numbers: Sequence[int], number: signal.Signals) -> None:
    for process in numbers:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, number)


def _text(data: bytes | None) -> str:
    return (data or b"").decode("utf-8", "replace")


def _tail(text: str) -> str:
    return "\n".join(text.rstrip().splitlines()[-TAIL_LINES:]) or "(it printed nothing)"
