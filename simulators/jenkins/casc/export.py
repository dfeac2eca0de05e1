"""The configuration as configuration as code would export it; secrets are never in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from ..home.accounts import Accounts
from ..home.configured import Configured

SECRET = "{AQAAABAAAAAQ-not-exported-by-the-simulator}"
HIDDEN = {"password", "secret"}


def export(configured: Configured, accounts: Accounts) -> str:
    """The YAML."""
    credentials = [
        {str(data["kind"]): {key: value for key, value in data.items() if key != "kind"}}
        for data in configured.credentials.values()
    ]
    whole: dict[str, Any] = {}
    if credentials:
        whole["credentials"] = {"system": {"domainCredentials": [{"credentials": credentials}]}}
    jenkins: dict[str, Any] = {
        "mode": configured.mode,
        "numExecutors": configured.executors,
        "quietPeriod": int(configured.quiet_period),
        "slaveAgentPort": configured.agent_port,
        "clouds": [{"kubernetes": cloud} for cloud in configured.clouds],
    }
    jenkins |= {"systemMessage": configured.system_message} if configured.system_message else {}
    if accounts.enabled:
        users = [{"id": user.id, "name": user.name} for user in accounts.users.values()]
        jenkins["securityRealm"] = {"local": {"allowsSignup": False, "enableCaptcha": False, "users": users}}
        options = {"allowAnonymousRead": accounts.anonymous_read}
        jenkins["authorizationStrategy"] = (
            "unsecured" if accounts.anonymous_write else {"loggedInUsersCanDoAnything": options}
        )
    location = {"adminAddress": configured.admin_address, "url": configured.root_url}
    whole |= {
        "jenkins": jenkins,
        "unclassified": {"location": {key: value for key, value in location.items() if value}},
        "security": {"globalJobDslSecurityConfiguration": {"useScriptSecurity": configured.script_security}},
    }
    return yaml.safe_dump(_public(whole), allow_unicode=True)


def _public(value: Any, key: str = "") -> Any:
    """A value without secrets and without the marks of running pipelines."""
    if key in HIDDEN:
        return SECRET
    if isinstance(value, Mapping):
        return {
            name: _public(item, str(name)) for name, item in value.items() if name not in {"shown", "log"}
        }
    return [_public(item) for item in value] if isinstance(value, list) else value
