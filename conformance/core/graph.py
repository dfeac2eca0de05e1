"""Tasks that need one another, run in parallel as soon as what they need is there."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Literal

from conformance.core.process import stop_all
from conformance.core.timeline import Timeline
from conformance.core.waiting import cancelled

Happened = Literal["started", "done", "failed"]
Observer = Callable[[str, Happened, float], None]


@dataclass(frozen=True, slots=True)
class Task:
    """`run` is called once, after every task named in `needs` has ended well."""

    name: str
    run: Callable[[], None]
    needs: tuple[str, ...] = ()


def ignore(_name: str, _happened: Happened, _seconds: float) -> None:
    """The observer that does not look."""


def run_tasks(
    tasks: Iterable[Task], timeline: Timeline, observer: Observer = ignore, workers: int = 8
) -> None:
    """Run all `tasks`; each is a span of the timeline.

    After a failure nothing new starts, what runs is stopped (`core.process.stop_all`) and awaited, and the
    first failure is raised. An interrupt does the same. Needs that name no task count as there already.
    """
    waiting = {task.name: task for task in tasks}
    known = frozenset(waiting)
    done: set[str] = set()
    running: dict[Future[None], str] = {}
    failure: BaseException | None = None
    ending = ExitStack()
    pool = ThreadPoolExecutor(max_workers=workers, thread_name_prefix="task")
    try:
        while running or (waiting and failure is None):
            if failure is None:
                ready = [task for task in waiting.values() if not (set(task.needs) & known) - done]
                if not ready and not running:
                    raise ValueError(f"tasks need one another in a circle: {sorted(waiting)}")
                for task in ready:
                    running[pool.submit(_timed, waiting.pop(task.name), timeline, observer)] = task.name
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                name, error = running.pop(future), future.exception()
                if error is None:
                    done.add(name)
                else:
                    failure = failure or error
                    ending.enter_context(cancelled())
                    stop_all()
    except BaseException:
        ending.enter_context(cancelled())
        stop_all()
        raise
    finally:
        with ending:
            pool.shutdown(wait=True, cancel_futures=True)
    if failure is not None:
        raise failure


def _timed(task: Task, timeline: Timeline, observer: Observer) -> None:
    observer(task.name, "started", 0.0)
    start = time.monotonic()
    try:
        with timeline.span(task.name, task.needs):
            task.run()
    except BaseException:
        observer(task.name, "failed", time.monotonic() - start)
        raise
    observer(task.name, "done", time.monotonic() - start)
