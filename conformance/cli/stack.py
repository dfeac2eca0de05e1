"""`conformance up`, `down`, `status`, `reap`: a stack that stands without a run of the suites."""

from __future__ import annotations

import argparse
import dataclasses
import time
from typing import TYPE_CHECKING

from conformance.cli.options import add_stack_options
from conformance.core.errors import UsageError

if TYPE_CHECKING:
    from rich.console import Console

    from conformance.cli.options import Subparsers
    from conformance.cli.plan import Plan
    from environments.base import Endpoints
    from environments.kind.environment import KindEnvironment
    from environments.runs import Run


def register(subparsers: Subparsers) -> None:
    up_parser = subparsers.add_parser("up", help="stand the stack up and keep it")
    add_stack_options(up_parser)
    up_parser.set_defaults(handler=up)
    down_parser = subparsers.add_parser("down", help="remove a kept stack")
    down_parser.add_argument("run", nargs="?", default="", help="the run's id (default: every kept one)")
    down_parser.set_defaults(handler=down)
    status_parser = subparsers.add_parser("status", help="what stands, since when, and where it answers")
    status_parser.set_defaults(handler=status)
    reap_parser = subparsers.add_parser("reap", help="remove what killed runs left")
    reap_parser.set_defaults(handler=reap)


def up(options: argparse.Namespace) -> int:
    """Stand the stack up, or find the kept one; 0."""
    from rich.console import Console

    from conformance.cli import plan
    from conformance.core import timeline
    from environments.kind import reap as reaping

    console = Console()
    for removed in reaping.reap():
        console.print(f"removed what a killed run left: {removed}", highlight=False)
    planned = plan.plan(options, console.print)
    kept = planned.kept()
    if kept is not None:
        console.print(f"already up: {kept.id}")
        _print_endpoints(kept)
        return 0
    start = time.monotonic()
    run, _ = stand_up(options, planned, console)
    spans = timeline.read(run.timeline)
    path = timeline.critical_path(spans)
    console.print(
        f"up in {time.monotonic() - start:.0f} s; critical path {sum(span.seconds for span in path):.0f} s: "
        + " > ".join(f"{span.name} {span.seconds:.0f}" for span in path),
        highlight=False,
    )
    _print_endpoints(run)
    return 0


def stand_up(
    options: argparse.Namespace, planned: Plan, console: Console, claims: int = 0
) -> tuple[Run, KindEnvironment]:
    """A kept stack as planned, with `claims` MiB for its volumes (0: the node's disk).

    Raises ConformanceError; then only diagnostics and the timeline stay.
    """
    from conformance.cli import plan
    from conformance.cli.progress import Progress
    from environments import runs
    from environments.images.builder import Builder
    from environments.kind import reap as reaping

    engine = plan.fit_host(options, planned, console.print)
    run = runs.new(str(options.contract), options.environment, planned.inputs)
    try:
        if options.kit:
            from environments.images import kit

            kit.take(options.kit, planned.sources.catalogue, engine, console.print)
        where = dataclasses.replace(plan.environment(planned, run, engine, console.print), claims=claims)
        tasks = where.tasks()
        expected = Builder(planned.sources.catalogue, engine).expected_seconds
        try:
            with Progress(console, "standing up", tasks, expected) as progress:
                where.up(progress, tasks)
        except BaseException:
            plan.diagnose(where, run.folder / "diagnostics", console.print)
            where.down()
            raise
        return run.keep(), where
    except BaseException:
        run.forget_stack()
        reaping.release_engine()
        raise


def down(options: argparse.Namespace) -> int:
    """Remove kept stacks; 0, or 3 when the named one is not there."""
    from environments import runs
    from environments.kind import reap as reaping

    wanted = [run for run in runs.all_runs() if run.kept and options.run in ("", run.id)]
    if options.run and not wanted:
        known = ", ".join(run.id for run in runs.all_runs() if run.kept) or "none"
        raise UsageError(f"no kept stack {options.run!r}", expected=f"one of: {known}")
    engine = reaping.engine_of_leftovers() if wanted else None
    for run in wanted:
        reaping.down(run, engine)
        print(f"removed {run.id}")
    if not wanted:
        print("nothing stands")
    reaping.release_engine()
    return 0


def status(_options: argparse.Namespace) -> int:
    """Tell what stands; 0."""
    from environments import runs
    from environments.kind import reap as reaping

    found = runs.all_runs()
    for run in found:
        age = (time.time() - run.created) / 60
        state = "kept" if run.kept else "running" if run.alive else "left by a killed run: conformance reap"
        if reaping.has_fallen(run):
            state = "kept, but its cluster has stopped: conformance reap"
        print(f"{run.id}  {run.environment}  {state}  for {age:.0f} min  {run.contract}")
        _print_endpoints(run)
    if not found:
        print("nothing stands")
    return 0


def reap(_options: argparse.Namespace) -> int:
    """Remove what killed runs left; 0."""
    from environments.kind import reap as reaping

    removed = reaping.reap()
    for thing in removed:
        print(f"removed {thing}")
    if not removed:
        print("nothing to remove")
    return 0


def _print_endpoints(run: Run) -> None:
    endpoints: Endpoints | None = run.endpoints()
    if endpoints is None:
        return
    for name, service in (("jenkins", endpoints.jenkins), ("nexus", endpoints.nexus)):
        user = f" as {service.login.username}" if service.login else ""
        print(f"  {name:<9} {service.url}{user}")
    print(f"  registry  {endpoints.registry.host} at {endpoints.registry.data.connect or 'its own name'}")
    print(f"  kubectl   --kubeconfig {endpoints.kubeconfig}")
    print(f"  endpoints {run.endpoints_file} (passwords too; readable by you alone)")
