"""The one result model. Everything that is shown or written about a run is made from a `RunResult`.

Times are unix seconds (UTC), durations seconds, sizes bytes. The JSON schema of version 1 is
docs/result-1.schema.json; a reader refuses a version that it does not know and says so.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

SCHEMA_VERSION = 1


class Outcome(StrEnum):
    """How a check ended; `not run`: it was planned and the run ended before it did."""

    PASSED = "passed"
    FAILED = "failed"
    ERROR = "error"
    BLOCKED = "blocked"
    WAIVED = "waived"
    NOT_APPLICABLE = "not applicable"
    UNDECIDED = "undecided"
    NOT_RUN = "not run"


class Record(BaseModel):
    """Frozen; an unknown key is a mistake of the writer, never ignored."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class EvidenceRef(Record):
    """One thing that a check saw. `file` is relative to the results folder; empty: it was lost."""

    name: str
    kind: Literal["text", "json", "binary"]
    file: str
    size: int = Field(description="bytes before redaction and cutting")
    stored: int = Field(description="bytes in `file`")
    sha256: str = Field(description="digest of `file`")
    note: str = Field("", description="what is missing from it, if anything")


class Check(Record):
    """One check and how it ended."""

    nodeid: str
    layer: str
    requirements: tuple[str, ...]
    gate: bool = False
    outcome: Outcome
    message: str = Field("", description="the one line that matters")
    remedy: str = ""
    details: str = ""
    started: float = Field(0.0, description="unix seconds; 0: never started")
    seconds: float = 0.0
    worker: str = ""
    blocked_by: str = Field("", description="node id of the gate that blocked it")
    waiver: str = Field("", description="requirement whose waiver covers the failure")
    session: str = ""
    evidence: tuple[EvidenceRef, ...] = ()
    measures: dict[str, float] = Field({}, description="seconds that its evidence told, such as a launch")


class RequirementInfo(Record):
    """A requirement of the catalogue as it was when the run was made."""

    id: str
    text: str
    level: Literal["MUST", "SHOULD", "MAY"]
    layer: str
    source: str
    remedy: str
    gate: bool = False


class ComponentInfo(Record):
    """One part of the stack; `stand_in` says what it simulates, or is empty for the real thing."""

    name: str
    version: str
    image: str = ""
    digest: str = ""
    stand_in: str = ""


class SpanInfo(Record):
    """One span of the stand-up's timeline."""

    name: str
    needs: tuple[str, ...] = ()
    start: float
    end: float
    ok: bool = True
    note: str = ""


class Problem(Record):
    """Something that broke outside of any check: the stand-up, the collection, pytest itself."""

    what: str
    where: str = ""
    observed: str = ""
    remedy: str = ""


class WaiverInfo(Record):
    """A waiver and what became of it. `state` other than `used` and `not needed here` fails the run."""

    requirement: str
    owner: str
    reason: str
    link: str
    expires: str
    match: str = ""
    days_left: int = 0
    state: Literal["used", "expired", "unmatched", "passes", "not needed here"] = "not needed here"
    checks: tuple[str, ...] = ()


class SessionInfo(Record):
    """One pytest session of the run; `status` is pytest's exit status, None while it has not ended."""

    name: str
    started: float
    ended: float | None = None
    status: int | None = None


class RunInfo(Record):
    """What the run was."""

    id: str
    started: float
    ended: float | None = None
    state: Literal["running", "finished", "interrupted"] = "running"
    environment: str = ""
    contract: str = Field("", description="name of the stack in the contract")
    contract_file: str = ""
    contract_sha256: str = ""
    stack_revision: str = Field("", description="digest or commit of the stack's own files")
    harness_version: str = ""
    command: str = ""
    selection: str = Field("", description="what part was asked for; empty: everything")
    layers: tuple[str, ...] = Field((), description="layers that were asked for; empty: all that have checks")
    read_only: bool = Field(False, description="nothing of the stack was to be changed")
    pins: tuple[tuple[str, str], ...] = Field((), description="pinned plugins: name and version")


class Verdict(Record):
    """One word with its reason; `exit_code` 0 conformant, 1 not conformant, 2 incomplete."""

    word: Literal["conformant", "not conformant", "incomplete"]
    exit_code: Literal[0, 1, 2]
    headline: str = Field(description="the verdict with what qualifies it")
    reason: str = Field("", description="the lowest broken thing, one line")
    remedy: str = Field("", description="what to do about it")
    counts: dict[str, int] = {}


class RunResult(Record):
    """Everything known about a run, also about one that was killed."""

    schema_version: Literal[1] = 1
    run: RunInfo
    verdict: Verdict
    components: tuple[ComponentInfo, ...] = ()
    requirements: tuple[RequirementInfo, ...] = ()
    checks: tuple[Check, ...] = ()
    problems: tuple[Problem, ...] = ()
    waivers: tuple[WaiverInfo, ...] = ()
    sessions: tuple[SessionInfo, ...] = ()
    timeline: tuple[SpanInfo, ...] = ()

    @classmethod
    def load(cls, folder: Path) -> RunResult:
        """What the results in `folder` say, whether or not the run ended. Raises UsageError."""
        from reports.load import load

        return load(folder)

    def requirement(self, identifier: str) -> RequirementInfo | None:
        return next((known for known in self.requirements if known.id == identifier), None)

    @property
    def unchecked(self) -> tuple[RequirementInfo, ...]:
        """Requirements that no check of this run decides."""
        seen = {name for check in self.checks for name in check.requirements}
        return tuple(requirement for requirement in self.requirements if requirement.id not in seen)


def schema() -> dict[str, object]:
    """The JSON schema of a result."""
    return RunResult.model_json_schema()
