"""State of the registry: images by tag, one without a tag, an index, and the repositories' own settings."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.clients.artifacts import Blob, Image, image, index, sha256
from conformance.clients.http import expect
from conformance.clients.registry import scratch_repository
from conformance.clients.stack_clients import StackClients
from conformance.upgrade.state.model import Item

TAGS = 3


class Images:
    """Manifests and their layers, by digest: an image is there when all of it is."""

    kind = "image"

    def create(self, stack: StackClients, seed: int) -> Iterator[Item]:
        registry, repository = stack.registry(), scratch_repository(stack.contract)
        made = [image(({"n": f"{seed}.{number}".encode()},)) for number in range(TAGS)]
        for number, each in enumerate(made):
            registry.push(repository, f"state-{seed}-{number}", each)
            yield self._item(repository, each.manifest, f"state-{seed}-{number}")
        # its tag goes on to another image; it stays by its digest
        moved = f"state-{seed}-moved"
        for each in made[:2]:
            registry.push(repository, moved, each)
        yield self._item(repository, made[0].manifest, "")
        arms: dict[str, Image] = {"amd64": made[0], "arm64": made[1]}
        both = index(arms)
        answer = registry.put_manifest(repository, f"state-{seed}-index", both)
        expect(answer, 201, what="the registry does not take an index")
        yield self._item(repository, both, f"state-{seed}-index")

    def capture(self, stack: StackClients, item: Item) -> Item | None:
        registry, repository = stack.registry(), item.key["repository"]
        reference = item.key["tag"] or item.key["digest"]
        if registry.http.get(f"/v2/{repository}/manifests/{reference}").status_code == 404:
            return None
        found = registry.manifest(repository, reference)
        layers = found.parsed.get("layers", [])
        facts = {
            "digest": found.digest,
            "manifest sha256": sha256(found.data),
            "layers": [sha256(registry.blob(repository, layer["digest"])) for layer in layers],
        }
        return item.model_copy(update={"facts": facts})

    def _item(self, repository: str, manifest: Blob, tag: str) -> Item:
        name = f"{repository}:{tag}" if tag else f"{repository}@{manifest.digest[:19]}"
        key = {"repository": repository, "tag": tag, "digest": manifest.digest}
        return Item(service="registry", kind=self.kind, name=name, key=key)


class Settings:
    """A repository that was made again is another one: it has another creation time."""

    kind = "ECR repository"

    def create(self, stack: StackClients, seed: int) -> Iterator[Item]:
        for name in sorted(stack.ecr.repositories()):
            yield Item(service="registry", kind=self.kind, name=name, key={"name": name})

    def capture(self, stack: StackClients, item: Item) -> Item | None:
        found = stack.ecr.repositories().get(item.key["name"])
        if found is None:
            return None
        facts = {"created": str(found["createdAt"]), "uri": found["repositoryUri"]}
        return item.model_copy(update={"facts": facts})
