"""Provisioned repositories, and the tokens that open them."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from conformance.clients.certificates import Certificate
from conformance.clients.registry import EcrApi, Registry, Token
from conformance.contract.model import Contract, EcrRepository
from conformance.core.nonconformance import require, require_none, require_same_names
from conformance.runner.decision import not_applicable
from conformance.sources.stack import StackFiles
from suites.registry.conftest import ReliesOn

#: ECR's tokens live this long
TWELVE_HOURS = timedelta(hours=12)


@pytest.mark.requirement("REGISTRY-01")
def test_repositories_are_provisioned(provisioned: dict[str, dict[str, object]], contract: Contract) -> None:
    """ECR has exactly the repositories of the contract."""
    require_same_names(
        (wanted.name for wanted in contract.registry.repositories),
        provisioned,
        what="the repositories of ECR differ",
        remedy="run the set-up (Terraform) that provisions them, or declare the repository in the contract",
    )


@pytest.mark.requirement("REGISTRY-02")
def test_tag_mutability(provisioned: dict[str, dict[str, object]], contract: Contract) -> None:
    """Each repository of ECR has the tag mutability of the contract."""
    _require_setting(
        provisioned,
        contract,
        "tag mutability",
        wanted=lambda declared: declared.tag_mutability,
        seen=lambda setting: setting.get("imageTagMutability"),
        key="image_tag_mutability",
    )


@pytest.mark.requirement("REGISTRY-03")
def test_scan_on_push(provisioned: dict[str, dict[str, object]], contract: Contract) -> None:
    """Each repository of ECR scans on push as the contract declares."""

    def scanning(seen: dict[str, object]) -> object:
        setting = seen.get("imageScanningConfiguration")
        return isinstance(setting, dict) and bool(setting.get("scanOnPush"))

    _require_setting(
        provisioned,
        contract,
        "scan on push",
        wanted=lambda declared: declared.scan_on_push,
        seen=scanning,
        key="scan_on_push",
    )


@pytest.mark.requirement("REGISTRY-24")
def test_encryption(provisioned: dict[str, dict[str, object]], contract: Contract) -> None:
    """Each repository of ECR is encrypted as the contract declares."""

    def encryption(seen: dict[str, object]) -> object:
        setting = seen.get("encryptionConfiguration")
        return setting.get("encryptionType") if isinstance(setting, dict) else None

    compared = [wanted for wanted in contract.registry.repositories if wanted.encryption]
    if not compared:
        not_applicable("the contract says nothing of the repositories' encryption")
    require_none(
        [
            f"{wanted.name} is encrypted with {seen}, not {wanted.encryption}"
            for wanted in compared
            if wanted.name in provisioned
            and (seen := encryption(provisioned[wanted.name])) != wanted.encryption
        ],
        "a repository of ECR is encrypted differently",
        remedy="it is settled when a repository is made: move its images to one made anew, "
        "or correct registry.repositories.encryption",
    )


@pytest.mark.requirement("REGISTRY-25")
def test_lifecycle_policy(
    provisioned: dict[str, dict[str, object]], contract: Contract, ecr: EcrApi, stack_files: StackFiles
) -> None:
    """Each repository of ECR has the lifecycle policy of the contract, or none."""
    compared = [wanted for wanted in contract.registry.repositories if wanted.lifecycle_policy]
    if not compared:
        not_applicable("the contract says nothing of the repositories' lifecycle policies")
    findings = []
    for wanted in compared:
        if wanted.name not in provisioned:
            continue  # REGISTRY-01 decides that
        should = stack_files.lifecycle_policy(wanted)
        seen = ecr.lifecycle_policy(wanted.name)
        if should != seen:
            findings.append(f"{wanted.name} has {_policy(seen)}, not {_policy(should)}")
    require_none(
        findings,
        "a repository of ECR has another lifecycle policy",
        remedy="set lifecycle_policy of the repository in the Terraform declaration and apply it",
    )


def _policy(policy: dict[str, Any] | None) -> str:
    if policy is None:
        return "no lifecycle policy"
    return "the lifecycle policy " + json.dumps(policy.get("rules", policy), sort_keys=True)[:120]


def _require_setting(
    provisioned: dict[str, dict[str, object]],
    contract: Contract,
    what: str,
    *,
    wanted: Callable[[EcrRepository], object],
    seen: Callable[[dict[str, object]], object],
    key: str,
) -> None:
    require_none(
        [
            f"{what} of {declared.name} is {seen(provisioned[declared.name])}, not {wanted(declared)}"
            for declared in contract.registry.repositories
            if declared.name in provisioned and seen(provisioned[declared.name]) != wanted(declared)
        ],
        "a repository of ECR is set up differently",
        remedy=f"set {key} of the repository in the Terraform declaration and apply it",
    )


@pytest.mark.requirement("REGISTRY-04")
def test_addresses_are_of_this_registry(
    provisioned: dict[str, dict[str, object]], contract: Contract, registry: Registry
) -> None:
    """Addresses of repositories are of this registry and account."""
    require_none(
        [
            f"{name} has the address {seen.get('repositoryUri')}"
            for name, seen in provisioned.items()
            if seen.get("repositoryUri") != f"{registry.address.host}/{name}"
            or seen.get("registryId") != contract.registry.account
        ],
        "a repository's address is not one of this registry",
        expected=f"{registry.address.host}/NAME of account {contract.registry.account}",
        remedy="let AWS_ENDPOINT_URL_ECR and the profile name the account of the contract",
    )


@pytest.mark.requirement("REGISTRY-05")
def test_token_is_accepted(registry: Registry) -> None:
    """An authorization token opens the registry."""
    status = registry.ping().status_code
    require(
        status == 200,
        f"the registry answers {status} to a fresh token",
        expected="status 200 for /v2/",
        observed=status,
        remedy="look at the clock of the registry, and whether its front knows the API's tokens",
    )


@pytest.mark.requirement("REGISTRY-06")
def test_token_states_when_it_ends(token: Token) -> None:
    """An authorization token states when it ends, at most 12 hours from now."""
    left = token.expires - datetime.now(UTC)
    require(
        timedelta(minutes=5) < left <= TWELVE_HOURS + timedelta(minutes=1),
        f"an authorization token ends in {left.total_seconds() / 3600:.1f} hours",
        expected="at most 12 hours and not within minutes",
        observed=token.expires.isoformat(),
        remedy="look at the clock of the registry and of this host",
    )


@pytest.mark.requirement("REGISTRY-07")
def test_token_is_for_this_registry(token: Token, registry: Registry) -> None:
    """An authorization token is for the registry's one name."""
    require(
        token.endpoint.rstrip("/").removeprefix("https://") == registry.address.host,
        f"the token's proxyEndpoint is {token.endpoint}",
        expected=f"https://{registry.address.host}",
        observed=token.endpoint,
        remedy="let the ECR endpoint name the one registry that pods and nodes resolve",
    )


@pytest.mark.requirement("REGISTRY-08")
@pytest.mark.parametrize("login", [None, ("AWS", "not-a-token")], ids=["no token", "wrong token"])
def test_only_a_token_opens_the_registry(registry: Registry, login: tuple[str, str] | None) -> None:
    """Without a token, and with a wrong one, the registry answers 401 with a challenge."""
    client = registry.as_login(*login) if login else registry.anonymous()
    answer = client.ping()
    require(
        answer.status_code == 401 and "WWW-Authenticate" in answer.headers,
        f"the registry answers {answer.status_code} to {'a wrong token' if login else 'no token'}",
        expected="status 401 with a WWW-Authenticate challenge",
        observed=f"{answer.status_code}, WWW-Authenticate: {answer.headers.get('WWW-Authenticate')}",
        remedy="switch the registry's authentication on",
    )


@pytest.mark.requirement("REGISTRY-26")
def test_ended_token_is_refused(registry: Registry, ended_token: Any, relies_on: ReliesOn) -> None:
    """A token that has ended opens nothing."""
    if ended_token is None:
        not_applicable("tokens end after 12 hours, and this registry's environment has none that ended")
    relies_on(pushing=False)
    status = registry.as_login(ended_token.username, ended_token.password).ping().status_code
    # Amazon ECR answers 403 in some cases
    require(
        status in (401, 403),
        f"the registry answers {status} to a token that has ended",
        expected="status 401 or 403",
        observed=status,
        remedy="let the registry's front look at the token's end, and at the right time",
    )


@pytest.mark.requirement("REGISTRY-09")
def test_certificate_outlasts_the_longest_build(
    registry_certificate: Certificate, contract: Contract
) -> None:
    """The registry's certificate is trusted, is for its name, and outlasts the longest build."""
    shown = registry_certificate
    left = (shown.until - datetime.now(UTC)).total_seconds()
    require(
        left > contract.budgets.build,
        f"the registry's certificate ends in {left / 60:.0f} minutes",
        expected=f"longer than a build may take ({contract.budgets.build} s)",
        observed=shown.until.isoformat(),
        remedy="renew the certificate",
    )
