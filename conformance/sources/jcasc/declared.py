"""What configuration as code declares: credentials, seeds, clouds, nodes, libraries, rights."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from conformance.sources.facts import Fact, Place, Undecided
from conformance.sources.jcasc import references
from conformance.sources.pods import templates
from conformance.sources.pods.templates import PodTemplate
from conformance.sources.texts import Text
from conformance.sources.yaml_positions import Node

#: attributes of credentials that hold a secret
SECRETS = frozenset(
    (
        "password",
        "secret",
        "privateKey",
        "passphrase",
        "secretKey",
        "accessKey",
        "secretBytes",
        "token",
        "apiToken",
        "uploadedKeystore",
        "keyStorePassword",
    )
)


@dataclass(frozen=True, slots=True)
class Credential:
    """A declared credential."""

    id: Fact[str]
    #: its symbol: `usernamePassword`, `string`, `basicSSHUserPrivateKey`
    type: str
    scope: str
    #: path of each attribute that is secret, and its value
    secrets: tuple[tuple[str, Node], ...]
    place: Place


@dataclass(frozen=True, slots=True)
class SeedScript:
    """An entry of `jobs:`: a script written out, or a file or URL that the controller reads."""

    #: the Groovy text with references resolved; None for files and URLs
    script: Text | None
    file: str
    url: str
    #: references that nothing in the repository resolves
    open: tuple[references.Reference, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class Grant:
    """A permission that an authorization strategy gives."""

    #: "user", "group", or empty where the strategy does not distinguish them
    kind: str
    name: str
    permission: str
    place: Place


@dataclass(frozen=True, slots=True)
class Library:
    """A shared library that the configuration declares."""

    name: str
    default_version: str
    implicit: bool
    allow_override: bool
    remote: str
    credential: str
    place: Place


@dataclass(frozen=True, slots=True)
class Agent:
    """A permanent agent, or a node of another kind."""

    name: str
    labels: tuple[str, ...]
    kind: str
    place: Place


def credentials(root: Node) -> Iterator[Credential]:
    """Credentials of the system, in their order."""
    domains = root.at("credentials", "system", "domainCredentials")
    for domain in domains.items if domains is not None else ():
        entries = domain.at("credentials")
        for entry in entries.items if entries is not None else ():
            for kind, body in entry.mapping.items():
                own = body.at("id")
                name: str | Undecided = own.printed if own is not None and own.value is not None else ""
                if own is None or not name:
                    name = Undecided("the credential has no id; Jenkins makes one at each start")
                secrets = tuple(
                    (".".join(path), node) for path, node in body.walk() if path and path[-1] in SECRETS
                )
                place = own.place if own is not None else entry.key_place(kind)
                yield Credential(Fact(name, place), kind, body.text("scope"), secrets, entry.key_place(kind))


def seeds(root: Node, variables: Mapping[str, str]) -> Iterator[SeedScript]:
    """Scripts of `jobs:` as Job DSL gets them."""
    entries = root.at("jobs")
    for entry in entries.items if entries is not None else ():
        script, file, url = entry.at("script"), entry.text("file"), entry.text("url")
        if script is not None:
            text, missing = references.resolve(script.as_text(), variables)
            yield SeedScript(text, "", "", missing, entry.place)
        elif file or url:
            yield SeedScript(None, file, url, (), entry.place)


def pod_templates(root: Node) -> Iterator[PodTemplate]:
    """Templates of kubernetes clouds."""
    clouds = root.at("jenkins", "clouds")
    for cloud in clouds.items if clouds is not None else ():
        own = cloud.at("kubernetes")
        if own is None:
            continue
        name = own.text("name", default="kubernetes")
        parent = own.text("defaultsProviderTemplate")
        entries = own.at("templates")
        for entry in entries.items if entries is not None else ():
            body = entry.at("podTemplate") or entry
            found = templates.of_fields(body, f"cloud {name}")
            if parent and not found.inherits and found.name != parent:
                found = replace(found, inherits=(parent,))
            yield found


def agents(root: Node) -> Iterator[Agent]:
    """Nodes that are declared one by one."""
    nodes = root.at("jenkins", "nodes")
    for node in nodes.items if nodes is not None else ():
        for kind, body in node.mapping.items():
            labels = tuple(body.text("labelString").split())
            yield Agent(body.text("name") or body.text("nodeName"), labels, kind, node.key_place(kind))


def libraries(root: Node) -> Iterator[Library]:
    """Global shared libraries."""
    for key in ("globalLibraries", "globalUntrustedLibraries"):
        found = root.at("unclassified", key, "libraries")
        for item in found.items if found is not None else ():
            retriever = item.at("retriever")
            remote = credential = ""
            for path, node in retriever.walk() if retriever is not None else ():
                if path and path[-1] in {"remote", "repository", "url"} and not remote:
                    remote = node.printed
                if path and path[-1] == "credentialsId" and not credential:
                    credential = node.printed
            yield Library(
                item.text("name"),
                item.text("defaultVersion"),
                item.text("implicit") == "true",
                item.text("allowVersionOverride", default="true") != "false",
                remote,
                credential,
                item.place,
            )


def grants(root: Node) -> Iterator[Grant]:
    """Permissions by name; strategies that give everything are `Overall/Administer`."""
    strategy = root.at("jenkins", "authorizationStrategy")
    if strategy is None:
        return
    if strategy.printed == "unsecured" or "unsecured" in strategy.mapping:
        yield Grant("", "anonymous", "Overall/Administer", strategy.place)
    logged_in = strategy.at("loggedInUsersCanDoAnything")
    if logged_in is not None or strategy.printed == "loggedInUsersCanDoAnything":
        yield Grant("", "authenticated", "Overall/Administer", strategy.place)
        # the plugin's own default lets everybody read
        flag = logged_in.at("allowAnonymousRead") if logged_in is not None else None
        if flag is None or flag.printed.lower() == "true":
            yield Grant("", "anonymous", "Overall/Read", flag.place if flag is not None else strategy.place)
    for key in ("globalMatrix", "projectMatrix"):
        matrix = strategy.at(key)
        if matrix is not None:
            yield from _matrix(matrix)
    roles = strategy.at("roleBased", "roles", "global")
    for role in roles.items if roles is not None else ():
        yield from _role(role)


def _matrix(matrix: Node) -> Iterator[Grant]:
    entries = matrix.at("entries")
    for entry in entries.items if entries is not None else ():
        for kind, body in entry.mapping.items():
            permissions = body.at("permissions")
            for permission in permissions.items if permissions is not None else ():
                name = body.text("name")
                yield Grant(
                    kind if kind in {"user", "group"} else "", name, permission.printed, permission.place
                )
    for key in ("permissions", "grantedPermissions"):
        permissions = matrix.at(key)
        for permission in permissions.items if permissions is not None else ():
            pieces = permission.printed.split(":")
            kind = pieces[0].lower() if pieces[0] in {"USER", "GROUP"} else ""
            rest = pieces[1:] if kind else pieces
            if len(rest) == 2:
                yield Grant(kind, rest[1], rest[0], permission.place)


def _role(role: Node) -> Iterator[Grant]:
    permissions = role.at("permissions")
    names: list[str] = []
    for key in ("entries", "assignments"):
        own = role.at(key)
        for item in own.items if own is not None else ():
            names += [value.printed for value in item.mapping.values()] or [item.printed]
    for name in names:
        for permission in permissions.items if permissions is not None else ():
            yield Grant("", name, permission.printed, permission.place)
