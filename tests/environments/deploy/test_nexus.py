"""Nexus' set-up: complete on an empty one, nothing to do the second time, and drift corrected."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from conformance.core.errors import ContractError, EnvironmentFailure
from conformance.core.paths import REFERENCE
from environments.base import Login, Service
from environments.deploy import nexus as setup
from environments.deploy.nexus_model import NexusSetup

from .played_nexus import PlayedNexus, playing

FILE = REFERENCE / "stack/nexus/repositories.json"
ADMIN = Login("admin", "admin-password")
DEPLOYER = Login("deployer", "deployer-password")


@pytest.fixture
def nexus(monkeypatch: pytest.MonkeyPatch) -> Iterator[PlayedNexus]:
    monkeypatch.setenv("CONFORMANCE_MAVEN_CENTRAL", "https://maven.example/central")
    with playing() as played:
        yield played


@pytest.fixture(scope="module")
def declared() -> NexusSetup:
    return setup.load(FILE)


def apply(nexus: PlayedNexus, declared: NexusSetup, *logins: Login, admin: Login = ADMIN) -> tuple[str, ...]:
    return setup.apply(declared, Service(nexus.url, login=admin), *(logins or (DEPLOYER,)))


def test_an_empty_nexus_gets_everything(nexus: PlayedNexus, declared: NexusSetup) -> None:
    assert apply(nexus, declared) == (
        "cleanup policy old-snapshots: created",
        "repository maven-releases: created",
        "repository maven-snapshots: created",
        "repository maven-central: created",
        "repository maven-public: created",
        "role deployer: created",
        "user deployer: created",
        "anonymous access: off",
    )
    assert nexus.policies["old-snapshots"]["criteriaLastBlobUpdated"] == 30
    assert nexus.repositories["maven-snapshots"]["cleanup"] == {"policyNames": ["old-snapshots"]}
    assert nexus.repositories["maven-releases"]["storage"]["writePolicy"] == "ALLOW_ONCE"
    assert nexus.repositories["maven-central"]["proxy"]["remoteUrl"] == "https://maven.example/central/"
    assert nexus.repositories["maven-public"]["group"]["memberNames"][-1] == "maven-central"
    assert nexus.passwords["deployer"] == DEPLOYER.password
    assert nexus.anonymous["enabled"] is False


def test_a_second_run_writes_nothing(nexus: PlayedNexus, declared: NexusSetup) -> None:
    apply(nexus, declared)
    nexus.writes.clear()
    assert apply(nexus, declared) == ()
    assert nexus.writes == []


@pytest.mark.parametrize(
    ("drift", "said"),
    [
        (
            lambda n: n.repositories["maven-releases"]["storage"].update(writePolicy="ALLOW"),
            "repository maven-releases: corrected",
        ),
        (
            lambda n: n.repositories["maven-public"]["group"].update(memberNames=["maven-central"]),
            "repository maven-public: corrected",
        ),
        (lambda n: n.repositories.pop("maven-snapshots"), "repository maven-snapshots: created"),
        (lambda n: n.roles["deployer"]["privileges"].append("nx-all"), "role deployer: corrected"),
        (lambda n: n.users["deployer"].update(roles=["nx-admin"]), "user deployer: corrected"),
        (lambda n: n.users["deployer"].update(status="disabled"), "user deployer: corrected"),
        (lambda n: n.passwords.update(deployer="other"), "user deployer: password set"),
        (lambda n: n.anonymous.update(enabled=True), "anonymous access: off"),
    ],
)
def test_what_drifted_is_corrected_and_nothing_else(
    nexus: PlayedNexus, declared: NexusSetup, drift: Any, said: str
) -> None:
    apply(nexus, declared)
    drift(nexus)
    assert apply(nexus, declared) == (said,)
    assert apply(nexus, declared) == ()


def test_a_cleanup_policy_that_drifted_is_corrected(nexus: PlayedNexus, declared: NexusSetup) -> None:
    apply(nexus, declared)
    nexus.policies["old-snapshots"]["criteriaLastBlobUpdated"] = 3
    assert apply(nexus, declared) == ("cleanup policy old-snapshots: corrected",)
    assert nexus.policies["old-snapshots"]["criteriaLastBlobUpdated"] == 30


def test_a_repository_of_another_kind_is_not_touched(nexus: PlayedNexus, declared: NexusSetup) -> None:
    nexus.repositories["maven-releases"] = {"name": "maven-releases", "format": "raw", "type": "hosted"}
    with pytest.raises(EnvironmentFailure) as failure:
        apply(nexus, declared)
    assert failure.value.observed == "raw hosted"
    assert not [write for write in nexus.writes if "repositories" in write]


def test_a_wrong_administrator_is_told_without_the_password(nexus: PlayedNexus, declared: NexusSetup) -> None:
    with pytest.raises(EnvironmentFailure) as failure:
        apply(nexus, declared, admin=Login("admin", "canary-31"))
    assert "401" in failure.value.observed
    assert "canary-31" not in str(failure.value)


def test_a_user_without_a_password_is_told(nexus: PlayedNexus, declared: NexusSetup) -> None:
    with pytest.raises(EnvironmentFailure) as failure:
        apply(nexus, declared, Login("someone", "x"))
    assert "deployer" in failure.value.what


def test_what_nexus_refuses_is_told_in_its_words(nexus: PlayedNexus, declared: NexusSetup) -> None:
    (role,) = declared.roles
    wrong = declared.model_copy(update={"roles": (role.model_copy(update={"privileges": ("fly",)}),)})
    with pytest.raises(EnvironmentFailure) as failure:
        apply(nexus, wrong)
    assert "Privilege 'fly'" in failure.value.observed


def test_a_nexus_that_is_away_is_told(declared: NexusSetup) -> None:
    with pytest.raises(EnvironmentFailure) as failure:
        setup.apply(declared, Service("http://127.0.0.1:1", login=ADMIN), DEPLOYER, patience=0.1)
    assert "not within 0.1 s" in failure.value.what
    assert "ConnectionError" in failure.value.observed


def test_a_nexus_that_cannot_write_yet_is_waited_for(nexus: PlayedNexus, declared: NexusSetup) -> None:
    nexus.refusals = 2
    assert apply(nexus, declared)[0] == "cleanup policy old-snapshots: created"
    assert nexus.refusals == 0


@pytest.mark.parametrize(
    ("change", "line", "said"),
    [
        ({"type": "proxy"}, 4, "write_policy is for a hosted repository"),
        ({"write_policy": None}, 4, "write_policy is missing"),
        ({"version_policy": "NONE"}, 7, "repositories.0.version_policy"),
        ({"colour": "red"}, 10, "repositories.0.colour"),
    ],
)
def test_a_mistake_in_the_file_is_told_with_line_and_key(
    tmp_path: Path, change: dict[str, Any], line: int, said: str
) -> None:
    raw = json.loads(FILE.read_text("utf-8"))
    del raw["cleanup_policies"]
    raw["repositories"][0] |= change
    file = tmp_path / "repositories.json"
    file.write_text(json.dumps(raw, indent=2), encoding="utf-8")
    with pytest.raises(ContractError) as failure:
        setup.load(file)
    assert said in failure.value.observed
    assert failure.value.where == f"{file}:{line}"
