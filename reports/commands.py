"""`conformance report ...`: render, compare, merge, bundle and verify results after a run."""

from __future__ import annotations

import argparse
import sys
import webbrowser
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from conformance.core.errors import INCOMPLETE, UsageError
from conformance.core.paths import state_root
from reports.load import load_results

if TYPE_CHECKING:
    from reports.compare import Change


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `report` with its own subcommands; each sets `handler`, which returns the exit code."""
    parser = subparsers.add_parser("report", help="render, compare, merge and verify results")
    commands = parser.add_subparsers(dest="report_command", metavar="REPORT_COMMAND", required=True)

    def add(name: str, summary: str, handler: Callable[[argparse.Namespace], int]) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=summary, description=summary)
        command.set_defaults(handler=handler)
        return command

    render = add("render", "write all reports of a results folder again", _render)
    render.add_argument("results", type=Path, metavar="RESULTS")
    render.add_argument(
        "--previous", type=Path, metavar="RESULTS", help="results or result.json to compare with"
    )
    show = add("open", "open the page of a results folder (the last run's by default)", _open)
    show.add_argument("results", type=Path, nargs="?", metavar="RESULTS")
    pack = add("bundle", "pack a results folder into one archive with checksums", _bundle)
    pack.add_argument("results", type=Path, metavar="RESULTS")
    pack.add_argument("--output", type=Path, metavar="FILE", help="default: RESULTS.tar.zst")
    pack.add_argument("--key", type=Path, metavar="PEM", help="Ed25519 private key to sign with")
    verify = add("verify", "check a bundle against its manifest", _verify)
    verify.add_argument("bundle", type=Path, metavar="BUNDLE")
    verify.add_argument("--key", type=Path, metavar="PEM", help="Ed25519 public key that must have signed it")
    merge = add("merge", "put the results of several shards together", _merge)
    merge.add_argument("results", type=Path, nargs="+", metavar="RESULTS")
    merge.add_argument("--output", type=Path, required=True, metavar="DIR", help="new folder")
    compare = add("compare", "show what differs between two results", _compare)
    compare.add_argument("before", type=Path, metavar="BEFORE")
    compare.add_argument("after", type=Path, metavar="AFTER")
    remember = add("remember", "add results to a history (a directory or s3://BUCKET/PREFIX)", _remember)
    remember.add_argument("results", type=Path, metavar="RESULTS")
    remember.add_argument("history", metavar="HISTORY")
    trend = add("trend", "show the trend of a history", _trend)
    trend.add_argument("history", metavar="HISTORY")
    trend.add_argument(
        "--last", type=int, default=60, metavar="N", help="runs to look at (%(default)s; 0: all)"
    )
    trend.add_argument("--html", type=Path, metavar="FILE", help="write a page as well")


def _render(options: argparse.Namespace) -> int:
    from reports.write import write_all

    result = load_results(options.results)
    lost = write_all(result, options.results, load_results(options.previous) if options.previous else None)
    _say([f"{options.results / 'report.html'}: {result.verdict.headline}"])
    return _exit_code(lost)


def _open(options: argparse.Namespace) -> int:
    folder = options.results or _last()
    page = folder / "report.html"
    if not page.exists():
        from reports.write import write_all

        if code := _exit_code(write_all(load_results(folder), folder)):
            return code
    _say([str(page)])
    if not webbrowser.open(page.resolve().as_uri()):
        _say(["no browser was found; open the file above in one"])
    return 0


def _bundle(options: argparse.Namespace) -> int:
    from reports import bundle

    target = options.output or options.results.with_name(f"{options.results.resolve().name}.tar.zst")
    _say([str(bundle.pack(options.results, target, key=options.key))])
    return 0


def _verify(options: argparse.Namespace) -> int:
    from reports import bundle

    verification = bundle.verify(options.bundle, key=options.key)
    if verification.faults:
        _say([f"{options.bundle} is not whole:", *(f"  {fault}" for fault in verification.faults)])
        return INCOMPLETE
    signed = ", signature valid" if verification.signed else ""
    _say([f"{options.bundle} is whole: run {verification.run}, {verification.files} files{signed}"])
    return 0


def _merge(options: argparse.Namespace) -> int:
    from reports.merge import merge
    from reports.write import write_all

    result = merge(options.results, options.output)
    lost = write_all(result, options.output)
    _say([f"{options.output}: {result.verdict.headline}"])
    return _exit_code(lost) or result.verdict.exit_code


def _compare(options: argparse.Namespace) -> int:
    from reports.compare import compare

    comparison = compare(load_results(options.before), load_results(options.after))
    if comparison.verdict:
        _say([f"verdict: {comparison.verdict.before} -> {comparison.verdict.after}"])
    for title, changes in (
        ("outcomes", comparison.outcomes),
        ("possible causes", comparison.causes),
        ("durations", comparison.durations),
    ):
        _say([f"{title}:", *map(_line, changes)] if changes else [])
    if comparison.same:
        _say(["no outcome and no cause differs"])
    return 0


def _remember(options: argparse.Namespace) -> int:
    from reports import history

    _say([history.remember(load_results(options.results), history.store(options.history))])
    return 0


def _trend(options: argparse.Namespace) -> int:
    from reports import history, page

    runs, unread = history.recall(history.store(options.history), options.last)
    if not runs:
        raise UsageError(
            f"no runs in the history {options.history}",
            observed="; ".join(unread),
            remedy="add some with conformance report remember",
        )
    trend = history.trend(runs)
    _say(history.lines(trend, unread))
    if options.html:
        options.html.write_text(page.render_trend(trend, unread), encoding="utf-8")
    return 0


def _last() -> Path:
    """The results folder of the last run."""
    heads = [*state_root().glob("results/*/run.json"), *state_root().glob("runs/*/results/run.json")]
    if not heads:
        raise UsageError("no run has left results here", remedy="name a results folder")
    return max(heads, key=lambda head: head.stat().st_mtime).parent


def _line(change: Change) -> str:
    return f"  {change.what}: {change.before or 'missing'} -> {change.after or 'missing'}"


def _say(lines: Iterable[str]) -> None:
    for line in lines:
        sys.stdout.write(line + "\n")


def _exit_code(lost: dict[str, str]) -> int:
    """Print the artifacts that could not be written; 2 when there are any."""
    for name, reason in lost.items():
        sys.stderr.write(f"not written: {name}: {reason}\n")
    return 2 if lost else 0
