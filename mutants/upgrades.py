"""An upgrade mutant: an upgrade of a running stack, with one thing broken in the stack or in the upgrade."""

from __future__ import annotations

import shutil
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from conformance.contract.load import load as load_contract
from conformance.contract.model import LoadedContract
from conformance.core.errors import UsageError
from conformance.upgrade.state.model import Manifest
from mutants.actions import Action
from mutants.model import Patch

FOLDER = Path(__file__).resolve().parent / "upgrade"
#: harmless changes of an upgrade, for which the pods of the service are replaced
CHANGES = {
    "jenkins": Patch(
        file="stack/jenkins-helm-values.yaml.tmpl",
        find='systemMessage: "Build',
        replace='systemMessage: "The next build',
    ),
    "nexus": Patch(file="stack/charts/nexus/values.yaml", find="memory: 640Mi", replace="memory: 641Mi"),
}
CONTRACT = "conformance.toml"


class UpgradeMutant(BaseModel):
    """One upgrade that goes wrong in one place.

    `upgrade` are the services that the upgrade itself restarts. `patch` breaks the target of the upgrade.
    `first` and `then` break the running stack, before the upgrade's first step and after its last one.
    `before` changes the stack beforehand, where the running one cannot be upgraded wrongly. Lost state is
    created again afterwards, so only changes that the way back does not undo need an undo.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(pattern=r"^[a-z0-9-]+$")
    what: str
    breaks: tuple[str, ...] = ()
    says: tuple[str, ...] = ()
    upgrade: tuple[Literal["jenkins", "nexus"], ...] = ()
    patch: tuple[Patch, ...] = ()
    first: tuple[Action, ...] = ()
    then: tuple[Action, ...] = ()
    before: tuple[Patch, ...] = ()
    needs: Literal["", "nexus before"] = Field("", description="image whose tag replaces `{IMAGE}`")
    fresh: tuple[str, ...] = Field((), description="kinds of state to be made again beforehand")
    run: tuple[str, ...] = Field(("platform", "jenkins"), description="layers that run besides `upgrade`")

    @model_validator(mode="after")
    def _breaks_something(self) -> UpgradeMutant:
        if bool(self.patch or self.first or self.then) != bool(self.breaks and self.says):
            raise ValueError(f"mutant {self.id} breaks nothing, or says not what")
        return self

    @property
    def sound(self) -> bool:
        """Is nothing broken? Such an upgrade shows that failures of the others are theirs."""
        return not self.breaks

    @property
    def goes_elsewhere(self) -> bool:
        """Is what it upgrades to another stack, and not the same once more?"""
        return bool(self.patch or self.upgrade or self.before)

    @property
    def layers(self) -> tuple[str, ...]:
        return (*self.run, "upgrade")

    def with_state(self, state: Manifest, tag: str = "") -> UpgradeMutant:
        """The same with `{KIND KEY}` in its texts filled in: what the first item of that kind is found by;
        `{KIND KEY 3}` of the third one.

        `tag` is that of the image that it needs.
        """
        text = self.model_dump_json(by_alias=True)
        if self.needs:
            text = text.replace(f"{{{self.needs}}}", tag)
        count: dict[str, int] = {}
        for item in state.items:
            number = count[item.kind] = count.get(item.kind, 0) + 1
            for key, value in {"name": item.name, **item.key}.items():
                text = text.replace(f"{{{item.kind} {key}}}", value)
                text = text.replace(f"{{{item.kind} {key} {number}}}", value)
        return UpgradeMutant.model_validate_json(text)

    def after(self, running: LoadedContract, target: Path) -> Path:
        """Write the contract and the stack that this upgrades to below `target`; the contract's path."""
        return _write(running, target, (*(CHANGES[service] for service in self.upgrade), *self.patch))

    def before_it(self, running: LoadedContract, target: Path) -> Path:
        """The same of what it upgrades from."""
        return _write(running, target, self.before)


def _write(running: LoadedContract, target: Path, patches: Sequence[Patch]) -> Path:
    shutil.copytree(running.stack_dir, target / running.contract.stack.path, symlinks=True)
    shutil.copy2(running.file, target / CONTRACT)
    for patch in patches:
        patch.apply(target)
    load_contract(target / CONTRACT)
    return target / CONTRACT


def unproven() -> dict[str, str]:
    """Requirements of an upgrade that no mutant breaks, and why."""
    found: dict[str, str] = tomllib.loads((FOLDER / "unproven.toml").read_text(encoding="utf-8"))["unproven"]
    return found


def load(folder: Path = FOLDER) -> tuple[UpgradeMutant, ...]:
    """Every upgrade mutant of the TOML files in `folder`, in their order."""
    found = [
        UpgradeMutant.model_validate(raw)
        for file in sorted(folder.glob("*.toml"))
        for raw in tomllib.loads(file.read_text(encoding="utf-8")).get("mutant", ())
    ]
    names = [mutant.id for mutant in found]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise UsageError(f"upgrade mutants of the same id: {', '.join(twice)}")
    return tuple(found)
