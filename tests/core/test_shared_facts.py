"""Facts that are made once in a run."""

from __future__ import annotations

import json
import multiprocessing
from pathlib import Path

import pytest

from conformance.core.errors import EnvironmentFailure
from conformance.core.nonconformance import NonConformance
from conformance.core.shared_facts import Shared


def _ask(folder: str, log: str) -> None:
    def make() -> dict[str, str]:
        with Path(log).open("a", encoding="utf-8") as out:
            out.write("made\n")
        return {"value": "one"}

    assert Shared(Path(folder)).once("fact", make, timeout=10) == {"value": "one"}


def test_many_processes_make_it_once(tmp_path: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    workers = [spawn.Process(target=_ask, args=(str(tmp_path), str(tmp_path / "log"))) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(30)
    assert [worker.exitcode for worker in workers] == [0, 0, 0, 0]
    assert (tmp_path / "log").read_text() == "made\n"


@pytest.mark.parametrize(
    "error",
    [
        NonConformance("no agent", expected="one", observed="none", remedy="look"),
        EnvironmentFailure("away", observed="503", remedy="wait"),
    ],
    ids=["failed", "broke"],
)
def test_a_failure_is_told_to_everybody(tmp_path: Path, error: NonConformance | EnvironmentFailure) -> None:
    def fails() -> dict[str, str]:
        raise error

    for _ in range(2):
        with pytest.raises(type(error)) as caught:
            Shared(tmp_path).once("fact", fails)
        assert str(caught.value) == str(error)


def test_an_interrupted_maker_fails_every_reader(tmp_path: Path) -> None:
    def breaks() -> dict[str, str]:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        Shared(tmp_path).once("fact", breaks)
    with pytest.raises(EnvironmentFailure) as caught:
        Shared(tmp_path).once("fact", breaks)
    assert "was interrupted" in str(caught.value)


def test_a_maker_that_died_is_noticed(tmp_path: Path) -> None:
    shared = Shared(tmp_path)
    shared.once("other", dict)
    claim = next(shared.folder.glob("*.claim"))
    dead = json.dumps({"name": "fact", "pid": 2**22 + 1, "born": "1"})
    shared.once("fact", lambda: {"value": 1})
    (value,) = (file for file in shared.folder.glob("*.json") if "1" in file.read_text())
    value.with_suffix(".claim").write_text(dead)
    value.unlink()
    with pytest.raises(EnvironmentFailure) as caught:
        shared.once("fact", lambda: {"value": 2}, timeout=5)
    assert "died" in caught.value.observed
    assert claim.exists()


def test_notes_are_read_last_first(tmp_path: Path) -> None:
    shared = Shared(tmp_path)
    shared.register_cleanup("folder", name="a")
    shared.register_cleanup("build", job="a/b", number=1)
    assert [note["kind"] for note in Shared(tmp_path).cleanups()] == ["build", "folder"]


def _hold(folder: str, log: str) -> None:
    with Shared(Path(folder)).held("the remote", exclusive=False), Path(log).open("a") as out:
        out.write("held\n")


def test_an_exclusive_holder_is_the_only_one(tmp_path: Path) -> None:
    log = tmp_path / "log"
    # a forked one would hold the lock, too: it has the same open file
    spawn = multiprocessing.get_context("spawn")
    other = spawn.Process(target=_hold, args=(str(tmp_path), str(log)), daemon=True)
    with Shared(tmp_path).held("the remote", exclusive=True):
        other.start()
        other.join(0.3)
        assert not log.exists()
    other.join(60)
    assert log.read_text() == "held\n"
