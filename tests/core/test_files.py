"""Files are replaced whole, and a lock excludes other processes and names its holder."""

from __future__ import annotations

import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from conformance.core.files import LockHeld, draft, is_locked, lock, write_atomically


def test_text_and_bytes_are_written_and_nothing_is_left_beside(tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    write_atomically(file, "ä")
    assert file.read_bytes() == "ä".encode()
    write_atomically(file, b"\x00")
    assert file.read_bytes() == b"\x00"
    assert list(tmp_path.iterdir()) == [file]


def test_a_failure_keeps_the_old_file_and_leaves_nothing(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_text("old")

    def cut_off() -> None:
        with draft(file) as half:
            half.write_text("ne")
            raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        cut_off()
    assert file.read_text() == "old"
    assert list(tmp_path.iterdir()) == [file]


def test_permissions_are_kept_or_as_given(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_text("old")
    file.chmod(0o640)
    write_atomically(file, "new")
    assert file.stat().st_mode & 0o777 == 0o640
    write_atomically(tmp_path / "secret", "x", 0o600)
    assert (tmp_path / "secret").stat().st_mode & 0o777 == 0o600


def test_a_folder_that_is_missing_is_an_error_that_names_the_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as error:
        write_atomically(tmp_path / "missing/a", "x")
    assert "missing" in str(error.value)


def test_a_held_lock_names_its_holder(tmp_path: Path) -> None:
    file = tmp_path / "locks/nightly.lock"
    assert not is_locked(file)
    with lock(file, "a nightly run"):
        assert is_locked(file)
        with pytest.raises(LockHeld) as error, lock(file, "a nightly run", wait=False):
            pass
    assert "a nightly run is under way" in str(error.value)
    assert error.value.observed.endswith(": a nightly run")
    assert error.value.observed.startswith("process ")
    assert error.value.exit_code == 3
    assert not is_locked(file)


def test_shared_locks_go_together_and_exclude_one_that_is_not(tmp_path: Path) -> None:
    file = tmp_path / "a.lock"
    with lock(file, shared=True), lock(file, shared=True, wait=False):
        assert is_locked(file)


def test_another_process_waits_and_gets_the_lock_when_it_is_released(tmp_path: Path) -> None:
    file = tmp_path / "a.lock"
    program = (
        "from pathlib import Path; from conformance.core.files import lock\n"
        "print('started', flush=True)\n"
        f"with lock(Path({str(file)!r})): print('has it', flush=True)"
    )
    with ExitStack() as held:
        held.enter_context(lock(file))
        other = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE)
        assert other.stdout is not None
        assert other.stdout.readline() == b"started\n"
        with pytest.raises(subprocess.TimeoutExpired):
            other.wait(0.3)
    assert other.communicate(timeout=20)[0] == b"has it\n"
    assert other.returncode == 0
