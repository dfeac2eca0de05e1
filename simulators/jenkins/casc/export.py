"""The configuration as configuration as code would export it; secrets are never in it."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from ..controller import Controller

SECRET = "{AQAAABAAAAAQ-not-exported-by-the-stand-in}"
HIDDEN = {"password", "secret"}


class _Quoted(str):
    __slots__ = ()


class _Dumper(yaml.SafeDumper):
    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)


_Dumper.add_representer(
    _Quoted, lambda dumper, value: dumper.represent_scalar("tag:yaml.org,2002:str", str(value), style='"')
)


def export(controller: "Controller") -> str:
    """The YAML."""
    c = controller.configured
    credentials = [
        {str(data["kind"]): {k: v for k, v in data.items() if k != "kind"}} for data in c.credentials.values()
    ]
    users = [{"id": user.id, "name": user.name} for user in controller.security.users.values()]
    whole: dict[str, Any] = {}
    if credentials:
        whole["credentials"] = {"system": {"domainCredentials": [{"credentials": credentials}]}}
    jenkins: dict[str, Any] = {
        "mode": c.mode,
        "numExecutors": c.executors,
        "quietPeriod": int(c.quiet_period),
    }
    jenkins |= {"systemMessage": c.system_message} if c.system_message else {}
    jenkins |= {"slaveAgentPort": c.agent_port, "clouds": [{"kubernetes": cloud} for cloud in c.clouds]}
    if controller.security.enabled:
        jenkins["securityRealm"] = {"local": {"allowsSignup": False, "enableCaptcha": False, "users": users}}
        jenkins["authorizationStrategy"] = (
            "unsecured"
            if controller.security.anonymous_write
            else {"loggedInUsersCanDoAnything": {"allowAnonymousRead": controller.security.anonymous_read}}
        )
    whole["jenkins"] = jenkins
    location = {"adminAddress": c.admin_address, "url": c.root_url}
    whole["unclassified"] = {"location": {k: v for k, v in location.items() if v}}
    whole["security"] = {"globalJobDslSecurityConfiguration": {"useScriptSecurity": c.script_security}}
    return yaml.dump(_quote(whole), Dumper=_Dumper, sort_keys=True, allow_unicode=True)


def _quote(value: Any, key: str = "") -> Any:
    if isinstance(value, Mapping):
        return {name: _quote(item, str(name)) for name, item in value.items() if name not in {"shown", "log"}}
    if isinstance(value, list):
        return [_quote(item) for item in value]
    if key in HIDDEN:
        return _Quoted(SECRET)
    return _Quoted(value) if isinstance(value, str) and key not in {"mode", "scope"} else value
