"""Terraform's templatefile(), as far as values templates need it.

`${name}`, `${indent(4, name)}`, and the escapes `$${` and `%%{`. Anything else of Terraform's language is
refused with its line: rendering it differently from Terraform would be worse than not at all.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from conformance.core.errors import ContractError

_TOKEN = re.compile(r"\$\$\{|%%\{|%\{|\$\{([^}\n]*)(\}?)")
_NAME = re.compile(r"^\s*([A-Za-z_][A-Za-z0-9_-]*)\s*$")
_INDENT = re.compile(r"^\s*indent\(\s*(\d+)\s*,\s*([A-Za-z_][A-Za-z0-9_-]*)\s*\)\s*$")


def render(text: str, names: Mapping[str, str], where: str) -> str:
    """`text` with `names` filled in; `where` is the file that messages name.

    Raises:
        ContractError: an unknown name, or something that only Terraform can do.
    """

    def fill(found: re.Match[str]) -> str:
        whole = found[0]
        if whole in {"$${", "%%{"}:
            return whole[1:]
        line = text.count("\n", 0, found.start()) + 1
        if whole == "%{":
            raise ContractError(
                "the values template has a directive that the harness does not render",
                where=f"{where}:{line}",
                observed=text.splitlines()[line - 1].strip(),
                remedy="write it without %{...}; a literal is %%{",
            )
        plain, indented = _NAME.match(found[1]), _INDENT.match(found[1])
        if not found[2] or not (plain or indented):
            raise ContractError(
                "the values template has an expression that the harness does not render",
                where=f"{where}:{line}",
                expected="${name} or ${indent(4, name)}; a literal is $${",
                observed=whole,
                remedy="compute the value in the declaration, and name it here",
            )
        name = plain[1] if plain else indented[2] if indented else ""
        if name not in names:
            raise ContractError(
                f"the values template uses a name that nothing supplies: {name}",
                where=f"{where}:{line}",
                expected=", ".join(sorted(names)),
                remedy="add it to `settings` of the declaration; a literal is $${",
            )
        value = names[name]
        return value.replace("\n", "\n" + " " * int(indented[1])) if indented else value

    return _TOKEN.sub(fill, text)


def names_in(text: str) -> frozenset[str]:
    """The names that a template uses."""
    found = set()
    for token in _TOKEN.finditer(text):
        expression = token[1] or ""
        if plain := _NAME.match(expression):
            found.add(plain[1])
        elif indented := _INDENT.match(expression):
            found.add(indented[2])
    return frozenset(found)
