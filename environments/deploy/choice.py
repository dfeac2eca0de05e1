"""`--deployer=auto|terraform|helm`: who makes the ECR repositories. Releases always go through Helm here.

Both deployers read the same declaration.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from conformance.core.errors import UsageError

#: what `--deployer` takes
CHOICES = ("auto", "terraform", "helm")


@dataclass(frozen=True, slots=True)
class Choice:
    """`why` is one line for people: which deployer, and for what reason."""

    deployer: Literal["terraform", "helm"]
    why: str


def choose(requested: str, *, ecr_backend: str, env: Mapping[str, str] = os.environ) -> Choice:
    """Settle the option by what is on this host; nothing is run or fetched.

    Raises:
        UsageError: no such deployer.
        HostUnfit: Terraform is requested and not installed.
    """
    match requested:
        case "helm":
            return Choice("helm", "Deployer: helm, and boto3 for ECR, as requested")
        case "terraform":
            from environments.deploy import terraform

            terraform.program(env)
            return Choice("terraform", "Deployer: terraform for ECR and helm for the releases, as requested")
        case "auto":
            missing = _missing(ecr_backend, env)
            if missing:
                return Choice("helm", f"Deployer: helm, and boto3 for ECR, because {missing}")
            return Choice(
                "terraform",
                "Deployer: terraform for ECR, because its AWS provider is here; helm for the releases",
            )
    raise UsageError(
        f"there is no deployer {requested!r}",
        where="--deployer",
        expected=" | ".join(CHOICES),
        remedy="choose one of these",
    )


def _missing(ecr_backend: str, env: Mapping[str, str]) -> str:
    """Why Terraform is not taken by itself, or nothing."""
    if ecr_backend == "aws":
        # a run's state is empty, and repositories that are there would be made once more
        return "the Terraform state of repositories on AWS is their owner's"
    from environments.deploy import terraform

    if not terraform.installed(env):
        return "terraform is not installed"
    if terraform.local_mirror(env) is None:
        return "Terraform's AWS provider is not on this host"
    return ""
