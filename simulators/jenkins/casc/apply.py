"""Applies a configuration to the controller, in the order in which configuration as code does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..agents.clouds import Clouds
from ..home.accounts import Accounts, User
from ..home.configured import Configured
from ..home.jobs import Jobs
from ..home.life import Life
from ..home.plugins import Plugins
from ..home.settings import Settings, log, plain
from ..home.store import Store
from ..pipelines.groovy_host import ScriptError
from ..unsupported import unsupported
from .schema import validate
from .sources import CascError, Resolver, read, sources


@dataclass(frozen=True)
class Application:
    """The parts of the controller that a configuration changes."""

    settings: Settings
    plugins: Plugins
    configured: Configured
    accounts: Accounts
    clouds: Clouds
    jobs: Jobs
    store: Store
    life: Life

    def reload(self) -> None:
        """Read the sources and apply them.

        Raises:
            CascError: they are refused; at a reload the old configuration stays.
        """
        self.life.sources = sources(self.settings.home, self.settings.environment)
        self._apply(read(self.life.sources))

    def _apply(self, config: Mapping[str, Any]) -> None:
        resolver = Resolver(self.settings.environment, _unresolved)
        validate(config, self.plugins.names())
        resolved = resolver.resolve(dict(config))
        jenkins = resolved.get("jenkins") or {}
        _apply_jenkins(self.configured, jenkins)
        _apply_security(self.accounts, jenkins)
        _apply_others(self.configured, resolved)
        for name, tokens in self.store.tokens().items():
            if name in self.accounts.users and not self.accounts.users[name].tokens:
                self.accounts.users[name].tokens = tokens
        if "clouds" in jenkins:
            self.clouds.configure(self.configured.clouds)
        for entry in resolved.get("jobs") or []:
            self._seed(_script(entry))

    def _seed(self, script: str) -> None:
        plain("Processing provided DSL script")
        try:
            self.jobs.seed(script, dict(self.settings.environment))
        except ScriptError as error:
            raise _refused(script, f"{error.type}: {error}", error.trace) from error
        except ValueError as error:
            raise _refused(script, f"javaposse.jobdsl.dsl.DslException: {error}", "") from error


def _apply_jenkins(configured: Configured, jenkins: Mapping[str, Any]) -> None:
    """Apply the `jenkins` element, except security."""
    if "systemMessage" in jenkins:
        configured.system_message = str(jenkins["systemMessage"])
    if "numExecutors" in jenkins:
        configured.executors = int(jenkins["numExecutors"])
    if "quietPeriod" in jenkins:
        configured.quiet_period = float(jenkins["quietPeriod"])
    if "mode" in jenkins:
        configured.mode = str(jenkins["mode"])
    if "slaveAgentPort" in jenkins:
        configured.agent_port = int(jenkins["slaveAgentPort"])
    if "clouds" in jenkins:
        configured.clouds = [dict(entry["kubernetes"]) for entry in jenkins["clouds"] or []]
    for entry in jenkins.get("globalNodeProperties") or []:
        for variable in (entry.get("envVars") or {}).get("env") or []:
            configured.environment[str(variable["key"])] = str(variable.get("value") or "")


def _apply_security(accounts: Accounts, jenkins: Mapping[str, Any]) -> None:
    """Apply the security realm and the authorization strategy."""
    realm = jenkins.get("securityRealm")
    if isinstance(realm, Mapping) and "local" in realm:
        accounts.enabled = True
        for entry in (realm["local"] or {}).get("users") or []:
            name = str(entry["id"])
            tokens = accounts.users[name].tokens if name in accounts.users else {}
            accounts.users[name] = User(
                name, str(entry.get("name") or name), str(entry.get("password") or ""), tokens
            )
    strategy = jenkins.get("authorizationStrategy")
    accounts.anonymous_write = strategy == "unsecured"
    if strategy == "unsecured":
        # a user with a login is still known by it (Jenkins.isUseSecurity)
        accounts.anonymous_read = True
        accounts.enabled = accounts.enabled and isinstance(realm, Mapping)
    elif isinstance(strategy, Mapping) and "loggedInUsersCanDoAnything" in strategy:
        options = strategy["loggedInUsersCanDoAnything"] or {}
        accounts.anonymous_read = bool(options.get("allowAnonymousRead"))
    elif strategy == "loggedInUsersCanDoAnything":
        accounts.anonymous_read = True


def _apply_others(configured: Configured, config: Mapping[str, Any]) -> None:
    """Apply `unclassified`, `security` and `credentials`."""
    location = (config.get("unclassified") or {}).get("location") or {}
    if location.get("url"):
        url = str(location["url"])
        configured.root_url = url if url.endswith("/") else url + "/"
    configured.admin_address = location.get("adminAddress") or configured.admin_address
    dsl = (config.get("security") or {}).get("globalJobDslSecurityConfiguration") or {}
    if "useScriptSecurity" in dsl:
        configured.script_security = bool(dsl["useScriptSecurity"])
    domains = ((config.get("credentials") or {}).get("system") or {}).get("domainCredentials")
    if domains is not None:
        configured.credentials = {}
        for domain in domains:
            for entry in domain.get("credentials") or []:
                kind, data = next(iter(entry.items()))
                configured.credentials[str(data["id"])] = {**data, "kind": kind}


def _unresolved(name: str) -> None:
    log(
        "WARNING",
        "i.j.p.c.SecretSourceResolver$UnresolvedLookup#lookup",
        f"Configuration import: Found unresolved variable '{name}'. Will default to empty string",
    )


def _refused(script: str, reason: str, trace: str) -> CascError:
    causes = [
        line.partition("Caused by: ")[2] for line in trace.splitlines() if line.startswith("Caused by: ")
    ]
    inner = f"{causes[0]}\nCaused: {reason}" if causes else reason
    log("SEVERE", "j.j.plugin.JenkinsJobManagement", inner)
    return CascError(
        "io.jenkins.plugins.casc.ConfiguratorException",
        f"jobs: Failed to execute script with hash {java_hash(script)}\nCaused by: {inner}",
    )


def _script(entry: Mapping[str, Any]) -> str:
    """The Job DSL of one entry of `jobs`."""
    if "script" in entry:
        return str(entry["script"])
    if "file" in entry or "url" in entry:
        raise CascError("java.lang.IllegalArgumentException", unsupported("a seed from a file or a URL"))
    raise CascError(
        "java.lang.IllegalArgumentException",
        f"No javaposse.jobdsl.plugin.casc.ScriptSource implementation found for {next(iter(entry))}",
    )


def java_hash(text: str) -> int:
    """String.hashCode()."""
    value = 0
    for char in text:
        value = (31 * value + ord(char)) & 0xFFFFFFFF
    return value - (1 << 32) if value >= 1 << 31 else value
