"""Nexus set up over its REST API from the stack's declaration. A second run changes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import requests

from conformance.core import maven
from conformance.core.errors import EnvironmentFailure
from conformance.core.waiting import eventually
from environments.base import Login, Service
from environments.deploy.nexus_model import (
    CleanupPolicy,
    NexusRepository,
    NexusRole,
    NexusSetup,
    NexusUser,
    load,
)
from environments.ecr.dial import session

__all__ = ["NexusSetup", "apply", "load"]

SECONDS = 60
PATIENCE = 30
Json = dict[str, Any]
#: the public resource, which OSS 3.71 does not have, and the internal one of Nexus' own pages, which it has
CLEANUP_POLICIES = ("/v1/cleanup-policies", "/internal/cleanup-policies")


def apply(setup: NexusSetup, service: Service, *logins: Login, patience: float = PATIENCE) -> tuple[str, ...]:
    """Bring Nexus to `setup` and return what was changed, a line each; nothing changed: empty.

    `service.login` is an administrator. `logins` are the passwords of the users of `setup`. A service's port
    follows its pod's readiness after a moment: for that, `patience` seconds.

    Raises:
        EnvironmentFailure: Nexus refused, does not answer, or a user of `setup` has no password.
    """
    api = _Api(service, session(service))
    api.wait_writable(patience)
    passwords = {login.username: login for login in logins}
    changed: list[str] = []
    for policy in setup.cleanup_policies:
        changed += api.settle_cleanup_policy(policy)
    for repository in setup.repositories:
        changed += api.settle_repository(repository)
    for role in setup.roles:
        changed += api.settle_role(role)
    for user in setup.users:
        if user.id not in passwords:
            raise EnvironmentFailure(
                f"no password was handed over for Nexus' user {user.id}",
                where="users of nexus/repositories.json",
                expected=f"a login for {user.id}",
                observed=", ".join(sorted(passwords)) or "no login",
                remedy="only users whose password the environment makes can be declared",
            )
        changed += api.settle_user(user, passwords[user.id])
    changed += api.settle_anonymous(setup.anonymous)
    return tuple(changed)


@dataclass(frozen=True, slots=True)
class _Api:
    service: Service
    http: requests.Session

    def wait_writable(self, patience: float) -> None:
        url = f"{self.service.url.rstrip('/')}/service/rest/v1/status/writable"
        eventually(
            lambda: self.http.get(url, timeout=SECONDS).status_code,
            what=f"Nexus answers at {url}",
            timeout=patience,
            until=lambda status: status == 200,
            transient=(requests.RequestException,),
            remedy="look at the Nexus pod's log in the diagnostics",
        )

    def settle_cleanup_policy(self, wanted: CleanupPolicy) -> list[str]:
        body: Json = {
            "name": wanted.name,
            "format": "maven2",
            "notes": wanted.notes,
            "criteriaLastBlobUpdated": wanted.last_updated_days,
            "criteriaLastDownloaded": wanted.last_downloaded_days,
            "criteriaReleaseType": wanted.release_type,
        }
        path, answer = CLEANUP_POLICIES[0], self.ask("GET", CLEANUP_POLICIES[0], accept=(200, 404))
        if answer.status_code == 404:
            path = CLEANUP_POLICIES[1]
            answer = self.ask("GET", path)
        there = {found["name"]: found for found in answer.json()}
        found = there.get(wanted.name)
        if found is None:
            self.ask("POST", path, body)
            return [f"cleanup policy {wanted.name}: created"]
        if not differs(body, found):
            return []
        self.ask("PUT", f"{path}/{wanted.name}", body)
        return [f"cleanup policy {wanted.name}: corrected"]

    def settle_repository(self, wanted: NexusRepository) -> list[str]:
        path = f"/v1/repositories/maven/{wanted.type}"
        there = {found["name"]: found for found in self.ask("GET", "/v1/repositorySettings").json()}
        found = there.get(wanted.name)
        body = repository_body(wanted)
        if found is None:
            self.ask("POST", path, body)
            return [f"repository {wanted.name}: created"]
        if found.get("format") != "maven2" or found.get("type") != wanted.type:
            raise EnvironmentFailure(
                f"Nexus has a repository {wanted.name} of another kind",
                where=self.service.url,
                expected=f"maven2 {wanted.type}",
                observed=f"{found.get('format')} {found.get('type')}",
                remedy="remove it, or declare another name",
            )
        if not differs(body, found):
            return []
        self.ask("PUT", f"{path}/{wanted.name}", body)
        return [f"repository {wanted.name}: corrected"]

    def settle_role(self, wanted: NexusRole) -> list[str]:
        body: Json = {
            "id": wanted.id,
            "name": wanted.name,
            "description": wanted.description,
            "privileges": sorted(wanted.privileges),
            "roles": [],
        }
        found = self.ask("GET", f"/v1/security/roles/{wanted.id}", accept=(200, 404))
        if found.status_code == 404:
            self.ask("POST", "/v1/security/roles", body)
            return [f"role {wanted.id}: created"]
        there = {**found.json(), "privileges": sorted(found.json()["privileges"])}
        if not differs(body, there):
            return []
        self.ask("PUT", f"/v1/security/roles/{wanted.id}", body)
        return [f"role {wanted.id}: corrected"]

    def settle_user(self, wanted: NexusUser, login: Login) -> list[str]:
        body: Json = {
            "userId": wanted.id,
            "firstName": wanted.first_name,
            "lastName": wanted.last_name,
            "emailAddress": wanted.email,
            "status": "active",
            "roles": sorted(wanted.roles),
        }
        found = self.ask("GET", f"/v1/security/users?userId={wanted.id}").json()
        there = next((each for each in found if each["userId"] == wanted.id), None)
        if there is None:
            self.ask("POST", "/v1/security/users", {**body, "password": login.password})
            return [f"user {wanted.id}: created"]
        changed = []
        if differs(body, {**there, "roles": sorted(there["roles"])}):
            self.ask("PUT", f"/v1/security/users/{wanted.id}", {**body, "source": there["source"]})
            changed.append(f"user {wanted.id}: corrected")
        if not self._knows(login):
            self.ask("PUT", f"/v1/security/users/{wanted.id}/change-password", text=login.password)
            changed.append(f"user {wanted.id}: password set")
        return changed

    def settle_anonymous(self, wanted: bool) -> list[str]:
        found = self.ask("GET", "/v1/security/anonymous").json()
        if found["enabled"] == wanted:
            return []
        self.ask("PUT", "/v1/security/anonymous", {**found, "enabled": wanted})
        return [f"anonymous access: {'on' if wanted else 'off'}"]

    def _knows(self, login: Login) -> bool:
        """Does Nexus take this login? 401 says that it does not."""
        answer = self.ask("GET", "/v1/status", accept=(200, 401), login=login)
        return answer.status_code == 200

    def ask(
        self,
        method: str,
        path: str,
        body: Json | None = None,
        *,
        text: str | None = None,
        accept: tuple[int, ...] = (200, 201, 204),
        login: Login | None = None,
    ) -> requests.Response:
        who = login or self.service.login
        url = f"{self.service.url.rstrip('/')}/service/rest{path}"
        try:
            answer = self.http.request(
                method,
                url,
                json=body,
                data=text,
                headers={"Content-Type": "text/plain"} if text is not None else None,
                auth=(who.username, who.password) if who else None,
                timeout=SECONDS,
            )
        except requests.RequestException as error:
            raise EnvironmentFailure(
                "Nexus does not answer",
                where=f"{method} {url}",
                observed=f"{type(error).__name__}: {error}",
                remedy="look at the Nexus pod's log in the diagnostics",
            ) from error
        if answer.status_code not in accept:
            raise EnvironmentFailure(
                f"Nexus refused {method} {path}",
                where=self.service.url,
                expected=" or ".join(str(status) for status in accept),
                observed=f"{answer.status_code}: {answer.text[:500].strip() or '(empty)'}",
                remedy="401: its administrator's password was set at its first start and is another now"
                if answer.status_code == 401
                else "look at the Nexus pod's log in the diagnostics",
            )
        return answer


def repository_body(wanted: NexusRepository) -> Json:
    """The repository as Nexus' REST API takes it."""
    body: Json = {
        "name": wanted.name,
        "online": True,
        "storage": {"blobStoreName": "default", "strictContentTypeValidation": True},
    }
    if wanted.version_policy:
        body["maven"] = {
            "versionPolicy": wanted.version_policy,
            "layoutPolicy": wanted.layout_policy,
            "contentDisposition": "INLINE",
        }
    if wanted.cleanup:
        body["cleanup"] = {"policyNames": sorted(wanted.cleanup)}
    match wanted.type:
        case "hosted":
            body["storage"]["writePolicy"] = wanted.write_policy
        case "proxy":
            body |= {
                "proxy": {
                    "remoteUrl": maven.resolve(wanted.remote or ""),
                    "contentMaxAge": -1,
                    "metadataMaxAge": 1440,
                },
                # a missing file is requested again at once: a mirror may have had a bad moment
                "negativeCache": {"enabled": False, "timeToLive": 1},
                "httpClient": {"blocked": False, "autoBlock": False},
            }
        case "group":
            body["group"] = {"memberNames": list(wanted.members)}
    return body


def differs(wanted: Mapping[str, Any], found: Mapping[str, Any]) -> bool:
    """Is anything of `wanted` otherwise in `found`? What only `found` has is Nexus' own."""
    for key, value in wanted.items():
        there = found.get(key)
        if isinstance(value, Mapping) and isinstance(there, Mapping):
            if differs(value, there):
                return True
        elif value != there:
            return True
    return False
