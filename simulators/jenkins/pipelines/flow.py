"""One running pipeline: the nesting of its blocks, what each place sees, and how it is stopped."""

import itertools
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..agents.computers import AGENT, Computer
from ..home.builds import STEP_NOTE, Build
from ..home.items import Item
from .groovy_host import StepError

if TYPE_CHECKING:
    from .inputs import Input

TICK = 0.1
"""Seconds between looks at whether a waiting step should stop."""


@dataclass(frozen=True)
class Interruption:
    """Why a body is stopped."""

    causes: tuple[str, ...]
    result: str = "ABORTED"
    recorded: bool = True
    """Whether the build keeps the causes (an InterruptedBuildAction)."""

    def error(self) -> StepError:
        """As the script sees it."""
        return StepError("interrupted", "\n".join(self.causes), self.result, list(self.causes))


@dataclass
class Ctx:
    """One open block; what it does not say itself, its parent says."""

    id: str
    flow: "Flow"
    parent: "Ctx | None"
    block: str = ""
    env: dict[str, str] = field(default_factory=dict)
    computer: Computer | None = None
    container: str | None = None
    cwd: str | None = None
    masks: tuple[str, ...] = ()
    variables: dict[str, Any] = field(default_factory=dict)
    stop: Interruption | None = None
    data: dict[str, Any] = field(default_factory=dict)

    def chain(self) -> Iterator["Ctx"]:
        """This block and the ones around it, inside out."""
        ctx: Ctx | None = self
        while ctx is not None:
            yield ctx
            ctx = ctx.parent

    def agent(self) -> Computer:
        """The agent of the enclosing `node`.

        Raises:
            StepError: there is none.
        """
        found = next((c.computer for c in self.chain() if c.computer is not None), None)
        if found is None:
            raise StepError(
                "abort",
                "Required context class hudson.FilePath is missing\nPerhaps you forgot to surround "
                "the step with a step that "
                "provides this, such as: node",
            )
        return found

    def where(self) -> str:
        """The current directory on the agent."""
        return next((c.cwd for c in self.chain() if c.cwd is not None), "")

    def pod_container(self) -> str:
        """The container in which `sh` runs."""
        return next((c.container for c in self.chain() if c.container is not None), AGENT)

    def environment(self) -> dict[str, str]:
        """Every variable that a step here sees; the innermost value wins."""
        whole = dict(self.flow.base_env)
        whole |= self.flow.build.env
        for ctx in reversed(list(self.chain())):
            for name, value in ctx.env.items():
                key, _, append = name.partition("+")
                whole[key] = f"{value}:{whole[key]}" if append and whole.get(key) else value
        return whole

    def secrets(self) -> tuple[str, ...]:
        """What must not be printed here."""
        return tuple(sorted({mask for c in self.chain() for mask in c.masks if mask}, key=len, reverse=True))

    def stopped(self) -> Interruption | None:
        """Why this place must stop, if it must."""
        return self.flow.interruption or next((c.stop for c in self.chain() if c.stop is not None), None)

    def check(self) -> None:
        """Stop here when asked to.

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
        self.flow.build.log(f"[Pipeline] {text}", STEP_NOTE)


def hide(text: str, secrets: tuple[str, ...]) -> str:
    """Replace what must not be printed."""
    for secret in secrets:
        text = text.replace(secret, "****")
    return text


class Flow:
    """A running pipeline build."""

    def __init__(self, uid: str, job: Item, build: Build, base_env: dict[str, str]) -> None:
        """Args: uid: begins the ids of its blocks; base_env: what every step sees."""
        self.uid, self.job, self.build, self.base_env = uid, job, build, base_env
        self._ids = itertools.count(1)
        self.blocks: dict[str, Ctx] = {}
        self.interruption: Interruption | None = None
        self.params: dict[str, Any] = build.values()
        self.scm: dict[str, str] = {}
        """URL and revision of the script's repository, when it came from one."""
        self.stashes: dict[str, bytes] = {}
        self.workspaces: dict[str, int] = {}
        self.sleeping = ""
        self.inputs: dict[str, Input] = {}
        """The questions that wait for a person, by their ids."""
        self.libraries: dict[str, str] = {}
        """Folders of the shared libraries that this build loaded, by name."""
        self.milestone: int | None = None
        """The ordinal of the last milestone that was reached."""
        self.bound = False
        """Whether credentials were bound in this build."""
        self.root = self.open(None, "")

    def open(self, parent: Ctx | None, block: str) -> Ctx:
        """A new block inside another."""
        ctx = Ctx(f"{self.uid}:{next(self._ids)}", self, parent, block)
        self.blocks[ctx.id] = ctx
        return ctx

    def close(self, ctx: Ctx) -> None:
        """Forget a block."""
        self.blocks.pop(ctx.id, None)

    def interrupt(self, why: Interruption) -> None:
        """Stop the whole build; the first reason stays."""
        if self.interruption is None:
            self.interruption = why


ORDER = ("SUCCESS", "UNSTABLE", "FAILURE", "NOT_BUILT", "ABORTED")


def worse(flow: Flow, result: str) -> None:
    """Set a build's result unless it has a worse one."""
    current = flow.build.pending_result or "SUCCESS"
    flow.build.pending_result = max(current, result, key=ORDER.index)
