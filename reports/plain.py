"""Progress as plain lines, for logs: what broke at once, the rest by layer as layers end.

Where a CI system is recognised that folds sections (GitHub Actions, GitLab), each layer is one.
"""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from rich.console import Console

from reports.text import clean

#: Seconds without a line after which it is told what runs.
PULSE = 30.0


def short(nodeid: str) -> str:
    """The part of a node id that says most."""
    return nodeid.rpartition("::")[2]


class PlainLines:
    """Prints a line per thing that happened; `environ` tells which CI system reads it."""

    def __init__(self, console: Console, environ: Mapping[str, str]) -> None:
        self._console = console
        self._github = environ.get("GITHUB_ACTIONS") == "true"
        self._gitlab = environ.get("GITLAB_CI") == "true"
        self._held: dict[str, list[str]] = {}
        self._told: dict[str, int] = {}
        self._counts: dict[str, str] = {}
        self._last = time.monotonic()

    def take(self, event: Mapping[str, Any], layer_of: Callable[[str], tuple[int, Counter[str]]]) -> None:
        """Print what `event` means; `layer_of` gives a layer's total and outcomes so far."""
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
        """Say what runs when nothing was said for a while, so that a log does not look dead."""
        if running and time.monotonic() - self._last > PULSE:
            now = time.time()
            shown = ", ".join(
                f"{short(nodeid)} ({now - at:.0f} s)" for nodeid, at in list(running.items())[:4]
            )
            self._say(f"running: {shown}")

    def end(self) -> None:
        """Print what was held back for layers that did not end."""
        for layer in list(self._held):
            self._fold(layer, self._counts.get(layer, ""))

    def _check(self, check: Mapping[str, Any], layer_of: Callable[[str], tuple[int, Counter[str]]]) -> None:
        names = ", ".join(check["requirements"])
        line = f"{check['outcome']:<8} {names} {short(check['nodeid'])} ({check['seconds']:.1f} s)"
        if check.get("message"):
            line += f": {clean(check['message'])}"
        layer = check["layer"]
        total, counts = layer_of(layer)
        said = ", ".join(f"{count} {outcome}" for outcome, count in counts.items())
        self._counts[layer] = said
        if self._github or self._gitlab:
            self._held.setdefault(layer, []).append(line)
            if check["outcome"] in ("failed", "error"):
                self._say(f"::error title={names}::{_command(line)}" if self._github else line)
        else:
            self._say(line)
        if sum(counts.values()) == total and self._told.get(layer) != total:
            self._told[layer] = total
            self._fold(layer, said)

    def _fold(self, layer: str, said: str) -> None:
        lines = self._held.pop(layer, [])
        if self._github:
            self._say("\n".join([f"::group::{layer}: {said}", *lines, "::endgroup::"]))
        elif self._gitlab:
            name, now = re.sub(r"\W", "_", f"layer_{layer}"), int(time.time())
            begin = f"\x1b[0Ksection_start:{now}:{name}[collapsed=true]\r\x1b[0K{layer}: {said}"
            self._say("\n".join([begin, *lines, f"\x1b[0Ksection_end:{now}:{name}\r\x1b[0K"]))
        else:
            self._say(f"{layer}: {said}")

    def _say(self, text: str) -> None:
        self._last = time.monotonic()
        # not console.print: markup, wrapping and highlighting have no place in a log
        self._console.file.write(text + "\n")
        self._console.file.flush()


def _command(text: str) -> str:
    """`text` as the data of a GitHub workflow command."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
