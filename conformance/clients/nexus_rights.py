"""What a user of Nexus may do, privilege by privilege."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from conformance.clients.http import expect
from conformance.clients.nexus import Nexus


@dataclass(frozen=True, slots=True)
class Privilege:
    """A right: `repository` and `actions` (lower case) are empty for what is not about a repository."""

    name: str
    type: str
    repository: str
    actions: frozenset[str]


def privileges_of(nexus: Nexus, username: str) -> tuple[Privilege, ...]:
    """Every privilege that the user's roles give, also through roles in roles; three requests."""
    roles = {role["id"]: role for role in _security(nexus, "roles")}
    user = next((user for user in _security(nexus, "users") if user["userId"] == username), {})
    names: set[str] = set()
    seen: set[str] = set()
    waiting = [*user.get("roles", ()), *user.get("externalRoles", ())]
    while waiting:
        name = waiting.pop()
        if name in roles and name not in seen:
            seen.add(name)
            names.update(roles[name]["privileges"])
            waiting += roles[name]["roles"]
    return tuple(
        Privilege(
            raw["name"],
            raw.get("type", ""),
            raw.get("repository") or "",
            frozenset(action.lower() for action in raw.get("actions") or ()),
        )
        for raw in _security(nexus, "privileges")
        if raw["name"] in names
    )


def _security(nexus: Nexus, what: str) -> list[dict[str, Any]]:
    answer = nexus.http.get(f"/service/rest/v1/security/{what}")
    found: list[dict[str, Any]] = expect(answer, 200, what=f"Nexus does not list its {what}").json()
    return found
