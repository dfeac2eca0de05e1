"""Acknowledged writes are read again, and deleted."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from conformance.contract.load import load
from conformance.core.paths import REFERENCE
from conformance.upgrade.probing import probes

CONTRACT = load(REFERENCE / "conformance.toml").contract


class Played:
    """A stack that has some of it."""

    def __init__(self, paths: set[str], tags: list[str]) -> None:
        self.paths, self.tags, self.absent = paths, tags, 404
        self.deleted: list[str] = []
        self.contract = CONTRACT
        self.jenkins = SimpleNamespace(
            delete_job=self.deleted.append, create_pipeline=lambda name, _: self.paths.add(name)
        )
        self.nexus = SimpleNamespace(http=SimpleNamespace(head=self.head, delete=self.deleted.append))
        self.ecr = self

    def registry(self) -> Any:
        return SimpleNamespace(push=lambda _repository, tag, _image: self.tags.append(tag))

    def head(self, path: str) -> Any:
        return SimpleNamespace(status_code=200 if path in self.paths else self.absent)

    def call(self, _operation: str, **arguments: Any) -> dict[str, Any]:
        """Two pages."""
        page = self.tags[2:] if arguments.get("nextToken") else self.tags[:2]
        found: dict[str, Any] = {"imageIds": [{"imageTag": tag} for tag in page]}
        return found if arguments.get("nextToken") else found | {"nextToken": "more"}

    def delete(self, _repository: str, *tags: str) -> None:
        self.deleted += tags


def test_each_service_has_a_reader_and_a_writer() -> None:
    played: Any = Played(set(), [])
    asked = probes.create_probes(played, "inside")
    assert {each.name for each in asked} == {
        (service, access) for service in ("jenkins", "nexus", "registry") for access in ("read", "write")
    }
    assert [each.name for each in asked if each.crumb] == [("jenkins", "write")]
    paths = {probes.numbered(each.service, each.path, 4) for each in asked if each.access == "write"}
    assert sum("5" in path.rpartition("-")[2] for path in paths) == 2, "Nexus and the registry get new ones"


@pytest.mark.parametrize(("where", "absent"), [("inside", 404), ("outside", 500)])
def test_what_is_missing_is_found(where: Any, absent: int) -> None:
    hosted = CONTRACT.nexus.snapshots
    path = f"/repository/{hosted}/{probes.snapshot(where)}"
    played: Any = Played({probes.numbered("nexus", path, 1)}, [f"probe-{where}-1", "x", f"probe-{where}-3"])
    played.absent = absent
    assert probes.missing(played, where, "nexus", (0, 1)) == (0,)
    assert probes.missing(played, where, "registry", (0, 1, 2)) == (1,)
    assert probes.missing(played, where, "registry", (900,)) == (), "the 901st has the first one's tag"
    assert probes.missing(played, where, "jenkins", (0,)) == ()


def test_nothing_of_it_stays() -> None:
    played: Any = Played(set(), ["probe-outside", "probe-outside-1", "probe-inside-1", "other"])
    probes.clean_up(played, "outside", {"nexus": [0], "registry": [0]})
    assert played.deleted[0] == probes.job("outside")
    assert played.deleted[1].endswith("probe-outside-1.0-20260101.000000-1.jar")
    assert played.deleted[2:] == ["probe-outside", "probe-outside-1"]
