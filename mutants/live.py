"""A live mutant: a running stack with one thing broken, and the requirements that must fail for it."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from conformance.core.errors import UsageError
from mutants.actions import Action
from mutants.fault_proxy import Rule
from mutants.model import Patch

FOLDER = Path(__file__).resolve().parent / "live"
Layer = Literal["platform", "nexus", "registry", "jenkins", "agents", "pipelines", "restarts"]
#: layers that run for a mutant of a layer by default: its own one, and cheap ones. The layers below must stay
#: green, so that a mutant that breaks more than it names is detected.
RUN: dict[str, tuple[Layer, ...]] = {
    "platform": ("platform", "registry", "jenkins"),
    "nexus": ("platform", "nexus"),
    "registry": ("registry",),
    "jenkins": ("platform", "jenkins"),
    "agents": ("jenkins", "agents"),
    "pipelines": ("jenkins", "pipelines"),
    "restarts": ("jenkins", "restarts"),
}


class LiveMutant(BaseModel):
    """One broken stack. Three ways to break it, of which at least one is given.

    `action`: something in the stack is changed, and changed back. `proxy`: a proxy between the clients and a
    service misbehaves (mutants.fault_proxy). `patch`: the stack's files or its contract differ from the
    running stack. The last two change nothing that others see, so such a mutant is confined: several of
    them can run at once.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(pattern=r"^[a-z0-9-]+$")
    layer: Layer
    what: str
    breaks: tuple[str, ...] = Field(min_length=1)
    says: tuple[str, ...] = Field(min_length=1, description="words of the failure's first line")
    action: tuple[Action, ...] = ()
    proxy: tuple[Rule, ...] = ()
    patch: tuple[Patch, ...] = ()
    run: tuple[Layer, ...] = Field((), description="layers that run; empty: RUN")
    applies: bool = Field(True, description="does the expected check apply to the unbroken stack")
    pause: float = Field(0, description="seconds between the change and the checks")

    @model_validator(mode="after")
    def _breaks_something(self) -> LiveMutant:
        if not (self.action or self.proxy or self.patch):
            raise ValueError(f"mutant {self.id} breaks nothing")
        return self

    @property
    def confined(self) -> bool:
        return not self.action

    @property
    def layers(self) -> tuple[Layer, ...]:
        return self.run or ((self.layer,) if self.confined and not self.patch else RUN[self.layer])


def load(folder: Path = FOLDER) -> tuple[LiveMutant, ...]:
    """Every live mutant of the TOML files in `folder`, in their order."""
    found = [
        LiveMutant.model_validate(raw)
        for file in sorted(folder.glob("*.toml"))
        for raw in tomllib.loads(file.read_text(encoding="utf-8")).get("mutant", ())
    ]
    names = [mutant.id for mutant in found]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise UsageError(f"live mutants of the same id: {', '.join(twice)}")
    return tuple(found)
