"""What was seen of one upgrade, from which everything said about it is made."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from conformance.core.errors import UsageError
from conformance.runner.stability import note_kills
from conformance.upgrade.acknowledged import Lost
from conformance.upgrade.diagnosis import Cause
from conformance.upgrade.inflight import Outcome
from conformance.upgrade.interruptions import Interrupted
from conformance.upgrade.probing.availability import Away

FILE, STATE = "observed.json", "state.json"


class Step(BaseModel):
    model_config = ConfigDict(frozen=True)

    name: str
    seconds: float
    ok: bool
    note: str = ""


class Observed(BaseModel):
    """`error` is empty when every step was made, at the second try when the first was interrupted.

    `again` is what once more changed, `lost` which acknowledged writes are not there; None: not looked at.
    `unmeasured` says why nothing was asked from inside the cluster. `cannot` is what the two contracts say
    that no way back brings back.
    """

    model_config = ConfigDict(frozen=True)

    direction: Literal["forth", "back"]
    before: str
    after: str
    seconds: float
    error: str = ""
    steps: tuple[Step, ...] = ()
    away: tuple[Away, ...] = ()
    unmeasured: str = ""
    #: what the service that did not come up says of it
    cause: Cause | None = None
    inflight: Outcome | None = None
    again: tuple[str, ...] | None = None
    lost: tuple[Lost, ...] | None = None
    interrupted: Interrupted | None = None
    cannot: tuple[str, ...] = ()

    @property
    def killed(self) -> bool:
        """Were containers killed on purpose?"""
        return self.interrupted is not None and any(event.killed for event in self.interrupted.events)

    def was_away(self, service: str) -> bool:
        return any(each.seconds for each in self.away if each.service == service)

    def save(self, folder: Path) -> None:
        """Write into `folder`, also for checks of lower layers whether containers were killed."""
        (folder / FILE).write_text(self.model_dump_json(indent=1), encoding="utf-8")
        note_kills(folder, killed=self.killed)

    @classmethod
    def load(cls, folder: Path) -> Observed:
        """Raises UsageError."""
        try:
            return cls.model_validate_json((folder / FILE).read_text(encoding="utf-8"))
        except (OSError, ValidationError) as error:
            raise UsageError(
                f"cannot read what was seen of an upgrade in {folder}",
                observed=str(error).splitlines()[0],
                remedy="give the folder that `conformance upgrade` wrote",
            ) from error
