"""Observations of one upgrade: the source of every report and check of it."""

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
    """A step of the upgrade; `note` is the first line of its error."""

    model_config = ConfigDict(frozen=True)

    name: str
    seconds: float
    ok: bool
    note: str = ""


class Observed(BaseModel):
    """`error` is empty when every step was made, at the second attempt when the first was interrupted.

    `again` are the changes of the same upgrade made once more, `lost` the acknowledged writes that are lost;
    None: unknown. `unmeasured` says why nothing was measured inside the cluster. `cannot` are the limits of a
    rollback, by the two contracts.
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
    #: the cause in the log of the service that did not come up
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
        """Did any probe of `service` fail?"""
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
                f"cannot read the observations of an upgrade in {folder}",
                observed=str(error).splitlines()[0],
                remedy="give the folder that `conformance upgrade` wrote",
            ) from error
