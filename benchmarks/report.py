"""Measures what reports cost: `python benchmarks/report.py [rounds]` prints the table of docs/reports.md.

- a run of 200 checks with 20 MB of evidence: from the results folder to all artifacts, whole process;
- its page: size, and in headless Chromium the time until it is interactive;
- a suite of 1,000 checks: pytest with the outcome and gating plugins against pytest with --junit-xml.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(PROJECT))

from tests.reports.browser import chromium
from tests.reports.builders import check, results
from tests.runner.suite_run import REQUIREMENTS, environment, suite

CHECKS, EVIDENCE = 200, 105_000
RENDER = (
    "import sys; from pathlib import Path; from reports import load_results, write_all;"
    "f = Path(sys.argv[1]); sys.exit(bool(write_all(load_results(f), f)))"
)


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        page = report(folder / "results", rounds)
        interactive(page, folder, rounds)
        for milliseconds in (0, 1, 10):
            overhead(folder / f"suite{milliseconds}", rounds, milliseconds)


def report(folder: Path, rounds: int) -> Path:
    line = '2026-01-01T00:00:00Z INFO [main] a <line> of a log & what it "says" with numbers 0123456789\n'
    log = (line * (EVIDENCE // len(line) + 1))[:EVIDENCE]
    checks = [check(f"NEXUS-{n:03d}", "failed" if n % 20 == 0 else "passed") for n in range(1, CHECKS + 1)]
    # distinct evidence, so that none is stored once for two checks
    made = results(
        folder,
        *checks,
        evidence={one["requirements"][0]: {"log": f"{number}\n{log}"} for number, one in enumerate(checks)},
    )
    stored = sum(ref.stored for one in made.checks for ref in one.evidence)
    times = [timed([sys.executable, "-c", RENDER, str(folder)], PROJECT) for _ in range(rounds)]
    page = folder / "report.html"
    say(f"all artifacts of {CHECKS} checks, {stored / 1e6:.0f} MB of evidence", times, "2 s")
    write_line(f"its page: {page.stat().st_size / 1e6:.2f} MB (at most 3 MB)")
    return page


def interactive(page: Path, folder: Path, rounds: int) -> None:
    script = "performance.getEntriesByType('navigation')[0].{}"
    with chromium(folder / "profile") as tab:
        found = []
        for _ in range(rounds):
            tab.open(page, 1280)
            found.append(float(tab.evaluate(script.format("domInteractive"))) / 1000)
    say("page interactive in headless Chromium", found, "1 s")


def overhead(folder: Path, rounds: int, milliseconds: int) -> None:
    """Alternates both, so that what else the machine does falls on both."""
    folder.mkdir()
    gates = [name for name, _, gate in REQUIREMENTS if gate]
    others = [name for name, _, gate in REQUIREMENTS if not gate]
    names = [*gates, *(others[n % len(others)] for n in range(1000 - len(gates)))]
    body = f"time.sleep({milliseconds / 1000})" if milliseconds else "pass"
    suite(folder, many="".join(f"@need('{names[n]}')\ndef test_{n}(): {body}\n" for n in range(1000)))
    base = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--strict-markers"]
    plain = [*base, "-o", "markers=requirement", "--junit-xml=plain.xml"]
    ours = [
        *base,
        "-p",
        "conformance.runner.outcomes",
        "-p",
        "conformance.runner.gating",
        "--session-name=live",
    ]
    both: tuple[list[float], list[float]] = ([], [])
    for number in range(rounds):
        both[0].append(timed(plain, folder))
        both[1].append(timed([*ours, f"--results-dir=results{number}"], folder))
    say(f"1,000 checks of {milliseconds} ms, plain pytest with --junit-xml", both[0])
    say(f"1,000 checks of {milliseconds} ms, with our plugins", both[1])
    ratio = statistics.median(both[1]) / statistics.median(both[0]) - 1
    write_line(f"overhead: {100 * ratio:.1f} % (at most 5 %)")


def timed(command: list[str], folder: Path) -> float:
    """Seconds of a whole process that must succeed."""
    begin = time.perf_counter()
    done = subprocess.run(
        command,
        cwd=folder,
        env={**environment(), "PYTHONDONTWRITEBYTECODE": ""},
        check=False,
        capture_output=True,
    )
    seconds = time.perf_counter() - begin
    if done.returncode:
        raise SystemExit(done.stdout.decode() + done.stderr.decode())
    return seconds


def say(what: str, times: list[float], most: str = "") -> None:
    """One line: median, spread and what is allowed."""
    limit = f" (at most {most})" if most else ""
    spread = f"{min(times):.3f}..{max(times):.3f}"
    write_line(f"{what}: median {statistics.median(times):.3f} s of {len(times)}, {spread}{limit}")


def write_line(line: str) -> None:
    sys.stdout.write(line + "\n")


if __name__ == "__main__":
    os.environ.setdefault("PYTHONPATH", str(PROJECT))
    main()
