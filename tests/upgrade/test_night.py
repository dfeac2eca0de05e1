"""Nights in a row: verdicts, what is remembered, who is told, and that there is one at a time."""

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

from core.errors import EnvironmentFailure, UsageError
from upgrade import blame, night
from upgrade.night import Night
from upgrade.observed import Observed
from upgrade.pairs import Pair
from upgrade.samples import Away

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
    away = Away(service="nexus", way="read", asked=9, failed=2, seconds=12.34)
    Observed(direction="forth", before="a", after="b", seconds=60, away=(away,)).save(place / direction)
    verdict: dict[str, Any] = {
        "word": "not conformant" if reason else "conformant", "exit_code": 1 if reason else 0,
        "headline": "not conformant" if reason else "conformant", "reason": reason, "remedy": "mend it",
        "counts": {},
    }  # fmt: skip
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


def test_time_that_runs_out_is_told_and_not_green(tmp_path: Path) -> None:
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
        night.keep(tmp_path / "kept", done)
    (tmp_path / "kept/2026-03-03.json.part").touch()
    (tmp_path / "kept/2020-01-01.json").write_text("{ cut off")
    kept = night.nights(tmp_path / "kept")
    assert [each.word for each in kept] == ["green"] * 4 + ["red"] * 6
    assert night.since(kept) == (dt.date(2026, 3, 4), dt.date(2026, 3, 5))
    assert {each.blamed for each in kept[4:]} == {(changes[4],)}
    told = night.summary(kept[-1], kept)
    assert (told["last_green"], told["first_red"]) == ("2026-03-04", "2026-03-05")
    text = night.slack(told)["text"]
    assert "red since 2026-03-05" in text
    assert "changed by: values" in text
    assert json.dumps(told), "a summary is JSON"


def test_a_night_that_is_green_again_is_not_red_any_more(tmp_path: Path) -> None:
    kept = [one(tmp_path / "a", DAY, broken="x"), one(tmp_path / "b", DAY + dt.timedelta(1))]
    assert night.since(kept) == (DAY + dt.timedelta(1), None)
    assert night.since(kept[:1]) == (None, DAY)


def test_results_of_a_month_are_bounded(tmp_path: Path) -> None:
    for number in range(40):
        (tmp_path / str(DAY + dt.timedelta(number))).mkdir()
    (tmp_path / "history").mkdir()
    removed = night.forget(tmp_path, 30)
    assert len(removed) == 10
    assert min(path.name for path in tmp_path.iterdir()) == "2026-03-11"
    assert (tmp_path / "history").is_dir()


def test_one_night_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with night.alone(), pytest.raises(UsageError, match="under way") as told, night.alone():
        pass
    assert "process" in told.value.observed
    with night.alone():
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


def test_a_webhook_is_told_and_its_address_stays_secret(webhook: tuple[str, list[Any]]) -> None:
    url, got = webhook
    night.tell(url, {"verdict": "green"})
    assert got == [{"verdict": "green"}]
    with pytest.raises(EnvironmentFailure) as told:
        night.tell(f"{url}/broken", {})
    assert url not in str(told.value)


def test_nightly_needs_a_release_or_pairs(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "cli.main", "nightly", "--pairs", str(tmp_path / "none")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 3
    assert "cannot read the pairs" in done.stderr
    assert "Traceback" not in done.stderr
