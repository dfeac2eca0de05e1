"""Fifty canaries in every input of a run; every artifact is searched for every one of them."""

from __future__ import annotations

import base64
import binascii
import json
import re
import secrets as randomness
from pathlib import Path
from urllib.parse import quote

import pytest
import zstandard
from rich.console import Console

from conformance.contract.load import load
from conformance.core.errors import EnvironmentFailure
from conformance.core.paths import REFERENCE
from reports import bundle, history
from reports.events import EventLog, piece
from reports.live import LiveView
from reports.load import load_results
from reports.recorder import Recorder
from reports.redact import SECRETS
from reports.terminal import print_verdict
from reports.write import write_all
from tests.reports.builders import check
from tests.reports.test_redact import disguises
from tests.runner.suite_run import catalogue

COUNT = 50


@pytest.fixture
def canaries(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Secrets of many alphabets, declared for this test only."""
    alphabets = ("", "/+=", '"\\', "<&>'", " %", "äß€", "$(){}")
    canaries = [
        f"Cn{number:02d}{alphabets[number % len(alphabets)]}{randomness.token_urlsafe(9)}"
        for number in range(COUNT)
    ]
    for part in ("_labels", "_variants", "_squeezed", "_words"):
        monkeypatch.setattr(SECRETS, part, {})
    for secret in canaries:
        SECRETS.add(secret)
    return canaries


def test_no_canary_is_in_any_artifact(tmp_path: Path, canaries: list[str]) -> None:
    folder = tmp_path / "results"
    everything = "\n".join(text for canary in canaries for text in disguises(canary).values())
    recorder = Recorder(
        folder,
        run_id="r1",
        environment="kind",
        contract=load(REFERENCE / "conformance.toml"),
        command=f"conformance run --password {canaries[0]}",
        selection=everything,
        requirements=catalogue(tmp_path),
        stack_revision=canaries[1],
        pins={canaries[2]: canaries[3]},
    )
    recorder.components(
        [{"name": "nexus", "version": everything, "image": f"u:{canaries[4]}@host/x", "digest": ""}]
    )
    recorder.step("nexus", "failed", everything)
    recorder.note(everything)
    recorder.problem(EnvironmentFailure(everything, observed=everything, remedy=everything), everything)
    log = EventLog(folder, "live")
    log.event("session-start", session="live", pid=1, arguments=[everything])
    names = ("STATIC-01", "NEXUS-01", "JENKINS-02")
    for name, outcome in zip(names, ("failed", "error", "blocked"), strict=True):
        pieces = [
            piece(f"seen {canaries[5]}", everything),
            piece("json", {"answer": everything, canaries[6]: [everything]}),
            piece("binary", b"\xff\x00" + everything.encode() + b"\xfe"),
            piece("cut", "x" * (512 * 1024 - 7) + everything),
        ]
        stored = log.store(pieces)
        record = check(name, outcome, message=everything, details=everything, remedy=everything)
        log.event("check", check={**record, "evidence": stored})
    log.event("collection-error", where=everything, message=everything)
    log.event("session-end", session="live", status=1)
    (folder / "pytest-live.log").write_text(everything)
    console = Console(file=(tmp_path / "screen.txt").open("w"), width=300)
    stream = (tmp_path / "events.json").open("w")
    with LiveView(folder, console, json_stream=stream, environ={}):
        recorder.finish()
    result = load_results(folder)
    assert write_all(result, folder) == {}
    print_verdict(console, result)
    console.file.close()
    stream.close()
    packed = bundle.pack(folder, tmp_path / "run.tar.zst")
    (tmp_path / "run.tar").write_bytes(
        zstandard.ZstdDecompressor().decompressobj().decompress(packed.read_bytes())
    )
    history.remember(result, history.DirectoryStore(tmp_path / "history"))
    # the log is pytest's own and was put there by this test to see that the bundle redacts it
    (folder / "pytest-live.log").unlink()

    files = [file for file in tmp_path.rglob("*") if file.is_file() and file.name != "requirements.toml"]
    assert {"report.html", "result.json", "junit.xml", "summary.md", "run.tar", "screen.txt", "run.json"} <= {
        file.name for file in files
    }
    leaks = []
    for file in files:
        text = _readable(file.read_bytes())
        leaks += [(file.name, canary) for canary in canaries if _holds(text, canary)]
    assert leaks == []


def _readable(data: bytes) -> str:
    """The text of a file as it is, and once more without what can split a secret."""
    text = data.decode("utf-8", "replace")
    return text + "\0" + re.sub(r"\x1b\[[0-9;]*m|\s|\\n", "", text)


def _holds(text: str, canary: str) -> bool:
    raw = canary.encode()
    looks = {
        canary,
        quote(canary, safe=""),
        json.dumps(canary)[1:-1],
        binascii.hexlify(raw).decode(),
        base64.b64encode(raw).decode().rstrip("=")[:-1],
        base64.urlsafe_b64encode(raw).decode().rstrip("=")[:-1],
    }
    return any(look in text for look in looks)


def test_the_search_would_find_a_canary() -> None:
    for disguise in disguises("Cn00abcdefghijkl").values():
        if "shifted" not in disguise and "admin" not in disguise:
            found = _holds(_readable(disguise.encode()), "Cn00abcdefghijkl")
            shifted = base64.b64encode(b"admin:Cn00abcdefghijkl").decode()
            assert found or disguise in (shifted, *_shifted("Cn00abcdefghijkl")), disguise


def _shifted(secret: str) -> tuple[str, ...]:
    raw = secret.encode()
    return (base64.b64encode(b"x" + raw + b"yz").decode(), base64.b64encode(b"xy" + raw + b"z").decode())
