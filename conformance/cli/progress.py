"""Progress of a task graph: what runs, how far, how long still; live on a terminal, plain lines without."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from types import TracebackType

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from conformance.core.durations import Durations
from conformance.core.graph import Happened, Task

EXPECTED_UNKNOWN = 5.0


class Estimate:
    """What is done and how long the rest takes: the longest chain of what is left, by recorded durations."""

    def __init__(
        self,
        tasks: Iterable[Task],
        default_seconds: Callable[[str], float],
        durations: Durations | None = None,
    ) -> None:
        self.tasks = {task.name: task for task in tasks}
        self.durations = durations or Durations()
        self.expected = {name: self.durations.expected(name, default_seconds(name)) for name in self.tasks}
        self.started: dict[str, float] = {}
        self.ended: set[str] = set()
        self._guard = threading.Lock()

    def __call__(self, name: str, happened: Happened, seconds: float) -> None:
        with self._guard:
            if happened == "started":
                self.started[name] = time.monotonic()
                return
            self.started.pop(name, None)
            self.ended.add(name)
            if happened == "done":
                self.durations.record(name, seconds)

    def remaining(self) -> float:
        """Seconds until the longest chain of unfinished tasks is expected to end."""
        now = time.monotonic()
        memo: dict[str, float] = {}

        def until_end(name: str) -> float:
            if name not in memo:
                needs = (need for need in self.tasks[name].needs if need in self.tasks)
                memo[name] = max(map(until_end, needs), default=0.0) + self._left(name, now)
            return memo[name]

        return max(map(until_end, self.tasks), default=0.0)

    def running(self) -> list[tuple[str, float, float]]:
        """Name, seconds so far and expected seconds of what runs, the longest first."""
        now = time.monotonic()
        with self._guard:
            rows = [(name, now - at, self.expected[name]) for name, at in self.started.items()]
        return sorted(rows, key=lambda row: -row[1])

    def __str__(self) -> str:
        return f"{len(self.ended)}/{len(self.tasks)}, about {clock(self.remaining())} left"

    def _left(self, name: str, now: float) -> float:
        if name in self.ended:
            return 0.0
        elapsed = now - self.started[name] if name in self.started else 0.0
        return max(self.expected[name] - elapsed, 1.0)


class Progress:
    """Shows an `Estimate` of a graph of `core.graph.run_tasks`; a context manager around it."""

    def __init__(
        self,
        console: Console,
        title: str,
        tasks: Iterable[Task],
        default_seconds: Callable[[str], float] = lambda _: EXPECTED_UNKNOWN,
        durations: Durations | None = None,
    ) -> None:
        self._console = console
        self._title = title
        self._estimate = Estimate(tasks, default_seconds, durations)
        self._live = (
            Live(console=console, get_renderable=self._render, refresh_per_second=4, transient=True)
            if console.is_terminal
            else None
        )

    def __enter__(self) -> Progress:
        total, about = len(self._estimate.tasks), clock(self._estimate.remaining())
        self._console.print(f"{self._title}: {total} steps, about {about}", highlight=False)
        if self._live:
            self._live.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live:
            self._live.__exit__(kind, error, trace)
        self._estimate.durations.save()

    def __call__(self, name: str, happened: Happened, seconds: float) -> None:
        self._estimate(name, happened, seconds)
        if happened == "started":
            return
        line = Text(f"  {'+' if happened == 'done' else 'x'} {name:<28} {seconds:6.1f} s")
        if not self._live:
            line.append(f"   {self._estimate}")
        line.stylize("red" if happened == "failed" else "")
        self._console.print(line, highlight=False)

    def _render(self) -> Group:
        rows = [Text(f"{self._title}: {self._estimate}", style="bold")]
        for name, elapsed, expected in self._estimate.running():
            bar = "#" * min(int(20 * elapsed / max(expected, 1)), 20)
            rows.append(Text(f"  > {name:<28} {bar:<20} {clock(elapsed)} of about {clock(expected)}"))
        return Group(*rows)


def clock(seconds: float) -> str:
    """Seconds for people: `12 s`, `3 min 05 s`."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02} s" if minutes else f"{rest} s"
