"""`conformance run`: the main job, from options to a verdict.

The static layer needs no cluster: it runs at once, beside the builds and the stand-up. The live layers follow
as soon as the stack stands. Both write into one results folder, from which everything shown is made.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from cli.options import add_stack_options
from core.errors import ConformanceError, EnvironmentFailure, UsageError
from core.paths import PROJECT

if TYPE_CHECKING:
    from rich.console import Console

    from cli.options import Subparsers
    from cli.standing import Plan
    from core.graph import Happened
    from environments.base import Environment
    from environments.runs import Run
    from reports import Recorder, RunResult

STOP_SECONDS = 20
WAIVERS = "waivers.toml"
#: finished runs that tell how long a check usually takes
EARLIER = 5


def register(subparsers: Subparsers) -> None:
    parser = subparsers.add_parser(
        "run", help="stand the stack up (or find a kept one), run the suites, print the verdict",
        epilog="further arguments after -- go to pytest, for example: conformance run -- -k nexus",
    )  # fmt: skip
    add_stack_options(parser)
    parser.add_argument("--keep", action="store_true", help="leave the stack standing afterwards")
    parser.add_argument("--keep-on-failure", action="store_true", help="leave it standing unless conformant")
    parser.add_argument("--static-only", action="store_true", help="the static layer alone, without a stack")
    parser.add_argument(
        "--allow-writes", action="store_true", help="existing: run the checks that write, too"
    )
    parser.add_argument(
        "--upgrade", type=Path, default=None, metavar="DIR",
        help="what `conformance upgrade` saw: the upgrade layer judges it, too",
    )  # fmt: skip
    parser.add_argument("--workers", default="auto", metavar="N", help="pytest workers (%(default)s)")
    parser.add_argument("--results-dir", type=Path, default=None, metavar="DIR", help="where results go")
    parser.add_argument(
        "--waivers", type=Path, default=None, metavar="FILE",
        help=f"dated exceptions with a reason (default: {WAIVERS} beside the contract, if there)",
    )  # fmt: skip
    parser.add_argument(
        "--json-events", type=Path, default=None, metavar="FILE", help="append every event as a line of JSON"
    )
    parser.add_argument("pytest_arguments", nargs="*", metavar="PYTEST_ARGUMENT")
    parser.set_defaults(handler=run)


def run(options: argparse.Namespace) -> int:
    """Run everything that was asked for and print the verdict; returns its exit code."""
    from rich.console import Console  # noqa: PLC0415 - each command loads what it needs

    from cli import standing  # noqa: PLC0415
    from environments import runs  # noqa: PLC0415
    from environments.kind import reap  # noqa: PLC0415
    from reports import LiveView, Recorder, RunResult, print_verdict, usual, write_all  # noqa: PLC0415

    console = Console()
    for removed in reap.reap():
        console.print(f"removed what a killed run left: {removed}", highlight=False)
    planned = standing.plan(options, lambda line: console.print(line, highlight=False))
    this = runs.new(str(options.contract), options.environment, planned.inputs)
    folder: Path = options.results_dir or this.results
    earlier = _earlier(this.contract, options.environment)
    try:
        recorder = Recorder(
            folder, run_id=this.id, environment=options.environment, contract=planned.loaded,
            command=shlex.join(["conformance", *sys.argv[1:]]), stack_revision=planned.stack_revision,
            selection=shlex.join(options.pytest_arguments), waivers=_waivers(planned, options.waivers),
            layers=("static",) if options.static_only else (),
        )  # fmt: skip
        events = _events(options.json_events)
    except ConformanceError:
        this.forget_stack()
        raise
    session = _Session(options, planned, this, recorder, folder)
    interrupted = False
    try:
        with LiveView(folder, console, expected=usual(earlier), json_stream=events):
            session.all()
    except KeyboardInterrupt:
        interrupted = True
        console.print("interrupted: tearing down in order; a second interrupt leaves it to conformance reap")
    finally:
        recorder.finish(interrupted=interrupted)
        result = RunResult.load(folder)
        lost = write_all(result, folder, earlier[-1] if earlier else None)
        print_verdict(console, result, folder=str(folder))
        for name, reason in lost.items():
            console.print(f"not written: {name}: {reason}", style="red")
        session.end(result.verdict.exit_code, console)
        if events:
            events.close()
    return int(result.verdict.exit_code)


class _Session:
    """One `conformance run`: what stands and what runs, so that every way out can end it."""

    def __init__(
        self, options: argparse.Namespace, planned: Plan, this: Run, recorder: Recorder, folder: Path
    ) -> None:
        self._options = options
        self._planned = planned
        self._run = this
        self._recorder = recorder
        self._folder = folder
        self._environment: Environment | None = None
        self._stack_run = this

    def all(self) -> None:
        """Static checks beside the stand-up, then the live ones."""
        with self._pytest("static", [str(PROJECT / "suites/static")], workers="0") as static:
            if not self._options.static_only:
                try:
                    endpoints = self._stand_up()
                except ConformanceError as error:
                    self._recorder.problem(error, "stand-up")
                    self._diagnose()
                else:
                    self._live(endpoints)
            static.wait()

    def end(self, exit_code: int, console: Console) -> None:
        """Diagnostics when it is red, then keep or remove."""
        from environments.kind import reap  # noqa: PLC0415

        keep = self._options.keep or (self._options.keep_on_failure and exit_code != 0)
        made_here = self._environment is not None and self._stack_run is self._run
        if made_here and self._run.endpoints() is not None and keep:
            self._run.keep()
            console.print(f"kept: {self._run.id} (conformance down removes it)")
        elif made_here and self._environment is not None:
            self._environment.down()
        else:
            self._run.forget_stack()
        reap.release_engine()

    def _stand_up(self) -> Path:
        from cli import standing  # noqa: PLC0415
        from cli.progress import Estimate, clock  # noqa: PLC0415
        from environments.images import kit  # noqa: PLC0415
        from environments.images.builder import Builder  # noqa: PLC0415

        options, planned, say = self._options, self._planned, self._recorder.note
        kept = planned.kept()
        if kept is not None:
            say(f"using the kept stack {kept.id}")
            self._stack_run = kept
            return self._known(kept)
        if options.environment == "existing":
            from environments import existing  # noqa: PLC0415

            self._run.endpoints_file.write_text(
                existing.endpoints(planned.loaded, self._run, writable=options.allow_writes).to_json()
            )
            return self._known(self._run)
        engine = standing.fit_host(options, planned, say)
        if options.kit:
            kit.take(options.kit, planned.sources.catalogue, engine, say)
        where = standing.environment(planned, self._run, engine, say)
        self._environment = where
        tasks = where.tasks()
        estimate = Estimate(tasks, Builder(planned.sources.catalogue, engine).expected_seconds)
        say(f"stand-up: {len(tasks)} steps, about {clock(estimate.remaining())}")

        def observe(name: str, happened: Happened, seconds: float) -> None:
            estimate(name, happened, seconds)
            self._recorder.step(name, "running" if happened == "started" else happened)
            if happened == "done":
                say(f"stand-up: {estimate}")

        try:
            where.up(observe, tasks)
        finally:
            estimate.durations.save()
        return self._known(self._run)

    def _known(self, stack: Run) -> Path:
        from dataclasses import asdict  # noqa: PLC0415

        endpoints = stack.endpoints()
        if endpoints is None:
            raise EnvironmentFailure(
                f"the stack {stack.id} has no endpoints", remedy="conformance down, then run"
            )
        self._recorder.components(asdict(part) for part in endpoints.components)
        if stack.timeline.is_file() and stack.timeline != self._recorder.timeline:
            self._recorder.timeline.write_bytes(stack.timeline.read_bytes())
        return stack.endpoints_file

    def _live(self, endpoints: Path) -> None:
        from fixtures.presence import lost  # noqa: PLC0415

        suites = [str(path.parent) for path in sorted((PROJECT / "suites").glob("*/__init__.py"))]
        left_out = {"static"} if self._options.upgrade else {"static", "upgrade"}
        live = [path for path in suites if Path(path).name not in left_out]
        more = ["--upgrade", str(self._options.upgrade.resolve())] if self._options.upgrade else []
        with self._pytest("live", live, self._options.workers, "--stack", str(endpoints), *more) as session:
            session.wait()
        if reason := lost(self._folder):
            self._recorder.problem(
                EnvironmentFailure(
                    reason.partition(":")[0], where=str(endpoints), observed=reason.partition(": ")[2],
                    remedy="see what stopped it (conformance status, the engine's log), then run again",
                ),
                "live",
            )  # fmt: skip
        if session.returncode:
            self._diagnose()

    def _diagnose(self) -> None:
        """Into the results, so that a bundle of them holds it."""
        from cli import standing  # noqa: PLC0415

        folder = self._folder / "diagnostics"
        if self._environment is not None:
            standing.diagnose(self._environment, folder, self._recorder.note)
        elif endpoints := self._stack_run.endpoints():
            standing.diagnose_found(self._planned, endpoints, folder, self._recorder.note)

    @contextlib.contextmanager
    def _pytest(
        self, name: str, paths: list[str], workers: str, *more: str
    ) -> Iterator[subprocess.Popen[bytes]]:
        """One pytest process; its own output goes to a log beside the results. It never outlives us."""
        command = [
            sys.executable, "-m", "pytest", *paths, "--rootdir", str(PROJECT),
            "-c", str(PROJECT / "pyproject.toml"), "-p", "no:cacheprovider",
            "--contract", str(self._planned.loaded.file), "--results-dir", str(self._folder),
            "--session-name", name, *more, *self._options.pytest_arguments,
        ]  # fmt: skip
        # testinfra calls kubectl by name
        programs = str(self._planned.kubectl.parent)
        environment = os.environ | {"PATH": f"{programs}{os.pathsep}{os.environ.get('PATH', '')}"}
        if waivers := _waivers(self._planned, self._options.waivers):
            command += ["--waivers", str(waivers.resolve())]
        if workers != "0":
            command += ["-n", workers]
        self._folder.mkdir(parents=True, exist_ok=True)
        with (self._folder / f"pytest-{name}.log").open("wb") as log:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=PROJECT, env=environment
            )
            try:
                yield process
            finally:
                if process.poll() is None:
                    process.terminate()
                    try:
                        process.wait(STOP_SECONDS)
                    except subprocess.TimeoutExpired:
                        process.kill()
                        process.wait()
        if process.returncode not in (0, 1, 5):
            self._recorder.problem(
                EnvironmentFailure(
                    f"the {name} session of pytest ended with status {process.returncode}",
                    where=str(self._folder / f"pytest-{name}.log"),
                    observed="\n".join(_tail(self._folder / f"pytest-{name}.log")),
                    remedy="read the log; a mistake in a check or in a pytest argument shows there",
                )
            )


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
    from core.paths import state_root  # noqa: PLC0415
    from reports import RunResult  # noqa: PLC0415

    heads = (state_root() / "runs").glob("*/results/run.json")
    found: list[RunResult] = []
    for head in sorted(heads, key=lambda head: head.stat().st_mtime, reverse=True):
        with contextlib.suppress(ConformanceError):
            result = RunResult.load(head.parent)
            alike = result.run.contract_file == Path(contract).name and result.run.environment == environment
            if alike and result.run.state == "finished" and result.checks:
                found.insert(0, result)
        if len(found) == EARLIER:
            break
    return found


def _tail(file: Path, lines: int = 8) -> list[str]:
    return file.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:]
