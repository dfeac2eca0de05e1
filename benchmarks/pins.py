"""Figures of the plugin gate: whole processes, imports included, medians.

    python benchmarks/pins.py --update-center DIRECTORY --manifests FILE [--rounds 5]

DIRECTORY holds update center documents named by day; FILE the manifests of the pins. The pins measured are
those of the manifests. Prints wall and CPU seconds and the largest resident set, for the gate against the
newest document, a proposal, a plan, the history over all days, and Python alone.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--update-center", type=Path, required=True)
    parser.add_argument("--manifests", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    manifests = json.loads(given.manifests.read_text(encoding="utf-8"))
    newest = max(given.update_center.glob("*.json.gz"))
    with tempfile.TemporaryDirectory() as folder:
        pins = Path(folder) / "plugins.txt"
        lines = [f"{one['name']}:{one['version']}\n" for one in manifests["plugins"]]
        pins.write_text("".join(lines), encoding="utf-8")
        common = [
            "--candidate",
            str(pins),
            "--core",
            manifests["core"],
            "--manifests",
            str(given.manifests),
            "--contract",
            str(Path(folder) / "none.toml"),
        ]
        new = str(Path(folder) / "new.txt")
        gate = ["-m", "conformance.pins", "gate"]
        runs = {
            "python alone": ["-c", "pass"],
            f"gate, {len(lines)} pins, one document": [
                *gate,
                "--static-only",
                *common,
                "--update-center",
                str(newest),
            ],
            "propose, newest set": [
                *gate,
                "propose",
                *common,
                "--update-center",
                str(newest),
                "--output",
                new,
            ],
            "plan": [*gate, "plan", *common, "--update-center", str(newest)],
            "history, all days": [*gate, "history", *common, "--update-center", str(given.update_center)],
        }
        sys.stdout.write(f"{'run':<32}{'wall s':>8}{'cpu s':>8}{'MB':>7}{'exit':>6}\n")
        for name, words in runs.items():
            rounds = [measure(words) for _ in range(given.rounds)]
            wall, cpu, size = (statistics.median(one[at] for one in rounds) for at in range(3))
            sys.stdout.write(f"{name:<32}{wall:>8.3f}{cpu:>8.3f}{size:>7.0f}{rounds[-1][3]:>6}\n")
    return 0


def measure(words: list[str]) -> tuple[float, float, float, int]:
    """(wall seconds, CPU seconds, MB resident at most, exit code) of one process."""
    start = time.monotonic()
    child = os.fork()
    if child == 0:
        os.chdir(PROJECT)
        silent = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silent, 1)
        os.dup2(silent, 2)
        os.execv(sys.executable, [sys.executable, *words])
    _, status, used = os.wait4(child, 0)
    wall = time.monotonic() - start
    return wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, os.waitstatus_to_exitcode(status)


if __name__ == "__main__":
    raise SystemExit(main())
