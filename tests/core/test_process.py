from __future__ import annotations

import sys
import threading
import time

import pytest

from conformance.core.errors import CommandFailed
from conformance.core.process import run, stop_all
from conformance.core.waiting import shield


def test_output_and_input_go_through() -> None:
    done = run([sys.executable, "-c", "import sys; print(sys.stdin.read().upper())"], stdin="abc")
    assert done.stdout == "ABC\n"


def test_a_failure_tells_status_command_and_last_lines() -> None:
    script = "import sys; print('to stderr', file=sys.stderr); sys.exit(3)"
    with pytest.raises(CommandFailed) as raised:
        run([sys.executable, "-c", script])
    assert "status 3" in raised.value.what
    assert raised.value.observed == "to stderr"


def test_a_failure_may_be_asked_for() -> None:
    assert run([sys.executable, "-c", "raise SystemExit(4)"], check=False).returncode == 4


def test_a_missing_program_is_named() -> None:
    with pytest.raises(CommandFailed, match="cannot run no-such-program-here"):
        run(["no-such-program-here"])


def test_a_time_limit_ends_the_program_and_keeps_what_it_said() -> None:
    script = "import time; print('so far', flush=True); time.sleep(60)"
    start = time.monotonic()
    with pytest.raises(CommandFailed, match="did not end within 1 s") as raised:
        run([sys.executable, "-c", script], timeout=1)
    assert raised.value.observed == "so far"
    assert time.monotonic() - start < 30


def test_stop_all_ends_what_runs_in_other_threads() -> None:
    failures: list[CommandFailed] = []

    def wait_long() -> None:
        try:
            run([sys.executable, "-c", "print('up', flush=True); import time; time.sleep(60)"])
        except CommandFailed as error:
            failures.append(error)

    thread = threading.Thread(target=wait_long)
    thread.start()
    deadline = time.monotonic() + 30
    while thread.is_alive() and time.monotonic() < deadline:
        stop_all()
        thread.join(0.05)
    assert not thread.is_alive()
    assert "status -15" in failures[0].what


def test_stop_all_leaves_alone_who_is_apart() -> None:
    seen: list[int] = []

    def wait_a_while() -> None:
        with shield():
            seen.append(run([sys.executable, "-c", "import time; time.sleep(1)"]).returncode)

    thread = threading.Thread(target=wait_a_while)
    thread.start()
    while thread.is_alive():
        stop_all()
        thread.join(0.05)
    assert seen == [0]
