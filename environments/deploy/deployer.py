"""`--deployer=auto|terraform|helm`: who makes the ECR repositories. Releases always go through Helm here.

Both deployers read the same declaration.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from core.errors import HostUnfit, UsageError
from environments.deploy import terraform
from environments.deploy.declaration import Declaration
from environments.deploy.terraform import Terraform

CHOICES = ("auto", "terraform", "helm")


@dataclass(frozen=True, slots=True)
class Choice:
    """`terraform` is ready to apply, or None; `why` is one line for people."""

    terraform: Terraform | None
    why: str


def choose(requested: str, declaration: Declaration, folder: Path) -> Choice:
    """Settle the option; Terraform is initialised in `folder` where it is taken.

    Raises:
        UsageError: no such deployer.
        HostUnfit: Terraform was asked for and cannot be had.
    """
    if requested not in CHOICES:
        raise UsageError(
            f"there is no deployer {requested!r}",
            where="--deployer",
            expected=" | ".join(CHOICES),
            remedy="choose one of these",
        )
    if requested == "helm":
        return Choice(None, "Deployer: helm, and boto3 for ECR, as asked for")
    try:
        ready = terraform.prepare(declaration, folder)
    except HostUnfit as error:
        if requested == "terraform":
            raise
        return Choice(None, f"Deployer: helm, and boto3 for ECR, because {error.what}")
    if requested == "terraform":
        return Choice(ready, "Deployer: terraform for ECR and helm for the releases, as asked for")
    return Choice(
        ready, "Deployer: terraform for ECR, because its AWS provider is here, and helm for the releases"
    )
