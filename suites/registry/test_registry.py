"""The registry: provisioned repositories, tokens, and the distribution protocol."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from contract.model import Contract, EcrRepository
from fixtures import artifacts
from fixtures.artifacts import Blob, Image
from fixtures.names import Names
from fixtures.nonconformance import require, require_none, require_same_names
from fixtures.registry import EcrApi, Registry, Token, scratch_repository

#: ECR's tokens live this long
TWELVE_HOURS = timedelta(hours=12)


def _small(seed: str, layers: int = 1) -> Image:
    return artifacts.image(
        tuple({f"layer{n}": artifacts.noise(2000, f"{seed}{n}")} for n in range(layers)),
        labels={"conformance.check": seed},
    )


@pytest.fixture
def tidy(ecr: EcrApi) -> Iterator[Callable[[str, str], None]]:
    """`tidy(repository, reference)`: delete this image after the check."""
    made: list[tuple[str, str]] = []
    yield lambda repository, reference: made.append((repository, reference))
    for repository, reference in made:
        ecr.delete(repository, reference)


# -- provisioning -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def provisioned(ecr: EcrApi) -> dict[str, dict[str, object]]:
    return ecr.repositories()


@pytest.mark.requirement("REGISTRY-01")
def test_repositories_are_provisioned(provisioned: dict[str, dict[str, object]], contract: Contract) -> None:
    require_same_names(
        (wanted.name for wanted in contract.registry.repositories),
        provisioned,
        what="the repositories of ECR differ",
        remedy="run the set-up (Terraform) that provisions them, or declare the repository in the contract",
    )


@pytest.mark.requirement("REGISTRY-02")
def test_tag_mutability(provisioned: dict[str, dict[str, object]], contract: Contract) -> None:
    _require_setting(
        provisioned, contract, "tag mutability", wanted=lambda declared: declared.tag_mutability,
        seen=lambda setting: setting.get("imageTagMutability"), key="image_tag_mutability",
    )  # fmt: skip


@pytest.mark.requirement("REGISTRY-03")
def test_scan_on_push(provisioned: dict[str, dict[str, object]], contract: Contract) -> None:
    def scanning(seen: dict[str, object]) -> object:
        setting = seen.get("imageScanningConfiguration")
        return isinstance(setting, dict) and bool(setting.get("scanOnPush"))

    _require_setting(
        provisioned,
        contract,
        "scan on push",
        wanted=lambda declared: declared.scan_on_push,
        seen=scanning,
        key="scan_on_push",
    )


def _require_setting(
    provisioned: dict[str, dict[str, object]],
    contract: Contract,
    what: str,
    *,
    wanted: Callable[[EcrRepository], object],
    seen: Callable[[dict[str, object]], object],
    key: str,
) -> None:
    require_none(
        [
            f"{what} of {declared.name} is {seen(provisioned[declared.name])}, not {wanted(declared)}"
            for declared in contract.registry.repositories
            if declared.name in provisioned and seen(provisioned[declared.name]) != wanted(declared)
        ],
        "a repository of ECR is set up differently",
        remedy=f"set {key} of the repository in the Terraform declaration and apply it",
    )


@pytest.mark.requirement("REGISTRY-04")
def test_addresses_are_of_this_registry(
    provisioned: dict[str, dict[str, object]], contract: Contract, registry: Registry
) -> None:
    require_none(
        [
            f"{name} has the address {seen.get('repositoryUri')}"
            for name, seen in provisioned.items()
            if seen.get("repositoryUri") != f"{registry.address.host}/{name}"
            or seen.get("registryId") != contract.registry.account
        ],
        "a repository's address is not one of this registry",
        expected=f"{registry.address.host}/NAME of account {contract.registry.account}",
        remedy="let AWS_ENDPOINT_URL_ECR and the profile name the account of the contract",
    )


# -- tokens -------------------------------------------------------------------------------------


@pytest.mark.requirement("REGISTRY-05")
def test_token_is_accepted(registry: Registry) -> None:
    status = registry.ping().status_code
    require(
        status == 200,
        f"the registry answers {status} to a fresh token",
        expected="status 200 for /v2/",
        observed=status,
        remedy="look at the clock of the registry, and whether its front knows the API's tokens",
    )


@pytest.mark.requirement("REGISTRY-06")
def test_token_tells_when_it_ends(token: Token) -> None:
    left = token.expires - datetime.now(UTC)
    require(
        timedelta(minutes=5) < left <= TWELVE_HOURS + timedelta(minutes=1),
        f"an authorization token ends in {left.total_seconds() / 3600:.1f} hours",
        expected="at most 12 hours and not within minutes",
        observed=token.expires.isoformat(),
        remedy="look at the clock of the registry and of this host",
    )


@pytest.mark.requirement("REGISTRY-07")
def test_token_is_for_this_registry(token: Token, registry: Registry) -> None:
    require(
        token.endpoint.rstrip("/").removeprefix("https://") == registry.address.host,
        f"the token's proxyEndpoint is {token.endpoint}",
        expected=f"https://{registry.address.host}",
        observed=token.endpoint,
        remedy="let the ECR endpoint name the one registry that pods and nodes resolve",
    )


@pytest.mark.requirement("REGISTRY-08")
@pytest.mark.parametrize("login", [None, ("AWS", "not-a-token")], ids=["no token", "wrong token"])
def test_only_a_token_opens_the_registry(registry: Registry, login: tuple[str, str] | None) -> None:
    asked = registry.as_login(*login) if login else registry.anonymous()
    answer = asked.ping()
    require(
        answer.status_code == 401 and "WWW-Authenticate" in answer.headers,
        f"the registry answers {answer.status_code} to {'a wrong token' if login else 'nobody'}",
        expected="status 401 with a WWW-Authenticate challenge",
        observed=f"{answer.status_code}, WWW-Authenticate: {answer.headers.get('WWW-Authenticate')}",
        remedy="switch the registry's authentication on",
    )


# -- pushing and pulling ------------------------------------------------------------------------


@pytest.mark.requirement("REGISTRY-10")
@pytest.mark.writes
def test_push_and_pull(
    registry: Registry, contract: Contract, names: Names, tidy: Callable[[str, str], None]
) -> None:
    repository, image = scratch_repository(contract), _small(names.unique)
    tidy(repository, names.unique)
    told = registry.push(repository, names.unique, image)
    require(
        told == image.digest,
        "the registry tells another digest than the manifest has",
        expected=image.digest,
        observed=told,
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
def test_unprovisioned_repository_is_refused(registry: Registry, names: Names) -> None:
    answer = registry.start_upload(f"conformance/{names.unique}")
    require(
        answer.status_code == 404 and "NAME_UNKNOWN" in answer.text,
        f"a push to a repository that nobody provisioned gets {answer.status_code}",
        expected="status 404 NAME_UNKNOWN",
        observed=f"{answer.status_code} {answer.text[:200]}",
        remedy="the registry must not make repositories by itself: provision them by Terraform",
    )


@pytest.mark.requirement("REGISTRY-12")
@pytest.mark.writes
def test_immutable_tag_is_never_moved(
    registry: Registry, contract: Contract, names: Names, tidy: Callable[[str, str], None]
) -> None:
    repository = scratch_repository(contract, "IMMUTABLE")
    first, second = _small(f"{names.unique} first"), _small(f"{names.unique} second")
    tidy(repository, names.unique)
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
    registry: Registry, contract: Contract, names: Names, tidy: Callable[[str, str], None]
) -> None:
    repository = scratch_repository(contract)
    for seed in ("first", "second"):
        image = _small(f"{names.unique} {seed}")
        tidy(repository, image.digest)
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
def test_api_tells_the_registry_s_truth(
    registry: Registry, ecr: EcrApi, contract: Contract, names: Names, tidy: Callable[[str, str], None]
) -> None:
    repository, image = scratch_repository(contract), _small(names.unique, layers=3)
    tidy(repository, names.unique)
    registry.push(repository, names.unique, image)
    told = ecr.image(repository, names.unique)
    require_none(
        [
            f"{what} is {seen!r}, not {should!r}"
            for what, seen, should in (
                ("digest", told.get("imageDigest"), image.digest),
                ("size", told.get("imageSizeInBytes"), image.size),
                ("tags", told.get("imageTags"), [names.unique]),
            )
            if seen != should
        ],
        "describe_images does not tell what the registry has",
        remedy="the API and the registry must be of one account and region",
    )


@pytest.mark.requirement("REGISTRY-15")
@pytest.mark.writes
def test_multi_architecture_index(
    registry: Registry, contract: Contract, names: Names, tidy: Callable[[str, str], None]
) -> None:
    repository = scratch_repository(contract)
    images = {
        architecture: artifacts.image(
            ({"bin": artifacts.noise(500, f"{names.unique}{architecture}")},), architecture=architecture
        )
        for architecture in ("amd64", "arm64")
    }
    for image in images.values():
        registry.push(repository, image.digest, image)
        tidy(repository, image.digest)
    index = artifacts.index(images)
    tidy(repository, names.unique)
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


@pytest.mark.requirement("REGISTRY-16")
@pytest.mark.writes
def test_large_layer(registry: Registry, contract: Contract, names: Names) -> None:
    size = 50 * 1024 * 1024
    repository = scratch_repository(contract)
    # repeated noise: making 50 MiB of it anew would cost more than the push
    blob = Blob(artifacts.LAYER, artifacts.noise(1024 * 1024, names.unique) * 50)
    registry.push_blob(repository, blob)
    answer = registry.http.head(f"/v2/{repository}/blobs/{blob.digest}")
    length = answer.headers.get("Content-Length")
    require(
        answer.status_code == 200 and length == str(size),
        "a layer of 50 MiB did not arrive",
        expected=f"{size} bytes",
        observed=f"status {answer.status_code}, {length} bytes",
        remedy="raise the body size limit of what stands before the registry",
    )


@pytest.mark.requirement("REGISTRY-17")
@pytest.mark.writes
def test_blob_is_verified(registry: Registry, contract: Contract, names: Names) -> None:
    repository = scratch_repository(contract)
    started = registry.start_upload(repository)
    wrong = artifacts.digest(f"{names.unique} other".encode())
    url = registry.upload_url(started)
    answer = registry.http.put(
        f"{url}{'&' if '?' in url else '?'}digest={wrong}", data=names.unique.encode(),
        headers={"Content-Type": "application/octet-stream"},
    )  # fmt: skip
    require(
        answer.status_code == 400,
        f"the registry takes a blob under a digest that is not its own: status {answer.status_code}",
        expected="status 400 DIGEST_INVALID",
        observed=f"{answer.status_code} {answer.text[:200]}",
        remedy="the registry must verify what it stores",
    )
