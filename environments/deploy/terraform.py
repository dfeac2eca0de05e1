"""The stack's ECR repositories by Terraform, from the stack's own module, with proof that nothing drifts.

Works on a copy of the module in the run's folder: nothing is written into the stack.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from subprocess import CompletedProcess

from conformance.core.errors import CommandFailed, EnvironmentFailure, HostUnfit
from conformance.core.process import run
from environments.base import RegistryEndpoint
from environments.deploy.declaration import Declaration
from environments.deploy.relay import relay

#: the stack's module that needs only the AWS provider
MODULE = "terraform/ecr"
PROVIDER = "registry.terraform.io/hashicorp/aws"
#: folder with providers in the layout of Terraform's file system mirror
MIRROR_VARIABLE = "CONFORMANCE_TERRAFORM_PROVIDERS"
MIRRORS = (
    "~/.terraform.d/plugins",
    "/usr/local/share/terraform/plugins",
    "/usr/share/terraform/plugins",
    "/opt/*",
)
STATE = "terraform.tfstate"
INIT_SECONDS = 120
APPLY_SECONDS = 300


@dataclass(frozen=True, slots=True)
class Applied:
    """What `apply` did, in Terraform's own counts."""

    added: int
    changed: int
    destroyed: int


NOTHING = Applied(added=0, changed=0, destroyed=0)


@dataclass(frozen=True, slots=True)
class Terraform:
    """A working folder that `init` has prepared, with the AWS provider in it.

    A call costs about 10 s of one core: the provider is large.
    """

    program: Path
    folder: Path

    def apply(self, declaration: Declaration, registry: RegistryEndpoint, ca_bundle: str = "") -> Applied:
        """Make the registry what the declaration says.

        `ca_bundle` (a PEM file) is what the registry's certificate is checked against; empty: the host's.
        Raises EnvironmentFailure when Terraform fails.
        """
        _write(self.folder / "provider.tf.json", _provider(registry))
        _write(self.folder / "run.auto.tfvars.json", _variables(declaration))
        with _environment(registry, ca_bundle) as environment:
            return _counts(self._run(["apply", "-auto-approve"], environment).stdout)

    def check_no_drift(self, applied: Applied, registry: RegistryEndpoint, ca_bundle: str = "") -> None:
        """Plan again after `apply`, which did `applied`; nothing may be left to do.

        An apply that found nothing to do was that plan already.

        Raises:
            EnvironmentFailure: Terraform failed, or the plan still wants to change something.
        """
        if applied == NOTHING:
            return
        with _environment(registry, ca_bundle) as environment:
            plan = self._run(["plan", "-detailed-exitcode"], environment, statuses=(0, 2))
        if plan.returncode == 2:
            raise EnvironmentFailure(
                "the ECR repositories drift: a second Terraform plan still wants changes",
                where=registry.api.url,
                expected="no changes",
                observed=_drift(plan.stdout),
                remedy="see what else changes the repositories, or what the registry does not keep",
            )

    def _run(
        self, words: list[str], environment: Mapping[str, str], statuses: tuple[int, ...] = (0,)
    ) -> CompletedProcess[str]:
        result = run(
            [self.program, *words, "-input=false", "-no-color"],
            timeout=APPLY_SECONDS,
            env=environment,
            cwd=self.folder,
            check=False,
        )
        if result.returncode not in statuses:
            raise EnvironmentFailure(
                f"terraform {words[0]} failed",
                where=str(self.folder),
                observed=_tail(result.stderr or result.stdout),
                remedy="--deployer=helm makes the repositories without Terraform",
            )
        return result


def installed(env: Mapping[str, str] = os.environ) -> Path | None:
    """Terraform on PATH, or None."""
    found = shutil.which("terraform", path=env.get("PATH"))
    return Path(found) if found else None


def program(env: Mapping[str, str] = os.environ) -> Path:
    """Terraform on PATH. Raises HostUnfit."""
    found = installed(env)
    if found is None:
        raise HostUnfit(
            "terraform is not installed", remedy="install Terraform 1.5 or newer, or use --deployer=helm"
        )
    return found


def prepare(declaration: Declaration, folder: Path, env: Mapping[str, str] = os.environ) -> Terraform:
    """Copy the stack's module into `folder` and initialise it, with providers of this host or the registry's.

    Raises:
        HostUnfit: no Terraform, no such module in the stack, or no AWS provider to be had.
    """
    found = program(env)
    module = declaration.stack / MODULE
    if not module.is_dir():
        raise HostUnfit(
            "the stack has no Terraform module for its ECR repositories",
            expected=str(module),
            remedy="put the repositories into a module of their own, or use --deployer=helm",
        )
    state = folder / STATE
    known = state.read_bytes() if state.is_file() else None
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(module, folder, ignore=shutil.ignore_patterns(".terraform*", "*.tfstate*"))
    if known is not None:
        # what it made before is changed, not made again
        state.write_bytes(known)
    words: list[str | Path] = [found, "init", "-input=false", "-no-color", "-backend=false"]
    mirror = local_mirror(env)
    if mirror:
        words.append(f"-plugin-dir={mirror}")
    try:
        run(words, timeout=INIT_SECONDS, env=_plain(env), cwd=folder)
    except CommandFailed as error:
        raise HostUnfit(
            "Terraform's AWS provider cannot be had on this host",
            where=str(mirror) if mirror else "Terraform's own provider registry",
            observed=error.observed,
            remedy=f"set {MIRROR_VARIABLE} to a folder with {PROVIDER}, or use --deployer=helm",
        ) from error
    return Terraform(found, folder)


def local_mirror(env: Mapping[str, str] = os.environ) -> Path | None:
    """The first folder on this host that holds the AWS provider, or None."""
    places = [env[MIRROR_VARIABLE]] if env.get(MIRROR_VARIABLE) else list(MIRRORS)
    for place in places:
        path = Path(place).expanduser()
        for folder in sorted(Path(path.anchor).glob(str(path.relative_to(path.anchor)))):
            if (folder / PROVIDER).is_dir():
                return folder
    return None


@contextmanager
def _environment(registry: RegistryEndpoint, ca_bundle: str) -> Iterator[dict[str, str]]:
    """Variables for a call that talks to the registry: its login, its certificate, its address."""
    found = _plain(os.environ)
    api = registry.api
    if api.login:
        for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN"):
            found.pop(name, None)
        found |= {"AWS_ACCESS_KEY_ID": api.login.username, "AWS_SECRET_ACCESS_KEY": api.login.password}
        found["AWS_EC2_METADATA_DISABLED"] = "true"
    if ca_bundle:
        found["AWS_CA_BUNDLE"] = ca_bundle
    with relay(api) if api.connect else nullcontext("") as proxy:
        if proxy:
            found |= {"HTTPS_PROXY": proxy, "HTTP_PROXY": proxy, "NO_PROXY": ""}
            found |= {"https_proxy": proxy, "http_proxy": proxy, "no_proxy": ""}
        yield found


def _plain(env: Mapping[str, str]) -> dict[str, str]:
    """The host's environment without what would change where Terraform keeps things or whether it prompts."""
    kept = {name: value for name, value in env.items() if not name.startswith(("TF_VAR_", "TF_CLI_ARGS"))}
    for name in ("TF_DATA_DIR", "TF_WORKSPACE", "TF_LOG"):
        kept.pop(name, None)
    return {
        **kept,
        "TF_IN_AUTOMATION": "1",
        "CHECKPOINT_DISABLE": "1",
        "TF_REGISTRY_CLIENT_TIMEOUT": "10",
        "TF_REGISTRY_DISCOVERY_RETRY": "0",
    }


def _provider(registry: RegistryEndpoint) -> str:
    """Where the module's provider finds the registry; AWS itself needs only the region."""
    settings: dict[str, object] = {"region": registry.region}
    if registry.backend != "aws":
        settings |= {
            # the registry is all that there is of AWS
            "skip_credentials_validation": True,
            "skip_metadata_api_check": True,
            "skip_requesting_account_id": True,
            "endpoints": [{"ecr": registry.api.url}],
        }
    return json.dumps({"provider": {"aws": settings}}, indent=2)


def _variables(declaration: Declaration) -> str:
    repositories = {
        each.name: {
            "image_tag_mutability": each.image_tag_mutability,
            "scan_on_push": each.scan_on_push,
            "encryption_type": each.encryption_type,
            "lifecycle_policy": each.lifecycle_policy or None,
        }
        for each in declaration.ecr_repositories
    }
    return json.dumps({"ecr_repositories": repositories}, indent=2)


def _counts(output: str) -> Applied:
    found = re.search(r"(\d+) added, (\d+) changed, (\d+) destroyed", output)
    if found is None:
        raise EnvironmentFailure("terraform apply did not say what it did", observed=_tail(output))
    return Applied(*(int(number) for number in found.groups()))


def _drift(plan: str) -> str:
    lines = [line.strip() for line in plan.splitlines() if re.match(r"\s*(#|[~+-])\s", line)]
    return "; ".join(lines[:20]) or _tail(plan)


def _tail(text: str) -> str:
    return "\n".join(text.rstrip().splitlines()[-20:])


def _write(file: Path, text: str) -> None:
    file.write_text(text, encoding="utf-8")
