"""The controller's configuration as the last application of JCasC left it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..http.security import Security, User


@dataclass
class Configured:
    """Plain facts; every default is a fresh controller's."""

    system_message: str | None = None
    executors: int = 2
    quiet_period: float = 5.0
    mode: str = "NORMAL"
    crumbs: bool = True
    agent_port: int = -1
    root_url: str | None = None
    admin_address: str | None = None
    clouds: list[dict[str, Any]] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)
    credentials: dict[str, dict[str, Any]] = field(default_factory=dict)
    libraries: list[Mapping[str, Any]] = field(default_factory=list)
    """The global shared libraries."""
    script_security: bool = True
    """Whether Job DSL in jobs needs approval or a sandbox."""
    whole: dict[str, Any] = field(default_factory=dict)
    """Everything that was applied, unresolved secrets included; only for checking conflicts."""

    def credential(self, credentials_id: str) -> dict[str, Any] | None:
        """A credential of the system store."""
        return self.credentials.get(credentials_id)


def take_jenkins(state: Configured, jenkins: Mapping[str, Any]) -> None:
    """Apply the `jenkins` element, except security."""
    if "systemMessage" in jenkins:
        state.system_message = str(jenkins["systemMessage"])
    if "numExecutors" in jenkins:
        state.executors = int(jenkins["numExecutors"])
    if "quietPeriod" in jenkins:
        state.quiet_period = float(jenkins["quietPeriod"])
    if "mode" in jenkins:
        state.mode = str(jenkins["mode"])
    if "slaveAgentPort" in jenkins:
        state.agent_port = int(jenkins["slaveAgentPort"])
    if "clouds" in jenkins:
        state.clouds = [dict(entry["kubernetes"]) for entry in jenkins["clouds"] or []]
    for entry in jenkins.get("globalNodeProperties") or []:
        for variable in (entry.get("envVars") or {}).get("env") or []:
            state.environment[str(variable["key"])] = str(variable.get("value") or "")


def take_security(security: Security, jenkins: Mapping[str, Any]) -> None:
    """Apply the security realm and the authorization strategy."""
    realm = jenkins.get("securityRealm")
    if isinstance(realm, Mapping) and "local" in realm:
        security.enabled = True
        for entry in (realm["local"] or {}).get("users") or []:
            name = str(entry["id"])
            tokens = security.users[name].tokens if name in security.users else {}
            security.users[name] = User(
                name, str(entry.get("name") or name), str(entry.get("password") or ""), tokens
            )
    strategy = jenkins.get("authorizationStrategy")
    security.anonymous_write = strategy == "unsecured"
    if strategy == "unsecured":
        # whoever has a login is still known by it (Jenkins.isUseSecurity)
        security.anonymous_read = True
        security.enabled = security.enabled and isinstance(realm, Mapping)
    elif isinstance(strategy, Mapping) and "loggedInUsersCanDoAnything" in strategy:
        security.anonymous_read = bool(
            (strategy["loggedInUsersCanDoAnything"] or {}).get("allowAnonymousRead")
        )
    elif strategy == "loggedInUsersCanDoAnything":
        security.anonymous_read = True


def take_rest(state: Configured, config: Mapping[str, Any]) -> None:
    """Apply `unclassified`, `security` and `credentials`."""
    location = (config.get("unclassified") or {}).get("location") or {}
    if location.get("url"):
        url = str(location["url"])
        state.root_url = url if url.endswith("/") else url + "/"
    state.admin_address = location.get("adminAddress") or state.admin_address
    libraries = (config.get("unclassified") or {}).get("globalLibraries") or {}
    if "libraries" in libraries:
        state.libraries = list(libraries["libraries"] or [])
    dsl = (config.get("security") or {}).get("globalJobDslSecurityConfiguration") or {}
    if "useScriptSecurity" in dsl:
        state.script_security = bool(dsl["useScriptSecurity"])
    domains = ((config.get("credentials") or {}).get("system") or {}).get("domainCredentials")
    if domains is not None:
        state.credentials = {}
        for domain in domains:
            for entry in domain.get("credentials") or []:
                kind, data = next(iter(entry.items()))
                state.credentials[str(data["id"])] = {**data, "kind": kind}
