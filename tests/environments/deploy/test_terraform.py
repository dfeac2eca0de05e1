"""ECR by Terraform: with a recording program, and (slow) with the real one against moto's API."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from conformance.core.errors import EnvironmentFailure, HostUnfit, UsageError
from conformance.core.paths import REFERENCE
from environments import trust
from environments.base import Login, RegistryEndpoint, Service
from environments.deploy import declaration, terraform
from environments.deploy.choice import choose
from environments.ecr.client import ecr_client

DECLARED = declaration.load(REFERENCE / "stack/terraform/stack.auto.tfvars.json")
SOMETHING = terraform.Applied(added=5, changed=0, destroyed=0)
#: answers `init`, `apply` and `plan`; what a file beside it says decides how
RECORDER = """#!/bin/sh
here=$(dirname "$0")
printf '%s\\n' "$*" >> "$here/calls"
env > "$here/env-$1"
case $1 in
  init) [ ! -e "$here/no-provider" ] || { echo 'Error: no provider hashicorp/aws' >&2; exit 1; } ;;
  apply) [ ! -e "$here/no-apply" ] || { echo 'Error: AccessDenied' >&2; exit 1; }
    echo 'Apply complete! Resources: 5 added, 0 changed, 1 destroyed.' ;;
  plan) [ ! -e "$here/drift" ] || { printf '  # aws_ecr_repository.this["a"] will be updated\\n'; exit 2; } ;;
esac
"""


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "tools"
    folder.mkdir()
    (folder / "terraform").write_text(RECORDER, encoding="utf-8")
    (folder / "terraform").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    (tmp_path / "providers" / terraform.PROVIDER).mkdir(parents=True)
    monkeypatch.setenv(terraform.MIRROR_VARIABLE, str(tmp_path / "providers"))
    return folder


def registry(url: str = "https://registry.example", connect: str | None = None) -> RegistryEndpoint:
    api = Service(url, login=Login("AKIAEXAMPLE", "canary-12"), connect=connect)
    return RegistryEndpoint("registry.example", api, api, "123456789012", "us-east-1", "simulator")


def environment(tools: Path, call: str) -> Mapping[str, str]:
    lines = (tools / f"env-{call}").read_text("utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line)


def test_works_on_a_copy_of_the_stacks_module(tools: Path, tmp_path: Path) -> None:
    ready = terraform.prepare(DECLARED, tmp_path / "work")
    assert (ready.folder / "main.tf").read_text("utf-8") == (
        REFERENCE / "stack/terraform/ecr/main.tf"
    ).read_text("utf-8")
    assert f"-plugin-dir={tmp_path / 'providers'}" in (tools / "calls").read_text("utf-8")


def test_applies_the_declared_repositories(tools: Path, tmp_path: Path) -> None:
    applied = terraform.prepare(DECLARED, tmp_path / "work").apply(DECLARED, registry(), "/run/ca.pem")
    assert applied == terraform.Applied(added=5, changed=0, destroyed=1)
    variables = json.loads((tmp_path / "work/run.auto.tfvars.json").read_text("utf-8"))
    raw = json.loads(DECLARED.file.read_text("utf-8"))
    # the module takes the policy itself: it is copied without the stack around it
    for repository in raw["ecr_repositories"].values():
        named = repository.get("lifecycle_policy")
        repository["lifecycle_policy"] = (REFERENCE / "stack" / named).read_text("utf-8") if named else None
    assert variables == {"ecr_repositories": raw["ecr_repositories"]}
    provider = json.loads((tmp_path / "work/provider.tf.json").read_text("utf-8"))["provider"]["aws"]
    assert provider["endpoints"] == [{"ecr": "https://registry.example"}]
    seen = environment(tools, "apply")
    assert seen["AWS_CA_BUNDLE"] == "/run/ca.pem"
    assert seen["AWS_SECRET_ACCESS_KEY"] == "canary-12"
    # neither the arguments nor a file of the folder hold the secret
    assert "canary-12" not in (tools / "calls").read_text("utf-8")
    assert [f for f in (tmp_path / "work").iterdir() if "canary-12" in f.read_text("utf-8")] == []


def test_real_aws_gets_no_endpoint_of_ours(tools: Path, tmp_path: Path) -> None:
    aws = dataclasses.replace(
        registry(), backend="aws", api=Service("https://api.ecr.us-east-1.amazonaws.com")
    )
    terraform.prepare(DECLARED, tmp_path / "work").apply(DECLARED, aws)
    provider = json.loads((tmp_path / "work/provider.tf.json").read_text("utf-8"))["provider"]["aws"]
    assert provider == {"region": "us-east-1"}


def test_an_address_of_its_own_is_dialled_through_the_relay(tools: Path, tmp_path: Path) -> None:
    ready = terraform.prepare(DECLARED, tmp_path / "work")
    ready.apply(DECLARED, registry(connect="127.0.0.1:30443"))
    assert environment(tools, "apply")["HTTPS_PROXY"].startswith("http://127.0.0.1:")


def test_a_second_plan_without_changes_is_no_drift(tools: Path, tmp_path: Path) -> None:
    terraform.prepare(DECLARED, tmp_path / "work").check_no_drift(SOMETHING, registry())
    assert (tools / "calls").read_text("utf-8").splitlines()[-1].startswith("plan -detailed-exitcode")


def test_an_apply_with_nothing_to_do_was_the_second_plan(tools: Path, tmp_path: Path) -> None:
    (tools / "drift").touch()
    ready = terraform.prepare(DECLARED, tmp_path / "work")
    ready.check_no_drift(terraform.Applied(added=0, changed=0, destroyed=0), registry())
    assert not any(line.startswith("plan") for line in (tools / "calls").read_text("utf-8").splitlines())


def test_drift_is_told_with_what_would_change(tools: Path, tmp_path: Path) -> None:
    (tools / "drift").touch()
    with pytest.raises(EnvironmentFailure) as failure:
        terraform.prepare(DECLARED, tmp_path / "work").check_no_drift(SOMETHING, registry())
    assert 'aws_ecr_repository.this["a"] will be updated' in failure.value.observed


def test_a_failed_apply_is_told_in_terraforms_words(tools: Path, tmp_path: Path) -> None:
    (tools / "no-apply").touch()
    with pytest.raises(EnvironmentFailure) as failure:
        terraform.prepare(DECLARED, tmp_path / "work").apply(DECLARED, registry())
    assert failure.value.observed == "Error: AccessDenied"


def test_the_users_own_terraform_settings_do_not_leak_in(
    tools: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TF_VAR_ecr_repositories", "{}")
    monkeypatch.setenv("TF_CLI_ARGS_apply", "-destroy")
    monkeypatch.setenv("AWS_PROFILE", "production")
    terraform.prepare(DECLARED, tmp_path / "work").apply(DECLARED, registry())
    seen = environment(tools, "apply")
    assert not {"TF_VAR_ecr_repositories", "TF_CLI_ARGS_apply", "AWS_PROFILE"} & set(seen)


def test_what_was_made_before_is_known_when_it_is_prepared_again(tools: Path, tmp_path: Path) -> None:
    work = tmp_path / "work"
    terraform.prepare(DECLARED, work)
    (work / "terraform.tfstate").write_text("{}")
    (work / "leftover.tf").touch()
    terraform.prepare(DECLARED, work)
    assert (work / "terraform.tfstate").read_text() == "{}"
    assert not (work / "leftover.tf").exists()


def test_a_provider_that_cannot_be_had_is_an_unfit_host(tools: Path, tmp_path: Path) -> None:
    (tools / "no-provider").touch()
    with pytest.raises(HostUnfit) as failure:
        terraform.prepare(DECLARED, tmp_path / "work")
    assert failure.value.observed == "Error: no provider hashicorp/aws"
    assert terraform.MIRROR_VARIABLE in failure.value.remedy
    assert [line.split()[0] for line in (tools / "calls").read_text("utf-8").splitlines()] == ["init"]


# which deployer


@pytest.mark.parametrize(
    ("requested", "backend", "deployer", "why"),
    [
        ("auto", "simulator", "terraform", "because its AWS provider is here"),
        ("auto", "localstack", "terraform", "because its AWS provider is here"),
        ("auto", "aws", "helm", "because the Terraform state of repositories on AWS is their owner's"),
        ("terraform", "aws", "terraform", "as requested"),
        ("helm", "simulator", "helm", "as requested"),
    ],
)
def test_which_deployer_and_why(tools: Path, requested: str, backend: str, deployer: str, why: str) -> None:
    chosen = choose(requested, ecr_backend=backend)
    assert chosen.deployer == deployer
    assert why in chosen.why
    # settled without running anything
    assert not (tools / "calls").exists()


def test_auto_takes_helm_where_the_provider_is_not(tools: Path, tmp_path: Path) -> None:
    chosen = choose(
        "auto", ecr_backend="simulator", env={"PATH": str(tools), terraform.MIRROR_VARIABLE: str(tmp_path)}
    )
    assert chosen.deployer == "helm"
    assert chosen.why.endswith("because Terraform's AWS provider is not on this host")


def test_auto_takes_helm_without_terraform(tmp_path: Path) -> None:
    chosen = choose("auto", ecr_backend="simulator", env={"PATH": str(tmp_path)})
    assert chosen.why.endswith("because terraform is not installed")


def test_terraform_asked_for_and_not_installed_is_an_unfit_host(tmp_path: Path) -> None:
    with pytest.raises(HostUnfit) as failure:
        choose("terraform", ecr_backend="simulator", env={"PATH": str(tmp_path)})
    assert failure.value.what == "terraform is not installed"


def test_an_unknown_deployer_is_a_usage_error() -> None:
    with pytest.raises(UsageError) as failure:
        choose("ansible", ecr_backend="simulator")
    assert failure.value.expected == "auto | terraform | helm"


def test_a_stack_without_the_module_is_told(tools: Path, tmp_path: Path) -> None:
    with pytest.raises(HostUnfit) as failure:
        terraform.prepare(DECLARED.model_copy(update={"stack": tmp_path}), tmp_path / "work")
    assert str(tmp_path / "terraform/ecr") in failure.value.expected


# the real program


@pytest.fixture
def moto_api(tmp_path: Path) -> Iterator[str]:
    """moto's API behind TLS under the registry's name, which resolves nowhere; gives host:port."""
    # large, and for this test only
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import make_server

    authority = trust.RunAuthority("test")
    (tmp_path / "ca.pem").write_text(authority.certificate, encoding="utf-8")
    pair = authority.issue("registry.example")
    (tmp_path / "server.pem").write_text(pair.certificate, encoding="utf-8")
    (tmp_path / "server.key").write_text(pair.key, encoding="utf-8")
    server = make_server(
        "127.0.0.1",
        0,
        DomainDispatcherApplication(create_backend_app),
        threaded=True,
        ssl_context=(str(tmp_path / "server.pem"), str(tmp_path / "server.key")),
    )
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.slow
@pytest.mark.skipif(
    shutil.which("terraform") is None or terraform.local_mirror() is None,
    reason="needs terraform and a local mirror with its AWS provider",
)
def test_the_real_terraform_makes_the_repositories_and_sees_no_drift(moto_api: str, tmp_path: Path) -> None:
    named, ca = registry(connect=moto_api), str(tmp_path / "ca.pem")
    client = ecr_client(named, ca)
    ready = terraform.prepare(DECLARED, tmp_path / "work")
    # a lifecycle policy is a resource of its own
    policies = [each for each in DECLARED.ecr_repositories if each.lifecycle_policy]
    assert ready.apply(DECLARED, named, ca).added == len(DECLARED.ecr_repositories) + len(policies)
    found = {each["repositoryName"]: each for each in client.describe_repositories()["repositories"]}
    assert {name: each["imageTagMutability"] for name, each in found.items()} == {
        each.name: each.image_tag_mutability for each in DECLARED.ecr_repositories
    }
    ready.check_no_drift(SOMETHING, named, ca)
    client.put_image_tag_mutability(repositoryName="commerce/cortex", imageTagMutability="MUTABLE")
    with pytest.raises(EnvironmentFailure) as failure:
        ready.check_no_drift(SOMETHING, named, ca)
    assert "commerce/cortex" in failure.value.observed
