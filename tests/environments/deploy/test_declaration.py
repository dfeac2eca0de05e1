"""The declaration: what it says, and how its mistakes are reported."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from conformance.core.errors import ContractError
from environments.deploy import declaration

GOOD: dict[str, Any] = {
    "aws_region": "eu-west-1",
    "ecr_repositories": {"shop/api": {"image_tag_mutability": "IMMUTABLE", "scan_on_push": True}},
    "releases": {
        "nexus": {"namespace": "tools", "chart": "charts/nexus", "values": "nexus.yaml.tmpl"},
        "jenkins": {
            "namespace": "ci",
            "chart": "jenkins",
            "repository": "https://charts.example/",
            "version": "5.9.53",
            "values": "values.yaml.tmpl",
        },
    },
    "settings": {"nexus_url": "http://nexus:8081"},
    "something_of_the_stacks_own": 7,
}


def written(tmp_path: Path, content: dict[str, Any] | str) -> Path:
    file = tmp_path / "stack/terraform/stack.auto.tfvars.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    text = content if isinstance(content, str) else json.dumps(content, indent=2)
    file.write_text(text, encoding="utf-8")
    return file


def changed(**keys: Any) -> dict[str, Any]:
    return {**GOOD, **keys}


def test_reads_repositories_releases_and_settings(tmp_path: Path) -> None:
    found = declaration.load(written(tmp_path, GOOD))
    (repository,) = found.ecr_repositories
    assert (repository.name, repository.image_tag_mutability, repository.scan_on_push) == (
        "shop/api",
        "IMMUTABLE",
        True,
    )
    assert found.release("nexus").chart == str(tmp_path / "stack/charts/nexus")
    assert found.release("nexus").values == tmp_path / "stack/nexus.yaml.tmpl"


def test_a_chart_of_a_repository_keeps_its_name(tmp_path: Path) -> None:
    release = declaration.load(written(tmp_path, GOOD)).release("jenkins")
    assert (release.chart, release.repository, release.version) == (
        "jenkins",
        "https://charts.example/",
        "5.9.53",
    )


def test_names_are_settings_region_seed_and_environment(tmp_path: Path) -> None:
    file = written(tmp_path, GOOD)
    jobs = tmp_path / "stack/jobs"
    jobs.mkdir()
    (jobs / "b.groovy").write_text("second\n", encoding="utf-8")
    (jobs / "a.groovy").write_text("\nfirst\n", encoding="utf-8")
    assert declaration.load(file).names({"git_server": "git://here"}) == {
        "nexus_url": "http://nexus:8081",
        "aws_region": "eu-west-1",
        "seed": "first\nsecond",
        "git_server": "git://here",
    }


@pytest.mark.parametrize(
    ("content", "line", "said"),
    [
        (changed(aws_region=7), 2, "aws_region: Input should be a valid string"),
        (
            changed(ecr_repositories={"a/b": {"image_tag_mutability": "NEVER", "scan_on_push": True}}),
            5,
            "ecr_repositories.a/b.image_tag_mutability",
        ),
        (
            changed(ecr_repositories={"a/b": {"image_tag_mutability": "MUTABLE", "scan_on_push": "yes"}}),
            6,
            "ecr_repositories.a/b.scan_on_push",
        ),
        (
            changed(releases={"x": {"namespace": "x", "chart": "c", "values": "v", "wait": True}}),
            14,
            "releases.x.wait: Extra inputs are not permitted",
        ),
        (
            changed(releases={"x": {"namespace": "No Name", "chart": "c", "values": "v"}}),
            11,
            "releases.x.namespace",
        ),
    ],
)
def test_a_mistake_is_told_with_line_and_key(
    tmp_path: Path, content: dict[str, Any], line: int, said: str
) -> None:
    file = written(tmp_path, content)
    with pytest.raises(ContractError) as failure:
        declaration.load(file)
    assert failure.value.where == f"{file}:{line}"
    assert said in failure.value.observed
    assert failure.value.exit_code == 3


def test_every_mistake_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(ContractError) as failure:
        declaration.load(written(tmp_path, {"aws_region": "x"}))
    assert "2 mistakes" in failure.value.what
    assert "ecr_repositories: Field required" in failure.value.observed
    assert "releases: Field required" in failure.value.observed


def test_broken_json_is_told_with_its_line(tmp_path: Path) -> None:
    file = written(tmp_path, '{\n  "aws_region": \n}')
    with pytest.raises(ContractError) as failure:
        declaration.load(file)
    assert failure.value.where == f"{file}:3"


def test_a_missing_declaration_says_where_it_is_configured(tmp_path: Path) -> None:
    with pytest.raises(ContractError) as failure:
        declaration.load(tmp_path / "none.json")
    assert "stack.declaration" in failure.value.remedy


def test_an_undeclared_release_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ContractError) as failure:
        declaration.load(written(tmp_path, GOOD)).release("sonar")
    assert failure.value.observed == "nexus, jenkins"
