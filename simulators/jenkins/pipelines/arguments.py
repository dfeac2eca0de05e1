"""The arguments of a step."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..unsupported import unsupported
from .groovy_host import StepError


@dataclass(frozen=True)
class Arguments:
    """Named arguments, and the single one that needs no name."""

    positional: tuple[Any, ...] = ()
    named: Mapping[str, Any] = field(default_factory=dict)

    def get(self, name: str, default: Any = None, first: bool = False) -> Any:
        """An argument; `first` also takes the unnamed one."""
        if name in self.named:
            return self.named[name]
        return self.positional[0] if first and self.positional else default

    def need(self, name: str, first: bool = False) -> Any:
        """An argument that must be there.

        Raises:
            StepError: it is not.
        """
        value = self.get(name, first=first)
        if value is None:
            raise StepError("illegal", f'Missing required parameter: "{name}"')
        return value

    def only(self, step: str, known: Collection[str]) -> None:
        """Refuse a named argument that this simulator would ignore.

        Raises:
            StepError: it is not among the known ones.
        """
        for name in self.named:
            if name not in known:
                raise StepError("abort", unsupported(f"the argument {name!r} of the step {step!r}"))
