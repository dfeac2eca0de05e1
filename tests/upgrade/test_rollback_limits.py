"""The limits of a rollback follow from the two contracts."""

from __future__ import annotations

import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from conformance.clients.objects import Executed
from conformance.contract.load import load
from conformance.contract.model import LoadedContract
from conformance.core.errors import EnvironmentFailure
from conformance.core.paths import REFERENCE
from conformance.upgrade.rollback_limits import obstacles
from conformance.upgrade.state.volumes import plugin_configuration
from tests.upgrade.test_interruptions import CONTRACT, pod


@pytest.fixture
def new() -> LoadedContract:
    return load(REFERENCE / "conformance.toml")


@pytest.fixture
def old(tmp_path: Path) -> LoadedContract:
    shutil.copytree(REFERENCE / "stack", tmp_path / "stack")
    shutil.copy(REFERENCE / "conformance.toml", tmp_path)
    return load(tmp_path / "conformance.toml")


def change(side: LoadedContract, file: Path, before: str, after: str) -> LoadedContract:
    text = file.read_text(encoding="utf-8")
    assert before in text
    file.write_text(text.replace(before, after, 1), encoding="utf-8")
    return load(side.file)


def test_between_equal_contracts_all_goes_back(old: LoadedContract, new: LoadedContract) -> None:
    assert obstacles(new, old) == ()


def test_an_older_core_and_an_older_nexus(old: LoadedContract, new: LoadedContract) -> None:
    jenkins, nexus = new.contract.jenkins.version, new.contract.nexus.version
    older = change(old, old.file, f'version = "{jenkins}"', 'version = "2.400.1"')
    older = change(older, older.file, f'version = "{nexus}"', 'version = "3.60.0-02"')
    core, database = obstacles(new, older)
    assert f"Jenkins 2.400.1 is older than the home's data, which {jenkins} wrote" in core
    assert f"Nexus 3.60.0-02 is older than its database, which {nexus}" in database
    assert obstacles(older, new) == (), "what is newer reads what is older"


def test_a_plugin_that_is_newer_than_wanted(old: LoadedContract, new: LoadedContract) -> None:
    values = old.values_template
    line = next(each for each in values.read_text(encoding="utf-8").splitlines() if "- git:" in each)
    lower = change(old, values, line, line.partition("git:")[0] + "git:1.0")
    (limit,) = obstacles(new, lower)
    assert "plugin git 1.0 is lower than the installed" in limit
    without = change(lower, values, line.partition("git:")[0] + "git:1.0\n", "")
    (limit,) = obstacles(new, without)
    assert "plugin git was not pinned before" in limit


class Home:
    """A controller's pod whose home is searched."""

    def __init__(self, printed: str, *, ready: bool = True) -> None:
        self.printed, self.ready = printed, ready

    def pods(self, *_: object) -> object:
        return (pod("jenkins", "1", ready=self.ready),)

    def execute(self, *_: object) -> Executed:
        return Executed(0, self.printed, "")


def test_plugins_that_wrote_configuration_are_found() -> None:
    printed = 'config.xml:plugin="git@\njobs/a/config.xml:plugin="gone@\nnoise\n'
    home: Any = SimpleNamespace(kube=Home(printed), contract=CONTRACT)
    found = list(plugin_configuration(home))
    assert found == [("config.xml", "git"), ("jobs/a/config.xml", "gone")]
    away: Any = SimpleNamespace(kube=Home("", ready=False), contract=CONTRACT)
    with pytest.raises(EnvironmentFailure, match="no pod of jenkins"):
        list(plugin_configuration(away))
