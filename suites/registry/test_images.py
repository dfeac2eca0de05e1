"""Pushing and pulling: the distribution protocol, and the API's view of it."""

from __future__ import annotations

import pytest

from conformance.clients import artifacts
from conformance.clients.artifacts import Image
from conformance.clients.kubernetes import Cluster
from conformance.clients.names import Names
from conformance.clients.objects import pulls_again
from conformance.clients.registry import EcrApi, Registry, Token, scratch_repository
from conformance.contract.model import Contract
from conformance.core.nonconformance import NonConformance, require, require_none
from suites.registry.conftest import DeleteLater, ReliesOn, fresh_noise


def _small(seed: str, layers: int = 1) -> Image:
    return artifacts.image(
        tuple({f"layer{n}": fresh_noise(2000, f"{seed}{n}")} for n in range(layers)),
        labels={"conformance.check": seed},
    )


@pytest.mark.requirement("REGISTRY-10")
@pytest.mark.writes
def test_push_and_pull(
    registry: Registry, contract: Contract, names: Names, delete_later: DeleteLater, relies_on: ReliesOn
) -> None:
    """A pushed image comes back byte for byte, by tag and by digest."""
    relies_on(pushing=False)
    repository, image = scratch_repository(contract), _small(names.unique)
    delete_later(repository, names.unique)
    pushed = registry.push(repository, names.unique, image)
    require(
        pushed == image.digest,
        "the registry returns another digest than that of the manifest",
        expected=image.digest,
        observed=pushed,
        remedy="nothing between client and registry may rewrite manifests",
    )
    for reference in (names.unique, image.digest):
        pulled = registry.manifest(repository, reference)
        require(
            pulled.data == image.manifest.data and pulled.media_type == artifacts.MANIFEST,
            f"a pull by {'digest' if ':' in reference else 'tag'} gives another manifest than was pushed",
            expected=f"{artifacts.MANIFEST} {image.digest}",
            observed=f"{pulled.media_type} {artifacts.digest(pulled.data)}",
            remedy="nothing between client and registry may rewrite manifests",
        )
    for blob in (*image.layers, image.config):
        require(
            registry.blob(repository, blob.digest) == blob.data,
            f"the registry gives back other bytes for {blob.digest}",
            remedy="check the registry's storage",
        )


@pytest.mark.requirement("REGISTRY-11")
@pytest.mark.writes
def test_unprovisioned_repository_is_refused(registry: Registry, names: Names, relies_on: ReliesOn) -> None:
    """A push to a repository that was not provisioned is refused with NAME_UNKNOWN."""
    relies_on(pushing=False)
    answer = registry.start_upload(f"conformance/{names.unique}")
    require(
        answer.status_code == 404 and "NAME_UNKNOWN" in answer.text,
        f"a push to a repository that was not provisioned gets {answer.status_code}",
        expected="status 404 NAME_UNKNOWN",
        observed=f"{answer.status_code} {answer.text[:200]}",
        remedy="the registry must not make repositories by itself: provision them by Terraform",
    )


@pytest.mark.requirement("REGISTRY-12")
@pytest.mark.writes
def test_immutable_tag_is_never_moved(
    registry: Registry, contract: Contract, names: Names, delete_later: DeleteLater, relies_on: ReliesOn
) -> None:
    """An immutable tag never moves to another image."""
    relies_on("IMMUTABLE")
    repository = scratch_repository(contract, "IMMUTABLE")
    first, second = _small(f"{names.unique} first"), _small(f"{names.unique} second")
    delete_later(repository, names.unique)
    registry.push(repository, names.unique, first)
    for blob in (*second.layers, second.config):
        registry.push_blob(repository, blob)
    answer = registry.put_manifest(repository, names.unique, second.manifest)
    require(
        answer.status_code in (400, 409),
        f"{repository} lets a tag move to another image: status {answer.status_code}",
        expected="status 400: the tag already exists and is immutable",
        observed=f"{answer.status_code} {answer.text[:200]}",
        remedy=f"set image_tag_mutability of {repository} to IMMUTABLE",
    )
    seen = registry.manifest(repository, names.unique)
    require(seen.data == first.manifest.data, f"a refused push moved the tag of {repository}")


@pytest.mark.requirement("REGISTRY-13")
@pytest.mark.writes
def test_mutable_tag_moves(
    registry: Registry, contract: Contract, names: Names, delete_later: DeleteLater, relies_on: ReliesOn
) -> None:
    """A mutable tag follows the last push."""
    relies_on()
    repository = scratch_repository(contract)
    for seed in ("first", "second"):
        image = _small(f"{names.unique} {seed}")
        delete_later(repository, image.digest)
        registry.push(repository, names.unique, image)
        seen = registry.manifest(repository, names.unique)
        require(
            seen.data == image.manifest.data,
            f"the tag in {repository} does not follow the last push",
            expected=image.digest,
            observed=artifacts.digest(seen.data),
            remedy=f"set image_tag_mutability of {repository} to MUTABLE, or declare it IMMUTABLE",
        )


@pytest.mark.requirement("REGISTRY-14")
@pytest.mark.writes
def test_api_agrees_with_the_registry(
    registry: Registry,
    ecr: EcrApi,
    contract: Contract,
    names: Names,
    *,
    delete_later: DeleteLater,
    relies_on: ReliesOn,
) -> None:
    """The ECR API returns digest, size and tags as the registry has them."""
    relies_on()
    repository, image = scratch_repository(contract), _small(names.unique, layers=3)
    delete_later(repository, names.unique)
    registry.push(repository, names.unique, image)
    described = ecr.image(repository, names.unique)
    require_none(
        [
            f"{what} is {seen!r}, not {should!r}"
            for what, seen, should in (
                ("digest", described.get("imageDigest"), image.digest),
                ("size", described.get("imageSizeInBytes"), image.size),
                ("tags", described.get("imageTags"), [names.unique]),
            )
            if seen != should
        ],
        "describe_images does not return what the registry has",
        remedy="the API and the registry must be of one account and region",
    )


@pytest.mark.requirement("REGISTRY-15")
@pytest.mark.writes
def test_multi_architecture_index(
    registry: Registry, contract: Contract, names: Names, delete_later: DeleteLater, relies_on: ReliesOn
) -> None:
    """An index of images for several architectures is kept as pushed."""
    relies_on()
    repository = scratch_repository(contract)
    images = {
        architecture: artifacts.image(
            ({"bin": fresh_noise(500, f"{names.unique}{architecture}")},), architecture=architecture
        )
        for architecture in ("amd64", "arm64")
    }
    for image in images.values():
        registry.push(repository, image.digest, image)
        delete_later(repository, image.digest)
    index = artifacts.index(images)
    delete_later(repository, names.unique)
    status = registry.put_manifest(repository, names.unique, index).status_code
    require(status == 201, f"the registry does not take a multi-architecture index: status {status}")
    pulled = registry.manifest(repository, names.unique)
    require(
        pulled.data == index.data and pulled.media_type == artifacts.INDEX,
        "a pulled index is not the one that was pushed",
        expected=f"{artifacts.INDEX} {index.digest}",
        observed=f"{pulled.media_type} {artifacts.digest(pulled.data)}",
        remedy="nothing between client and registry may rewrite manifests",
    )


@pytest.mark.requirement("REGISTRY-19")
@pytest.mark.writes
def test_manifest_needs_its_blobs(
    registry: Registry, contract: Contract, names: Names, relies_on: ReliesOn
) -> None:
    """A manifest whose blobs are not there is refused."""
    relies_on()
    image = _small(names.unique)
    answer = registry.put_manifest(scratch_repository(contract), names.unique, image.manifest)
    require(
        answer.status_code in (400, 404),
        f"the registry takes a manifest whose blobs it does not have: status {answer.status_code}",
        expected="status 400 or 404: MANIFEST_BLOB_UNKNOWN",
        observed=f"{answer.status_code} {answer.text[:200]}",
        remedy="the registry must verify manifests",
    )


@pytest.mark.requirement("REGISTRY-21")
@pytest.mark.writes
def test_deleted_image_is_gone(
    registry: Registry, ecr: EcrApi, contract: Contract, names: Names, relies_on: ReliesOn
) -> None:
    """An image deleted by the ECR API is gone from the registry."""
    relies_on()
    repository, image = scratch_repository(contract), _small(names.unique)
    registry.push(repository, names.unique, image)
    ecr.delete(repository, names.unique)
    status = registry.http.get(f"/v2/{repository}/manifests/{names.unique}").status_code
    require(
        status == 404,
        f"an image that was deleted by the API is still served: status {status}",
        expected="status 404 MANIFEST_UNKNOWN",
        observed=status,
        remedy="API and registry must be of one account and region",
    )


@pytest.mark.requirement("REGISTRY-22")
@pytest.mark.writes
def test_node_pulls_what_was_pushed(
    registry: Registry,
    kube: Cluster,
    contract: Contract,
    names: Names,
    token: Token,
    *,
    delete_later: DeleteLater,
    relies_on: ReliesOn,
) -> None:
    """A node pulls what was pushed."""
    relies_on()
    repository, image = scratch_repository(contract), _small(names.unique)
    delete_later(repository, names.unique)
    registry.push(repository, names.unique, image)
    reference = f"{registry.address.host}/{repository}@{image.digest}"
    namespace = contract.jenkins.namespace
    resources = {"requests": {"cpu": "1m", "memory": "1Mi"}, "limits": {"memory": "16Mi"}}
    # the image holds no program: that it cannot start is how a pull that went well ends
    container = {"name": "image", "image": reference, "command": ["/none"], "resources": resources}
    pulled = (
        "StartError",
        "ContainerCannotRun",
        "RunContainerError",
        "CrashLoopBackOff",
        "CreateContainerError",
    )
    login = (token.username, token.password)
    host = registry.address.host
    with kube.pulling_pod(namespace, names.unique, names.labels, host, login, [container]):
        try:
            kube.wait_pod(
                namespace,
                names.unique,
                timeout=60,
                what="its image",
                until=lambda pod: any((part.waiting or part.ended) in pulled for part in pod.containers),
                stuck=lambda pod: trouble if _hopeless(trouble := pod.trouble()) else "",
            )
        except NonConformance as error:
            raise NonConformance(
                f"a node cannot pull {reference}",
                expected="the image, with a token of the ECR API",
                observed=error.observed,
                remedy="nodes must resolve the registry's name and trust its certificate",
            ) from error


def _hopeless(trouble: str) -> bool:
    return "ImagePull" in trouble and not pulls_again(trouble)
