"""A run that another command starts gets all options of the stack, also its kit."""

from __future__ import annotations

import argparse
import subprocess
import sys
from dataclasses import fields
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from conformance.cli import nightly, options, upgrade
from conformance.cli.main import parser
from conformance.core import command
from conformance.core.paths import PROJECT, REFERENCE
from conformance.upgrade.pairs import Pair
from environments.options import PROVISION_VARIABLE, RunOptions

CONTRACT = REFERENCE / "conformance.toml"
GIVEN = RunOptions(
    contract=CONTRACT,
    images="packages",
    jenkins_image="jenkins:own",
    ecr="aws",
    deployer="helm",
    kit="/kits/kit.tar.zst",
    provision_host=True,
)


def parsed(words: list[str]) -> RunOptions:
    """What the started `conformance` makes of its words (without its own first three)."""
    assert words[:3] == [sys.executable, "-m", "conformance"]
    found: argparse.Namespace = parser(words[3]).parse_args(words[3:])
    return options.run_options(found)


def same_stack(one: RunOptions, other: RunOptions) -> bool:
    names = ("images", "jenkins_image", "ecr", "deployer", "kit", "may_provision")
    return all(getattr(one, name) == getattr(other, name) for name in names)


def test_the_run_after_an_upgrade(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[list[str]] = []

    def run(words: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        started.append(words)
        return subprocess.CompletedProcess(words, 2)

    monkeypatch.setattr("conformance.cli.upgrade.subprocess.run", run)
    side: Any = SimpleNamespace(loaded=SimpleNamespace(file=CONTRACT))
    assert upgrade._judge(GIVEN, side, tmp_path) == 2
    made = parsed(started[0])
    assert same_stack(made, GIVEN)
    assert (made.contract, made.results_dir, made.upgrade) == (CONTRACT, tmp_path / "results", tmp_path)


def test_the_upgrades_of_a_night(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[list[str]] = []

    def run_command(words: list[str], *_: object) -> int:
        started.append(words)
        return 0

    monkeypatch.setattr("conformance.upgrade.night.run_command", run_command)
    night = nightly._Plan(GIVEN, tmp_path, 60, 0)
    assert night.upgrade(Pair("stack@1", str(CONTRACT)), tmp_path / "2026-03-01/pair-1", 60, "--no-back") == 0
    assert same_stack(parsed(started[0]), GIVEN)
    assert "--no-back" in started[0]


def test_the_permission_to_provision_is_settled_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PROVISION_VARIABLE, "1")
    assert RunOptions(contract=CONTRACT).may_provision
    assert "--no-provision-host" in RunOptions(contract=CONTRACT, provision_host=False).making()
    monkeypatch.delenv(PROVISION_VARIABLE)
    assert "--no-provision-host" in RunOptions(contract=CONTRACT).making()


def test_every_option_of_a_run_has_its_field() -> None:
    found = vars(parser("run").parse_args(["run"]))
    own = {field.name for field in fields(RunOptions)}
    assert set(found) - {"command", "handler", "reference"} == own


def test_child_processes_find_the_project(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", "/own")
    assert command.environment()["PYTHONPATH"] == f"{PROJECT}:/own"
    monkeypatch.delenv("PYTHONPATH")
    assert command.environment()["PYTHONPATH"] == str(PROJECT)
