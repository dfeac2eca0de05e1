"""One `conformance run` while it runs: the stack, the pytest processes, and every way to end both."""

from __future__ import annotations

import argparse
import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from conformance.cli.selection import SUITES, asked, folders
from conformance.core import command as command_lines
from conformance.core.errors import ConformanceError, EnvironmentFailure
from conformance.core.paths import PROJECT

if TYPE_CHECKING:
    from rich.console import Console

    from conformance.cli.plan import Plan
    from conformance.core.graph import Happened
    from environments.base import Environment
    from environments.runs import Run
    from reports import Recorder

STOP_SECONDS = 20


class Session:
    """One `conformance run`: what stands and what runs, so that every way out can end it."""

    def __init__(
        self, options: argparse.Namespace, planned: Plan, this: Run, recorder: Recorder, folder: Path
    ) -> None:
        self._options = options
        self._asked = asked(options.pytest_arguments)
        self._planned = planned
        self._run = this
        self._recorder = recorder
        self._folder = folder
        self._environment: Environment | None = None
        self._stack_run = this

    def all(self) -> None:
        """Static checks beside the stand-up, then the live ones."""
        with contextlib.ExitStack() as beside:
            static = None
            if paths := self._asked.of([SUITES / "static"]):
                static = beside.enter_context(self._pytest("static", paths, workers="0"))
            if live := self._asked.of(self._live_suites()):
                try:
                    endpoints = self._stand_up()
                except ConformanceError as error:
                    self._recorder.problem(error, "stand-up")
                    self._diagnose()
                else:
                    self._live(live, endpoints)
            if static is not None:
                static.wait()

    def end(self, exit_code: int, console: Console) -> None:
        """Diagnostics when it is red, then keep or remove."""
        from environments.kind import reap

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
        from conformance.cli import plan
        from conformance.cli.progress import Estimate, clock
        from environments.images import kit
        from environments.images.builder import Builder

        options, planned, say = self._options, self._planned, self._recorder.note
        kept = planned.kept()
        if kept is not None:
            say(f"using the kept stack {kept.id}")
            self._stack_run = kept
            return self._known(kept)
        if options.environment == "existing":
            from environments import existing

            self._run.endpoints_file.write_text(
                existing.endpoints(
                    planned.loaded,
                    self._run,
                    writable=options.allow_writes,
                    disruptible=options.allow_disruption,
                ).to_json()
            )
            return self._known(self._run)
        engine = plan.fit_host(options, planned, say)
        if options.kit:
            kit.take(options.kit, planned.sources.catalogue, engine, say)
        where = plan.environment(planned, self._run, engine, say)
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
        from dataclasses import asdict

        endpoints = stack.endpoints()
        if endpoints is None:
            raise EnvironmentFailure(
                f"the stack {stack.id} has no endpoints", remedy="conformance down, then run"
            )
        self._recorder.components(asdict(part) for part in endpoints.components)
        if not endpoints.writable:
            self._recorder.read_only()
        if stack.timeline.is_file() and stack.timeline != self._recorder.timeline:
            self._recorder.timeline.write_bytes(stack.timeline.read_bytes())
        return stack.endpoints_file

    def _live_suites(self) -> list[Path]:
        if self._options.static_only:
            return []
        left_out = {"static"} if self._options.upgrade else {"static", "upgrade"}
        return [folder for folder in folders() if folder.name not in left_out]

    def _live(self, suites: list[str], endpoints: Path) -> None:
        from conformance.runner.cluster_watch import lost

        more = ["--upgrade", str(self._options.upgrade.resolve())] if self._options.upgrade else []
        with self._pytest("live", suites, self._options.workers, "--stack", str(endpoints), *more) as session:
            session.wait()
        if reason := lost(self._folder):
            self._recorder.problem(
                EnvironmentFailure(
                    reason.partition(":")[0],
                    where=str(endpoints),
                    observed=reason.partition(": ")[2],
                    remedy="see what stopped it (conformance status, the engine's log), then run again",
                ),
                "live",
            )
        if session.returncode:
            self._diagnose()

    def _diagnose(self) -> None:
        """Into the results, so that a bundle of them holds it."""
        from conformance.cli import plan

        folder = self._folder / "diagnostics"
        if self._environment is not None:
            plan.diagnose(self._environment, folder, self._recorder.note)
        elif endpoints := self._stack_run.endpoints():
            plan.diagnose_found(self._planned, endpoints, folder, self._recorder.note)

    @contextlib.contextmanager
    def _pytest(
        self, name: str, paths: list[str], workers: str, *more: str
    ) -> Iterator[subprocess.Popen[bytes]]:
        """One pytest process; its own output goes to a log beside the results. It never outlives us."""
        command = command_lines.checks(
            paths,
            # it collects garbage five times at each process' end
            *("-p", "no:unraisableexception"),
            *("--contract", self._planned.loaded.file),
            *("--results-dir", self._folder),
            *("--session-name", name),
            *more,
            *self._asked.more,
        )
        # testinfra calls kubectl by name
        programs = str(self._planned.kubectl.parent)
        environment = command_lines.environment()
        environment["PATH"] = f"{programs}{os.pathsep}{environment.get('PATH', '')}"
        if self._options.waivers:
            command += ["--waivers", str(self._options.waivers.resolve())]
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


def _tail(file: Path, lines: int = 8) -> list[str]:
    return file.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:]
