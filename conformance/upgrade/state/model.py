"""The manifest of a stack's state: items with facts that are compared before and after an upgrade."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from conformance.core.errors import UsageError

#: value of a fact that is no longer there
GONE = "(not there)"


class Item(BaseModel):
    """One thing that must outlive an upgrade. `facts` are compared one by one, so a difference has a name.

    `kind` names its collector; `name` is for people; the collector finds the item by `key`.
    """

    model_config = ConfigDict(frozen=True)

    service: str
    kind: str
    name: str
    key: dict[str, str]
    facts: dict[str, Any] = {}


class Manifest(BaseModel):
    """All items, and the number that they were created from."""

    model_config = ConfigDict(frozen=True)

    seed: int
    stack: str
    items: tuple[Item, ...]

    def save(self, file: Path) -> None:
        """Write into `file`, readable by its owner only: tokens are among the keys."""
        file.touch(mode=0o600)
        file.write_text(self.model_dump_json(indent=1), encoding="utf-8")

    @classmethod
    def load(cls, file: Path) -> Manifest:
        """Raises UsageError."""
        try:
            return cls.model_validate_json(file.read_text(encoding="utf-8"))
        except (OSError, ValidationError) as error:
            raise UsageError(
                f"cannot read the state {file}",
                observed=str(error).splitlines()[0],
                remedy="give the manifest that `conformance upgrade` wrote",
            ) from error


class Difference(BaseModel):
    """One fact of one item that is not what it was."""

    model_config = ConfigDict(frozen=True)

    item: Item
    fact: str
    before: Any
    after: Any

    def __str__(self) -> str:
        if self.after == GONE:
            return f"{self.item.kind} {self.item.name} is gone"
        return f"{self.item.kind} {self.item.name}: {self.fact} was {self.before!r}, is {self.after!r}"


def differences(before: Item, after: Item | None) -> Iterator[Difference]:
    """Each fact of `before` that differs in `after`; None: the item is gone."""
    if after is None:
        yield Difference(item=before, fact="", before="there", after=GONE)
        return
    for fact, value in before.facts.items():
        present = after.facts.get(fact, GONE)
        if present != value:
            yield Difference(item=before, fact=fact, before=value, after=present)
