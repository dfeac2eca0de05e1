"""Credentials of the system store: how JCasC names their kinds, how the API shows them, how a step binds
them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ..unsupported import unsupported
from .groovy_host import StepError


@dataclass(frozen=True)
class Kind:
    """A kind of credential: its name in lists, and the plugin that brings it."""

    type_name: str
    plugin: str


KINDS: dict[str, Kind] = {
    "usernamePassword": Kind("Username with password", "credentials"),
    "string": Kind("Secret text", "plain-credentials"),
}


def display_name(kind: str, data: Mapping[str, Any]) -> str:
    """The name in lists."""
    description = str(data.get("description") or "")
    if kind == "usernamePassword":
        shown = f"{data.get('username')}/******"
        return f"{shown} ({description})" if description else shown
    return description or str(data.get("id"))


@dataclass(frozen=True)
class Bound:
    """The effect of one binding; the console names the variables in `masked`."""

    env: dict[str, str]
    masks: tuple[str, ...]
    masked: list[str]


def bind(binding: Mapping[str, Any], find: Callable[[str], Mapping[str, Any] | None]) -> Bound:
    """Resolve one binding of `withCredentials`.

    Raises:
        StepError: there is no such credential, it is of another kind, or the binding is not implemented.
    """
    kind = str(binding.get("$symbol"))
    wanted = str(binding.get("credentialsId"))
    if kind not in KINDS:
        raise StepError("abort", unsupported(f"the credentials binding {binding.get('$class') or kind!r}"))
    credential = find(wanted)
    if credential is None:
        raise StepError("abort", f"Could not find credentials entry with ID '{wanted}'")
    if credential["kind"] != kind:
        raise StepError(
            "abort",
            f"Credentials '{wanted}' is of type '{KINDS[credential['kind']].type_name}' where a binding of "
            f"'{kind}' was expected",
        )
    if kind == "string":
        name, secret = str(binding.get("variable")), str(credential.get("secret") or "")
        return Bound({name: secret}, (secret,), [name])
    user, password = str(credential.get("username") or ""), str(credential.get("password") or "")
    name = str(binding.get("passwordVariable"))
    return Bound({str(binding.get("usernameVariable")): user, name: password}, (password,), [name])
