"""What every reader of sources returns: values with the place that says them, or why nobody can know them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where a source says something; lines and columns begin at 1, 0 is the whole file."""

    #: path from the repository's root, with forward slashes
    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        """`file:line:column`, as editors and linters read it."""
        return ":".join([self.file, *(str(number) for number in (self.line, self.column) if number)])


@dataclass(frozen=True, slots=True)
class Undecided:
    """A value that the sources do not determine."""

    #: one sentence: what is not known and why
    reason: str
    #: the input that would decide it (a key of the contract's `[stack.inputs]`, a file, a flag); may be empty
    decided_by: str = ""


@dataclass(frozen=True, slots=True)
class MissingFile(Undecided):
    """A value of a file that the repository does not hold; `decided_by` is its path."""


@dataclass(frozen=True, slots=True)
class Fact(Generic[T]):
    """One value of the sources and its place."""

    value: T | Undecided
    place: Place

    @property
    def decided(self) -> bool:
        return not isinstance(self.value, Undecided)


@dataclass(frozen=True, slots=True)
class SourceError:
    """A source that its engine refused: one finding, in the engine's own words."""

    place: Place
    message: str
