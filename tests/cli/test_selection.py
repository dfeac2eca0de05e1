"""What the words behind `--` choose."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.cli.selection import SUITES, selection
from conformance.core.errors import UsageError
from conformance.core.paths import PROJECT

STATIC, NEXUS, AGENTS = SUITES / "static", SUITES / "nexus", SUITES / "agents"


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_without_paths_each_session_runs_its_own() -> None:
    found = selection(["-k", "nexus", "-x"])
    assert found.arguments == ("-k", "nexus", "-x")
    assert found.below([NEXUS, AGENTS]) == [str(NEXUS), str(AGENTS)]


def test_a_session_takes_the_paths_that_are_its_own() -> None:
    found = selection(["suites/nexus", "-x", "suites/static/test_jobs.py::test_triggers"])
    assert found.arguments == ("-x",)
    assert found.below([STATIC]) == [f"{STATIC}/test_jobs.py::test_triggers"]
    assert found.below([NEXUS, AGENTS]) == [str(NEXUS)]


@pytest.mark.parametrize("word", ["suites", "suites/", str(SUITES)])
def test_a_folder_above_a_sessions_own_means_all_of_them(word: str) -> None:
    assert selection([word]).below([NEXUS, AGENTS]) == [str(NEXUS), str(AGENTS)]


def test_a_path_counts_from_where_one_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(PROJECT / "docs")
    assert selection(["../suites/agents"]).below([NEXUS, AGENTS]) == [str(AGENTS)]


def test_one_that_nobody_asked_for_runs_nothing() -> None:
    assert selection(["suites/static"]).below([NEXUS, AGENTS]) == []


def test_a_value_of_an_option_is_no_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(SUITES)
    assert selection(["-k", "nexus"]).paths == ()


def test_a_path_that_is_none_is_told_with_those_there_are() -> None:
    with pytest.raises(UsageError, match="no such part") as failure:
        selection(["suites/nxus"])
    assert failure.value.where == "suites/nxus"
    assert "suites/nexus" in failure.value.expected
