"""`conformance up`, `down`, `status`, `reap`: a stack without a run of the suites."""

from __future__ import annotations

import argparse
import time
from typing import TYPE_CHECKING, TypeVar

from conformance.cli.options import add_stack_options, run_options
from conformance.core.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager

    from rich.console import Console

    from conformance.cli.options import Subparsers
    from conformance.cli.plan import Plan
    from conformance.core.graph import Observer, Task
    from environments.environment import Order
    from environments.runs import Run

T = TypeVar("T")


def register(subparsers: Subparsers) -> None:
    up_parser = subparsers.add_parser("up")
    add_stack_options(up_parser)
    up_parser.set_defaults(handler=up)
    down_parser = subparsers.add_parser("down")
    down_parser.add_argument("run", nargs="?", default="", help="the run's id (default: every kept one)")
    down_parser.set_defaults(handler=down)
    subparsers.add_parser("status").set_defaults(handler=status)
    subparsers.add_parser("reap").set_defaults(handler=reap)


def up(options: argparse.Namespace) -> int:
    """Stand the stack up, or find the kept one; 0."""
    from rich.console import Console

    from conformance.cli import plan
    from conformance.core import timeline
    from environments import reap as reaping

    console = Console()

    def say(line: str) -> None:
        console.print(line, highlight=False, markup=False, soft_wrap=True)

    planned = plan.plan(run_options(options), say)
    for removed in reaping.reap():
        say(f"removed what a killed run left: {removed}")
    if not planned.environment.makes:
        raise UsageError(
            f"the environment {planned.environment.name} makes no stack", remedy="use conformance run with it"
        )
    kept = planned.kept()
    if kept is not None:
        say(f"already up: {kept.id}")
        _print_endpoints(kept)
        return 0
    start = time.monotonic()
    run = stand_up(planned, console, planned.environment.up)[0]
    taken = f"up in {time.monotonic() - start:.0f} s"
    # an environment that runs no graph of tasks has no timeline
    longest = timeline.critical_path(timeline.read(run.timeline)) if run.timeline.is_file() else ()
    if longest:
        seconds = sum(span.seconds for span in longest)
        chain = " > ".join(f"{span.name} {span.seconds:.0f}" for span in longest)
        taken += f"; critical path {seconds:.0f} s: {chain}"
    say(taken)
    _print_endpoints(run)
    return 0


def stand_up(planned: Plan, console: Console, stand: Callable[[Order], T]) -> tuple[Run, T]:
    """A kept stack as planned. `stand` is the environment's `up`, or another way of it to the stack.

    Raises ConformanceError; then only diagnostics and the timeline stay.
    """
    from conformance.cli.progress import Progress
    from environments import runs
    from environments.base import Endpoints
    from environments.environment import Order

    def say(line: str) -> None:
        console.print(line, highlight=False, markup=False, soft_wrap=True)

    def watch(tasks: Sequence[Task], expected: Callable[[str], float]) -> AbstractContextManager[Observer]:
        return Progress(console, "standing up", tasks, expected)

    environment = planned.environment
    run = runs.new(str(planned.loaded.file), environment.name, planned.inputs)
    try:
        try:
            made = stand(Order(planned.loaded, planned.options, run, say, watch))
        except BaseException:
            folder = run.folder / "diagnostics"
            environment.diagnose(run, folder)
            if folder.is_dir():
                say(f"diagnostics: {folder}")
            environment.down(run)
            raise
        if isinstance(made, Endpoints):
            run.save_endpoints(made)
        return run.keep(), made
    except BaseException:
        run.forget_stack()
        raise


def down(options: argparse.Namespace) -> int:
    """Remove kept stacks; 0, or 3 when the named one is not there."""
    from environments import registry, runs

    wanted = [run for run in runs.all_runs() if run.kept and options.run in ("", run.id)]
    if options.run and not wanted:
        known = ", ".join(run.id for run in runs.all_runs() if run.kept) or "none"
        raise UsageError(f"no kept stack {options.run!r}", expected=f"one of: {known}")
    for run in wanted:
        registry.find(run.environment).down(run)
        run.forget_stack()
        print(f"removed {run.id}")
    if not wanted:
        print("no stack is up")
    return 0


def status(_options: argparse.Namespace) -> int:
    """Print what is up; 0."""
    from environments import runs

    found = runs.all_runs()
    for run in found:
        age = (time.time() - run.created) / 60
        print(f"{run.id}  {run.environment}  {_state(run)}  for {age:.0f} min  {run.contract}")
        _print_endpoints(run)
    if not found:
        print("no stack is up")
    return 0


def _state(run: Run) -> str:
    from environments import registry

    try:
        stopped = run.kept and registry.find(run.environment).has_stopped(run)
    except UsageError as error:
        return f"kept, but {error.what}"
    if stopped:
        return "kept, but its cluster has stopped: conformance reap"
    return "kept" if run.kept else "running" if run.alive else "left by a killed run: conformance reap"


def reap(_options: argparse.Namespace) -> int:
    """Remove what killed runs left; 0."""
    from environments import reap as reaping

    removed = reaping.reap()
    for thing in removed:
        print(f"removed {thing}")
    if not removed:
        print("nothing to remove")
    return 0


def _print_endpoints(run: Run) -> None:
    endpoints = run.endpoints()
    if endpoints is None:
        return
    for name, service in (("jenkins", endpoints.jenkins), ("nexus", endpoints.nexus)):
        user = f" as {service.login.username}" if service.login else ""
        print(f"  {name:<9} {service.url}{user}")
    print(f"  registry  {endpoints.registry.host} at {endpoints.registry.data.connect or 'its own name'}")
    print(f"  kubectl   --kubeconfig {endpoints.kubeconfig}")
    print(f"  endpoints {run.endpoints_file} (passwords too; readable by you alone)")
