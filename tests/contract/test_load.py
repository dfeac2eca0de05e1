from __future__ import annotations

from pathlib import Path

import pytest

from conformance.contract.load import load
from conformance.core.errors import ContractError
from conformance.core.paths import REFERENCE

TEXT = (REFERENCE / "conformance.toml").read_text(encoding="utf-8")


def write(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "conformance.toml"
    file.write_text(text, encoding="utf-8")
    return file


def line_of(text: str, part: str) -> int:
    return next(number for number, line in enumerate(text.splitlines(), 1) if part in line)


def test_the_reference_contract_is_one() -> None:
    loaded = load(REFERENCE / "conformance.toml")
    assert loaded.contract.jenkins.jobs[0].name == "cloudops/build-commerce"
    assert loaded.values_template.name == "jenkins-helm-values.yaml.tmpl"


def test_an_unknown_key_is_reported_with_its_line(tmp_path: Path) -> None:
    text = TEXT.replace('version = "3.71.0-06"', 'version = "3.71.0-06"\nversoin = "x"')
    with pytest.raises(ContractError) as failure:
        load(write(tmp_path, text))
    assert f"conformance.toml:{line_of(text, 'versoin')}: nexus.versoin" in failure.value.observed


def test_a_wrong_value_in_the_second_table_of_a_list_has_its_own_line(tmp_path: Path) -> None:
    text = TEXT.replace('write_policy = "ALLOW"\n', 'write_policy = "SOMETIMES"\n')
    with pytest.raises(ContractError) as failure:
        load(write(tmp_path, text))
    assert f":{line_of(text, 'SOMETIMES')}: nexus.repositories.1.write_policy" in failure.value.observed


def test_every_mistake_is_reported_at_once(tmp_path: Path) -> None:
    text = TEXT.replace('account = "123456789012"', 'account = "12"').replace("nodes = 1", "nodes = 99")
    with pytest.raises(ContractError, match="2 mistakes"):
        load(write(tmp_path, text))


def test_a_missing_key_points_at_its_table(tmp_path: Path) -> None:
    text = TEXT.replace('region = "us-east-1"\n', "")
    with pytest.raises(ContractError) as failure:
        load(write(tmp_path, text))
    assert f":{line_of(text, '[registry]')}: registry.region" in failure.value.observed


def test_an_expression_that_does_not_compile_is_a_mistake(tmp_path: Path) -> None:
    text = TEXT.replace("version = 'git version 2\\.'", "version = 'git version (2'", 1)
    assert text != TEXT
    with pytest.raises(ContractError) as failure:
        load(write(tmp_path, text))
    assert "tools.2.version" in failure.value.observed
    assert "'git version (2' is no regular expression: missing )" in failure.value.observed


def test_what_is_not_toml_is_reported_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match="not TOML") as failure:
        load(write(tmp_path, "schema_version = 1\n[stack\n"))
    assert failure.value.where.endswith(":2")


def test_a_contract_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match="no contract at"):
        load(tmp_path / "none.toml")
