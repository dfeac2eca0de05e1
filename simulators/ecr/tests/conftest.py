"""The registry of these tests: its parts without processes, and (slow) the whole of it on loopback."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from simulators.ecr.settings import Settings
from simulators.ecr.wire import Answer

from .loopback import ACCOUNT, HOST, KEY_ID, REGION, SECRET, Loopback, nginx_binary, registry_binary, running


def digest_of(body: bytes) -> str:
    return "sha256:" + hashlib.sha256(body).hexdigest()


def image_manifest(*layers: bytes, config: bytes = b"{}") -> bytes:
    """An OCI image manifest over `layers`."""
    kind = "application/vnd.oci.image"

    def part(media_type: str, body: bytes) -> dict[str, object]:
        return {"mediaType": media_type, "digest": digest_of(body), "size": len(body)}

    return json.dumps(
        {
            "schemaVersion": 2,
            "mediaType": f"{kind}.manifest.v1+json",
            "config": part(f"{kind}.config.v1+json", config),
            "layers": [part(f"{kind}.layer.v1.tar", layer) for layer in layers],
        }
    ).encode()


@dataclass
class FakeRegistry:
    """Answers as Distribution does to the few requests that the application makes."""

    manifests: dict[tuple[str, str], bytes] = field(default_factory=dict)
    sent: list[tuple[str, str]] = field(default_factory=list)
    status: int = 0

    def send(self, method: str, target: str, headers: Mapping[str, str], body: bytes = b"") -> Answer:
        self.sent.append((method, target))
        if self.status:
            return Answer(self.status, (), b'{"errors":[{"code":"MANIFEST_BLOB_UNKNOWN"}]}')
        if target == "/v2/":
            return Answer(200)
        name, _, reference = target.removeprefix("/v2/").partition("/manifests/")
        if method == "PUT":
            self.manifests[name, reference] = body
            return Answer(201, (("Docker-Content-Digest", digest_of(body)),))
        return Answer(202)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(ACCOUNT, REGION, HOST, KEY_ID, SECRET, storage=tmp_path / "storage", run=tmp_path / "run")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect what needs programs that are not there, unless CONFORMANCE_FULL=1 wants the failure."""
    if os.environ.get("CONFORMANCE_FULL") == "1" or (registry_binary() and nginx_binary()):
        return
    here = Path(__file__).parent
    lacking = [item for item in items if here in item.path.parents and item.get_closest_marker("slow")]
    if lacking:
        config.hook.pytest_deselected(items=lacking)
        items[:] = [item for item in items if item not in lacking]


@pytest.fixture(scope="module")
def loopback(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loopback]:
    with running(tmp_path_factory.mktemp("ecr")) as made:
        yield made
