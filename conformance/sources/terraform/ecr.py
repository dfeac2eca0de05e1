"""ECR repositories that Terraform declares: in the root, in modules, in public modules that are elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from conformance.sources.facts import Fact, Place, Undecided
from conformance.sources.pods import read
from conformance.sources.terraform.configuration import Configuration, Resource, UnreadModule, first_block
from conformance.sources.yaml_positions import Node

MUTABLE = "MUTABLE"


@dataclass(frozen=True, slots=True)
class EcrRepository:
    """One repository; what the provider leaves at its default has the resource's place."""

    name: Fact[str]
    mutability: Fact[str]
    scan_on_push: Fact[bool]
    #: AES256, KMS
    encryption: Fact[str]
    force_delete: Fact[bool]
    #: the policies' JSON; None: no resource sets one
    lifecycle_policy: Fact[str] | None
    policy: Fact[str] | None
    address: str
    place: Place
    #: why it is not known whether it is made
    instances: Undecided | None = None


@dataclass(frozen=True, slots=True)
class RegistrySettings:
    """Settings of the whole registry."""

    #: BASIC or ENHANCED scanning of all repositories; None: not declared
    scan_type: Fact[str] | None
    scan_frequency: Fact[str] | None
    policy: Fact[str] | None
    pull_through: tuple[Fact[str], ...]
    replicates: bool


def repositories(configuration: Configuration) -> tuple[EcrRepository, ...]:
    """Every repository of a configuration."""
    lifecycle = list(_policies(configuration, "aws_ecr_lifecycle_policy"))
    policies = list(_policies(configuration, "aws_ecr_repository_policy"))
    found = [
        _repository(resource, lifecycle, policies) for resource in configuration.of_type("aws_ecr_repository")
    ]
    return (*found, *(own for module in configuration.unread_modules for own in _of_module(module)))


def _policies(configuration: Configuration, kind: str) -> Iterator[tuple[Node | None, Fact[str]]]:
    for resource in configuration.of_type(kind):
        policy = read.word(resource.body.at("policy")) or Fact("", resource.place)
        yield resource.body.at("repository"), policy


def _repository(
    resource: Resource,
    lifecycle: list[tuple[Node | None, Fact[str]]],
    policies: list[tuple[Node | None, Fact[str]]],
) -> EcrRepository:
    body, place = resource.body, resource.place
    name = read.word(body.at("name")) or Fact("", place)
    scanning = resource.block("image_scanning_configuration")
    encryption = resource.block("encryption_configuration")
    return EcrRepository(
        name=name,
        mutability=read.word(body.at("image_tag_mutability")) or Fact(MUTABLE, place),
        scan_on_push=read.boolean(first_block(scanning, "scan_on_push")) or Fact(False, place),
        encryption=read.word(encryption.at("encryption_type") if encryption else None)
        or Fact("AES256", place),
        force_delete=read.boolean(body.at("force_delete")) or Fact(False, place),
        lifecycle_policy=_policy_of(name, lifecycle),
        policy=_policy_of(name, policies),
        address=resource.address,
        place=place,
        instances=resource.instances,
    )


def _policy_of(name: Fact[str], policies: list[tuple[Node | None, Fact[str]]]) -> Fact[str] | None:
    for repository, policy in policies:
        if repository is not None and repository.known and repository.printed == name.value:
            return policy
    for repository, policy in policies:
        if repository is not None and isinstance(repository.value, Undecided):
            return Fact(repository.value, policy.place)
    return None


def _of_module(module: UnreadModule) -> Iterator[EcrRepository]:
    """A public module that makes repositories: its name may be known, the rest is the module's."""
    if "ecr" not in module.source.lower().replace("-", "/").split("/"):
        return
    why = Undecided(f"the module {module.source} is not in the repository", module.address)
    names = ("repository_name", "name", "repository_names", "image_names")
    own = next((node for name in names if (node := module.inputs.at(name)) is not None), None)
    nodes = own.items if own is not None and own.items else (own,)
    for node in nodes:
        name = read.word(node) or Fact[str](why, module.place)
        mutability = read.word(module.inputs.at("repository_image_tag_mutability"))
        yield EcrRepository(
            name=name,
            mutability=mutability or Fact(why, module.place),
            scan_on_push=read.boolean(module.inputs.at("repository_image_scan_on_push"))
            or Fact(why, module.place),
            encryption=read.word(module.inputs.at("repository_encryption_type")) or Fact(why, module.place),
            force_delete=read.boolean(module.inputs.at("repository_force_delete")) or Fact(why, module.place),
            lifecycle_policy=Fact(why, module.place),
            policy=Fact(why, module.place),
            address=module.address,
            place=module.place,
        )


def registry_settings(configuration: Configuration) -> RegistrySettings:
    """What holds for the whole registry."""
    scanning = next(iter(configuration.of_type("aws_ecr_registry_scanning_configuration")), None)
    policy = next(iter(configuration.of_type("aws_ecr_registry_policy")), None)
    rule = scanning.block("rule") if scanning is not None else None
    return RegistrySettings(
        scan_type=read.word(scanning.body.at("scan_type")) if scanning is not None else None,
        scan_frequency=read.word(rule.at("scan_frequency")) if rule is not None else None,
        policy=read.word(policy.body.at("policy")) if policy is not None else None,
        pull_through=tuple(
            read.word(own.body.at("ecr_repository_prefix")) or Fact("", own.place)
            for own in configuration.of_type("aws_ecr_pull_through_cache_rule")
        ),
        replicates=bool(configuration.of_type("aws_ecr_replication_configuration")),
    )


def region(configuration: Configuration) -> Fact[str] | None:
    """The region of the provider `aws` without an alias; None: no provider sets one."""
    for provider in configuration.providers:
        if provider.name == "aws" and not provider.alias:
            own = provider.body.at("region")
            if own is not None:
                return read.word(own)
    return None
