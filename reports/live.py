"""The progress of a run: on a terminal a table of layers, in a log plain lines.

The view only reads the events that pytest sessions and the recorder append to the results folder.
It therefore follows any number of processes, and survives the death of each.
"""

from __future__ import annotations

import json
import os
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from types import TracebackType
from typing import Any, TextIO

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from conformance.contract.catalogue import ORDER
from reports.events import parse_events
from reports.model import Outcome, RunResult
from reports.terminal import STYLES
from reports.text import clean

INTERVAL = 0.2
#: Seconds without a line after which a log gets a line with the running checks.
PULSE = 30.0


@dataclass
class State:
    """The state of the run by the events so far; times are Unix seconds."""

    planned: dict[str, str] = field(default_factory=dict)
    outcomes: dict[str, str] = field(default_factory=dict)
    running: dict[str, float] = field(default_factory=dict)
    steps: dict[str, tuple[str, float]] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)
    note: str = ""

    def take(self, event: Mapping[str, Any]) -> None:
        kind = event["kind"]
        if kind == "collected":
            self.planned |= {check["nodeid"]: check["layer"] for check in event["checks"]}
            self.note = ""
        elif kind == "start":
            self.running[event["nodeid"]] = event["t"]
        elif kind == "check":
            check = event["check"]
            self.running.pop(check["nodeid"], None)
            self.planned.setdefault(check["nodeid"], check["layer"])
            self.outcomes[check["nodeid"]] = check["outcome"]
            if check["outcome"] in ("failed", "error"):
                names = ", ".join(check["requirements"])
                self.broken.append(f"{names} {check['outcome']}: {clean(check.get('message', ''))}")
        elif kind == "step":
            self.steps[event["name"]] = (event["state"], event["t"])
        elif kind in ("problem", "note"):
            self.note = clean(event.get("what") or event.get("text", ""))

    def layer(self, layer: str) -> tuple[int, Counter[str]]:
        names = [nodeid for nodeid, planned in list(self.planned.items()) if planned == layer]
        return len(names), Counter(self.outcomes[name] for name in names if name in self.outcomes)


class LiveView:
    """Context manager: follows the results in `folder` until its end.

    `expected` holds the usual seconds by node id, from earlier runs. `json_stream` also gets every event
    as a line (`--json-events`).
    """

    def __init__(
        self,
        folder: Path,
        console: Console,
        *,
        expected: Mapping[str, float] | None = None,
        json_stream: TextIO | None = None,
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        self.folder = folder
        self.console = console
        self.expected = dict(expected or {})
        self.state = State()
        self._json = json_stream
        self._plain = None if console.is_terminal else PlainLines(console, environ)
        self._live: Live | None = None
        self._read: dict[Path, int] = {}
        self._begin = time.time()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="live view", daemon=True)

    def __enter__(self) -> LiveView:
        if self._plain is None:
            self._live = Live(self, console=self.console, refresh_per_second=5, transient=True)
            self._live.start()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()
        if self._live is not None:
            self._live.stop()

    def __rich__(self) -> Group:
        now = time.time()
        parts: list[Text | Table] = []
        steps = [(name, at) for name, (state, at) in list(self.state.steps.items()) if state == "running"]
        if steps:
            shown = ", ".join(
                f"{name} ({now - at:.0f} s)" for name, at in sorted(steps, key=lambda step: step[1])
            )
            parts.append(Text.assemble(("stand-up: ", "bold"), shown))
        table = Table(box=None, pad_edge=False, show_header=False)
        for layer in ORDER:
            total, counts = self.state.layer(layer)
            if total:
                table.add_row(
                    layer, f"{sum(counts.values())}/{total}", _counted(counts), self._now(layer, now)
                )
        parts.append(table)
        parts += [
            Text(line, style="red", overflow="ellipsis", no_wrap=True) for line in self.state.broken[:5]
        ]
        if len(self.state.broken) > 5:
            parts.append(Text(f"and {len(self.state.broken) - 5} more broken", style="red"))
        if self.state.note:
            parts.append(Text(self.state.note, style="dim", overflow="ellipsis", no_wrap=True))
        parts.append(Text(f"{now - self._begin:.0f} s{self._left()}", style="dim"))
        return Group(*parts)

    def _now(self, layer: str, now: float) -> Text:
        running = [(nodeid, at) for nodeid, at in list(self.state.running.items()) if self._is(nodeid, layer)]
        texts = []
        for nodeid, at in sorted(running, key=lambda entry: entry[1])[:3]:
            usual = self.expected.get(nodeid)
            texts.append(f"{short(nodeid)} {now - at:.0f}" + (f"/{usual:.0f} s" if usual else " s"))
        return Text(", ".join(texts), overflow="ellipsis", no_wrap=True, style="dim")

    def _is(self, nodeid: str, layer: str) -> bool:
        return self.state.planned.get(nodeid) == layer

    def _left(self) -> str:
        """The remaining work by earlier durations; empty if one of the remaining checks has none."""
        left = [nodeid for nodeid in list(self.state.planned) if nodeid not in self.state.outcomes]
        if not left or any(nodeid not in self.expected for nodeid in left):
            return ""
        return f", about {sum(self.expected[nodeid] for nodeid in left):.0f} s of checks left"

    def _follow(self) -> None:
        while True:
            last = self._stop.is_set()
            for event in self._fresh():
                self.state.take(event)
                if self._plain is not None:
                    self._plain.take(event, self.state.layer)
                self._pass_on(event)
            if self._plain is not None:
                self._plain.pulse(self.state.running)
            if last:
                break
            self._stop.wait(INTERVAL)
        if self._plain is not None:
            self._plain.end()

    def _pass_on(self, event: Mapping[str, Any]) -> None:
        if self._json is None:
            return
        try:
            self._json.write(json.dumps(event, ensure_ascii=False) + "\n")
            self._json.flush()
        except OSError as error:
            # the reader of the stream went away: the run and its view go on
            self._json = None
            self.state.note = f"the stream of events ended: {error.strerror or error}"

    def _fresh(self) -> list[Mapping[str, Any]]:
        fresh: list[Mapping[str, Any]] = []
        for file in sorted(self.folder.glob("events-*.jsonl")):
            with file.open("rb") as stream:
                stream.seek(self._read.get(file, 0))
                data = stream.read()
            # an incomplete line waits for the next round
            whole = data[: data.rfind(b"\n") + 1]
            self._read[file] = self._read.get(file, 0) + len(whole)
            fresh += parse_events(whole)
        return sorted(fresh, key=lambda event: float(event.get("t", 0)))


def usual(results: Iterable[RunResult]) -> dict[str, float]:
    """Usual seconds by node id: the median over the runs in `results` in which the check passed."""
    durations: dict[str, list[float]] = {}
    for result in results:
        for check in result.checks:
            if check.outcome is Outcome.PASSED:
                durations.setdefault(check.nodeid, []).append(check.seconds)
    return {nodeid: median(seconds) for nodeid, seconds in durations.items()}


def short(nodeid: str) -> str:
    """The name of the check in a node id."""
    return nodeid.rpartition("::")[2]


class PlainLines:
    """Progress as plain lines, for logs: broken checks at once, the others when their layer ends.

    Where `environ` is that of a CI system that folds sections (GitHub Actions, GitLab), each layer is one.
    """

    def __init__(self, console: Console, environ: Mapping[str, str]) -> None:
        self._console = console
        self._github = environ.get("GITHUB_ACTIONS") == "true"
        self._gitlab = environ.get("GITLAB_CI") == "true"
        self._held: dict[str, list[str]] = {}
        self._ended: dict[str, int] = {}
        self._counts: dict[str, str] = {}
        self._last = time.monotonic()

    def take(self, event: Mapping[str, Any], layer_of: Callable[[str], tuple[int, Counter[str]]]) -> None:
        """Print `event`; `layer_of` gives a layer's total and its outcomes so far."""
        kind = event["kind"]
        if kind == "step":
            note = f": {event['note']}" if event.get("note") else ""
            self._say(f"{event['name']} {event['state']}{note}")
        elif kind == "note":
            self._say(clean(event["text"]))
        elif kind == "problem":
            self._say(f"problem: {clean(event['what'])}")
        elif kind == "collection-error":
            self._say(f"problem: {event['where']} could not be collected")
        elif kind == "check":
            self._check(event["check"], layer_of)

    def pulse(self, running: Mapping[str, float]) -> None:
        """Print the running checks after a quiet while, so that a log does not look dead."""
        if running and time.monotonic() - self._last > PULSE:
            now = time.time()
            shown = ", ".join(
                f"{short(nodeid)} ({now - at:.0f} s)" for nodeid, at in list(running.items())[:4]
            )
            self._say(f"running: {shown}")

    def end(self) -> None:
        """Print the lines of layers that did not end."""
        for layer in list(self._held):
            self._fold(layer, self._counts.get(layer, ""))

    def _check(self, check: Mapping[str, Any], layer_of: Callable[[str], tuple[int, Counter[str]]]) -> None:
        names = ", ".join(check["requirements"])
        line = f"{check['outcome']:<8} {names} {short(check['nodeid'])} ({check['seconds']:.1f} s)"
        if check.get("message"):
            line += f": {clean(check['message'])}"
        layer = check["layer"]
        total, counts = layer_of(layer)
        summary = ", ".join(f"{count} {outcome}" for outcome, count in counts.items())
        self._counts[layer] = summary
        if self._github or self._gitlab:
            self._held.setdefault(layer, []).append(line)
            if check["outcome"] in ("failed", "error"):
                self._say(f"::error title={names}::{_command(line)}" if self._github else line)
        else:
            self._say(line)
        if sum(counts.values()) == total and self._ended.get(layer) != total:
            self._ended[layer] = total
            self._fold(layer, summary)

    def _fold(self, layer: str, summary: str) -> None:
        lines = self._held.pop(layer, [])
        if self._github:
            self._say("\n".join([f"::group::{layer}: {summary}", *lines, "::endgroup::"]))
        elif self._gitlab:
            name, now = re.sub(r"\W", "_", f"layer_{layer}"), int(time.time())
            begin = f"\x1b[0Ksection_start:{now}:{name}[collapsed=true]\r\x1b[0K{layer}: {summary}"
            self._say("\n".join([begin, *lines, f"\x1b[0Ksection_end:{now}:{name}\r\x1b[0K"]))
        else:
            self._say(f"{layer}: {summary}")

    def _say(self, text: str) -> None:
        self._last = time.monotonic()
        # not console.print: a log takes no markup, wrapping and highlighting
        self._console.file.write(text + "\n")
        self._console.file.flush()


def _counted(counts: Counter[str]) -> Text:
    text = Text()
    for outcome in Outcome:
        if counts[str(outcome)]:
            text.append(f"{counts[str(outcome)]} {outcome} ", style=STYLES[outcome])
    return text


def _command(text: str) -> str:
    """`text` as the data of a GitHub workflow command."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
