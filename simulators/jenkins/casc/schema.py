"""Which attributes configuration as code knows here, so that a key that does not exist is refused as on
a real controller."""

from collections.abc import Mapping
from typing import Any

from .attributes import (
    ACCEPTED,
    CLOUD,
    CONTAINER,
    JENKINS,
    LOCAL,
    LOCATION,
    LOGGED_IN,
    ROOTS,
    SECRET_TEXT,
    SECURITY,
    TEMPLATE,
    UNCLASSIFIED,
    USER,
    USERNAME_PASSWORD,
)
from .sources import CascError

UNKNOWN = "io.jenkins.plugins.casc.UnknownAttributesException"
PLUGIN = "org.csanchez.jenkins.plugins.kubernetes"


def _check(value: Any, known: list[str], path: str, cls: str, accepted: set[str] | None = None) -> None:
    if not isinstance(value, Mapping):
        return
    unknown = sorted(str(key) for key in value if key not in (accepted or set(known)))
    if unknown:
        raise CascError(
            UNKNOWN,
            f"{path}: Invalid configuration elements for type: class {cls} : {', '.join(unknown)}.\n"
            f"Available attributes : {', '.join(sorted(known))}",
        )


def validate(config: Mapping[str, Any], plugins: set[str]) -> None:
    """Refuse what a controller with these plugins does not know.

    Raises:
        CascError: the first thing that is not known.
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
    _check(jenkins, JENKINS, "jenkins", "jenkins.model.Jenkins", ACCEPTED)
    category = "jenkins.model.GlobalConfigurationCategory"
    _check(config.get("unclassified"), UNCLASSIFIED, "unclassified", f"{category}$Unclassified")
    _check(config.get("security"), SECURITY, "security", f"{category}$Security")
    location = (config.get("unclassified") or {}).get("location")
    _check(location, LOCATION, "location", "jenkins.model.JenkinsLocationConfiguration")
    _security(jenkins)
    for entry in jenkins.get("clouds") or []:
        _cloud(entry, plugins)
    _credentials(config.get("credentials") or {}, plugins)


KINDS_OF_SECURITY = (
    ("securityRealm", "SecurityRealm", {"local"}),
    ("authorizationStrategy", "AuthorizationStrategy", {"unsecured", "loggedInUsersCanDoAnything"}),
)
"""No plugin among the pins brings another; the core's own `legacy` ones are refused here as well."""


def _security(jenkins: Mapping[str, Any]) -> None:
    for key, kind, known in KINDS_OF_SECURITY:
        chosen = jenkins.get(key)
        name = next(iter(chosen), None) if isinstance(chosen, Mapping) else chosen
        if name is not None and name not in known:
            message = f"No hudson.security.{kind} implementation found for {name}"
            raise CascError("java.lang.IllegalArgumentException", message)
    realm = jenkins.get("securityRealm")
    if isinstance(realm, Mapping):
        _check(realm.get("local"), LOCAL, "local", "hudson.security.HudsonPrivateSecurityRealm")
        for user in (realm.get("local") or {}).get("users") or []:
            _check(
                user,
                USER,
                "user",
                "io.jenkins.plugins.casc.core.HudsonPrivateSecurityRealmConfigurator$UserWithPassword",
            )
    strategy = jenkins.get("authorizationStrategy")
    if isinstance(strategy, Mapping):
        cls = "hudson.security.FullControlOnceLoggedInAuthorizationStrategy"
        _check(strategy.get("loggedInUsersCanDoAnything"), LOGGED_IN, "loggedInUsersCanDoAnything", cls)


def _cloud(entry: Mapping[str, Any], plugins: set[str]) -> None:
    kind = next(iter(entry))
    if kind != "kubernetes" or "kubernetes" not in plugins:
        raise CascError(
            "java.lang.IllegalArgumentException", f"No hudson.slaves.Cloud implementation found for {kind}"
        )
    cloud = entry["kubernetes"]
    _check(cloud, CLOUD, "kubernetes", f"{PLUGIN}.KubernetesCloud")
    for template in cloud.get("templates") or []:
        _check(template, TEMPLATE, "templates", f"{PLUGIN}.PodTemplate")
        for container in template.get("containers") or []:
            _check(container, CONTAINER, "containers", f"{PLUGIN}.ContainerTemplate")


def _credentials(config: Mapping[str, Any], plugins: set[str]) -> None:
    known = {"usernamePassword": USERNAME_PASSWORD, "string": SECRET_TEXT}
    needs = {
        "string": "plain-credentials",
        "file": "plain-credentials",
        "basicSSHUserPrivateKey": "ssh-credentials",
        "aws": "aws-credentials",
    }
    for domain in (config.get("system") or {}).get("domainCredentials") or []:
        for entry in domain.get("credentials") or []:
            kind = next(iter(entry))
            if (
                kind not in {"usernamePassword", "certificate", *needs}
                or needs.get(kind, "credentials") not in plugins
            ):
                message = f"No com.cloudbees.plugins.credentials.Credentials implementation found for {kind}"
                raise CascError("java.lang.IllegalArgumentException", message)
            if kind in known:
                _check(entry[kind], known[kind], kind, f"com.cloudbees.plugins.credentials.{kind}")
