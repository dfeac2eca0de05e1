"""State of Nexus: artifacts of every kind of repository, users, roles and cleanup policies."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.clients.artifacts import jar, noise, pom, sha256
from conformance.clients.http import expect
from conformance.clients.nexus import Coordinates
from conformance.clients.stack_clients import StackClients
from conformance.upgrade.state.model import Item

GROUP = "org.conformance.state"
LARGE = 20 * 1024 * 1024
RELEASES = 3
SNAPSHOTS = 3
#: small, and in every mirror of Maven Central
PROXIED = "org/hamcrest/hamcrest-parent/1.3/hamcrest-parent-1.3.pom"
ROLE = "conformance-state"


class Artifacts:
    """Releases, one of them large, and several builds of a snapshot."""

    kind = "artifact"

    def create(self, stack: StackClients, seed: int) -> Iterator[Item]:
        nexus, declared = stack.nexus, stack.contract.nexus
        for number in range(1, RELEASES + 1):
            at = Coordinates(f"{GROUP}.s{seed}", "library", f"1.{number}")
            content = noise(LARGE, f"{seed}") if number == RELEASES else jar({"n": str(number).encode()})
            nexus.deploy(declared.releases, at, content, pom(at.group, at.artifact, at.version))
            for packaging in ("jar", "pom"):
                path = Coordinates(at.group, at.artifact, at.version, packaging).path
                yield self._item(declared.releases, path)
        for number in range(1, SNAPSHOTS + 1):
            folder = f"{GROUP.replace('.', '/')}/s{seed}/service/2.0-SNAPSHOT"
            path = f"{folder}/service-2.0-2026010{number}.000000-{number}.jar"
            answer = nexus.upload(declared.snapshots, path, jar({"build": str(number).encode()}))
            expect(answer, 200, 201, what=f"{declared.snapshots} does not take {path}")
            yield self._item(declared.snapshots, path)

    def capture(self, stack: StackClients, item: Item) -> Item | None:
        answer = stack.nexus.fetch(item.key["repository"], item.key["path"])
        if answer.status_code == 404:
            return None
        expect(answer, 200, what=f"Nexus does not serve {item.name}")
        facts = {"bytes": len(answer.content), "sha256": sha256(answer.content)}
        return item.model_copy(update={"facts": facts})

    def _item(self, repository: str, path: str) -> Item:
        key = {"repository": repository, "path": path}
        return Item(service="nexus", kind=self.kind, name=f"{repository}/{path.rpartition('/')[2]}", key=key)


class Proxied(Artifacts):
    """What a proxy once fetched is still served, from whichever side."""

    kind = "proxied artifact"

    def create(self, stack: StackClients, seed: int) -> Iterator[Item]:
        yield self._item(stack.contract.nexus.group, PROXIED)


class Roles:
    kind = "role"

    def create(self, stack: StackClients, seed: int) -> Iterator[Item]:
        name = f"{ROLE}-{seed}"
        answer = stack.nexus.http.post(
            "/service/rest/v1/security/roles",
            json={
                "id": name,
                "name": name,
                "description": "made before an upgrade",
                "roles": [],
                "privileges": ["nx-search-read", "nx-component-upload"],
            },
        )
        expect(answer, 200, 201, 204, what=f"Nexus does not make the role {name}")
        yield Item(service="nexus", kind=self.kind, name=name, key={"id": name})

    def capture(self, stack: StackClients, item: Item) -> Item | None:
        answer = stack.nexus.http.get(f"/service/rest/v1/security/roles/{item.key['id']}")
        if answer.status_code == 404:
            return None
        found = expect(answer, 200, what=f"Nexus does not return the role {item.name}").json()
        return item.model_copy(update={"facts": {"privileges": sorted(found["privileges"])}})


class Users:
    """A user is kept when it may still sign in, is what it was and may see what it might."""

    kind = "user"

    def create(self, stack: StackClients, seed: int) -> Iterator[Item]:
        name = f"conformance-user-{seed}"
        password = sha256(f"user {seed} of {stack.endpoints.run_id}".encode())[:24]
        stack.nexus.make_user(name, "nx-anonymous", password=password)
        yield Item(service="nexus", kind=self.kind, name=name, key={"id": name, "password": password})

    def capture(self, stack: StackClients, item: Item) -> Item | None:
        answer = stack.nexus.http.get("/service/rest/v1/security/users", params={"userId": item.key["id"]})
        users = expect(answer, 200, what="Nexus does not list its users").json()
        found = next((user for user in users if user["userId"] == item.key["id"]), None)
        if found is None:
            return None
        own = stack.nexus.as_login(item.key["id"], item.key["password"])
        # Nexus lists the repositories that the asker may browse
        answer = own.http.get("/service/rest/v1/repositories")
        seen = [each["name"] for each in answer.json()] if answer.status_code == 200 else []
        facts = {
            "roles": sorted(found["roles"]),
            "status": found["status"],
            "signs in": answer.status_code == 200,
            "sees releases": stack.contract.nexus.releases in seen,
        }
        return item.model_copy(update={"facts": facts})


class CleanupPolicies:
    """A policy that people made; none where Nexus lists its policies by no REST API."""

    kind = "cleanup policy"

    def create(self, stack: StackClients, seed: int) -> Iterator[Item]:
        listed = stack.nexus.cleanup_policies_api()
        if listed is None:
            return
        name = f"conformance-state-{seed}"
        policy = {
            "name": name,
            "format": "maven2",
            "notes": "made before an upgrade",
            "criteriaLastBlobUpdated": 90,
        }
        answer = stack.nexus.http.post(listed[0], json=policy)
        expect(answer, 200, 201, 204, what=f"Nexus does not make the cleanup policy {name}")
        yield Item(service="nexus", kind=self.kind, name=name, key={"name": name})

    def capture(self, stack: StackClients, item: Item) -> Item | None:
        listed = stack.nexus.cleanup_policies_api()
        found = listed and listed[1].get(item.key["name"])
        if not found:
            return None
        facts = {
            key: found.get(key) for key in ("format", "criteriaLastBlobUpdated", "criteriaLastDownloaded")
        }
        return item.model_copy(update={"facts": facts})
