"""The environment `existing`: a stack that others own; nothing of it is made or removed."""

from __future__ import annotations

import base64
import os
from pathlib import Path

import yaml

from conformance.contract.model import CredentialRef, Existing, LoadedContract, RegistryContract
from conformance.core.errors import CommandFailed, ContractError, EnvironmentFailure
from conformance.core.process import run as command
from environments import diagnostics
from environments.base import Component, Endpoints, Login, RegistryEndpoint, Service
from environments.ecr import aws
from environments.environment import Environment, Order
from environments.images import catalogue, programs
from environments.kubectl import Kubectl
from environments.runs import Run

#: label of a simulated controller's pod
SIMULATOR = "conformance.simulator"
_KEY = SIMULATOR.replace(".", "\\.")


class ExistingStack(Environment):
    """Finds the stack that the contract's `[existing]` names."""

    name = "existing"
    summary = "the stack that the contract's [existing] names"
    makes = False

    def up(self, order: Order) -> Endpoints:
        options = order.options
        return endpoints(
            order.loaded, order.run, writable=options.allow_writes, disruptible=options.allow_disruption
        )

    def diagnose(self, run: Run, target: Path) -> None:
        if found := run.endpoints():
            kubectl = Kubectl(programs.kubectl(), Path(found.kubeconfig), found.context)
            diagnostics.collect(target, None, (), kubectl)

    def down(self, run: Run) -> None:
        """The stack stays: it belongs to others."""


EXISTING = ExistingStack()


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
        environment=ExistingStack.name,
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
                simulator=_simulator(kubeconfig, context, contract.jenkins.namespace),
            ),
            Component("nexus", contract.nexus.version),
            Component("ECR", "existing" if existing.registry_url else "aws"),
        ),
        writable=writable,
        # built by an earlier stand-up on this host, if by any
        oci_conformance=programs.found(catalogue.load(contract.kubernetes.version), "conformance"),
        disruptible=disruptible,
    )


def _registry(
    existing: Existing, declared: RegistryContract, kubeconfig: Path, context: str
) -> RegistryEndpoint:
    """AWS' own, or the one that the contract gives a URL of."""
    if not existing.registry_url:
        return aws.AwsEcr(declared.account, declared.region, existing.aws_profile).registry()
    login = _login("registry", existing.registry_login, kubeconfig, context)
    url, address = existing.registry_url.rstrip("/"), existing.registry_address
    return RegistryEndpoint(
        host=url.partition("://")[2],
        api=Service(url, login, address),
        data=Service(url, None, address),
        account=declared.account,
        region=declared.region,
        backend="existing",
    )


def _simulator(kubeconfig: Path, context: str, namespace: str) -> str:
    """The simulator that the controller's pod names; empty for a real one, or where pods may not be read."""
    where = ("kubectl", "--kubeconfig", kubeconfig, "--context", context, "--namespace", namespace)
    label = f"jsonpath={{.items[*].metadata.labels.{_KEY}}}"
    try:
        found = command([*where, "get", "pods", "--selector", SIMULATOR, "--output", label]).stdout.split()
    except CommandFailed:
        # the layer platform reports what may not be read
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
