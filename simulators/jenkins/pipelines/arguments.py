"""The arguments of a step."""

from typing import Any

from .groovy_host import StepError


class Args:
    """The arguments of a step: named ones, and the single one that needs no name."""

    def __init__(self, positional: list[Any], named: dict[str, Any]) -> None:
        """Args: as the script gave them."""
        self.positional, self.named = positional, named

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
