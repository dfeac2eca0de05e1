"""Running other programs: captured, with a time limit, and an error that says what happened."""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from core.errors import CommandFailed

TAIL_LINES = 20


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
    no_input = None if data is not None else subprocess.DEVNULL
    try:
        done = subprocess.run(  # noqa: S603 - argv form, never a shell
            argv, input=data, stdin=no_input, capture_output=True, timeout=timeout,
            env=dict(env) if env is not None else None, cwd=cwd, check=False,
        )  # fmt: skip
    except FileNotFoundError as error:
        missing = error.filename or argv[0]
        raise CommandFailed(
            f"cannot run {argv[0]}: {missing} is not there",
            remedy=remedy or f"install {argv[0]} and put it on PATH",
        ) from error
    except subprocess.TimeoutExpired as error:
        raise CommandFailed(
            f"{argv[0]} did not end within {timeout:g} s",
            where=shown,
            observed=_tail(_text(error.stderr) or _text(error.stdout)),
            remedy=remedy,
        ) from error
    result = subprocess.CompletedProcess(argv, done.returncode, _text(done.stdout), _text(done.stderr))
    if check and done.returncode != 0:
        raise CommandFailed(
            f"{argv[0]} ended with status {done.returncode}",
            where=shown,
            observed=_tail(result.stderr.strip() or result.stdout),
            remedy=remedy,
        )
    return result


def _text(data: bytes | None) -> str:
    return (data or b"").decode("utf-8", "replace")


def _tail(text: str) -> str:
    return "\n".join(text.rstrip().splitlines()[-TAIL_LINES:]) or "(it printed nothing)"
