"""The result model: every report is rendered from one `RunResult`.

Times are Unix seconds (UTC), durations are seconds, sizes are bytes. The JSON schema of version 1 is
docs/result-1.schema.json; a reader refuses a version that it does not know. `reports.load` reads results.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

SCHEMA_VERSION = 1


class Outcome(StrEnum):
    """How a check ended.

    `undecided`: the sources do not determine the answer and no engine could; the check's remedy names
    what would decide it. `not run`: the check was planned and the run ended before it.
    """

    PASSED = "passed"
    FAILED = "failed"
    ERROR = "error"
    BLOCKED = "blocked"
    WAIVED = "waived"
    NOT_APPLICABLE = "not applicable"
    UNDECIDED = "undecided"
    NOT_RUN = "not run"


class Record(BaseModel):
    """Base of all records: frozen, and an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class EvidenceRef(Record):
    """One piece of evidence. `file` is relative to the results folder; empty: the content was lost."""

    name: str
    kind: Literal["text", "json", "binary"]
    file: str
    size: int = Field(description="bytes before redaction and cutting")
    stored: int = Field(description="bytes in `file`")
    sha256: str = Field(description="digest of `file`")
    note: str = Field("", description="which part of the content is missing, if any")


class Check(Record):
    """One check and how it ended."""

    nodeid: str
    layer: str
    requirements: tuple[str, ...]
    gate: bool = False
    outcome: Outcome
    message: str = Field("", description="the decisive line")
    remedy: str = Field("", description="the next step; of an undecided check: what would decide it")
    details: str = ""
    started: float = Field(0.0, description="unix seconds; 0: never started")
    seconds: float = 0.0
    worker: str = ""
    blocked_by: str = Field("", description="node id of the gate that blocked it")
    waiver: str = Field("", description="requirement whose waiver covers the failure")
    session: str = ""
    evidence: tuple[EvidenceRef, ...] = ()
    measures: dict[str, float] = Field(
        {}, description="seconds read from its evidence, such as an agent's launch"
    )


class RequirementInfo(Record):
    """A requirement of the catalogue at the time of the run."""

    id: str
    text: str
    level: Literal["MUST", "SHOULD", "MAY"]
    layer: str
    source: str
    remedy: str
    gate: bool = False


class ComponentInfo(Record):
    """One part of the stack; `simulator` names the simulator that runs in its place, or is empty."""

    name: str
    version: str
    image: str = ""
    digest: str = ""
    simulator: str = ""

    @model_validator(mode="before")
    @classmethod
    def _old_key(cls, raw: Any) -> Any:
        """Accept the key `stand_in`, which results before 0.1.0 hold in place of `simulator`."""
        if isinstance(raw, dict) and "stand_in" in raw:
            return {"simulator": raw["stand_in"]} | {k: v for k, v in raw.items() if k != "stand_in"}
        return raw


class SpanInfo(Record):
    """One span of the stand-up's timeline."""

    name: str
    needs: tuple[str, ...] = ()
    start: float
    end: float
    ok: bool = True
    note: str = ""


class Problem(Record):
    """A failure outside of any check: of the stand-up, the collection or pytest itself."""

    what: str
    where: str = ""
    observed: str = ""
    remedy: str = ""


class WaiverUse(Record):
    """A waiver with its effect on the run. The states `expired` and `unmatched` fail the run."""

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
    """Identity, inputs and extent of a run."""

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
    selection: str = Field("", description="pytest arguments that select checks; empty: all")
    layers: tuple[str, ...] = Field((), description="selected layers; empty: all that have checks")
    read_only: bool = Field(False, description="checks that write were not allowed")
    pins: tuple[tuple[str, str], ...] = Field((), description="pinned plugins: name and version")

    @property
    def subject(self) -> str:
        """Contract, stack and environment in one line; empty for pytest without the command line."""
        contract = f"{self.contract} ({self.contract_file})" if self.contract_file else self.contract
        stack = f"stack {self.stack_revision}" if self.stack_revision else ""
        environment = f"environment {self.environment}" if self.environment else ""
        return ", ".join(filter(None, (contract, stack, environment)))


class Verdict(Record):
    """One word with its reason; `exit_code`: 0 conformant, 1 not conformant, 2 incomplete."""

    word: Literal["conformant", "not conformant", "incomplete"]
    exit_code: Literal[0, 1, 2]
    headline: str = Field(description="the word and its qualifications")
    reason: str = Field("", description="the lowest broken thing, one line")
    remedy: str = Field("", description="the next step")
    counts: dict[str, int] = {}


class RunResult(Record):
    """All facts about a run, also about one that was killed."""

    schema_version: Literal[1] = 1
    run: RunInfo
    verdict: Verdict
    components: tuple[ComponentInfo, ...] = ()
    requirements: tuple[RequirementInfo, ...] = ()
    checks: tuple[Check, ...] = ()
    problems: tuple[Problem, ...] = ()
    waivers: tuple[WaiverUse, ...] = ()
    sessions: tuple[SessionInfo, ...] = ()
    timeline: tuple[SpanInfo, ...] = ()

    @property
    def by_id(self) -> dict[str, RequirementInfo]:
        return {requirement.id: requirement for requirement in self.requirements}

    @property
    def unchecked(self) -> tuple[RequirementInfo, ...]:
        """Requirements without a check in this run."""
        checked = {name for check in self.checks for name in check.requirements}
        return tuple(requirement for requirement in self.requirements if requirement.id not in checked)


def schema() -> dict[str, object]:
    """The JSON schema of a result."""
    return RunResult.model_json_schema()
