"""Releases: values files, and how Helm is called."""

from __future__ import annotations

import json
import stat
from dataclasses import dataclass
from pathlib import Path

import pytest

from conformance.core.errors import CommandFailed, ContractError
from environments.deploy import releases
from environments.deploy.declaration import Release
from environments.deploy.releases import Helm

RECORDER = """#!/bin/sh
printf '%s\\n' "$@" > "$(dirname "$0")/calls"
[ ! -e "$(dirname "$0")/fails" ] || { echo 'Error: chart is broken' >&2; exit 1; }
"""


@dataclass(frozen=True)
class Here:
    scratch: Path
    kubeconfig: Path


@pytest.fixture
def release(tmp_path: Path) -> Release:
    template = tmp_path / "values.yaml.tmpl"
    template.write_text("image: ${image}\n", encoding="utf-8")
    return Release(
        name="nexus", namespace="tools", chart="/charts/nexus", repository=None, version=None, values=template
    )


@pytest.fixture
def helm(tmp_path: Path) -> Path:
    program = tmp_path / "helm"
    program.write_text(RECORDER, encoding="utf-8")
    program.chmod(0o755)
    return program


def test_values_files_are_their_owners_alone(tmp_path: Path, release: Release) -> None:
    files = releases.write_values(
        release, {"image": "a:1"}, tmp_path / "run/helm", {"controller": {"admin": {"password": "p"}}}
    )
    assert [file.name for file in files] == ["values-nexus.yaml", "values-nexus-run.yaml"]
    assert [stat.S_IMODE(file.stat().st_mode) for file in files] == [0o600, 0o600]
    assert files[0].read_text("utf-8") == "image: a:1\n"
    assert json.loads(files[1].read_text("utf-8")) == {"controller": {"admin": {"password": "p"}}}


def test_a_file_that_others_could_read_is_closed(tmp_path: Path, release: Release) -> None:
    old = tmp_path / "values-nexus.yaml"
    old.touch(mode=0o644)
    releases.write_values(release, {"image": "a:1"}, tmp_path)
    assert stat.S_IMODE(old.stat().st_mode) == 0o600


def test_install_upgrades_without_waiting(tmp_path: Path, release: Release, helm: Path) -> None:
    here = Here(tmp_path / "run", tmp_path / "kubeconfig")
    (file,) = releases.install(release, {"image": "a:1"}, helm, here)
    assert (tmp_path / "calls").read_text("utf-8").split("\n")[:-1] == [
        "upgrade",
        "--install",
        "nexus",
        "/charts/nexus",
        "--namespace",
        "tools",
        "--values",
        str(file),
        "--kubeconfig",
        str(here.kubeconfig),
    ]


def test_a_chart_of_a_repository_is_named_with_its_version(
    tmp_path: Path, release: Release, helm: Path
) -> None:
    official = release.model_copy(
        update={"chart": "jenkins", "repository": "https://charts.example", "version": "5.9.53"}
    )
    Helm(helm, tmp_path / "k").upgrade(official, [])
    words = (tmp_path / "calls").read_text("utf-8").split("\n")
    assert words[2:8] == ["nexus", "jenkins", "--repo", "https://charts.example", "--version", "5.9.53"]


def test_helms_own_words_are_kept(tmp_path: Path, release: Release, helm: Path) -> None:
    (tmp_path / "fails").touch()
    with pytest.raises(CommandFailed) as failure:
        Helm(helm).upgrade(release, [])
    assert failure.value.observed == "Error: chart is broken"


def test_a_missing_template_names_the_release(release: Release) -> None:
    gone = release.model_copy(update={"values": Path("/nowhere/values.tmpl")})
    with pytest.raises(ContractError) as failure:
        releases.values(gone, {})
    assert "nexus" in failure.value.what
