"""One running pipeline: the nesting of its blocks, the values at each place, and how it is stopped."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..agents.computers import AGENT, Computer
from ..agents.queue import QueueItem
from ..home.builds import Build
from ..home.items import Item
from .groovy_host import StepError

TICK = 0.1
"""Seconds between checks whether a waiting step should stop."""

Close = Callable[["Context", "Mapping[str, Any] | None"], None]


@dataclass(frozen=True)
class Interruption:
    """Why a body is stopped; `recorded` says whether the build keeps the causes (an
    InterruptedBuildAction)."""

    causes: tuple[str, ...]
    recorded: bool = True

    def error(self) -> StepError:
        """The refusal that the script gets."""
        return StepError("interrupted", "\n".join(self.causes), "ABORTED", list(self.causes))


@dataclass(eq=False)
class Context:
    """One open block; a value that it does not set itself comes from its parent.

    `close` is called at the block's end with the error that ended it. `node` is the queue item of a `node`
    step."""

    id: str
    flow: Flow
    parent: Context | None
    block: str = ""
    label: str = ""
    env: dict[str, str] = field(default_factory=dict)
    computer: Computer | None = None
    node: QueueItem | None = None
    container: str | None = None
    workspace: str | None = None
    masks: tuple[str, ...] = ()
    variables: dict[str, Any] = field(default_factory=dict)
    stop: Interruption | None = None
    close: Close | None = None

    def chain(self) -> Iterator[Context]:
        """This block and the ones around it, inside out."""
        context: Context | None = self
        while context is not None:
            yield context
            context = context.parent

    def agent(self) -> Computer:
        """The agent of the enclosing `node`.

        Raises:
            StepError: there is none.
        """
        for context in self.chain():
            if context.computer is not None:
                return context.computer
        raise StepError(
            "abort",
            "Required context class hudson.FilePath is missing\nPerhaps you forgot to surround the step with "
            "a step that provides this, such as: node",
        )

    def where(self) -> str:
        """The workspace of the enclosing `node`."""
        return next((each.workspace for each in self.chain() if each.workspace is not None), "")

    def pod_container(self) -> str:
        """The container in which `sh` runs."""
        return next((each.container for each in self.chain() if each.container is not None), AGENT)

    def environment(self) -> dict[str, str]:
        """Every variable that a step sees here; the innermost value wins."""
        variables = dict(self.flow.base_env)
        for context in reversed(list(self.chain())):
            variables |= context.env
        return variables

    def secrets(self) -> tuple[str, ...]:
        """The texts that must not be printed here."""
        masks = {mask for context in self.chain() for mask in context.masks if mask}
        return tuple(sorted(masks, key=len, reverse=True))

    def stopped(self) -> Interruption | None:
        """Why this place must stop, if it must."""
        return self.flow.interruption or next(
            (context.stop for context in self.chain() if context.stop is not None), None
        )

    def check(self) -> None:
        """Stop here if the build is interrupted.

        Raises:
            StepError: the interruption.
        """
        if (why := self.stopped()) is not None:
            raise why.error()

    def wait(self, ready: Callable[[], bool], seconds: float | None = None) -> bool:
        """Wait for a condition, or for a time, or for a reason to stop.

        Raises:
            StepError: the interruption.
        """
        deadline = None if seconds is None else time.monotonic() + seconds
        pause = threading.Event()
        while not ready():
            self.check()
            if deadline is not None and time.monotonic() >= deadline:
                return False
            pause.wait(TICK)
        return True

    def log(self, text: str) -> None:
        """Print to the console, secrets hidden."""
        self.flow.build.log(hide(text, self.secrets()))

    def mark(self, text: str) -> None:
        """Print a `[Pipeline]` line."""
        self.flow.build.log(f"[Pipeline] {text}")


def hide(text: str, secrets: tuple[str, ...]) -> str:
    """Replace the secrets in a text."""
    for secret in secrets:
        text = text.replace(secret, "****")
    return text


class Flow:
    """A running pipeline build: `uid` begins the ids of its blocks, every step sees `base_env`.

    `scm` has the URL, branch and revision of the script's repository when it came from one, `workspaces` the
    number of open workspaces by agent; `bound` says whether credentials were bound.
    """

    def __init__(self, uid: str, job: Item, build: Build, base_env: dict[str, str]) -> None:
        self.uid, self.job, self.build, self.base_env = uid, job, build, base_env
        self._ids = itertools.count(1)
        self.blocks: dict[str, Context] = {}
        self.interruption: Interruption | None = None
        self.params: dict[str, Any] = build.values()
        self.scm: dict[str, str] = {}
        self.workspaces: dict[str, int] = {}
        self.bound = False
        self.root = self.open(None, "")

    def open(self, parent: Context | None, block: str) -> Context:
        """A new block inside another."""
        context = Context(f"{self.uid}:{next(self._ids)}", self, parent, block)
        self.blocks[context.id] = context
        return context

    def close(self, context: Context) -> None:
        """Forget a block."""
        self.blocks.pop(context.id, None)

    def interrupt(self, why: Interruption) -> None:
        """Stop the whole build; the first reason stays."""
        if self.interruption is None:
            self.interruption = why
