"""The attributes that configuration as code knows with the pinned plugins: any other one is refused as on a
real controller, and a known one without an implementation by a message of this simulator."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from ..agents.podspec import VOLUMES
from ..unsupported import unsupported
from .sources import CascError

KNOWN: dict[str, list[str]] = json.loads(
    Path(__file__).with_name("attributes.json").read_text(encoding="utf-8")
)
"""The attributes of each type, as the plugins' errors list them."""
ACCEPTED = {"agentProtocols", "rawBuildsDir", *KNOWN["jenkins"]}
"""Some attributes of `jenkins` are accepted with a warning and not listed."""
ROOTS: dict[str, str | None] = {
    "jenkins": None,
    "unclassified": None,
    "security": None,
    "tool": None,
    "appearance": None,
    "configuration-as-code": None,
    "jobs": "job-dsl",
    "credentials": "credentials",
    "globalCredentialsConfiguration": "credentials",
}
"""Root elements, with the plugin that brings each."""
CATEGORY = "jenkins.model.GlobalConfigurationCategory"
PLUGIN = "org.csanchez.jenkins.plugins.kubernetes"
ILLEGAL = "java.lang.IllegalArgumentException"
CREDENTIALS = {"usernamePassword": "credentials", "string": "plain-credentials"}
MISSING_CREDENTIALS = {
    "file": "plain-credentials",
    "basicSSHUserPrivateKey": "ssh-credentials",
    "certificate": "credentials",
}
SECURITY_CHOICES = (
    ("securityRealm", "SecurityRealm", {"local"}),
    ("authorizationStrategy", "AuthorizationStrategy", {"unsecured", "loggedInUsersCanDoAnything"}),
)
"""No pinned plugin brings another one; the core's own `legacy` ones are not implemented."""


def validate(config: Mapping[str, Any], plugins: Collection[str]) -> None:
    """Refuse the first thing that a controller with these plugins does not know.

    Raises:
        CascError: in the words of the real controller.
    """
    unknown = [
        str(root)
        for root in config
        if root not in ROOTS or (ROOTS[str(root)] or root) not in {root, *plugins}
    ]
    if unknown:
        raise CascError(
            "io.jenkins.plugins.casc.UnknownConfiguratorException",
            f"No configurator for the following root elements:{', '.join(unknown)}",
        )
    jenkins = config.get("jenkins") or {}
    unclassified = config.get("unclassified") or {}
    _check(jenkins, "jenkins", "jenkins.model.Jenkins", ACCEPTED)
    _check(unclassified, "unclassified", f"{CATEGORY}$Unclassified")
    _check(config.get("security"), "security", f"{CATEGORY}$Security")
    _check(unclassified.get("location"), "location", "jenkins.model.JenkinsLocationConfiguration")
    if "globalLibraries" in unclassified:
        raise CascError(ILLEGAL, unsupported("shared libraries"))
    _security(jenkins)
    for entry in jenkins.get("clouds") or []:
        _cloud(entry, plugins)
    _credentials(config.get("credentials") or {}, plugins)


def _check(value: Any, kind: str, cls: str, accepted: Collection[str] = ()) -> None:
    if not isinstance(value, Mapping):
        return
    unknown = sorted(str(key) for key in value if key not in (accepted or KNOWN[kind]))
    if unknown:
        raise CascError(
            "io.jenkins.plugins.casc.UnknownAttributesException",
            f"{kind}: Invalid configuration elements for type: class {cls} : {', '.join(unknown)}.\n"
            f"Available attributes : {', '.join(sorted(KNOWN[kind]))}",
        )


def _security(jenkins: Mapping[str, Any]) -> None:
    for key, kind, known in SECURITY_CHOICES:
        chosen = jenkins.get(key)
        name = next(iter(chosen), None) if isinstance(chosen, Mapping) else chosen
        if name is not None and name not in known:
            raise CascError(ILLEGAL, f"No hudson.security.{kind} implementation found for {name}")
    realm = jenkins.get("securityRealm")
    if isinstance(realm, Mapping):
        _check(realm.get("local"), "local", "hudson.security.HudsonPrivateSecurityRealm")
        configurator = "io.jenkins.plugins.casc.core.HudsonPrivateSecurityRealmConfigurator"
        for user in (realm.get("local") or {}).get("users") or []:
            _check(user, "user", f"{configurator}$UserWithPassword")
    strategy = jenkins.get("authorizationStrategy")
    if isinstance(strategy, Mapping):
        name = "loggedInUsersCanDoAnything"
        _check(strategy.get(name), name, "hudson.security.FullControlOnceLoggedInAuthorizationStrategy")


def _cloud(entry: Mapping[str, Any], plugins: Collection[str]) -> None:
    kind = next(iter(entry))
    if kind != "kubernetes" or "kubernetes" not in plugins:
        raise CascError(ILLEGAL, f"No hudson.slaves.Cloud implementation found for {kind}")
    cloud = entry["kubernetes"]
    _check(cloud, "kubernetes", f"{PLUGIN}.KubernetesCloud")
    for template in cloud.get("templates") or []:
        _check(template, "templates", f"{PLUGIN}.PodTemplate")
        for container in template.get("containers") or []:
            _check(container, "containers", f"{PLUGIN}.ContainerTemplate")
        for volume in template.get("volumes") or []:
            if (name := next(iter(volume))) not in VOLUMES:
                raise CascError(ILLEGAL, unsupported(f"the volume {name} of a pod template"))


def _credentials(config: Mapping[str, Any], plugins: Collection[str]) -> None:
    for domain in (config.get("system") or {}).get("domainCredentials") or []:
        for entry in domain.get("credentials") or []:
            kind = next(iter(entry))
            if MISSING_CREDENTIALS.get(kind) in plugins:
                raise CascError(ILLEGAL, unsupported(f"credentials of the kind {kind}"))
            if CREDENTIALS.get(kind) not in plugins:
                cls = "com.cloudbees.plugins.credentials"
                raise CascError(ILLEGAL, f"No {cls}.Credentials implementation found for {kind}")
            _check(entry[kind], kind, f"com.cloudbees.plugins.credentials.{kind}")
