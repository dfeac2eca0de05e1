"""The environment `existing`: credentials are looked up where the contract refers to, and told clearly."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from conformance.contract.load import load
from conformance.contract.model import CredentialRef, Existing, LoadedContract
from conformance.core.errors import ContractError, EnvironmentFailure
from conformance.core.paths import REFERENCE
from environments import existing, runs

SECRET = """\
#!/bin/sh
case "$*" in
  *"get secret admin"*) ;;
  *"--namespace sham get pods"*) echo jenkins-controller; exit ;;
  *) echo "NotFound: $*" >&2; exit 1 ;;
esac
printf 'data: {username: YWRtaW4=, password: czNjcmV0}\\n'
"""


@pytest.fixture
def contract(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Makes a contract with an `[existing]` of the given values, and a kubectl that knows one secret."""
    (tmp_path / "bin").mkdir()
    kubectl = tmp_path / "bin/kubectl"
    kubectl.write_text(SECRET)
    kubectl.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:/usr/bin:/bin")
    monkeypatch.setenv("NEXUS_PASSWORD", "n3xus")
    (tmp_path / "config").write_text("current-context: build\n")
    reference = load(REFERENCE / "conformance.toml")

    def make(**values: Any) -> LoadedContract:
        given: dict[str, Any] = {
            "kubeconfig": "config",
            "jenkins_url": "https://jenkins.test",
            "nexus_url": "https://nexus.test",
            "jenkins_login": CredentialRef(secret="jenkins/admin"),
            "nexus_login": CredentialRef(username="ci", env="NEXUS_PASSWORD"),
        } | values
        changed = reference.contract.model_copy(update={"existing": Existing(**given)})
        return reference.model_copy(update={"contract": changed, "file": tmp_path / "conformance.toml"})

    return make


def endpoints(contract: LoadedContract, writable: bool = False) -> Any:
    return existing.endpoints(contract, runs.new("c", "existing", ""), writable=writable)


def test_logins_come_from_secrets_and_variables(contract: Any) -> None:
    found = endpoints(contract(), writable=True)
    assert (found.jenkins.login.username, found.jenkins.login.password) == ("admin", "s3cret")
    assert (found.nexus.login.username, found.nexus.login.password) == ("ci", "n3xus")
    assert found.context == "build"
    assert found.writable
    assert not found.disruptible
    assert found.registry.backend == "aws"
    assert found.registry.host.endswith(".amazonaws.com")


def test_a_controller_that_is_a_stand_in_is_named_as_one(contract: Any) -> None:
    loaded = contract()
    assert not any(part.stand_in for part in endpoints(loaded).components)
    jenkins = loaded.contract.jenkins.model_copy(update={"namespace": "sham"})
    sham = loaded.model_copy(update={"contract": loaded.contract.model_copy(update={"jenkins": jenkins})})
    (named,) = [part for part in endpoints(sham).components if part.stand_in]
    assert (named.name, named.stand_in) == (
        "controller",
        "its pod is labelled conformance.simulator=jenkins-controller",
    )


def test_an_ecr_that_is_not_aws_own(contract: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ECR_SECRET", "e")
    found = endpoints(
        contract(
            registry_url="https://ecr.test/",
            registry_address="127.0.0.1:5000",
            registry_login=CredentialRef(username="AKIA", env="ECR_SECRET"),
        )
    )
    assert found.registry.host == "ecr.test"
    assert found.registry.api.connect == "127.0.0.1:5000"
    assert found.registry.api.login.username == "AKIA"
    assert found.registry.data.login is None


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"nexus_login": CredentialRef(env="NOT_SET")}, "existing.nexus_login.env"),
        ({"nexus_login": CredentialRef()}, "credential of nexus is not referred to"),
        (
            {"jenkins_login": CredentialRef(secret="jenkins/admin", password_key="token")},
            "has no key 'token'",
        ),
    ],
)
def test_a_credential_that_is_not_there(contract: Any, values: dict[str, Any], told: str) -> None:
    with pytest.raises(ContractError) as failure:
        endpoints(contract(**values))
    assert told in str(failure.value)
    assert "s3cret" not in str(failure.value)


def test_a_kubeconfig_that_is_not_there_or_names_no_context(contract: Any, tmp_path: Path) -> None:
    with pytest.raises(EnvironmentFailure, match="there is no kubeconfig"):
        endpoints(contract(kubeconfig="elsewhere"))
    (tmp_path / "config").write_text("{}")
    with pytest.raises(EnvironmentFailure, match="no current context"):
        endpoints(contract())


def test_a_contract_without_existing_says_where_to_look() -> None:
    with pytest.raises(ContractError, match="does not say where an existing stack is"):
        endpoints(load(REFERENCE / "conformance.toml"))
