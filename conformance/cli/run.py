"""`conformance run`: the main job, from options to a verdict.

The static layer needs no cluster: it runs at once, beside the builds and the stand-up. The live layers follow
as soon as the stack is up. Both write into one results folder, from which everything shown is made.
"""

from __future__ import annotations

import argparse
import contextlib
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from conformance.cli.options import add_stack_options, path, require_writable, run_options, workers
from conformance.core.errors import INCOMPLETE, ConformanceError, UsageError
from conformance.core.paths import state_root

if TYPE_CHECKING:
    from conformance.cli.options import Subparsers
    from conformance.cli.plan import Plan
    from reports import RunResult

WAIVERS = "waivers.toml"
#: finished runs from which a check's usual duration is taken
EARLIER = 5


def register(subparsers: Subparsers) -> None:
    parser = subparsers.add_parser(
        "run",
        epilog="further arguments after -- go to pytest, for example: conformance run -- -k nexus, "
        "or conformance run -- suites/nexus; without a live suite among them no stack is stood up",
    )
    add_stack_options(parser)
    parser.add_argument("--keep", action="store_true", help="keep the stack afterwards")
    parser.add_argument("--keep-on-failure", action="store_true", help="keep it unless conformant")
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
    parser.add_argument(
        "--workers", type=workers, default="auto", metavar="N", help="pytest workers (%(default)s)"
    )
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
    """Run the selection and print the verdict; returns its exit code."""
    from rich.console import Console

    from conformance.cli import plan
    from conformance.cli.session import Session
    from environments import reap, runs
    from reports import LiveView, Recorder, load_results, print_verdict, usual, write_all

    console = Console()

    def say(line: str) -> None:
        console.print(line, highlight=False, markup=False, soft_wrap=True)

    chosen = run_options(options)
    planned = plan.plan(chosen, say)
    waivers = _validated(planned)
    for removed in () if chosen.static_only else reap.reap():
        say(f"removed what a killed run left: {removed}")
    this = runs.new(str(planned.loaded.file), chosen.environment, planned.inputs)
    folder = chosen.results_dir or this.results
    earlier = _earlier(this.contract, chosen.environment)
    try:
        recorder = Recorder(
            folder,
            run_id=this.id,
            environment=chosen.environment,
            contract=planned.loaded,
            command=shlex.join(["conformance", *sys.argv[1:]]),
            stack_revision=planned.stack_revision,
            selection=shlex.join(chosen.pytest_arguments),
            waivers=waivers,
            layers=("static",) if chosen.static_only else (),
            without=() if chosen.upgrade else ("upgrade",),
        )
        session = Session(planned, this, recorder, folder, waivers)
        events = _events(chosen.json_events)
    except BaseException:
        this.forget_stack()
        raise
    code = INCOMPLETE
    try:
        interrupted = True
        try:
            with LiveView(folder, console, expected=usual(earlier), json_stream=events):
                session.all()
            interrupted = False
        except KeyboardInterrupt:
            say("interrupted: tearing down in order; a second interrupt leaves it to conformance reap")
        finally:
            recorder.finish(interrupted=interrupted)
        result = load_results(folder)
        lost = write_all(result, folder, earlier[-1] if earlier else None)
        print_verdict(console, result, folder=str(folder))
        for name, reason in lost.items():
            console.print(f"not written: {name}: {reason}", style="red")
        code = int(result.verdict.exit_code)
    finally:
        session.end(code, console)
        if events:
            events.close()
    return code


def _validated(planned: Plan) -> Path | None:
    """Check all that can be wrong before the first thing is made; returns the file of waivers.

    Raises UsageError.
    """
    from conformance.cli import selection
    from conformance.cli.session import live_suites
    from reports.waivers import load

    options = planned.options
    waivers = _waivers(planned, options.waivers)
    if waivers:
        load(waivers)
    if options.upgrade and not options.upgrade.is_dir():
        raise UsageError(
            "there is no folder of an upgrade",
            where=str(options.upgrade),
            remedy="conformance upgrade writes it",
        )
    if options.results_dir:
        require_writable(options.results_dir)
    require_writable(state_root())
    wanted = selection.selection(options.pytest_arguments)
    if wanted.arguments:
        own = [selection.SUITES / "static", *live_suites(options)]
        selection.check(wanted.below(own), wanted.arguments, planned.loaded.file)
    return waivers


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
    from reports import load_results

    heads = (state_root() / "runs").glob("*/results/run.json")
    found: list[RunResult] = []
    for head in sorted(heads, key=lambda head: head.stat().st_mtime, reverse=True):
        # a record that was cut off when its run was killed says nothing
        with contextlib.suppress(ConformanceError, ValueError, OSError):
            result = load_results(head.parent)
            alike = result.run.contract_file == Path(contract).name and result.run.environment == environment
            if alike and result.run.state == "finished" and result.checks:
                found.insert(0, result)
        if len(found) == EARLIER:
            break
    return found
