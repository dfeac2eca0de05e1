"""GO, NO-GO or INCOMPLETE, with reasons."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from conformance.pins.model import Finding

Word = Literal["GO", "NO-GO", "INCOMPLETE"]
EXIT: dict[Word, int] = {"GO": 0, "NO-GO": 1, "INCOMPLETE": 2}


@dataclass(frozen=True, slots=True)
class Verdict:
    """One word and the reasons for it, a line each; GO's reasons say what was decided by data only."""

    word: Word
    reasons: tuple[str, ...]

    @property
    def exit_code(self) -> int:
        return EXIT[self.word]


def of(findings: Iterable[Finding], dynamic: str = "", dynamic_outcome: str = "") -> Verdict:
    """The verdict: a failure outweighs what could not be decided, as everywhere in the harness.

    `dynamic` says in words what the controller did, `dynamic_outcome` is passed, failed, error or empty
    (not tried).
    """
    listed = list(findings)
    blocking = [one for one in listed if one.blocks]
    undecided = [one for one in listed if one.level == "error" and not one.waived]
    if blocking or dynamic_outcome == "failed":
        reasons = _grouped(blocking)
        return Verdict("NO-GO", (*reasons, dynamic) if dynamic_outcome == "failed" else reasons)
    if undecided or dynamic_outcome == "error":
        reasons = _grouped(undecided)
        return Verdict("INCOMPLETE", (*reasons, dynamic) if dynamic_outcome == "error" else reasons)
    how = dynamic if dynamic_outcome == "passed" else "decided from data only; no controller was booted"
    return Verdict("GO", (how,))


def _grouped(findings: list[Finding]) -> tuple[str, ...]:
    """ "3 advisory: a, b, c": one line for each code, in the order of first appearance."""
    groups: dict[str, list[str]] = {}
    for one in findings:
        names = groups.setdefault(one.code, [])
        names.append(f"{one.subject} ({one.ref})" if one.code == "advisory" else one.subject)
    return tuple(
        f"{len(names)} {code}: {', '.join(names[:8])}{' ...' if len(names) > 8 else ''}"
        for code, names in groups.items()
    )
