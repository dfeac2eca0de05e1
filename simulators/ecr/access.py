"""Access on the registry's path: a pure decision from a request and the provisioned repositories."""

from __future__ import annotations

import re
from collections.abc import Container
from dataclasses import dataclass

from .tokens import Tokens, Verdict
from .wire import Answer, Request, registry_error

COMPONENT = r"[a-z0-9]+(?:[._-][a-z0-9]+)*"
NAME = rf"{COMPONENT}(?:/{COMPONENT})*"
ROUTE = re.compile(
    rf"/v2/(?P<name>{NAME})/"
    r"(?:manifests/(?P<reference>[^/]+)|blobs/uploads/[^/]*|blobs/[^/]+|tags/list|referrers/[^/]+)"
)
#: anything between, to name the repository in an error
LOOSE = re.compile(r"/v2/(?P<name>.+?)/(?:manifests|blobs|tags|referrers)(?:/|$)")
PING = frozenset({"/v2", "/v2/"})
CATALOG = "/v2/_catalog"
WORDS = {
    Verdict.MISSING: "Not Authorized",
    Verdict.WRONG: "Not Authorized",
    Verdict.EXPIRED: "Your authorization token has expired. Reauthenticate and try again.",
}


@dataclass(frozen=True, slots=True)
class Target:
    """A repository's path; `reference` is set for a manifest."""

    repository: str
    reference: str = ""


def target_of(path: str) -> Target | None:
    """The repository that `path` (still encoded) is about, or None."""
    match = ROUTE.fullmatch(path)
    return Target(match["name"], match["reference"] or "") if match else None


def is_digest(reference: str) -> bool:
    return ":" in reference


def name_unknown(name: str, account: str) -> Answer:
    return registry_error(
        404,
        "NAME_UNKNOWN",
        f"The repository with name '{name}' does not exist in the registry with id '{account}'",
    )


@dataclass(frozen=True, slots=True)
class Gate:
    """Refuses requests without a valid token, and for repositories that were not provisioned."""

    tokens: Tokens
    repositories: Container[str]
    account: str
    host: str

    def refusal(self, request: Request) -> Answer | None:
        """None when the request may pass; otherwise the 401 or 404 for the client."""
        verdict = self.tokens.check(request.headers.get("authorization"))
        if verdict is not Verdict.VALID:
            challenge = f'Basic realm="https://{self.host}/",service="ecr.amazonaws.com"'
            return registry_error(401, "UNAUTHORIZED", WORDS[verdict], ("WWW-Authenticate", challenge))
        if request.path in PING or request.path == CATALOG:
            return None
        target = target_of(request.path)
        if target is None:
            loose = LOOSE.match(request.path)
            return name_unknown(loose["name"] if loose else request.path.removeprefix("/v2/"), self.account)
        if target.repository not in self.repositories:
            return name_unknown(target.repository, self.account)
        return None
