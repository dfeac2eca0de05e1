"""The catalogue of requirements: its entries, its mistakes, and the catalogue of the suites."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.contract.catalogue import FILE, Level, load, rank
from conformance.core.errors import ContractError
from tests.runner.suite_run import ENTRY


def test_entries_come_in_layer_order(tmp_path: Path) -> None:
    file = tmp_path / "requirements.toml"
    entry = {"level": "SHOULD", "gate": "true"}
    file.write_text(
        ENTRY.format(id="JENKINS-01", layer="jenkins", **entry)
        + ENTRY.format(id="STATIC-07", layer="static", **entry)
    )
    found = load(file)
    assert [requirement.id for requirement in found] == ["STATIC-07", "JENKINS-01"]
    assert (found["STATIC-07"].level, found["STATIC-07"].gate) == (Level.SHOULD, True)
    assert found.get("NEXUS-01") is None
    assert found.near("JENKIN-01") == ("JENKINS-01",)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('id = "NEXUS-01"', 'id = "nexus 1"', "an id looks like NEXUS-01"),
        ('layer = "nexus"', 'layer = "nexsu"', "layer must be one of static"),
        ('level = "MUST"', 'level = "must"', "level must be one of MUST"),
        ("gate = true", 'gate = "yes"', "gate must be true or false"),
        ('remedy = "repair NEXUS-01"', "", "remedy must be a text"),
        ("gate = true", "gates = true", "unknown key gates"),
    ],
)
def test_each_mistake_is_reported_with_its_line(tmp_path: Path, old: str, new: str, message: str) -> None:
    file = tmp_path / "requirements.toml"
    text = ENTRY.format(id="NEXUS-01", layer="nexus", level="MUST", gate="true")
    assert old in text
    file.write_text("# first line\n" + text.replace(old, new))
    with pytest.raises(ContractError) as caught:
        load(file)
    assert message in str(caught.value)
    assert f"{file}:3" in str(caught.value)


def test_an_id_twice_and_broken_toml(tmp_path: Path) -> None:
    file = tmp_path / "requirements.toml"
    text = ENTRY.format(id="NEXUS-01", layer="nexus", level="MUST", gate="true")
    file.write_text(text + text)
    with pytest.raises(ContractError, match="is there twice"):
        load(file)
    file.write_text("[[requirement")
    with pytest.raises(ContractError, match="cannot read the catalogue"):
        load(file)


def test_the_catalogue_of_the_suites_is_valid() -> None:
    found = list(load(FILE))
    assert found
    assert [rank(requirement.layer) for requirement in found] == sorted(rank(r.layer) for r in found)
