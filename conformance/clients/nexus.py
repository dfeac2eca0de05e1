"""Nexus: its REST API for configuration, plain HTTP in the Maven layout for artifacts."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree

import requests

from conformance.clients.artifacts import sha1
from conformance.clients.http import TIMEOUT, Http, expect
from conformance.core import xml
from conformance.core.nonconformance import NonConformance
from environments.deploy.nexus import CLEANUP_POLICIES
from reports.redact import register


@dataclass(frozen=True, slots=True)
class Coordinates:
    """Maven coordinates of one file."""

    group: str
    artifact: str
    version: str
    packaging: str = "jar"
    classifier: str = ""

    @property
    def folder(self) -> str:
        return f"{self.group.replace('.', '/')}/{self.artifact}"

    @property
    def path(self) -> str:
        """Path in a repository of Maven layout; for a snapshot, of the unresolved version."""
        suffix = f"-{self.classifier}" if self.classifier else ""
        return f"{self.folder}/{self.version}/{self.artifact}-{self.version}{suffix}.{self.packaging}"

    def __str__(self) -> str:
        parts = [self.group, self.artifact, self.packaging, *filter(None, [self.classifier]), self.version]
        return ":".join(parts)


@dataclass(frozen=True, slots=True)
class RepositoryFact:
    """A repository as Nexus returns it. Fields of other kinds are empty. The same shape as the contract's."""

    name: str
    format: str
    type: str
    version_policy: str
    write_policy: str
    remote: str
    members: tuple[str, ...]
    online: bool = True


class Nexus:
    """One Nexus server. `http` carries the login that is used."""

    def __init__(self, http: Http, put: list[tuple[str, str]] | None = None) -> None:
        self.http = http
        #: (repository, path) of every file that was taken, by whichever login
        self.put = put if put is not None else []

    def as_login(self, username: str, password: str) -> Nexus:
        return Nexus(self.http.as_login((username, password)), self.put)

    @property
    def username(self) -> str:
        """The name of the login; empty for an anonymous client."""
        auth = self.http.session.auth
        return str(auth[0]) if isinstance(auth, tuple) else ""

    def in_own_session(self) -> Nexus:
        """The same server and login in a session of its own, for a thread."""
        auth = self.http.session.auth
        return Nexus(self.http.as_login(auth if isinstance(auth, tuple) else None), self.put)

    # -- the server -------------------------------------------------------------------------

    def version(self) -> str:
        """From the Server header: `Nexus/3.71.0-06 (OSS)`."""
        server = self.http.get("/service/rest/v1/status").headers.get("Server", "")
        found = re.search(r"Nexus/(\S+)", server)
        return found[1] if found else ""

    def writable(self) -> bool:
        # 503 means "frozen" here, not a service that is away; a wrong login must not decide this
        with self.http.anonymous() as anyone:
            answer = anyone.get("/service/rest/v1/status/writable", answers=frozenset({503}))
        return answer.status_code == 200

    def require_up(self) -> None:
        """Raises Unavailable when Nexus does not answer, whether it is writable or not."""
        with self.http.anonymous() as anyone:
            anyone.get("/service/rest/v1/status")

    def administrator_status(self) -> int:
        """The status that the login gets where only administrators are let in."""
        return self.http.get("/service/rest/v1/status/check").status_code

    def repositories(self) -> tuple[RepositoryFact, ...]:
        """Every repository with its settings, in one request."""
        return tuple(_fact(raw) for raw in self._settings())

    def _settings(self) -> list[dict[str, Any]]:
        answer = self.http.get("/service/rest/v1/repositorySettings")
        found: list[dict[str, Any]] = expect(answer, 200, what="Nexus does not list its repositories").json()
        return found

    def cleanup_policies(self) -> tuple[dict[str, Any], ...]:
        return tuple(
            {
                "repository": raw["name"],
                "policies": tuple((raw.get("cleanup") or {}).get("policyNames") or ()),
            }
            for raw in self._settings()
        )

    def cleanup_policies_api(self) -> tuple[str, dict[str, dict[str, Any]]] | None:
        """Path of the cleanup policies, and each by name; None where this Nexus does not list them.

        The public REST API has them in Pro and later releases; OSS 3.71 has them in that of its own pages.
        """
        for path in (f"/service/rest{path}" for path in CLEANUP_POLICIES):
            answer = self.http.get(path)
            if answer.status_code == 200:
                return path, {policy["name"]: policy for policy in answer.json()}
        return None

    def cut_off(self, repository: str, *, away: bool) -> None:
        """Block a proxy's way to its remote, or let it through again."""
        path = f"/service/rest/v1/repositories/maven/proxy/{repository}"
        settings = expect(self.http.get(path), 200, what=f"Nexus does not return {repository}").json()
        if settings["httpClient"]["blocked"] == away:
            return  # every change stops and starts the repository
        settings["httpClient"]["blocked"] = away
        expect(self.http.put(path, json=settings), 204, what=f"Nexus does not change {repository}")

    # -- users ------------------------------------------------------------------------------

    def make_user(self, username: str, *roles: str, password: str = "") -> Nexus:
        """Create a user with these roles and `password`, or a random one; returns Nexus as that user."""
        password = password or secrets.token_urlsafe(24)
        register(password, "password")
        body = {
            "userId": username,
            "firstName": "Conformance",
            "lastName": "Check",
            "status": "active",
            "emailAddress": "conformance@example.org",
            "password": password,
            "roles": list(roles),
        }
        answer = self.http.post("/service/rest/v1/security/users", json=body)
        expect(answer, 200, what=f"Nexus does not make a user with the role {', '.join(roles)}")
        return self.as_login(username, password)

    def delete_user(self, username: str) -> None:
        """One that is not there is fine."""
        self.http.delete(f"/service/rest/v1/security/users/{username}")

    def blob_stores(self) -> tuple[dict[str, Any], ...]:
        answer = self.http.get("/service/rest/v1/blobstores")
        found: list[dict[str, Any]] = expect(answer, 200, what="Nexus does not list its blob stores").json()
        return tuple(found)

    # -- artifacts --------------------------------------------------------------------------

    def upload(self, repository: str, path: str, data: bytes) -> requests.Response:
        """PUT `data`; the answer as it is (201 made, 400 refused by policy, 401, 403)."""
        # the first number also limits how long the server may stop reading what is sent
        answer = self.http.put(f"/repository/{repository}/{path}", data=data, timeout=(30, TIMEOUT[1]))
        if answer.ok:
            self.put.append((repository, path))
        return answer

    def expect_deployed(self, repository: str, path: str, data: bytes) -> None:
        """PUT a file that must be taken. NonConformance when it is not."""
        expect(self.upload(repository, path, data), 200, 201, what=f"{repository} does not take {path}")

    def upload_component(self, repository: str, coordinates: Coordinates, data: bytes) -> requests.Response:
        """Upload by the REST API: Nexus itself makes POM, checksums and metadata."""
        item = coordinates
        answer = self.http.post(
            "/service/rest/v1/components",
            params={"repository": repository},
            data={
                "maven2.groupId": item.group,
                "maven2.artifactId": item.artifact,
                "maven2.version": item.version,
                "maven2.generate-pom": "true",
                "maven2.asset1.extension": item.packaging,
            },
            files={"maven2.asset1": (item.path.rpartition("/")[2], data)},
        )
        if answer.ok:
            pom = item.path.removesuffix(item.packaging) + "pom"
            made = (item.path, pom, f"{item.folder}/maven-metadata.xml")
            sums = ("", ".sha1", ".md5", ".sha256", ".sha512")
            self.put += [(repository, path + kind) for path in made for kind in sums]
        return answer

    def fetch(self, repository: str, path: str) -> requests.Response:
        return self.http.get(f"/repository/{repository}/{path}")

    def head(self, repository: str, path: str) -> int:
        """The status of a file."""
        return self.http.head(f"/repository/{repository}/{path}").status_code

    def content(self, repository: str, path: str) -> bytes:
        answer = self.fetch(repository, path)
        return expect(answer, 200, what=f"Nexus does not serve {path} from {repository}").content

    def checksum(self, repository: str, path: str, kind: str = "sha1") -> str:
        """What Nexus says the checksum is: the `.sha1` or `.md5` beside the file."""
        return self.content(repository, f"{path}.{kind}").decode().strip()

    def deploy(self, repository: str, coordinates: Coordinates, data: bytes, pom: bytes) -> None:
        """Upload a file and its POM with their checksums, as Maven does.

        NonConformance unless all are taken.
        """
        pom_path = Coordinates(coordinates.group, coordinates.artifact, coordinates.version, "pom").path
        for path, content in ((coordinates.path, data), (pom_path, pom)):
            for name, sent in ((path, content), (f"{path}.sha1", sha1(content).encode())):
                answer = self.upload(repository, name, sent)
                expect(answer, 200, 201, what=f"{repository} does not take {name}")

    def metadata(
        self, repository: str, coordinates: Coordinates, *, of_version: bool = False
    ) -> ElementTree.Element:
        """maven-metadata.xml of the artifact, or (`of_version`) of one snapshot version."""
        folder = f"{coordinates.folder}/{coordinates.version}" if of_version else coordinates.folder
        text = self.content(repository, f"{folder}/maven-metadata.xml")
        try:
            return xml.parse(text)
        except ValueError as error:
            raise NonConformance(
                f"maven-metadata.xml of {folder} in {repository} is not XML",
                observed=str(error),
                remedy="rebuild the metadata of the repository",
            ) from error

    def search(self, **query: str) -> tuple[dict[str, Any], ...]:
        """Components that match, with their assets and checksums (first page, 50 and more)."""
        answer = self.http.get("/service/rest/v1/search", params=query)
        found: list[dict[str, Any]] = expect(answer, 200, what="Nexus does not search").json()["items"]
        return tuple(found)

    def remove_version(self, group: str, version: str) -> None:
        """Delete every component of a group in one version; none is fine."""
        for item in self.search(group=group, version=version):
            self.http.delete(f"/service/rest/v1/components/{item['id']}")

    def remove_group(self, group: str) -> None:
        """Delete every file that this client put under `group` (by path: search lags behind)."""
        prefix = f"{group.replace('.', '/')}/"
        mine = [put for put in self.put if put[1].startswith(prefix)]
        for repository, path in dict.fromkeys(mine):
            self.http.delete(f"/repository/{repository}/{path}")
        self.put[:] = [put for put in self.put if put not in mine]


def _fact(raw: dict[str, Any]) -> RepositoryFact:
    return RepositoryFact(
        name=raw["name"],
        format=raw["format"],
        type=raw["type"],
        version_policy=((raw.get("maven") or {}).get("versionPolicy") or "").upper(),
        write_policy=((raw.get("storage") or {}).get("writePolicy") or "").upper()
        if raw["type"] == "hosted"
        else "",
        remote=(raw.get("proxy") or {}).get("remoteUrl") or "",
        members=tuple((raw.get("group") or {}).get("memberNames") or ()),
        online=bool(raw.get("online", True)),
    )
