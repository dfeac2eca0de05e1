"""Blobs: large ones, in chunks, verified, mounted from elsewhere."""

from __future__ import annotations

import pytest

from conformance.clients import artifacts
from conformance.clients.artifacts import Blob
from conformance.clients.names import Names
from conformance.clients.registry import Registry, scratch_repository
from conformance.contract.model import Contract
from conformance.core.nonconformance import require
from suites.registry.conftest import ReliesOn, fresh_noise


@pytest.mark.requirement("REGISTRY-16")
@pytest.mark.writes
def test_large_layer(registry: Registry, contract: Contract, names: Names, relies_on: ReliesOn) -> None:
    """A layer of 50 MiB can be pushed."""
    relies_on()
    size = 50 * 1024 * 1024
    repository = scratch_repository(contract)
    # repeated noise: making 50 MiB of it anew would cost more than the push
    blob = Blob(artifacts.LAYER, fresh_noise(1024 * 1024, names.unique) * 50)
    registry.push_blob(repository, blob)
    answer = registry.http.head(f"/v2/{repository}/blobs/{blob.digest}")
    length = answer.headers.get("Content-Length")
    require(
        answer.status_code == 200 and length == str(size),
        "a layer of 50 MiB did not arrive",
        expected=f"{size} bytes",
        observed=f"status {answer.status_code}, {length} bytes",
        remedy="raise the body size limit of the proxy before the registry",
    )


@pytest.mark.requirement("REGISTRY-17")
@pytest.mark.writes
def test_blob_is_verified(registry: Registry, contract: Contract, names: Names, relies_on: ReliesOn) -> None:
    """A blob under a digest that is not its own is refused."""
    relies_on()
    repository = scratch_repository(contract)
    started = registry.start_upload(repository)
    wrong = artifacts.digest(f"{names.unique} other".encode())
    url = registry.upload_url(started)
    answer = registry.http.put(
        f"{url}{'&' if '?' in url else '?'}digest={wrong}",
        data=names.unique.encode(),
        headers={"Content-Type": "application/octet-stream"},
    )
    require(
        answer.status_code == 400,
        f"the registry takes a blob under a digest that is not its own: status {answer.status_code}",
        expected="status 400 DIGEST_INVALID",
        observed=f"{answer.status_code} {answer.text[:200]}",
        remedy="the registry must verify what it stores",
    )


@pytest.mark.requirement("REGISTRY-18")
@pytest.mark.writes
def test_blob_mounts_from_another_repository(
    registry: Registry, contract: Contract, names: Names, relies_on: ReliesOn
) -> None:
    """A blob can be mounted from another repository, or the registry requests its upload."""
    relies_on("IMMUTABLE")
    source, target = scratch_repository(contract), scratch_repository(contract, "IMMUTABLE")
    blob = Blob(artifacts.LAYER, fresh_noise(3000, names.unique))
    registry.push_blob(source, blob)
    answer = registry.start_upload(target, mount=blob.digest, source=source)
    # 202: the registry requests the bytes instead, which the specification allows
    require(
        answer.status_code in (201, 202),
        f"mounting a blob from another repository gets {answer.status_code}",
        expected="status 201, or 202 for an upload",
        observed=f"{answer.status_code} {answer.text[:200]}",
        remedy="look at the registry's front: it must let the mount through",
    )
    if answer.status_code == 201:
        require(registry.blob(target, blob.digest) == blob.data, "a mounted blob has other bytes")


@pytest.mark.requirement("REGISTRY-20")
@pytest.mark.writes
def test_blob_in_chunks(registry: Registry, contract: Contract, names: Names, relies_on: ReliesOn) -> None:
    """A blob pushed in chunks arrives whole."""
    relies_on()
    repository = scratch_repository(contract)
    parts = [fresh_noise(100_000, f"{names.unique}{n}") for n in range(3)]
    url = registry.upload_url(registry.start_upload(repository))
    start = 0
    for part in parts:
        answer = registry.http.request(
            "PATCH",
            url,
            data=part,
            headers={
                "Content-Type": "application/octet-stream",
                "Content-Range": f"{start}-{start + len(part) - 1}",
            },
        )
        require(answer.status_code == 202, f"the registry does not take a chunk: status {answer.status_code}")
        url, start = registry.upload_url(answer), start + len(part)
    whole = b"".join(parts)
    digest = artifacts.digest(whole)
    done = registry.http.put(f"{url}{'&' if '?' in url else '?'}digest={digest}")
    require(
        done.status_code == 201 and registry.blob(repository, digest) == whole,
        f"a blob pushed in chunks does not arrive whole: status {done.status_code}",
        remedy="nothing before the registry may buffer or reorder chunks",
    )
