"""Nights in a row: verdicts, what is remembered, the webhook, and one at a time."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from conformance.core.errors import EnvironmentFailure, UsageError
from conformance.core.paths import state_root
from conformance.upgrade import blame, night
from conformance.upgrade.night import Night
from conformance.upgrade.observed import Observed
from conformance.upgrade.pairs import Pair
from conformance.upgrade.probing.availability import Away

DAY = dt.date(2026, 3, 1)
PAIRS = (Pair("stack@v1", "stack@v2"), Pair("stack@v2", "conformance.toml"))


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def report(place: Path, direction: str, reason: str) -> None:
    """What an upgrade leaves: what was seen, and a result."""
    folder = place / direction / "results"
    folder.mkdir(parents=True)
    away = Away(service="nexus", access="read", requests=9, failed=2, seconds=12.34)
    Observed(direction="forth", before="a", after="b", seconds=60, away=(away,)).save(place / direction)
    verdict: dict[str, Any] = {
        "word": "not conformant" if reason else "conformant",
        "exit_code": 1 if reason else 0,
        "headline": "not conformant" if reason else "conformant",
        "reason": reason,
        "remedy": "repair it",
        "counts": {},
    }
    run = {"id": "r", "started": 0}
    (folder / "result.json").write_text(json.dumps({"schema_version": 1, "run": run, "verdict": verdict}))


def one(folder: Path, date: dt.date, broken: str = "", seconds: float = 60, budget: float = 600) -> Night:
    """A night of two pairs, the second of which breaks when `broken` says how."""
    clock = Clock()

    def upgrade(pair: Pair, place: Path, _left: float) -> int:
        clock.now += seconds
        reason = broken if pair == PAIRS[1] else ""
        report(place, "forth", reason)
        return 1 if reason else 0

    return night.run(PAIRS, folder / str(date), budget, upgrade, date=date, clock=clock)


def test_a_green_night(tmp_path: Path) -> None:
    done = one(tmp_path, DAY)
    assert (done.word, done.exit_code, done.complete, done.reason) == ("green", 0, True, "")
    assert done.pairs[0].ways[0].away == {"nexus read": 12.3}


def test_a_red_night_says_which_pair_and_why(tmp_path: Path) -> None:
    done = one(tmp_path, DAY, broken="UPGRADE-10 failed: a build is gone")
    assert (done.word, done.exit_code) == ("red", 1)
    assert done.reason == "stack@v2 -> conformance.toml, forth: UPGRADE-10 failed: a build is gone"


def test_time_that_runs_out_is_reported_and_not_green(tmp_path: Path) -> None:
    done = one(tmp_path, DAY, seconds=700)
    assert (done.word, done.exit_code, done.complete, len(done.pairs)) == ("incomplete", 2, False, 1)
    assert done.reason == "the time ran out"
    late = one(tmp_path / "late", DAY, seconds=350)
    assert (late.word, len(late.pairs)) == ("incomplete", 2)


def test_an_upgrade_without_a_report_names_its_log(tmp_path: Path) -> None:
    done = night.run(PAIRS[:1], tmp_path, 60, lambda *_: 2, date=DAY)
    assert done.word == "incomplete"
    assert str(tmp_path / "pair-1/log") in done.reason


COMPONENTS = ("seed", "plugins", "nexus chart", "pipelines", "values", "jenkins chart", "products")


def test_ten_nights_with_one_bad_change(tmp_path: Path) -> None:
    """One change a night; the fifth is bad and stays: the trend and the blame are right."""
    changes = [COMPONENTS[number % len(COMPONENTS)] for number in range(10)]
    for number in range(10):
        reason = "NEXUS-02 failed" if number >= 4 else ""
        done = one(tmp_path, DAY + dt.timedelta(number), broken=reason)
        if done.word == "red":
            since_release = dict.fromkeys(changes[: number + 1])
            found = blame.blame(since_release, lambda taken: "failed" if changes[4] in taken else "passed")
            done = done.model_copy(update={"blamed": found.components})
        night.save(tmp_path / "kept", done)
    (tmp_path / "kept/2026-03-03.json.part").touch()
    (tmp_path / "kept/2020-01-01.json").write_text("{ cut off")
    kept = night.nights(tmp_path / "kept")
    assert [each.word for each in kept] == ["green"] * 4 + ["red"] * 6
    assert night.since(kept) == (dt.date(2026, 3, 4), dt.date(2026, 3, 5))
    assert {each.blamed for each in kept[4:]} == {(changes[4],)}
    reported = night.summary(kept[-1], kept)
    assert (reported["last_green"], reported["first_red"]) == ("2026-03-04", "2026-03-05")
    text = night.slack(reported)["text"]
    assert "red since 2026-03-05" in text
    assert "changed by: values" in text
    assert json.dumps(reported), "a summary is JSON"


def test_a_night_that_is_green_again_is_not_red_any_more(tmp_path: Path) -> None:
    kept = [one(tmp_path / "a", DAY, broken="x"), one(tmp_path / "b", DAY + dt.timedelta(1))]
    assert night.since(kept) == (DAY + dt.timedelta(1), None)
    assert night.since(kept[:1]) == (None, DAY)


def test_a_month_of_nights_takes_no_more_room_than_those_that_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each night leaves results, hybrids of blame, and its runs' diagnostics, which are elsewhere."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    kept, runs = tmp_path / "kept", state_root() / "runs"
    mine = runs / "of-a-person"
    mine.mkdir(parents=True)
    sizes = []
    for number in range(40):
        folder = kept / str(DAY + dt.timedelta(number))
        for place in ("pair-1/forth/results", "blame/seed/contract/stack"):
            (folder / place).mkdir(parents=True)
            (folder / place / "content").write_bytes(b"x" * 1000)
        command = [sys.executable, "-c", MAKES_A_RUN, str(number)]
        assert night.run_command(command, folder / "log", 60, folder / night.RUNS) == 0
        night.save(kept, one(tmp_path / "other", DAY + dt.timedelta(number)))
        night.remove_old(kept, 5)
        sizes.append(sum(file.stat().st_size for file in runs.rglob("*") if file.is_file()))
        sizes[-1] += sum(file.stat().st_size for file in kept.rglob("content"))
    assert sizes[4] > 4 * sizes[0]
    assert len(set(sizes[6:])) == 1, "from then on nothing grows"
    assert mine.is_dir(), "what a person ran is not the night's to remove"
    assert (runs / "run-0").is_dir(), "it is not empty"
    assert not (runs / "run-1").exists()
    assert len(night.nights(kept)) == 40, "verdicts stay"


MAKES_A_RUN = """
import os, pathlib, sys
from conformance.core.paths import state_root
name = "run-" + sys.argv[1]
folder = state_root() / "runs" / name
folder.mkdir(parents=True)
(folder / "diagnostics").write_bytes(b"x" * 5000)
if sys.argv[1] == "0":
    (folder / "run.json").touch()
with open(os.environ["CONFORMANCE_RUN_LOG"], "a") as out:
    out.write(name + chr(10))
"""


def test_one_night_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with (
        night.exclusive_on_host(),
        pytest.raises(UsageError, match="under way") as caught,
        night.exclusive_on_host(),
    ):
        pass
    assert "process" in caught.value.observed
    with night.exclusive_on_host():
        pass


def test_a_command_over_its_time_is_ended_in_order(tmp_path: Path) -> None:
    script = (
        "import signal, sys, time\n"
        "def end(*_): print('torn down', flush=True); sys.exit(0)\n"
        "signal.signal(signal.SIGTERM, end); print('up', flush=True); time.sleep(60)"
    )
    log = tmp_path / "place/log"
    assert night.run_command([sys.executable, "-c", script], log, 1) == 2
    assert log.read_text() == "up\ntorn down\n"
    assert night.run_command([sys.executable, "-c", "raise SystemExit(1)"], log, 30) == 1


@pytest.fixture
def webhook() -> Iterator[tuple[str, list[Any]]]:
    got: list[Any] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(500 if self.path == "/broken" else 200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", got
    server.shutdown()
    server.server_close()


def test_a_webhook_is_reported_and_its_address_stays_secret(webhook: tuple[str, list[Any]]) -> None:
    url, got = webhook
    night.notify(url, {"verdict": "green"})
    assert got == [{"verdict": "green"}]
    with pytest.raises(EnvironmentFailure) as caught:
        night.notify(f"{url}/broken", {})
    assert url not in str(caught.value)


def test_nightly_needs_a_release_or_pairs(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "conformance.cli.main", "nightly", "--pairs", str(tmp_path / "none")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 3
    assert "cannot read the pairs" in done.stderr
    assert "Traceback" not in done.stderr
