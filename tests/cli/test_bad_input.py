"""Whatever the command line is given: a message, the exit code for it, and never a traceback."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from conformance.cli import main as entry
from conformance.cli.main import main
from conformance.core.paths import PROJECT, REFERENCE, state_root
from environments import runs

STATIC = ["run", "--images", "packages", "--static-only", "--contract", str(REFERENCE / "conformance.toml")]


@pytest.fixture(autouse=True)
def own_roots(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


def shell(script: str, *words: str, cwd: Path | None = None, **more: str) -> subprocess.CompletedProcess[str]:
    """Run `script` in bash; `"$@"` in it is conformance with `words`."""
    return subprocess.run(
        ["bash", "-c", script, "bash", sys.executable, "-m", "conformance", *words],
        cwd=cwd,
        env=os.environ | {"PYTHONPATH": str(PROJECT)} | more,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A user's folder with a contract and a stack of its own."""
    folder = tmp_path / "own"
    shutil.copytree(REFERENCE, folder, symlinks=True)
    return folder


def first_line(words: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    assert main([*words, "--", "suites/static/test_jobs.py"]) == 0
    return "".join(capsys.readouterr().out.splitlines()[:1])


def test_the_contract_is_that_of_the_current_folder_or_one_above(
    own: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(own / "stack/jobs")
    line = first_line(["run", "--images", "packages", "--static-only"], capsys)
    assert line.startswith(f"contract {own}/conformance.toml, stack {own}/stack (revision ")
    assert line.endswith("environment kind")


def test_the_reference_is_taken_in_the_checkout_and_by_name_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["run", "--images", "packages", "--static-only"]
    monkeypatch.chdir(PROJECT / "suites")
    assert str(REFERENCE / "conformance.toml") in first_line(words, capsys)
    monkeypatch.chdir(tmp_path)
    assert str(REFERENCE / "conformance.toml") in first_line([*words, "--reference"], capsys)
    for command in (words, ["up"], ["upgrade"], ["nightly"]):
        assert main(command) == 3
        printed = capsys.readouterr().err
        assert f"no contract at {tmp_path / 'conformance.toml'}" in printed
        assert "--reference" in printed
    assert main(["run", "--reference", "--contract", "x.toml"]) == 3


def test_relative_paths_are_those_of_the_folder_of_the_caller(own: Path) -> None:
    words = ("run", "--images", "packages", "--static-only", "--results-dir", "out", "--contract")
    done = shell('"$@"', *words, "conformance.toml", "--", "suites/static/test_jobs.py", cwd=own)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (own / "out/result.json").is_file()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["-k", "(nexus"], "does not accept the selection"),
        (["-k", "no_such_check"], "matches no check"),
        (["--no-such-option"], "does not accept the selection"),
        (["suites/nxus"], "no such part of the suites"),
    ],
)
def test_a_selection_is_checked_before_anything_is_made(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    live = [word for word in STATIC if word != "--static-only"]
    assert main([*live, "--", *arguments]) == 3
    printed = capsys.readouterr().err
    assert words in printed
    assert "Traceback" not in printed
    assert runs.all_runs() == ()
    assert not list((state_root() / "runs").glob("*"))


@pytest.mark.parametrize("number", ["x", "-1", "1.5", ""])
def test_workers_are_a_number_or_auto(number: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*STATIC, f"--workers={number}"]) == 3
    assert "neither a number nor auto" in capsys.readouterr().err


def test_waivers_are_read_before_anything_is_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "w.toml").write_text("[[waiver]]\nrequirement = 3\n")
    assert main([*STATIC, "--waivers", str(tmp_path / "w.toml")]) == 3
    assert "w.toml" in capsys.readouterr().err
    assert not list((state_root() / "runs").glob("*"))


@pytest.mark.parametrize("option", ["--results-dir", "--upgrade"])
def test_a_folder_that_is_none_is_refused(
    option: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    assert main([*STATIC, option, str(tmp_path / "file")]) == 3
    assert str(tmp_path / "file") in capsys.readouterr().err
    assert not list((state_root() / "runs").glob("*"))


@pytest.mark.parametrize(
    "words",
    [
        ["upgrade", "--reference", "--results-dir", "/dev/null/out"],
        ["nightly", "--reference", "--nights", "/dev/null/nights"],
        ["up", "--reference", "--kit", "no-such-kit.tar.zst"],
    ],
)
def test_other_commands_check_their_paths_too(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 3
    assert words[-1] in capsys.readouterr().err
    assert not list((state_root() / "runs").glob("*"))


@pytest.mark.parametrize("command", [["status"], ["reap"], STATIC, ["up"], ["down"]])
def test_a_state_folder_that_cannot_be_used_is_one_message(command: list[str]) -> None:
    done = shell('"$@"', *command, cwd=REFERENCE, XDG_STATE_HOME="/dev/null/state")
    assert done.returncode in (0, 2, 3), done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    if done.returncode:
        assert done.stderr.startswith("conformance: ")


def test_a_full_disk_is_one_message() -> None:
    """No file may grow: the kernel answers every write with an error, as a full disk does."""
    done = shell('ulimit -f 0; "$@"', *STATIC)
    assert done.returncode in (2, 3)
    assert "Traceback" not in done.stdout + done.stderr
    assert done.stderr.startswith("conformance: ")


def test_records_that_were_cut_off_are_passed_over(capsys: pytest.CaptureFixture[str]) -> None:
    old = state_root() / "runs/260101-000000-1"
    (old / "results").mkdir(parents=True)
    for file in ("run.json", "endpoints.json", "results/run.json", "results/result.json"):
        (old / file).write_text('{"id": "260101-0')
    assert main([*STATIC, "--", "suites/static/test_jobs.py"]) == 0
    assert main(["status"]) == 0
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize(
    "words", [["list"], ["list", "--json"], [*STATIC, "--", "suites/static/test_jobs.py"]]
)
def test_a_closed_pipe_ends_in_order(words: list[str]) -> None:
    done = shell('"$@" | true; exit ${PIPESTATUS[0]}', *words)
    assert done.returncode == 2
    assert done.stderr == "conformance: standard output was closed before everything was written\n"
    assert runs.all_runs() == ()


def test_another_locale_is_no_error() -> None:
    done = shell(
        '"$@"', "list", LC_ALL="C", PYTHONUTF8="0", PYTHONIOENCODING="ascii:strict", PYTHONCOERCECLOCALE="0"
    )
    assert done.returncode == 0, done.stderr
    assert "STATIC-01" in done.stdout


def test_an_unforeseen_error_is_one_line_and_a_file(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(_command: str) -> None:
        raise RuntimeError("nobody thought of this\nat all")

    monkeypatch.setattr(entry, "parser", broken)
    assert main(["status"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "RuntimeError: nobody thought of this" in line
    (file,) = (state_root() / "errors").glob("error-*.txt")
    assert str(file) in line
    assert "in broken" in file.read_text()
