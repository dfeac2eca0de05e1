"""The contract's model. The reference in docs/contract.md is generated from it.

Frozen pydantic models: an unknown key is an error, so a typing mistake is never silently ignored.
Durations are seconds.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

Name = Annotated[str, Field(pattern=r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$", max_length=63)]
Seconds = Annotated[int, Field(gt=0, le=3600)]


def _compiled(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"{text!r} is no regular expression: {error}") from error
    return text


Expression = Annotated[str, AfterValidator(_compiled)]


class Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Stack(Part):
    """The build infrastructure's own repository."""

    name: str = Field(description="name shown in reports")
    path: str = Field("stack", description="folder of the stack, relative to the contract file")
    values: str | tuple[str, ...] = Field(
        "jenkins-helm-values.yaml.tmpl",
        description="Helm values of Jenkins in the stack: one file or glob, or several; later ones win",
    )
    declaration: str = Field(
        "terraform/stack.auto.tfvars.json", description="Terraform variables: releases and ECR repositories"
    )
    seeds: tuple[str, ...] = Field(
        ("jobs/**/*.groovy",), description="Job DSL scripts in the stack, as globs; JCasC's own count too"
    )
    inputs: dict[str, str] = Field(
        {},
        description="what seeds read and only the cluster has: the path of a file, or the name of an "
        "environment variable, and its value or text",
    )
    update_center: str = Field(
        "",
        description="update center document for the check of the plugin pins (JSON, gzip or not), "
        "relative to the contract file; empty: no check",
    )
    pin_waivers: str = Field(
        "pin-waivers.toml",
        description="waivers of the update center's warnings about pins, relative to the contract file",
    )


class Reach(Part):
    """Something that a component must reach from inside its pod."""

    component: Literal["jenkins", "nexus"] = Field(description="whose pod")
    what: str = Field(description="name of the target, for messages")
    command: str = Field(
        description="shell command that succeeds in that pod; `{registry}` is the registry's host, "
        "`{central}` Maven's central repository as this host knows it"
    )


class Kubernetes(Part):
    version: str = Field(description="exact Kubernetes version of the cluster", pattern=r"^\d+\.\d+\.\d+$")
    nodes: int = Field(1, ge=1, le=5, description="nodes of a new cluster")
    reaches: tuple[Reach, ...] = Field(
        (), description="targets that components must reach from inside their pods"
    )


class Parameter(Part):
    name: str = Field(description="build parameter's name")
    type: Literal["string", "boolean", "choice", "password", "text"] = Field("string", description="its type")


class Trigger(Part):
    type: Literal["cron", "scm", "upstream"] = Field(
        description="start of a build: a time, a change that polling finds, or another job's end"
    )
    spec: str = Field(description="the time, as in the seed; for `upstream` the other jobs, with commas")


class Job(Part):
    name: str = Field(description="full name, folders with slashes")
    pipeline: str = Field(description="path of its Jenkinsfile in the stack's repository")
    parameters: tuple[Parameter, ...] = Field((), description="declared build parameters, in order")
    concurrent: bool = Field(False, description="may two builds run at once")
    disabled: bool = Field(False, description="is the job declared disabled")
    triggers: tuple[Trigger, ...] = Field((), description="starts of its builds, exactly these")


class Tool(Part):
    name: str = Field(description="program on the agent's PATH")
    command: str = Field(description="command that prints its version")
    version: Expression = Field(description="regular expression that the output must match")


class Agent(Part):
    """One pod template."""

    label: str = Field(description="label in Jenkinsfiles")
    template: str = Field(description="pod template's name in the cloud")
    tools: tuple[Tool, ...] = Field((), description="required tools")
    builds_images: bool = Field(False, description="does it build images with img")


class Jenkins(Part):
    version: str = Field(description="exact controller version")
    namespace: Name = Field("jenkins", description="namespace of the release")
    release: Name = Field("jenkins", description="Helm release name")
    jobs: tuple[Job, ...] = Field(description="jobs that the seed creates, exactly these")
    agents: tuple[Agent, ...] = Field(description="agent pod templates")
    credentials: tuple[str, ...] = Field((), description="required credential ids")
    views: tuple[str, ...] = Field((), description="views of the front page besides `all`, exactly these")
    monitors: tuple[str, ...] = Field(
        (), description="administrative monitors that may be active: a part of the id, or of the message"
    )
    agent_service_account: Name = Field("jenkins-agent", description="service account of agent pods")


class NexusRepository(Part):
    name: str = Field(description="repository name")
    format: Literal["maven2", "raw"] = Field("maven2", description="format")
    type: Literal["hosted", "proxy", "group"] = Field(description="hosted, proxy or group")
    version_policy: Literal["RELEASE", "SNAPSHOT", "MIXED", ""] = Field(
        "", description="Maven version policy"
    )
    write_policy: Literal["ALLOW", "ALLOW_ONCE", "DENY", ""] = Field(
        "", description="write policy of a hosted one"
    )
    remote: str = Field(
        "",
        description="remote URL of a proxy; `central`: Maven's own central repository, or the mirror of it "
        "in the host's Maven settings",
    )
    members: tuple[str, ...] = Field((), description="members of a group, in order")
    cleanup: tuple[str, ...] = Field((), description="cleanup policies that it names; empty: not compared")


class Nexus(Part):
    version: str = Field(description="exact Nexus version")
    namespace: Name = Field("nexus", description="namespace of the release")
    release: Name = Field("nexus", description="Helm release name")
    anonymous: bool = Field(False, description="may anonymous users read")
    repositories: tuple[NexusRepository, ...] = Field(description="repositories, exactly these")
    releases: str = Field("maven-releases", description="repository for release artifacts")
    snapshots: str = Field("maven-snapshots", description="repository for snapshot artifacts")
    group: str = Field("maven-public", description="repository that builds resolve from")
    build_url: str = Field(
        "",
        description="URL of Nexus in builds, with variables of their environment (`$NEXUS_URL`); "
        "empty: no check",
    )


class EcrRepository(Part):
    name: str = Field(description="repository name")
    tag_mutability: Literal["MUTABLE", "IMMUTABLE"] = Field("IMMUTABLE", description="tag mutability")
    scan_on_push: bool = Field(True, description="scan on push")
    encryption: Literal["AES256", "KMS", "KMS_DSSE", ""] = Field(
        "", description="encryption type; empty: not compared"
    )
    lifecycle_policy: str = Field(
        "",
        description="JSON file of its lifecycle policy, in the stack's folder; `none`: it has none; "
        "empty: not compared",
    )


class RegistryContract(Part):
    account: str = Field(description="AWS account id", pattern=r"^\d{12}$")
    region: str = Field(description="AWS region")
    repositories: tuple[EcrRepository, ...] = Field(description="repositories provisioned at set-up")
    accepted_deviations: tuple[str, ...] = Field(
        (),
        description="tests of the OCI distribution conformance suite that may fail, by their names without "
        "that of the suite; `*` matches anything",
    )


class Product(Part):
    """A product whose pipelines are run end to end."""

    name: str = Field(description="product name")
    build_job: str = Field(
        "", description="job that builds artifacts; empty: the product ships only a release package"
    )
    images_job: str = Field(description="job that turns the package into images")
    package_group: str = Field(description="Maven groupId of the deployment or release package")
    package_artifact: str = Field(description="Maven artifactId of the package")
    artifacts: tuple[str, ...] = Field(
        (), description="artifactIds that the build job deploys, besides the package"
    )
    images: tuple[str, ...] = Field(description="ECR repositories that the images job pushes to")
    failing_branch: str = Field(
        "", description="branch whose unit tests fail, as BRANCH of the build job; empty: there is none"
    )


class Budgets(Part):
    """Longest conforming durations, in seconds."""

    controller_ready: Seconds = Field(120, description="controller: created to ready")
    nexus_ready: Seconds = Field(180, description="Nexus: created to writable")
    agent_online: Seconds = Field(120, description="agent: queued to online")
    agent_gone: Seconds = Field(60, description="agent pod: end of build to gone")
    build: Seconds = Field(600, description="a pipeline's build, queue to end")
    image_given_up: Seconds = Field(
        180, description="a build with an agent whose image does not exist: queue to end"
    )


class Renamed(Part):
    """A job that an upgrade renames, with its builds."""

    old: str = Field(description="full name before the upgrade")
    new: str = Field(description="full name after it")


class Upgrade(Part):
    """Requirements of an upgrade in place (`conformance upgrade`)."""

    jenkins_away: Seconds = Field(180, description="longest time without Jenkins, for readers or writers")
    nexus_away: Seconds = Field(180, description="longest time without Nexus, for readers or writers")
    registry_away: Seconds = Field(5, description="longest time without the registry, for readers or writers")
    running_builds: Literal["resumed", "any"] = Field(
        "any", description="a build that runs during it: must continue, or may also end with a reason"
    )
    command: tuple[str, ...] = Field(
        (), description="command that upgrades the stack, in place of the harness"
    )
    intended: tuple[str, ...] = Field(
        (), description="items of the state that this upgrade may change, as `kind name`"
    )
    renamed: tuple[Renamed, ...] = Field((), description="jobs that this upgrade renames, with their builds")

    def name_of(self, job: str) -> str:
        """The full name that a job of before the upgrade has after it."""
        return next((each.new for each in self.renamed if each.old == job), job)


class CredentialRef(Part):
    """A reference to a credential, never the credential itself."""

    username: str = Field("", description="user name, when it is no secret")
    env: str = Field("", description="environment variable that holds the password or token")
    secret: str = Field("", description="Kubernetes secret, as namespace/name")
    username_key: str = Field("username", description="key of the user name in the secret")
    password_key: str = Field("password", description="key of the password in the secret")


class Existing(Part):
    """A running cluster and its services (environment `existing`)."""

    kubeconfig: str = Field("", description="kubeconfig file; empty: KUBECONFIG or ~/.kube/config")
    context: str = Field("", description="context; empty: the current one")
    jenkins_url: str = Field(description="URL of the controller")
    jenkins_login: CredentialRef = Field(description="an administrator of the controller")
    nexus_url: str = Field(description="URL of Nexus")
    nexus_login: CredentialRef = Field(description="an administrator of Nexus")
    ca_bundle: str = Field("", description="PEM file to trust; empty: the host's")
    aws_profile: str = Field("", description="AWS profile; empty: the default chain")
    registry_url: str = Field("", description="URL of an ECR that is not AWS' own: its API and its registry")
    registry_address: str = Field("", description="host:port where it is, if its name does not resolve here")
    registry_login: CredentialRef = Field(CredentialRef(), description="its access key id and secret")


class Contract(Part):
    """One conforming build infrastructure."""

    schema_version: Literal[1] = Field(description="version of this format")
    stack: Stack
    kubernetes: Kubernetes
    jenkins: Jenkins
    nexus: Nexus
    registry: RegistryContract
    products: tuple[Product, ...] = ()
    budgets: Budgets = Budgets()
    upgrade: Upgrade = Upgrade()
    existing: Existing | None = None


class LoadedContract(BaseModel):
    """A contract and where it came from; paths in it are relative to its folder."""

    model_config = ConfigDict(frozen=True)

    contract: Contract
    file: Path

    @property
    def stack_dir(self) -> Path:
        return (self.file.parent / self.contract.stack.path).resolve()

    @property
    def values_files(self) -> tuple[Path, ...]:
        """Helm values of Jenkins in their order. A name that is no glob is there even if its file is not."""
        named = self.contract.stack.values
        found: list[Path] = []
        for name in (named,) if isinstance(named, str) else named:
            matches = sorted(self.stack_dir.glob(name)) if any(sign in name for sign in "*?[") else []
            found += [path for path in matches or [self.stack_dir / name] if path not in found]
        return tuple(found)

    @property
    def values_template(self) -> Path:
        """The first of the values files: the one that has the plugin pins."""
        return self.values_files[0]

    def copy_beside(self, folder: Path) -> None:
        """Copy into `folder` what the contract names beside itself and its stack, as far as it is there."""
        for name in filter(None, (self.contract.stack.update_center, self.contract.stack.pin_waivers)):
            source = self.file.parent / name
            if source.is_file() and not Path(name).is_absolute() and ".." not in Path(name).parts:
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(source, folder / name)

    @property
    def declaration(self) -> Path:
        return self.stack_dir / self.contract.stack.declaration
