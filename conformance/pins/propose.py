"""Propose the next pin set: the latest versions without known issues that fit a core."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from conformance.pins.catalogue import Catalogue
from conformance.pins.edit import edited
from conformance.pins.known_issues import KnownIssue
from conformance.pins.model import PinFile
from conformance.pins.resolve import Target
from conformance.pins.sources.read import parse
from conformance.pins.upgrade import Plan, newest_set


@dataclass(frozen=True, slots=True)
class Proposal:
    """`text` is the edited file; `plan` says what changed and what is held back."""

    text: str
    plan: Plan

    def file(self, like: PinFile) -> PinFile:
        """The proposal, read back as the file it would be."""
        return parse(self.text, like.where, like.path)


def propose(file: PinFile, catalogue: Catalogue, target: Target, issues: Iterable[KnownIssue]) -> Proposal:
    """The newest set for `target`, written into the text of `file`.

    Raises:
        UsageError: the file is of a shape that cannot be edited in place.
    """
    pins = {name: pin.version for name, pin in file.exact().items()}
    plan = newest_set(pins, catalogue, target, issues)
    raised = {name: new for name, (_, new) in plan.raised.items()}
    return Proposal(edited(file, raised, plan.added), plan)
