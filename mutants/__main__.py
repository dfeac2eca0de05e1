"""`python -m mutants`: break the stack in one place at a time and see which checks fail.

Without options the static mutants, in this process and without a cluster; with `--live` those of a stack that
runs: a kept one of this checkout, else one that is created for it and removed.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

from conformance.core.errors import ConformanceError, UsageError
from mutants import live, upgrades
from mutants.field import field
from mutants.live import LiveMutant
from mutants.live_run import Result, Runner, dump
from mutants.model import Mutant, load
from mutants.stacks import running_stack
from mutants.static_run import verdict
from mutants.upgrade_run import UpgradeRunner

T = TypeVar("T")


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="mutants", description="prove that the checks can fail")
    parser.add_argument("words", nargs="*", metavar="WORD", help="only mutants whose id holds one of these")
    parser.add_argument(
        "--shard", default="1/1", metavar="N/M", help="the Nth of M parts (default: %(default)s)"
    )
    group = parser.add_argument_group("on a running stack")
    group.add_argument("--live", action="store_true", help="the live mutants, one after the other")
    group.add_argument("--stack", metavar="FILE", help="its endpoints; default: the newest kept stack")
    group.add_argument("--only", metavar="ID", action="append", default=[], help="this mutant (repeatable)")
    group.add_argument("--layer", metavar="LAYER", action="append", default=[], help="mutants of this layer")
    group.add_argument("--confined", action="store_true", help="only those that change nothing in the stack")
    group.add_argument(
        "--changing", action="store_true", help="only those that change something in the stack"
    )
    group.add_argument(
        "--resume",
        metavar="FILE",
        type=Path,
        help="JSON lines of results: what is proven there is passed over",
    )
    group.add_argument(
        "--sample", type=int, default=0, metavar="N", help="about N of them, others every day, all in turn"
    )
    group.add_argument(
        "--upgrade", action="store_true", help="the upgrade mutants: the stack is upgraded and brought back"
    )
    options = parser.parse_args(arguments)
    try:
        if options.upgrade:
            return _upgrade(options)
        return _live(options) if options.live else _static(options)
    except ConformanceError as error:
        sys.stderr.write(f"{error}\n")
        return 3


def _part(found: Sequence[T], shard: str) -> Sequence[T]:
    part, parts = (int(number) for number in shard.split("/"))
    return found[part - 1 :: parts]


def todays(found: Sequence[T], size: int, day: int) -> Sequence[T]:
    """About `size` of `found`, spread over all of it; ceil(len / size) days in a row show each once."""
    parts = max(1, -(-len(found) // size))
    return found[day % parts :: parts]


def _named(identifier: str, words: Sequence[str]) -> bool:
    return not words or any(word in identifier for word in words)


# -- live ---------------------------------------------------------------------------------------


def _live(options: argparse.Namespace) -> int:
    chosen = [
        mutant
        for mutant in live.load()
        if _named(mutant.id, options.words)
        and (not options.only or mutant.id in options.only)
        and (not options.layer or mutant.layer in options.layer)
        and not (options.confined and not mutant.confined)
        and not (options.changing and mutant.confined)
    ]
    if options.sample:
        chosen = list(todays(chosen, options.sample, int(time.time() // 86400)))
    done = _proven(options.resume)
    left = [mutant for mutant in _part(chosen, options.shard) if mutant.id not in done]
    if not chosen:
        raise UsageError("no mutant is meant by these options")
    with running_stack(options.stack) as stack:
        bad = _all(Runner(stack), left, options)
    sys.stdout.write(f"{len(left)} mutants, {len(left) - bad} proven, {bad} not; {len(done)} before\n")
    return 1 if bad else 0


def _all(runner: Runner, left: Sequence[LiveMutant], options: argparse.Namespace) -> int:
    """Judge these in turn; how many were not proven, those that were not tried among them."""
    if not options.confined and (repaired := runner.repair()):
        sys.stdout.write(f"undone, left by a run before: {repaired}\n")
    bad = 0
    for number, mutant in enumerate(left, 1):
        result = runner.judge(mutant)
        bad += not result.proven
        sys.stdout.write(result.line() + "\n")
        sys.stdout.flush()
        if options.resume:
            with options.resume.open("a", encoding="utf-8") as out:
                out.write(dump(result) + "\n")
        if mutant.action and (not result.undone or runner.journal.pending()[0]):
            sys.stdout.write("the stack is not what it was: nothing more is tried on it\n")
            return bad + len(left) - number + result.proven
    return bad


def _proven(file: Path | None) -> set[str]:
    if file is None or not file.exists():
        return set()
    lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    last = {line["mutant"]: line["proven"] for line in lines}
    return {name for name, proven in last.items() if proven}


def _upgrade(options: argparse.Namespace) -> int:
    chosen = [
        mutant
        for mutant in upgrades.load()
        if _named(mutant.id, options.words) and (not options.only or mutant.id in options.only)
    ]
    # what restarts nothing takes a third of the time
    chosen.sort(key=lambda mutant: not mutant.sound and mutant.goes_elsewhere)
    done = _proven(options.resume)
    left = [mutant for mutant in _part(chosen, options.shard) if mutant.id not in done]
    bad = 0
    with running_stack(options.stack) as file:
        runner = UpgradeRunner(field(file))
        runner.ready()
        for mutant in left:
            result = runner.judge(mutant)
            bad += not result.proven
            _report(result, options.resume)
            if not result.undone:
                sys.stdout.write("the stack is not what it was: nothing more is tried on it\n")
                return 1
    sys.stdout.write(f"{len(left)} mutants, {len(left) - bad} proven, {bad} not; {len(done)} before\n")
    return 1 if bad or not chosen else 0


def _report(result: Result, resume: Path | None) -> None:
    sys.stdout.write(result.line() + "\n")
    sys.stdout.flush()
    if resume:
        with resume.open("a", encoding="utf-8") as out:
            out.write(dump(result) + "\n")


# -- static -------------------------------------------------------------------------------------


def _static(options: argparse.Namespace) -> int:
    chosen = [mutant for mutant in load() if mutant.layer == "static" and _named(mutant.id, options.words)]
    chosen = list(_part(chosen, options.shard))
    bad = 0
    for mutant in chosen:
        proven, line = _judge(mutant)
        bad += not proven
        sys.stdout.write(line + "\n")
    sys.stdout.write(f"{len(chosen)} mutants, {len(chosen) - bad} proven, {bad} not\n")
    return 1 if bad or not chosen else 0


def _judge(mutant: Mutant) -> tuple[bool, str]:
    start = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        seen = verdict(mutant.make(Path(folder)))
    failed = set(seen.failed)
    missed, others = sorted(set(mutant.breaks) - failed), sorted(failed - set(mutant.breaks))
    text = " ".join(line for lines in seen.failed.values() for line in lines)
    mute = [word for word in mutant.says if word not in text]
    parts = [
        f"{'ok  ' if not (missed or others or mute) else 'BAD '} {mutant.id:36}",
        f"{(time.monotonic() - start) * 1000:5.0f} ms",
        f"failed {', '.join(sorted(set(mutant.breaks) & failed)) or 'nothing'}",
    ]
    parts += [f"missed {', '.join(missed)}"] if missed else []
    parts += [f"others {', '.join(others)}"] if others else []
    parts += [f"not in the message: {', '.join(mute)}"] if mute else []
    parts += [f"blocked {len(seen.blocked)}"] if seen.blocked else []
    return not (missed or others or mute), "  ".join(parts)


if __name__ == "__main__":
    sys.exit(main())
