"""How long standing up and running take, and whether a killed run leaves anything.

    python benchmarks/lifecycle.py up 3        medians of whole `conformance up` processes, warm caches
    python benchmarks/lifecycle.py run 3       the same of `conformance run` on a kept stack
    python benchmarks/lifecycle.py kill        SIGKILL at five moments of a run, then reap: what is left

It stands real stacks up; nothing else of this project may be running meanwhile.
"""

from __future__ import annotations

import os
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from core.paths import cache_root, state_root

CONFORMANCE = [sys.executable, "-m", "cli.main"]
#: seconds into the run at which it is killed: engine, cluster, services, suites, late suites
MOMENTS = (3, 12, 30, 75, 110)


def timed(*words: str) -> float:
    """Seconds of one whole process; its output goes to stderr's log. Raises on an unexpected status."""
    start = time.monotonic()
    done = subprocess.run([*CONFORMANCE, *words], stdout=subprocess.DEVNULL, check=False)
    if done.returncode:
        raise SystemExit(f"conformance {' '.join(words)} ended with {done.returncode}")
    return time.monotonic() - start


def several(count: int, once: Callable[[], float]) -> None:
    seconds = [once() for _ in range(count)]
    shown = ", ".join(f"{value:.1f}" for value in seconds)
    print(f"median {statistics.median(seconds):.1f} s of {shown}")


def up() -> float:
    seconds = timed("up", "--images", "packages")
    timed("down")
    return seconds


def left() -> list[str]:
    """What a run left; containers and networks go with the private engine, which must be gone too."""
    found = [str(path) for path in (cache_root() / "runs").glob("*")]
    found += [str(path) for path in (state_root() / "runs").glob("*/run.json")]
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = process.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if str(cache_root()) in command and "tox-" not in command:
            found.append(f"process {process.parent.name}: {command[:120]}")
    mounts = Path("/proc/mounts").read_text(encoding="utf-8").splitlines()
    found += [line.split()[1] for line in mounts if str(cache_root()) in line]
    return found


def _still_runs(process: subprocess.Popen[bytes], seconds: float) -> bool:
    try:
        process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        return True
    return False


def kill() -> int:
    clean = 0
    for moment in MOMENTS:
        with subprocess.Popen(
            [*CONFORMANCE, "run", "--images", "packages"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        ) as process:  # fmt: skip
            ended = not _still_runs(process, moment)
            os.kill(process.pid, signal.SIGKILL)
        start = time.monotonic()
        timed("reap")
        remains = left()
        clean += not remains
        early = " (it had ended before)" if ended else ""
        took = time.monotonic() - start
        print(f"killed after {moment} s{early}: reaped in {took:.1f} s, left: {remains or 'nothing'}")
    print(f"{clean} of {len(MOMENTS)} left nothing")
    return 0 if clean == len(MOMENTS) else 1


def main() -> int:
    what, count = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 3
    if what == "kill":
        return kill()
    if what == "up":
        several(count, up)
    elif what == "run":
        several(count, lambda: timed("run", "--images", "packages"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
