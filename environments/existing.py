"""The environment `existing`: what is already there, never created or deleted by us."""

from __future__ import annotations

import base64
import os
from pathlib import Path

import yaml

from conformance.contract.model import CredentialRef, Existing, LoadedContract
from conformance.contract.model import Registry as Declared
from conformance.core.errors import CommandFailed, ContractError, EnvironmentFailure
from conformance.core.process import run as command
from environments.base import Component, Endpoints, Login, Registry, Service
from environments.ecr import aws
from environments.images import catalogue, programs
from environments.runs import Run

#: label of a controller's pod that is a simulator
SIMULATOR = "conformance.simulator"
_KEY = SIMULATOR.replace(".", "\\.")


def endpoints(loaded: LoadedContract, run: Run, *, writable: bool, disruptible: bool = False) -> Endpoints:
    """Where the contract's `[existing]` says the stack is, with credentials from where it refers to.

    Raises:
        ContractError: the contract has no `[existing]`, or a reference names nothing.
        EnvironmentFailure: the kubeconfig cannot be read.
    """
    existing = loaded.contract.existing
    if existing is None:
        raise ContractError(
            "the contract does not say where an existing stack is",
            where=str(loaded.file),
            expected="a table [existing] with jenkins_url, nexus_url, ...",
            remedy="docs/environments.md shows one",
        )
    kubeconfig = _kubeconfig(existing.kubeconfig, loaded.file.parent)
    context = existing.context or _current_context(kubeconfig)
    contract = loaded.contract
    return Endpoints(
        run_id=run.id,
        environment="existing",
        kubeconfig=str(kubeconfig),
        context=context,
        ca_bundle=str(loaded.file.parent / existing.ca_bundle) if existing.ca_bundle else "",
        jenkins=Service(existing.jenkins_url, _login("jenkins", existing.jenkins_login, kubeconfig, context)),
        nexus=Service(existing.nexus_url, _login("nexus", existing.nexus_login, kubeconfig, context)),
        registry=_registry(existing, contract.registry, kubeconfig, context),
        components=(
            Component(
                "controller",
                contract.jenkins.version,
                stand_in=_stand_in(kubeconfig, context, contract.jenkins.namespace),
            ),
            Component("nexus", contract.nexus.version),
            Component("ECR", "existing" if existing.registry_url else "aws"),
        ),
        writable=writable,
        # built by an earlier stand-up on this host, if by any
        oci_conformance=programs.found(catalogue.load(contract.kubernetes.version), "conformance"),
        disruptible=disruptible,
    )


def _registry(existing: Existing, declared: Declared, kubeconfig: Path, context: str) -> Registry:
    """AWS' own, or the one that the contract gives a URL of."""
    if not existing.registry_url:
        return aws.AwsEcr(declared.account, declared.region, existing.aws_profile).registry()
    login = _login("registry", existing.registry_login, kubeconfig, context)
    url, address = existing.registry_url.rstrip("/"), existing.registry_address
    return Registry(
        host=url.partition("://")[2],
        api=Service(url, login, address),
        data=Service(url, None, address),
        account=declared.account,
        region=declared.region,
        backend="existing",
    )


def _stand_in(kubeconfig: Path, context: str, namespace: str) -> str:
    """What the controller's pod says it is; empty for a real one, or where pods may not be read."""
    where = ("kubectl", "--kubeconfig", kubeconfig, "--context", context, "--namespace", namespace)
    label = f"jsonpath={{.items[*].metadata.labels.{_KEY}}}"
    try:
        found = command([*where, "get", "pods", "--selector", SIMULATOR, "--output", label]).stdout.split()
    except CommandFailed:
        # what may not be read is for the layer platform to tell
        return ""
    return f"its pod is labelled {SIMULATOR}={found[0]}" if found else ""


def _kubeconfig(named: str, beside: Path) -> Path:
    if named:
        file = beside / named
    else:
        file = Path(os.environ.get("KUBECONFIG", "").split(os.pathsep)[0] or Path.home() / ".kube/config")
    if not file.is_file():
        raise EnvironmentFailure(
            "there is no kubeconfig",
            where=str(file),
            remedy="set existing.kubeconfig in the contract, or KUBECONFIG",
        )
    return file


def _current_context(kubeconfig: Path) -> str:
    try:
        found = yaml.safe_load(kubeconfig.read_text(encoding="utf-8"))["current-context"]
    except (yaml.YAMLError, KeyError, TypeError) as error:
        raise EnvironmentFailure(
            "the kubeconfig has no current context", where=str(kubeconfig), remedy="set existing.context"
        ) from error
    return str(found)


def _login(what: str, reference: CredentialRef, kubeconfig: Path, context: str) -> Login:
    """The credential behind a reference. Raises ContractError, never with the credential in it."""
    if reference.env:
        value = os.environ.get(reference.env)
        if not value:
            raise ContractError(
                f"the credential of {what} is not there",
                where=f"existing.{what}_login.env",
                expected=f"the environment variable {reference.env}",
                observed="not set",
                remedy=f"export {reference.env}",
            )
        return Login(reference.username, value)
    if reference.secret.count("/") == 1:
        space, name = reference.secret.split("/")
        words = ("kubectl", "--kubeconfig", kubeconfig, "--context", context, "--namespace", space)
        found = yaml.safe_load(command([*words, "get", "secret", name, "--output", "yaml"]).stdout)["data"]
        try:
            user = reference.username or base64.b64decode(found[reference.username_key]).decode()
            return Login(user, base64.b64decode(found[reference.password_key]).decode())
        except KeyError as error:
            raise ContractError(
                f"the secret {reference.secret} has no key {error}",
                where=f"existing.{what}_login",
                observed=f"keys {', '.join(sorted(found))}",
                remedy="set username_key and password_key",
            ) from error
    raise ContractError(
        f"the credential of {what} is not referred to",
        where=f"existing.{what}_login",
        expected="env = VARIABLE or secret = NAMESPACE/NAME",
        remedy="docs/environments.md shows both",
    )
