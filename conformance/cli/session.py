"""One `conformance run` while it runs: the stack, the pytest processes, and every way to end both."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from conformance.cli.selection import SUITES, folders, selection
from conformance.core import command as command_lines
from conformance.core.errors import ConformanceError, EnvironmentFailure
from conformance.core.paths import PROJECT

if TYPE_CHECKING:
    from rich.console import Console

    from conformance.cli.plan import Plan
    from conformance.core.graph import Happened, Observer, Task
    from environments.options import RunOptions
    from environments.runs import Run
    from reports import Recorder

STOP_SECONDS = 20


class Session:
    """One `conformance run`: its stack and its pytest processes, so that every way out can end both."""

    def __init__(
        self, planned: Plan, this: Run, recorder: Recorder, folder: Path, waivers: Path | None
    ) -> None:
        self._options = planned.options
        self._selection = selection(planned.options.pytest_arguments)
        self._planned = planned
        self._run = this
        self._recorder = recorder
        self._folder = folder
        self._waivers = waivers
        #: did this run call the environment's `up`? Else the stack is a kept one, or none.
        self._made = False
        self._stack_run = this

    def all(self) -> None:
        """Static checks beside the stand-up, then the live ones."""
        with contextlib.ExitStack() as beside:
            static = None
            if paths := self._selection.below([SUITES / "static"]):
                static = beside.enter_context(self._pytest("static", paths, workers="0"))
            if live := self._selection.below(live_suites(self._options)):
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
        """Keep or remove what this run made."""
        keep = self._options.keep or (self._options.keep_on_failure and exit_code != 0)
        if self._made and keep and self._planned.environment.makes and self._run.endpoints() is not None:
            self._run.keep()
            console.print(f"kept: {self._run.id} (conformance down removes it)")
            return
        if self._made:
            self._planned.environment.down(self._run)
        self._run.forget_stack()

    def _stand_up(self) -> Path:
        from environments.environment import Order

        planned, say = self._planned, self._recorder.note
        kept = planned.kept()
        if kept is not None:
            say(f"using the kept stack {kept.id}")
            self._stack_run = kept
            return self._known(kept)
        self._made = True
        order = Order(planned.loaded, planned.options, self._run, say, self._watch)
        self._run.save_endpoints(planned.environment.up(order))
        return self._known(self._run)

    @contextlib.contextmanager
    def _watch(self, tasks: Sequence[Task], expected: Callable[[str], float]) -> Iterator[Observer]:
        """Every step of the stand-up becomes an event, and an estimate of the rest a note."""
        from conformance.cli.progress import Estimate, clock

        estimate = Estimate(tasks, expected)
        self._recorder.note(f"stand-up: {len(tasks)} steps, about {clock(estimate.remaining())}")

        def observe(name: str, happened: Happened, seconds: float) -> None:
            estimate(name, happened, seconds)
            self._recorder.step(name, "running" if happened == "started" else happened)
            if happened == "done":
                self._recorder.note(f"stand-up: {estimate}")

        try:
            yield observe
        finally:
            estimate.durations.save()

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

    def _live(self, suites: list[str], endpoints: Path) -> None:
        from conformance.runner.cluster_watch import lost

        more = ["--upgrade", str(self._options.upgrade)] if self._options.upgrade else []
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
        folder = self._folder / "diagnostics"
        if self._made or self._stack_run.endpoints() is not None:
            self._planned.environment.diagnose(self._stack_run, folder)
        if folder.is_dir():
            self._recorder.note(f"diagnostics: {folder}")

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
            *self._selection.arguments,
        )
        # testinfra calls kubectl by name
        programs = str(kubectl_folder())
        environment = command_lines.environment()
        environment["PATH"] = f"{programs}{os.pathsep}{environment.get('PATH', '')}"
        if self._waivers:
            command += ["--waivers", str(self._waivers)]
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


def live_suites(options: RunOptions) -> list[Path]:
    """The suites that need a stack, as far as the options want them."""
    if options.static_only:
        return []
    left_out = {"static"} if options.upgrade else {"static", "upgrade"}
    return [folder for folder in folders() if folder.name not in left_out]


def kubectl_folder() -> Path:
    """Where the built kubectl is, or will be."""
    from environments.images import catalogue, programs

    return programs.path(catalogue.load(catalogue.pinned_kubernetes()), "kubectl").parent


def _tail(file: Path, lines: int = 8) -> list[str]:
    return file.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:]
