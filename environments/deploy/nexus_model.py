"""What Nexus is to be: `nexus/repositories.json` of the stack, typed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from conformance.core.errors import ContractError
from environments.deploy.declaration import line_of


class _Part(BaseModel):
    # lax about tuples only: JSON has no other sequence than its array
    model_config = ConfigDict(frozen=True, extra="forbid")


class NexusRepository(_Part):
    """One Maven repository; `remote` is a URL, or `central` for what this host calls Maven Central."""

    name: str
    type: Literal["hosted", "proxy", "group"]
    version_policy: Literal["RELEASE", "SNAPSHOT", "MIXED"] | None = None
    layout_policy: Literal["STRICT", "PERMISSIVE"] = "STRICT"
    write_policy: Literal["ALLOW", "ALLOW_ONCE", "DENY"] | None = None
    remote: str | None = None
    members: tuple[str, ...] = ()
    #: names of cleanup policies
    cleanup: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _fits_its_type(self) -> NexusRepository:
        needed = {"hosted": "write_policy", "proxy": "remote", "group": "members"}
        for kind, key in needed.items():
            if bool(getattr(self, key)) != (self.type == kind):
                raise ValueError(
                    f"{key} is for a {kind} repository" if self.type != kind else f"{key} is missing"
                )
        return self


class CleanupPolicy(_Part):
    """What is removed of a Maven repository: what was not updated, or not downloaded, for so many days."""

    name: str
    notes: str = ""
    last_updated_days: int | None = None
    last_downloaded_days: int | None = None
    release_type: Literal["RELEASES", "PRERELEASES"] | None = None


class NexusRole(_Part):
    id: str
    name: str
    description: str = ""
    privileges: tuple[str, ...]


class NexusUser(_Part):
    """A user; its password never comes from a file of the stack."""

    id: str
    first_name: str
    last_name: str
    email: str
    roles: tuple[str, ...]


class NexusSetup(_Part):
    """All of it. Groups come after their members."""

    anonymous: bool
    cleanup_policies: tuple[CleanupPolicy, ...] = ()
    repositories: tuple[NexusRepository, ...]
    roles: tuple[NexusRole, ...] = ()
    users: tuple[NexusUser, ...] = ()


def load(file: Path) -> NexusSetup:
    """Read the set-up. Raises ContractError with file, line and key."""
    try:
        text = file.read_text(encoding="utf-8")
        return NexusSetup.model_validate(json.loads(text))
    except (OSError, UnicodeDecodeError) as error:
        raise ContractError(f"cannot read Nexus' set-up {file}", observed=str(error)) from error
    except json.JSONDecodeError as error:
        raise ContractError(
            "Nexus' set-up is not JSON", where=f"{file}:{error.lineno}", observed=error.msg
        ) from error
    except ValidationError as error:
        mistakes = [
            f"{file}:{line_of(text, detail['loc'])}: {'.'.join(map(str, detail['loc']))}: {detail['msg']}"
            for detail in error.errors()
        ]
        raise ContractError(
            "Nexus' set-up has a mistake",
            where=mistakes[0].split(": ", 1)[0],
            observed="\n            ".join(mistakes),
            remedy="docs/stack.md describes nexus/repositories.json",
        ) from error
