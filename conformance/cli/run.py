"""`conformance run`: the main job, from options to a verdict.

The static layer needs no cluster: it runs at once, beside the builds and the stand-up. The live layers follow
as soon as the stack stands. Both write into one results folder, from which everything shown is made.
"""

from __future__ import annotations

import argparse
import contextlib
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from conformance.cli.options import add_stack_options, path
from conformance.core.errors import ConformanceError, UsageError

if TYPE_CHECKING:
    from conformance.cli.options import Subparsers
    from conformance.cli.plan import Plan
    from reports import RunResult

WAIVERS = "waivers.toml"
#: finished runs that tell how long a check usually takes
EARLIER = 5


def register(subparsers: Subparsers) -> None:
    parser = subparsers.add_parser(
        "run",
        help="stand the stack up (or find a kept one), run the suites, print the verdict",
        epilog="further arguments after -- go to pytest, for example: conformance run -- -k nexus, "
        "or conformance run -- suites/nexus; without a live suite among them no stack stands up",
    )
    add_stack_options(parser)
    parser.add_argument("--keep", action="store_true", help="leave the stack standing afterwards")
    parser.add_argument("--keep-on-failure", action="store_true", help="leave it standing unless conformant")
    parser.add_argument("--static-only", action="store_true", help="the static layer alone, without a stack")
    parser.add_argument(
        "--allow-writes", action="store_true", help="existing: run the checks that write, too"
    )
    parser.add_argument(
        "--allow-disruption",
        action="store_true",
        help="existing: with --allow-writes, also run the checks that restart Jenkins and Nexus",
    )
    parser.add_argument(
        "--upgrade",
        type=path,
        default=None,
        metavar="DIR",
        help="what `conformance upgrade` saw: the upgrade layer judges it, too",
    )
    parser.add_argument("--workers", default="auto", metavar="N", help="pytest workers (%(default)s)")
    parser.add_argument("--results-dir", type=path, default=None, metavar="DIR", help="where results go")
    parser.add_argument(
        "--waivers",
        type=path,
        default=None,
        metavar="FILE",
        help=f"dated exceptions with a reason (default: {WAIVERS} beside the contract, if there)",
    )
    parser.add_argument(
        "--json-events", type=path, default=None, metavar="FILE", help="append every event as a line of JSON"
    )
    parser.add_argument("pytest_arguments", nargs="*", metavar="PYTEST_ARGUMENT")
    parser.set_defaults(handler=run)


def run(options: argparse.Namespace) -> int:
    """Run everything that was asked for and print the verdict; returns its exit code."""
    from rich.console import Console

    from conformance.cli import plan
    from conformance.cli.session import Session
    from environments import runs
    from environments.kind import reap
    from reports import LiveView, Recorder, load_results, print_verdict, usual, write_all

    console = Console()
    for removed in reap.reap():
        console.print(f"removed what a killed run left: {removed}", highlight=False)
    planned = plan.plan(options, lambda line: console.print(line, highlight=False))
    this = runs.new(str(options.contract), options.environment, planned.inputs)
    folder: Path = options.results_dir or this.results
    earlier = _earlier(this.contract, options.environment)
    try:
        options.waivers = _waivers(planned, options.waivers)
        recorder = Recorder(
            folder,
            run_id=this.id,
            environment=options.environment,
            contract=planned.loaded,
            command=shlex.join(["conformance", *sys.argv[1:]]),
            stack_revision=planned.stack_revision,
            selection=shlex.join(options.pytest_arguments),
            waivers=options.waivers,
            layers=("static",) if options.static_only else (),
            without=() if options.upgrade else ("upgrade",),
        )
        session = Session(options, planned, this, recorder, folder)
        events = _events(options.json_events)
    except ConformanceError:
        this.forget_stack()
        raise
    interrupted = False
    try:
        with LiveView(folder, console, expected=usual(earlier), json_stream=events):
            session.all()
    except KeyboardInterrupt:
        interrupted = True
        console.print("interrupted: tearing down in order; a second interrupt leaves it to conformance reap")
    finally:
        recorder.finish(interrupted=interrupted)
        result = load_results(folder)
        lost = write_all(result, folder, earlier[-1] if earlier else None)
        print_verdict(console, result, folder=str(folder))
        for name, reason in lost.items():
            console.print(f"not written: {name}: {reason}", style="red")
        session.end(result.verdict.exit_code, console)
        if events:
            events.close()
    return int(result.verdict.exit_code)


def _waivers(planned: Plan, given: Path | None) -> Path | None:
    default = planned.loaded.file.parent / WAIVERS
    if given and not given.is_file():
        raise UsageError(
            "there are no waivers", where=str(given), remedy="name a file, or leave --waivers out"
        )
    return given or (default if default.is_file() else None)


def _events(file: Path | None) -> TextIO | None:
    """Where `--json-events` go, line by line."""
    try:
        return file.open("a", encoding="utf-8", buffering=1) if file else None
    except OSError as error:
        raise UsageError("events cannot be written", where=str(file), observed=str(error)) from error


def _earlier(contract: str, environment: str) -> list[RunResult]:
    """The newest finished runs of the same contract and environment, oldest first."""
    from conformance.core.paths import state_root
    from reports import load_results

    heads = (state_root() / "runs").glob("*/results/run.json")
    found: list[RunResult] = []
    for head in sorted(heads, key=lambda head: head.stat().st_mtime, reverse=True):
        with contextlib.suppress(ConformanceError):
            result = load_results(head.parent)
            alike = result.run.contract_file == Path(contract).name and result.run.environment == environment
            if alike and result.run.state == "finished" and result.checks:
                found.insert(0, result)
        if len(found) == EARLIER:
            break
    return found
