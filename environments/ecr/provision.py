"""ECR repositories as the stack declares them: made when missing, set right when they drifted.

Idempotent: a second run makes no call that writes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from botocore.exceptions import BotoCoreError, ClientError

from conformance.core.errors import EnvironmentFailure

if TYPE_CHECKING:
    from mypy_boto3_ecr import ECRClient
    from mypy_boto3_ecr.type_defs import RepositoryTypeDef

Mutability = Literal["MUTABLE", "IMMUTABLE"]
Encryption = Literal["AES256", "KMS", "KMS_DSSE"]
Action = Literal["created", "unchanged", "corrected", "drifted"]


@dataclass(frozen=True, slots=True)
class RepositoryDeclaration:
    """One repository of the declaration; the defaults are those of the contract."""

    name: str
    image_tag_mutability: Mutability = "IMMUTABLE"
    scan_on_push: bool = True
    encryption_type: Encryption = "AES256"
    #: the policy as JSON; empty: none
    lifecycle_policy: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """What was done about one repository; `detail` names what differed, as `setting: was -> declared`."""

    name: str
    action: Action
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.name}: {self.action}" + (f" ({self.detail})" if self.detail else "")


def provision(
    client: ECRClient, declared: Iterable[RepositoryDeclaration], *, correct: bool = True
) -> tuple[Change, ...]:
    """Bring the registry to `declared`, in its order.

    With `correct` false nothing that is there is changed and a difference is reported as `drifted`.
    Repositories that are there without being declared are left alone.

    Raises:
        EnvironmentFailure: the API refused or did not answer.
    """
    wanted = tuple(declared)
    try:
        present = _present(client)
        return tuple(_settle(client, each, present.get(each.name), correct) for each in wanted)
    except ClientError as error:
        said = error.response.get("Error", {})
        raise EnvironmentFailure(
            f"ECR refused {error.operation_name}",
            where=client.meta.endpoint_url,
            observed=f"{said.get('Code')}: {said.get('Message')}",
            remedy="check the credentials and their permissions for ECR",
        ) from error
    except BotoCoreError as error:
        raise EnvironmentFailure(
            "the ECR API does not answer",
            where=client.meta.endpoint_url,
            observed=str(error),
            remedy="check that the registry is up and its certificate is signed by the run's CA",
        ) from error


def _present(client: ECRClient) -> dict[str, RepositoryTypeDef]:
    pages = client.get_paginator("describe_repositories").paginate()
    return {found["repositoryName"]: found for page in pages for found in page["repositories"]}


def _settle(
    client: ECRClient, wanted: RepositoryDeclaration, found: RepositoryTypeDef | None, correct: bool
) -> Change:
    if found is None:
        client.create_repository(
            repositoryName=wanted.name,
            imageTagMutability=wanted.image_tag_mutability,
            imageScanningConfiguration={"scanOnPush": wanted.scan_on_push},
            encryptionConfiguration={"encryptionType": wanted.encryption_type},
        )
        if wanted.lifecycle_policy:
            client.put_lifecycle_policy(
                repositoryName=wanted.name, lifecyclePolicyText=wanted.lifecycle_policy
            )
        return Change(wanted.name, "created")
    differences = []
    mutability = found.get("imageTagMutability", "MUTABLE")
    scan = found.get("imageScanningConfiguration", {}).get("scanOnPush", False)
    if mutability != wanted.image_tag_mutability:
        differences.append(f"image_tag_mutability: {mutability} -> {wanted.image_tag_mutability}")
        if correct:
            client.put_image_tag_mutability(
                repositoryName=wanted.name, imageTagMutability=wanted.image_tag_mutability
            )
    if scan != wanted.scan_on_push:
        differences.append(f"scan_on_push: {_word(scan)} -> {_word(wanted.scan_on_push)}")
        if correct:
            client.put_image_scanning_configuration(
                repositoryName=wanted.name, imageScanningConfiguration={"scanOnPush": wanted.scan_on_push}
            )
    differences += _settle_lifecycle(client, wanted, correct)
    encryption = found.get("encryptionConfiguration", {}).get("encryptionType", "AES256")
    if encryption != wanted.encryption_type:
        # it is settled when a repository is made; making it anew would lose its images
        correct = False
        differences.append(f"encryption_type: {encryption} -> {wanted.encryption_type}")
    if not differences:
        return Change(wanted.name, "unchanged")
    return Change(wanted.name, "corrected" if correct else "drifted", "; ".join(differences))


def _settle_lifecycle(client: ECRClient, wanted: RepositoryDeclaration, correct: bool) -> list[str]:
    try:
        found = client.get_lifecycle_policy(repositoryName=wanted.name)["lifecyclePolicyText"]
    except client.exceptions.LifecyclePolicyNotFoundException:
        found = ""
    if (json.loads(found) if found else None) == (
        json.loads(wanted.lifecycle_policy) if wanted.lifecycle_policy else None
    ):
        return []
    if correct and wanted.lifecycle_policy:
        client.put_lifecycle_policy(repositoryName=wanted.name, lifecyclePolicyText=wanted.lifecycle_policy)
    elif correct:
        client.delete_lifecycle_policy(repositoryName=wanted.name)
    return [f"lifecycle_policy: {_policy(found)} -> {_policy(wanted.lifecycle_policy)}"]


def _policy(text: str) -> str:
    return f"{len(json.loads(text)['rules'])} rules" if text else "none"


def _word(value: bool) -> str:
    return "true" if value else "false"
