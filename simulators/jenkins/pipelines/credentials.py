"""Credentials of the system store: how JCasC names their kinds, how the API shows them, how a step
binds them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from .groovy_host import StepError

IMPL = "com.cloudbees.plugins.credentials.impl.UsernamePasswordCredentialsImpl"
TEXT = "org.jenkinsci.plugins.plaincredentials.impl.StringCredentialsImpl"


@dataclass(frozen=True)
class Kind:
    """A kind of credential."""

    type_name: str
    plugin: str
    element: str


KINDS: dict[str, Kind] = {
    "usernamePassword": Kind("Username with password", "credentials", IMPL),
    "string": Kind("Secret text", "plain-credentials", TEXT),
    "file": Kind(
        "Secret file", "plain-credentials", "org.jenkinsci.plugins.plaincredentials.impl.FileCredentialsImpl"
    ),
    "basicSSHUserPrivateKey": Kind(
        "SSH Username with private key",
        "ssh-credentials",
        "com.cloudbees.jenkins.plugins.sshcredentials.impl.BasicSSHUserPrivateKey",
    ),
    "certificate": Kind(
        "Certificate", "credentials", "com.cloudbees.plugins.credentials.impl.CertificateCredentialsImpl"
    ),
    "aws": Kind(
        "AWS Credentials",
        "aws-credentials",
        "com.cloudbees.jenkins.plugins.awscredentials.AWSCredentialsImpl",
    ),
}


def display_name(kind: str, data: Mapping[str, Any]) -> str:
    """What lists show."""
    description = str(data.get("description") or "")
    if kind == "usernamePassword":
        shown = f"{data.get('username')}/******"
        return f"{shown} ({description})" if description else shown
    return description or str(data.get("id"))


@dataclass(frozen=True)
class Bound:
    """What a binding puts into the environment."""

    env: dict[str, str]
    masks: tuple[str, ...]
    shown: list[str]
    """Variables that the console names as masked."""


def bind(binding: Mapping[str, Any], find: Callable[[str], Mapping[str, Any] | None]) -> Bound:
    """Resolve one binding of `withCredentials`, or of a declarative `credentials()`.

    Raises:
        StepError: there is no such credential, or it is of another kind.
    """
    kind = str(binding.get("$symbol") or str(binding.get("$class", "")).rsplit(".", 1)[-1] or "")
    wanted = str(binding.get("credentialsId"))
    found = find(wanted)
    if found is None:
        raise StepError("abort", f"Could not find credentials entry with ID '{wanted}'")
    user, password = str(found.get("username") or ""), str(found.get("password") or "")
    token = str(found.get("secret") or "")
    if "$environment" in binding:
        return _declarative(str(binding["$environment"]), found, user, password, token)
    if kind in {"usernamePassword", "UsernamePasswordMultiBinding"} and found["kind"] == "usernamePassword":
        name, secret = str(binding.get("usernameVariable")), str(binding.get("passwordVariable"))
        return Bound({name: user, secret: password}, (password,), [secret])
    if kind in {"usernameColonPassword", "UsernamePasswordBinding"} and found["kind"] == "usernamePassword":
        variable = str(binding.get("variable"))
        return Bound({variable: f"{user}:{password}"}, (f"{user}:{password}", password), [variable])
    if kind in {"string", "StringBinding"} and found["kind"] == "string":
        variable = str(binding.get("variable"))
        return Bound({variable: token}, (token,), [variable])
    raise StepError(
        "abort",
        f"Credentials '{wanted}' is of type '{KINDS[found['kind']].type_name}' where a binding of "
        f"'{kind}' was expected",
    )


def _declarative(name: str, found: Mapping[str, Any], user: str, password: str, token: str) -> Bound:
    if found["kind"] == "usernamePassword":
        env = {name: f"{user}:{password}", f"{name}_USR": user, f"{name}_PSW": password}
        return Bound(env, (f"{user}:{password}", password), [name, f"{name}_PSW"])
    return Bound({name: token}, (token,), [name])
