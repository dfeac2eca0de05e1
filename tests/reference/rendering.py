"""The reference stack rendered as a deployment would, without a cluster."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from conformance.core.paths import REFERENCE, cache_root
from environments.deploy import declaration
from environments.deploy.releases import Helm

STACK = REFERENCE / "stack"
DECLARATION = STACK / "terraform/stack.auto.tfvars.json"

#: what an environment supplies
ENVIRONMENT = {
    **{
        f"{image}_image_{part}": value
        for image in ("jenkins", "agent", "nexus")
        for part, value in (("registry", "registry.example"), ("repository", image), ("tag", "2.504.3"))
    },
    "ecr_registry": "123456789012.dkr.ecr.us-east-1.example",
    "ecr_endpoint": "https://123456789012.dkr.ecr.us-east-1.example",
    "git_server": "git://git.example",
}


def helm() -> Helm:
    """The helm of CONFORMANCE_HELM, of the cache of built programs, or of PATH."""
    named = os.environ.get("CONFORMANCE_HELM")
    built = sorted(cache_root().glob("**/bin/helm")) + sorted(cache_root().glob("programs/*/helm"))
    found = named or (str(built[-1]) if built else shutil.which("helm"))
    if not found:
        pytest.skip("needs helm: set CONFORMANCE_HELM, or run `conformance up` once, which builds it")
    return Helm(Path(found))


def chart(name: str, release: str = "") -> declaration.Release:
    """A release of one of our charts, with no values of the stack."""
    return declaration.Release(
        name=release or name,
        namespace=name,
        chart=str(STACK / "charts" / name),
        repository=None,
        version=None,
        values=Path(),
    )


def rendered(
    release: declaration.Release, values: Mapping[str, Any] | str, folder: Path
) -> list[dict[str, Any]]:
    """Every object of a release with these values (a mapping, or YAML text)."""
    file = folder / f"{release.name}-values.yaml"
    file.write_text(values if isinstance(values, str) else yaml.safe_dump(values), encoding="utf-8")
    return [each for each in yaml.safe_load_all(helm().template(release, [file])) if each]


def one(objects: list[dict[str, Any]], kind: str, name: str) -> dict[str, Any]:
    """The only object of that kind and name."""
    (found,) = [each for each in objects if each["kind"] == kind and each["metadata"]["name"] == name]
    return found
