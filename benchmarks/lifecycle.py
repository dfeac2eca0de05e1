"""How long standing up and running take, and whether a killed run leaves anything.

    python benchmarks/lifecycle.py up 3        medians of whole `conformance up` processes, warm caches
    python benchmarks/lifecycle.py run 3       the same of `conformance run` on a kept stack
    python benchmarks/lifecycle.py whole 3     the same of `./run conformance`
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
from dataclasses import dataclass, replace
from pathlib import Path

from conformance.core import timeline
from conformance.core.paths import PROJECT, cache_root, state_root
from environments import runs

CONFORMANCE = [sys.executable, "-m", "conformance.cli.main"]
#: --ecr by name: another kept stack of this host (made with the default) is then not taken for ours
STACK = ["--images", "packages", "--ecr", "simulator"]
#: seconds into the run at which it is killed: engine, cluster, services, suites, late suites
MOMENTS = (3, 12, 30, 75, 110)


@dataclass(frozen=True, slots=True)
class Measured:
    """Whole-process seconds; MiB that the machine had less at the worst moment; x the critical path."""

    seconds: float
    memory: float
    ratio: float = 0


def timed(command: list[str]) -> Measured:
    """Run one process to its end, its output dropped. Ends the program on an unexpected status."""
    before, least = available(), available()
    start = time.monotonic()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        while _still_runs(process, 0.5):
            least = min(least, available())
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
    return Measured(time.monotonic() - start, (before - least) / 1024)


def available() -> int:
    """KiB that could be had without swapping (proc(5), MemAvailable)."""
    lines = Path("/proc/meminfo").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("MemAvailable"))


def several(count: int, once: Callable[[], Measured]) -> None:
    found = [once() for _ in range(count)]
    shown = ", ".join(f"{each.seconds:.1f}" for each in found)
    print(f"median {statistics.median(each.seconds for each in found):.1f} s of {shown}")
    print(f"memory at most {max(each.memory for each in found):.0f} MiB")
    if found[0].ratio:
        print(f"median {statistics.median(each.ratio for each in found):.2f} x the critical path")


def up() -> Measured:
    measured = timed([*CONFORMANCE, "up", *STACK])
    made = runs.all_runs()[-1]
    path = timeline.critical_path(timeline.read(made.timeline))
    timed([*CONFORMANCE, "down", made.id])
    return replace(measured, ratio=measured.seconds / sum(span.seconds for span in path))


def kept(count: int) -> None:
    timed([*CONFORMANCE, "up", *STACK])
    made = runs.all_runs()[-1]
    several(count, lambda: timed([*CONFORMANCE, "run", *STACK]))
    timed([*CONFORMANCE, "down", made.id])


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
            [*CONFORMANCE, "run", *STACK],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        ) as process:
            ended = not _still_runs(process, moment)
            os.kill(process.pid, signal.SIGKILL)
        start = time.monotonic()
        timed([*CONFORMANCE, "reap"])
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
        kept(count)
    elif what == "whole":
        several(count, lambda: timed([str(PROJECT / "run"), "conformance", *STACK]))
    else:
        raise SystemExit(__doc__)
    return 0


if __name__ == "__main__":
    sys.exit(main())
