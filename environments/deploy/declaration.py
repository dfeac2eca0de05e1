"""What the stack declares in `stack.auto.tfvars.json`, the file that its Terraform reads too.

Paths in it are relative to the stack's folder, two levels above the file, as `main.tf` takes them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from conformance.core.errors import ContractError
from environments.ecr.provision import RepositoryDeclaration


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class _Repository(_Part):
    image_tag_mutability: Literal["MUTABLE", "IMMUTABLE"]
    scan_on_push: bool
    encryption_type: Literal["AES256", "KMS", "KMS_DSSE"] = "AES256"
    #: file of the policy, in the stack's folder
    lifecycle_policy: str | None = None


class _Release(_Part):
    namespace: Annotated[str, Field(pattern=r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$", max_length=63)]
    chart: Annotated[str, Field(min_length=1)]
    repository: str | None = None
    version: str | None = None
    values: Annotated[str, Field(min_length=1)]


class _File(BaseModel):
    # a stack has Terraform variables of its own besides these
    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)

    aws_region: Annotated[str, Field(min_length=1)]
    ecr_repositories: dict[str, _Repository]
    releases: dict[str, _Release]
    settings: dict[str, str] = {}


class Release(BaseModel):
    """One Helm release. `chart` is a folder, or a chart's name when `repository` (a URL) is set.

    `values` is the file of its values template.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    namespace: str
    chart: str
    repository: str | None
    version: str | None
    values: Path


class Declaration(BaseModel):
    """The declaration, its paths made absolute."""

    model_config = ConfigDict(frozen=True)

    file: Path
    stack: Path
    aws_region: str
    ecr_repositories: tuple[RepositoryDeclaration, ...]
    releases: tuple[Release, ...]
    settings: Mapping[str, str]

    def release(self, name: str) -> Release:
        """The release of that name. Raises ContractError."""
        for release in self.releases:
            if release.name == name:
                return release
        raise ContractError(
            f"the stack declares no release {name}",
            where=f"{self.file}: releases",
            expected=name,
            observed=", ".join(release.name for release in self.releases) or "no release at all",
            remedy="declare it, or name the right release in the contract",
        )

    def names(self, environment: Mapping[str, str]) -> dict[str, str]:
        """Names of the values templates, as `main.tf` puts them together: settings, region, seed, place."""
        return {**self.settings, "aws_region": self.aws_region, "seed": seed(self.stack), **environment}


def seed(stack: Path) -> str:
    """Every Job DSL script of `jobs/`, in the order of the files' names."""
    files = sorted((stack / "jobs").glob("*.groovy"), key=lambda file: file.name)
    return "\n".join(file.read_text(encoding="utf-8").strip() for file in files)


def load(file: Path) -> Declaration:
    """Read the declaration. Raises ContractError with file, line and key of every mistake."""
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ContractError(
            f"cannot read the stack's declaration {file}",
            observed=str(error),
            remedy="`stack.declaration` in the contract says where it is",
        ) from error
    try:
        raw = json.loads(text)
    except json.JSONDecodeError as error:
        raise ContractError(
            "the stack's declaration is not JSON", where=f"{file}:{error.lineno}", observed=error.msg
        ) from error
    try:
        read = _File.model_validate(raw)
    except ValidationError as error:
        mistakes = [
            f"{file}:{line_of(text, detail['loc'])}: {'.'.join(map(str, detail['loc']))}: {detail['msg']}"
            for detail in error.errors()
        ]
        raise ContractError(
            "the stack's declaration has a mistake"
            if len(mistakes) == 1
            else f"the stack's declaration has {len(mistakes)} mistakes",
            where=mistakes[0].split(": ", 1)[0],
            observed="\n            ".join(mistakes),
            remedy="docs/stack.md describes the declaration",
        ) from error
    stack = file.resolve().parent.parent
    return Declaration(
        file=file,
        stack=stack,
        aws_region=read.aws_region,
        ecr_repositories=tuple(
            _repository(file, stack, name, repository) for name, repository in read.ecr_repositories.items()
        ),
        releases=tuple(_release(stack, name, release) for name, release in read.releases.items()),
        settings=read.settings,
    )


def _repository(file: Path, stack: Path, name: str, read: _Repository) -> RepositoryDeclaration:
    policy = ""
    if read.lifecycle_policy:
        try:
            policy = (stack / read.lifecycle_policy).read_text(encoding="utf-8")
            json.loads(policy)
        except (OSError, ValueError) as error:
            raise ContractError(
                f"the lifecycle policy of {name} cannot be used",
                where=f"{file}: ecr_repositories.{name}.lifecycle_policy",
                expected=f"JSON in {stack / read.lifecycle_policy}",
                observed=str(error),
                remedy="its path is relative to the stack's folder",
            ) from error
    return RepositoryDeclaration(
        name, read.image_tag_mutability, read.scan_on_push, read.encryption_type, policy
    )


def _release(stack: Path, name: str, read: _Release) -> Release:
    return Release(
        name=name,
        namespace=read.namespace,
        chart=read.chart if read.repository else str(stack / read.chart),
        repository=read.repository,
        version=read.version,
        values=stack / read.values,
    )


def line_of(text: str, path: Sequence[Any]) -> int:
    """Line (from 1) of the key or item at `path` in a JSON text, or of the nearest one above it."""
    at = 0
    for part in path:
        found = _item(text, at, part) if isinstance(part, int) else _key(text, at, part)
        if found is None:
            break
        at = found
    return text.count("\n", 0, at) + 1


def _key(text: str, at: int, key: object) -> int | None:
    found = re.compile(rf"{re.escape(json.dumps(str(key)))}\s*:").search(text, at)
    return found.start() if found else None


def _item(text: str, at: int, number: int) -> int | None:
    """Start of an item of the array that begins after `at`."""
    start = text.find("[", at) + 1
    for _ in range(number):
        _, end = json.JSONDecoder().raw_decode(text, _skip(text, start))
        start = text.find(",", end) + 1
    return _skip(text, start) if start else None


def _skip(text: str, at: int) -> int:
    """The next place that is no white space."""
    return at + len(text[at:]) - len(text[at:].lstrip())
