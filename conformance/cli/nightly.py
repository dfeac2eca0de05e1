"""`conformance nightly`: every pair upgraded, unattended, remembered and told."""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from conformance.cli.options import add_making_options, default_contract
from conformance.core.errors import ConformanceError, UsageError
from conformance.core.paths import state_root

if TYPE_CHECKING:
    from conformance.cli.options import Subparsers
    from conformance.upgrade.night import Night
    from conformance.upgrade.pairs import Pair

MAKING = ("images", "jenkins_image", "ecr", "deployer", "kit")


def register(subparsers: Subparsers) -> None:
    parser = subparsers.add_parser("nightly", help="upgrade validation, unattended: pairs, history, blame")
    parser.add_argument(
        "--contract", type=Path, default=default_contract(), metavar="FILE", help="the contract (%(default)s)"
    )
    parser.add_argument(
        "--pairs",
        type=Path,
        default=None,
        metavar="FILE",
        help="[[pair]] tables with from and to (default: the newest tag to the contract)",
    )
    parser.add_argument(
        "--nights",
        type=Path,
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


def nightly(options: argparse.Namespace) -> int:
    """Run a night; 0 green, 1 red, 2 incomplete."""
    from conformance.upgrade import night as nights
    from conformance.upgrade import pairs

    webhook = os.environ.get(options.webhook_env, "") if options.webhook_env else ""
    if options.webhook_env and not webhook:
        raise UsageError(f"the environment variable {options.webhook_env} is not set")
    wanted = (
        list(pairs.matrix(options.pairs))
        if options.pairs
        else [pairs.Pair(pairs.newest_release(options.contract), str(options.contract))]
    )
    kept = _nights(options)
    today = dt.datetime.now(dt.UTC).date()
    folder = kept / str(today)
    with nights.exclusive_on_host():
        # a second run of a day takes the first one's place
        shutil.rmtree(folder, ignore_errors=True)
        done = nights.run(
            wanted, folder, options.budget * 60, lambda *what: _upgrade(options, *what), date=today
        )
        done = _blamed(options, done, wanted, folder)
        _report(folder, kept)
        nights.save(kept, done)
        told = nights.summary(done, nights.nights(kept))
        (folder / "summary.json").write_text(json.dumps(told, indent=1), encoding="utf-8")
        for old in nights.remove_old(kept, options.keep_nights):
            print(f"removed the results of {old.name}")
    print(nights.slack(told)["text"].replace("*", ""))
    print(f"results: {folder}")
    if webhook:
        nights.notify(webhook, nights.slack(told) if options.webhook_form == "slack" else told)
    return done.exit_code


def _upgrade(options: argparse.Namespace, pair: Pair, place: Path, seconds: float, *more: str) -> int:
    from conformance.upgrade.night import RUNS, run_command

    command = [
        sys.executable,
        "-m",
        "conformance.cli.main",
        "upgrade",
        "--contract",
        str(options.contract),
        "--from",
        pair.before,
        "--to",
        pair.after,
        "--results-dir",
        str(place),
        *more,
    ]
    for name in MAKING:
        if value := getattr(options, name):
            command += [f"--{name.replace('_', '-')}", value]
    if options.provision_host is not None:
        command.append("--provision-host" if options.provision_host else "--no-provision-host")
    print(f"{pair.before} -> {pair.after} (log: {place / 'log'})", flush=True)
    made = next(each for each in place.parents if each.parent == _nights(options)) / RUNS
    return run_command(command, place / "log", seconds, made)


def _nights(options: argparse.Namespace) -> Path:
    kept: Path = options.nights or state_root() / "nights"
    return kept.resolve()


def _blamed(options: argparse.Namespace, done: Night, wanted: list[Pair], folder: Path) -> Night:
    """The night with what is to blame for its first red pair, when that was asked for."""
    red = next((pair for pair, seen in zip(wanted, done.pairs, strict=False) if seen.exit_code == 1), None)
    if red is None or not options.blame:
        return done
    from conformance.upgrade import blame, pairs

    sources = folder / "blame"
    old = pairs.side(red.before, options.contract, sources / "from").loaded
    new = pairs.side(red.after, options.contract, sources / "to").loaded

    at = folder / f"pair-{wanted.index(red) + 1}"
    sought = _failed(at)
    # what goes wrong on the way back alone is sought there
    ways = () if sought and not _failed(at, "forth") else ("--no-back",)

    def attempt(taken: frozenset[str]) -> blame.Outcome:
        place = sources / "-".join(sorted(each.replace(" ", "_") for each in taken))
        contract = blame.hybrid(old, new, taken, place / "contract")
        pair = pairs.Pair(str(old.file), str(contract))
        code = _upgrade(options, pair, place, options.budget * 60, *ways)
        if code == 1 and sought and not sought & _failed(place):
            return "error"  # it fails, and for another reason than the one that is sought
        return "passed" if code == 0 else "failed" if code == 1 else "error"

    found = blame.blame(
        blame.changed(old, new), attempt, budget=options.blame, memory=blame.Memory(sources / "trials.jsonl")
    )
    words = found.components if found.minimal else (*found.components, f"(not minimal: {found.note})")
    return done.model_copy(update={"blamed": words})


def _failed(place: Path, direction: str = "*") -> frozenset[str]:
    """Requirements that failed in the reports of one pair."""
    from reports import RunResult

    return frozenset(
        name
        for results in place.glob(f"{direction}/results")
        for check in RunResult.load(results).checks
        if check.outcome == "failed"
        for name in check.requirements
    )


def _report(folder: Path, kept: Path) -> None:
    """One report of all pairs, and each of them in the history for `conformance report trend`."""
    from reports import RunResult, write_all
    from reports.history import remember, store
    from reports.merge import merge

    results = sorted(folder.glob("pair-*/*/results"))
    for each in results:
        try:
            remember(RunResult.load(each), store(str(kept / "history")))
        except ConformanceError as error:
            print(f"not remembered: {each}: {str(error).splitlines()[0]}")
    if len(results) > 1:
        write_all(merge(results, folder / "report"), folder / "report")
