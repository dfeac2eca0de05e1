"""Every artifact, of ordinary and of hostile results."""

from __future__ import annotations

import errno
import json
import os
import re
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from conformance.core.errors import UsageError
from conformance.core.paths import PROJECT
from reports import events, jsonfile, junit, markdown, page, textline
from reports.events import EventLog, piece
from reports.load import read_result
from reports.model import Outcome, RunResult, schema
from reports.redact import Redactor
from reports.write import write_all
from tests.reports.example import HOSTILE, earlier, example
from tests.reports.made import check, requirement, results


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("results")


@pytest.fixture(scope="module")
def result(folder: Path) -> RunResult:
    return example(folder)


def test_everything_is_written_and_the_json_reads_back(folder: Path, result: RunResult) -> None:
    assert write_all(result, folder) == {}
    assert read_result(folder / "result.json") == result
    assert (folder / "report.html").stat().st_size > 10_000


def test_the_json_follows_the_published_schema(result: RunResult) -> None:
    published = json.loads((PROJECT / "docs" / "result-1.schema.json").read_text())
    assert published == json.loads(json.dumps(schema())), "publish it: python -m reports.schema"
    jsonschema.validate(json.loads(jsonfile.render(result)), published)


@pytest.mark.parametrize("version", [2, "1", None])
def test_a_newer_schema_is_refused_in_words(tmp_path: Path, version: object) -> None:
    (tmp_path / "result.json").write_text(json.dumps({"schema_version": version}))
    with pytest.raises(UsageError, match="schema version"):
        RunResult.load(tmp_path)


def test_junit_has_layers_as_suites_and_the_remedy_in_the_message(result: RunResult) -> None:
    root = ET.fromstring(junit.render(result))
    suites = {suite.get("name"): suite for suite in root.iter("testsuite")}
    assert list(suites) == ["static", "platform", "nexus", "registry", "jenkins", "agents", "pipelines"]
    assert (suites["nexus"].get("tests"), suites["nexus"].get("failures")) == ("9", "1")
    failure = suites["nexus"].find(".//failure")
    assert failure is not None
    assert failure.get("message") == (
        "NEXUS-01: maven-releases takes a second upload of the same version."
        " Next: set writePolicy ALLOW_ONCE on maven-releases"
    )
    skipped = [case.get("message") for case in suites["pipelines"].iter("skipped")]
    assert len(skipped) == 6
    assert all(message and message.startswith("blocked: PIPELINES-") for message in skipped)
    properties = {p.get("name"): p.get("value") for p in suites["nexus"].iter("property")}
    assert properties["version.nexus"] == "3.71.0-06"
    assert "stand-in" in str(properties["version.controller"])


@pytest.mark.parametrize(
    "text", [HOSTILE, "\x00\x0b\ufffe", "\ud800", "]]>", "&#0;", "\x1b[2J", "a" * 100_000]
)
def test_text_that_formats_choke_on(tmp_path: Path, text: str) -> None:
    one = check("NEXUS-01", "failed", message=text, details=text, remedy=text)
    found = results(
        tmp_path, one, requirements=[requirement("NEXUS-01", text=text)], evidence={"NEXUS-01": {text: text}}
    )
    assert write_all(found, tmp_path) == {}
    ET.fromstring((tmp_path / "junit.xml").read_bytes())
    html = (tmp_path / "report.html").read_text(encoding="utf-8")
    # one script: ours; nothing of the text has become an element
    assert html.count("<script") == 1
    assert html.count("</script") == 1
    assert "\x00" not in html
    assert "\x1b" not in html
    assert len((tmp_path / "summary.md").read_text(encoding="utf-8").splitlines()) <= 60
    assert read_result(tmp_path / "result.json").verdict.word == "not conformant"


def test_the_page_asks_for_nothing_from_elsewhere(folder: Path, result: RunResult) -> None:
    html = page.render(result, folder, earlier(result))
    assert not re.search(r"(?:src|srcset|poster|data)\s*=\s*[\"'](?!data:)[^\"']", html.replace("data-", ""))
    assert "@import" not in html
    assert "url(" not in html
    links = set(re.findall(r'href="([^"#][^"]*)"', html))
    own = {"result.json", "junit.xml", "summary.md", "https://tracker.example.org/1234"}
    assert {link for link in links if not link.startswith("evidence/")} == own
    for link in links - own:
        assert (folder / link).is_file()


def test_the_page_says_what_matters(folder: Path, result: RunResult) -> None:
    html = page.render(result, folder, earlier(result))
    for told in (
        "Not conformant, with a simulated controller, with a simulated ECR, 1 waived",
        "NEXUS-01 failed: maven-releases takes",
        "blocks 6 checks",
        "29 days left",
        "Stand-up",
        "Agent launch",
        "stack revision",
        "4356.vfa_556c21f086",
        "No check of this run decides it",
        "stand-in",
    ):
        assert told in html, told


def test_twenty_megabytes_of_evidence_fit_into_three(tmp_path: Path) -> None:
    checks = [check(f"NEXUS-{n:03d}", "failed" if n % 10 == 0 else "passed") for n in range(1, 201)]
    filler = ("<&>\"' lines of a log that need escaping\n" * 3000)[:105_000]
    found = results(tmp_path, *checks, evidence={c["requirements"][0]: {"log": filler} for c in checks})
    assert sum(ref.stored for one in found.checks for ref in one.evidence) > 20_000_000
    assert len(page.render(found, tmp_path).encode()) < 3_000_000


def test_evidence_that_is_gone_is_told(tmp_path: Path) -> None:
    found = results(tmp_path, check("NEXUS-01", "failed"), evidence={"NEXUS-01": {"answer": "a" * 500}})
    for file in (tmp_path / "evidence").iterdir():
        file.unlink()
    assert "not there: No such file" in page.render(found, tmp_path)


def test_markdown_is_short_and_shows_text_as_it_is(tmp_path: Path) -> None:
    names = [f"NEXUS-{n:02d}" for n in range(1, 80)]
    found = results(
        tmp_path, *(check(n, "failed", message="a | b `c` <img src=x> **d** @all") for n in names)
    )
    text = markdown.render(found)
    assert len(text.splitlines()) <= 60
    assert "and 67 more" in text
    assert "a \\| b \\`c\\` \\<img src=x\\>" in text


def test_a_killed_run_gets_every_artifact(tmp_path: Path) -> None:
    found = results(tmp_path, check("STATIC-01"), check("NEXUS-01"), ended=False)
    lines = (tmp_path / "events-live.jsonl").read_bytes().splitlines(keepends=True)
    # the kill came in the middle of the last record
    (tmp_path / "events-live.jsonl").write_bytes(b"".join(lines[:-1]) + lines[-1][:40])
    found = RunResult.load(tmp_path)
    assert [one.outcome for one in found.checks] == [Outcome.PASSED, Outcome.NOT_RUN]
    assert write_all(found, tmp_path) == {}
    assert "Incomplete" in (tmp_path / "report.html").read_text()
    assert 'message="not run' in (tmp_path / "junit.xml").read_text()


def test_the_timeline_as_text_marks_the_critical_path(result: RunResult) -> None:
    text = textline.render(result)
    assert "81.0 s in all; critical path 81.0 s: images -> cluster -> storage -> nexus" in text
    rows = {line.split()[0]: line for line in text.splitlines() if "|" in line}
    assert "#" in rows["nexus"]
    assert "#" not in rows["jenkins"]


def test_a_full_disk_costs_evidence_first_and_never_the_verdict(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    results(tmp_path, check("STATIC-01"))
    (tmp_path / "events-live.jsonl").unlink()
    events.reserve(tmp_path)
    log = EventLog(tmp_path, "live", Redactor())
    log.event("session-start", session="live", pid=1, arguments=[])
    real_write, real_bytes = os.write, Path.write_bytes

    def full() -> bool:
        return not os.environ.get("ROOM") and (tmp_path / events.RESERVE).exists()

    def write(fd: int, data: Any) -> int:
        if full():
            raise OSError(errno.ENOSPC, "No space left on device")
        return real_write(fd, data)

    def write_bytes(self: Path, data: Any) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "write", write)
    monkeypatch.setattr(Path, "write_bytes", write_bytes)
    stored = log.store([piece("answer", "x" * 1000)])
    assert (stored[0]["file"], stored[0]["note"]) == ("", "lost: No space left on device")
    log.event("check", check={**check("STATIC-01", "failed"), "evidence": stored})
    log.event("session-end", session="live", status=1)
    found = RunResult.load(tmp_path)
    lost = write_all(found, tmp_path)
    monkeypatch.setattr(Path, "write_bytes", real_bytes)
    assert not (tmp_path / events.RESERVE).exists()
    assert found.verdict.word == "not conformant"
    assert set(lost.values()) == {"No space left on device"}
    assert len(lost) == 5
