"""`conformance nightly`: every pair upgraded, unattended, remembered and reported."""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from conformance.cli.options import (
    add_contract_options,
    add_making_options,
    path,
    require_writable,
    run_options,
)
from conformance.core import command as command_lines
from conformance.core.errors import ConformanceError, UsageError
from conformance.core.files import write_atomically
from conformance.core.paths import state_root

if TYPE_CHECKING:
    from conformance.cli.options import Subparsers
    from conformance.pins.trial import Outcome
    from conformance.upgrade.night import Night
    from conformance.upgrade.pairs import Pair
    from environments.options import RunOptions


def register(subparsers: Subparsers) -> None:
    parser = subparsers.add_parser("nightly")
    add_contract_options(parser)
    parser.add_argument(
        "--pairs",
        type=path,
        default=None,
        metavar="FILE",
        help="[[pair]] tables with from and to (default: the newest tag to the contract)",
    )
    parser.add_argument(
        "--nights",
        type=path,
        default=None,
        metavar="DIR",
        help="where nights are kept (default: the state folder)",
    )
    parser.add_argument(
        "--budget", type=int, default=180, metavar="MINUTES", help="for all pairs (%(default)s)"
    )
    parser.add_argument(
        "--keep-nights", type=int, default=30, metavar="N", help="nights whose results are kept (%(default)s)"
    )
    parser.add_argument(
        "--blame",
        type=int,
        default=0,
        metavar="TRIALS",
        help="search for the change that breaks a pair, in at most so many upgrades (default: not)",
    )
    parser.add_argument(
        "--webhook-env", default="", metavar="NAME", help="variable with the address that gets a JSON summary"
    )
    parser.add_argument("--webhook-form", choices=("generic", "slack"), default="generic")
    add_making_options(parser)
    parser.set_defaults(handler=nightly)


@dataclass(frozen=True, slots=True)
class _Plan:
    """A night's settings. `options` make the stacks; a search for blame takes at most `trials` upgrades."""

    options: RunOptions
    nights: Path
    budget: float
    trials: int

    def upgrade(self, pair: Pair, place: Path, seconds: float, *more: str) -> int:
        """One pair in a process of its own; its exit code."""
        from conformance.upgrade.night import RUNS, run_command

        command = command_lines.conformance(
            *("upgrade", "--contract", self.options.contract),
            *("--from", pair.before, "--to", pair.after),
            *("--results-dir", place),
            *more,
            *self.options.making(),
        )
        print(f"{pair.before} -> {pair.after} (log: {place / 'log'})", flush=True)
        made = next(each for each in place.parents if each.parent == self.nights) / RUNS
        return run_command(command, place / "log", seconds, made)


def nightly(options: argparse.Namespace) -> int:
    """Run a night; 0 green, 1 red, 2 incomplete."""
    from conformance.upgrade import night as nights
    from conformance.upgrade import pairs

    webhook = os.environ.get(options.webhook_env, "") if options.webhook_env else ""
    if options.webhook_env and not webhook:
        raise UsageError(f"the environment variable {options.webhook_env} is not set")
    kept: Path = (options.nights or state_root() / "nights").resolve()
    planned = _Plan(run_options(options), kept, options.budget * 60, options.blame)
    require_writable(kept)
    contract = planned.options.contract
    wanted = (
        list(pairs.matrix(options.pairs))
        if options.pairs
        else [pairs.Pair(pairs.newest_release(contract), str(contract))]
    )
    today = dt.datetime.now(dt.UTC).date()
    folder = kept / str(today)
    with nights.exclusive_on_host():
        # a second run of a day takes the first one's place
        shutil.rmtree(folder, ignore_errors=True)
        done = nights.run(wanted, folder, planned.budget, planned.upgrade, date=today)
        done = _blamed(planned, done, wanted, folder)
        _report(folder, kept)
        nights.save(kept, done)
        summary = nights.summary(done, nights.nights(kept))
        write_atomically(folder / "summary.json", json.dumps(summary, indent=1))
        for old in nights.remove_old(kept, options.keep_nights):
            print(f"removed the results of {old.name}")
    print(nights.slack(summary)["text"].replace("*", ""))
    print(f"results: {folder}")
    if webhook:
        nights.notify(webhook, nights.slack(summary) if options.webhook_form == "slack" else summary)
    return done.exit_code


def _blamed(planned: _Plan, done: Night, wanted: list[Pair], folder: Path) -> Night:
    """The night with the cause of its first red pair, when trials for it are allowed."""
    red = next((pair for pair, seen in zip(wanted, done.pairs, strict=False) if seen.exit_code == 1), None)
    if red is None or not planned.trials:
        return done
    from conformance.pins.trial import TrialMemory
    from conformance.upgrade import blame, pairs

    sources, contract = folder / "blame", planned.options.contract
    old = pairs.side(red.before, contract, sources / "from").loaded
    new = pairs.side(red.after, contract, sources / "to").loaded

    at = folder / f"pair-{wanted.index(red) + 1}"
    sought = _failed(at)
    # a failure of the way back alone is searched there
    ways = () if sought and not _failed(at, "forth") else ("--no-back",)

    def attempt(taken: frozenset[str]) -> Outcome:
        place = sources / "-".join(sorted(each.replace(" ", "_") for each in taken))
        mixed = blame.hybrid(old, new, taken, place / "contract")
        code = planned.upgrade(pairs.Pair(str(old.file), str(mixed)), place, planned.budget, *ways)
        if code == 1 and sought and not sought & _failed(place):
            return "error"  # it fails, and for another reason than the one that is sought
        return "passed" if code == 0 else "failed" if code == 1 else "error"

    found = blame.blame(
        blame.changed(old, new), attempt, budget=planned.trials, memory=TrialMemory(sources / "trials.jsonl")
    )
    words = found.components if found.minimal else (*found.components, f"(not minimal: {found.note})")
    return done.model_copy(update={"blamed": words})


def _failed(place: Path, direction: str = "*") -> frozenset[str]:
    """Requirements that failed in the reports of one pair."""
    from reports import load_results

    return frozenset(
        name
        for results in place.glob(f"{direction}/results")
        for check in load_results(results).checks
        if check.outcome == "failed"
        for name in check.requirements
    )


def _report(folder: Path, kept: Path) -> None:
    """One report of all pairs, and each of them in the history for `conformance report trend`."""
    from reports import load_results, write_all
    from reports.history import remember, store
    from reports.merge import merge

    results = sorted(folder.glob("pair-*/*/results"))
    for each in results:
        try:
            remember(load_results(each), store(str(kept / "history")))
        except ConformanceError as error:
            print(f"not remembered: {each}: {str(error).splitlines()[0]}")
    if len(results) > 1:
        write_all(merge(results, folder / "report"), folder / "report")
