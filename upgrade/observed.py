"""What was seen of one upgrade, from which everything said about it is made."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from core.errors import UsageError
from upgrade.explained import Cause
from upgrade.inflight import Outcome
from upgrade.prober import Away

FILE, STATE = "observed.json", "state.json"


class Step(BaseModel):
    model_config = ConfigDict(frozen=True)

    name: str
    seconds: float
    ok: bool
    note: str = ""


class Observed(BaseModel):
    """`error` is empty when every step was made. `again` is what a second time changed; None: not tried."""

    model_config = ConfigDict(frozen=True)

    direction: Literal["forth", "back"]
    before: str
    after: str
    seconds: float
    error: str = ""
    steps: tuple[Step, ...] = ()
    away: tuple[Away, ...] = ()
    #: what the service that did not come up says of it
    cause: Cause | None = None
    inflight: Outcome | None = None
    again: tuple[str, ...] | None = None

    def save(self, folder: Path) -> None:
        (folder / FILE).write_text(self.model_dump_json(indent=1), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> Observed:
        """Raises UsageError."""
        try:
            return cls.model_validate_json((folder / FILE).read_text(encoding="utf-8"))
        except (OSError, ValidationError) as error:
            raise UsageError(
                f"cannot read what was seen of an upgrade in {folder}", observed=str(error).splitlines()[0],
                remedy="give the folder that `conformance upgrade` wrote",
            ) from error  # fmt: skip
