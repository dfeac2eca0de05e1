"""Prints what each mutant got: `python -m tests.mutants [--shard N/M] [WORD...]`.

Ends with status 1 when a mutant is not told by the requirement that it is for, or by another as well.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from tests.mutants.model import Mutant, load
from tests.mutants.static_run import verdict


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="mutants", description="prove that the static checks can fail")
    parser.add_argument("words", nargs="*", metavar="WORD", help="only mutants whose id holds one of these")
    parser.add_argument(
        "--shard", default="1/1", metavar="N/M", help="the Nth of M parts (default: %(default)s)"
    )
    options = parser.parse_args(arguments)
    part, parts = (int(number) for number in options.shard.split("/"))
    chosen = [
        mutant
        for mutant in load()
        if mutant.layer == "static"
        and (not options.words or any(word in mutant.id for word in options.words))
    ][part - 1 :: parts]
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
    parts += [f"not said: {', '.join(mute)}"] if mute else []
    parts += [f"blocked {len(seen.blocked)}"] if seen.blocked else []
    return not (missed or others or mute), "  ".join(parts)


if __name__ == "__main__":
    sys.exit(main())
