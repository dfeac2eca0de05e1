"""The wheel adds one name to Python, and its commands work in any folder."""

from __future__ import annotations

import email
import json
import shutil
import tarfile
import zipfile
from pathlib import Path

import pytest

from conformance.cli.main import COMMANDS
from conformance.contract.load import load
from conformance.core.paths import PROJECT, REFERENCE
from tests.packaging.conftest import Installation, build

FOLDERS = ("environments", "fixtures", "reference", "reports", "simulators", "suites")


@pytest.fixture
def user(tmp_path: Path) -> Path:
    """A folder of a user: the reference stack with its contract, copied."""
    shutil.copytree(REFERENCE, tmp_path / "own", symlinks=True)
    return tmp_path / "own"


def test_one_name_is_added_to_python(installation: Installation) -> None:
    assert [name for name in installation.new if not name.endswith(".dist-info")] == ["conformance"]


def test_the_wheel_holds_what_the_checkout_holds(installation: Installation) -> None:
    for folder in FOLDERS:
        there = {path.relative_to(installation.tree / folder) for path in _files(installation.tree / folder)}
        wanted = {path.relative_to(PROJECT / folder) for path in _files(PROJECT / folder)}
        assert there == wanted, folder
        for path in wanted:
            mine, theirs = PROJECT / folder / path, installation.tree / folder / path
            assert mine.read_bytes() == theirs.read_bytes()
            assert bool(mine.stat().st_mode & 0o100) == bool(theirs.stat().st_mode & 0o100), path
    assert not list(installation.tree.glob("simulators/*/tests"))


def test_metadata_is_complete(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (each for each in archive.namelist() if each.endswith(".dist-info/METADATA"))
        found = email.message_from_bytes(archive.read(name))
        names = archive.namelist()
    assert found["License-Expression"] == "Apache-2.0"
    assert found["License-File"] == "LICENSE"
    assert found["Description-Content-Type"] == "text/markdown"
    assert found["Summary"]
    assert "Typing :: Typed" in found.get_all("Classifier", [])
    assert "conformance/py.typed" in names


def test_version(installation: Installation, tmp_path: Path) -> None:
    done = installation.run(tmp_path, "--version")
    assert (done.returncode, done.stdout) == (0, "conformance 0.1.0\n"), done.stderr


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_command_has_help(installation: Installation, tmp_path: Path, command: str) -> None:
    done = installation.run(tmp_path, command, "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert f"conformance {command}" in done.stdout


def test_without_a_contract_it_says_which_options_name_one(
    installation: Installation, tmp_path: Path
) -> None:
    done = installation.run(tmp_path, "run", "--static-only")
    assert done.returncode == 3
    assert done.stderr.startswith(f"conformance: no contract at {tmp_path / 'conformance.toml'}")
    assert "--reference" in done.stderr


def test_the_reference_is_there_by_name(installation: Installation, tmp_path: Path) -> None:
    done = installation.run(
        tmp_path, "run", "--static-only", "--reference", "--", "suites/static/test_jobs.py"
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith(f"contract {installation.tree / 'reference/conformance.toml'}, stack ")


def test_the_wheel_of_a_source_distribution_is_the_same(wheel: Path, tmp_path: Path) -> None:
    build("sdist", tmp_path, PROJECT)
    (archive,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(archive) as packed:
        packed.extractall(tmp_path, filter="data")
    build("wheel", tmp_path / "again", tmp_path / archive.name.removesuffix(".tar.gz"))
    (again,) = (tmp_path / "again").glob("*.whl")
    with zipfile.ZipFile(wheel) as one, zipfile.ZipFile(again) as other:
        assert sorted(one.namelist()) == sorted(other.namelist())


def test_list(installation: Installation, tmp_path: Path) -> None:
    done = installation.run(tmp_path, "list", "--json")
    assert done.returncode == 0, done.stderr
    assert "STATIC-01" in {entry["id"] for entry in json.loads(done.stdout)}


def test_doctor(installation: Installation, tmp_path: Path) -> None:
    done = installation.run(tmp_path, "doctor", "--json")
    # 2: this host is not fit; the findings are there all the same
    assert done.returncode in (0, 2), done.stderr
    assert {finding["level"] for finding in json.loads(done.stdout)} <= {"ok", "note", "unfit"}


def test_status(installation: Installation, tmp_path: Path) -> None:
    done = installation.run(tmp_path, "status")
    assert (done.returncode, done.stderr) == (0, ""), done.stderr


def test_gate_from_data(installation: Installation, user: Path) -> None:
    known = load(user / "conformance.toml").contract.stack.update_center
    done = installation.run(user, "gate", "--static-only", "--json", "-", "--update-center", known)
    assert "Traceback" not in done.stderr
    verdict = json.loads(done.stdout)["verdict"]
    assert done.returncode == {"GO": 0, "NO-GO": 1, "INCOMPLETE": 2}[verdict], done.stderr


def test_a_static_run(installation: Installation, user: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    words = ("run", "--static-only", "--contract", user / "conformance.toml", "--results-dir", "results")
    done = installation.run(other, *words)
    assert done.returncode == 0, done.stdout + done.stderr
    result = json.loads((other / "results/result.json").read_text(encoding="utf-8"))
    passed = [check for check in result["checks"] if check["outcome"] == "passed"]
    assert len(passed) > 20


def test_a_static_run_of_a_read_only_installation(read_only: Installation, user: Path) -> None:
    before = {path for path in read_only.tree.rglob("*") if "__pycache__" not in path.parts}
    done = read_only.run(user, "run", "--static-only", PYTHONDONTWRITEBYTECODE="1")
    assert done.returncode == 0, done.stdout + done.stderr
    assert {path for path in read_only.tree.rglob("*") if "__pycache__" not in path.parts} == before


def _files(folder: Path) -> list[Path]:
    """The files of a shipped folder; a simulator's tests are no part of the wheel."""
    left_out = {"__pycache__", "tests"} if folder.name == "simulators" else {"__pycache__"}
    found = (path for path in folder.rglob("*") if path.is_file())
    return [path for path in found if not left_out & set(path.relative_to(folder).parts)]
