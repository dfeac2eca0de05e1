"""Every artifact, of ordinary and of hostile results."""

from __future__ import annotations

import errno
import io
import json
import os
import re
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from rich.console import Console

from conformance.core.errors import UsageError
from conformance.core.paths import PROJECT
from reports import charts, events, junit, markdown, page
from reports.events import EventLog, piece
from reports.load import load_results
from reports.model import Outcome, RunResult, schema
from reports.redact import Redactor
from reports.terminal import print_verdict
from reports.write import to_json, write_all
from tests.reports.builders import check, requirement, results
from tests.reports.example import HOSTILE, earlier, example


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("results")


@pytest.fixture(scope="module")
def result(folder: Path) -> RunResult:
    return example(folder)


def test_everything_is_written_and_the_json_reads_back(folder: Path, result: RunResult) -> None:
    assert write_all(result, folder) == {}
    assert load_results(folder / "result.json") == result
    assert (folder / "report.html").stat().st_size > 10_000


def test_the_json_follows_the_published_schema(result: RunResult) -> None:
    published = json.loads((PROJECT / "docs" / "result-1.schema.json").read_text())
    assert published == json.loads(json.dumps(schema())), "python -m reports.document"
    jsonschema.validate(json.loads(to_json(result)), published)


@pytest.mark.parametrize("version", [2, "1"])
def test_a_newer_schema_is_refused_in_words(tmp_path: Path, version: object) -> None:
    (tmp_path / "result.json").write_text(json.dumps({"schema_version": version}))
    with pytest.raises(UsageError, match="schema version"):
        load_results(tmp_path)


@pytest.mark.parametrize("content", ["{}", "[]", "{", '{"schema_version": 1}'])
def test_a_file_that_is_not_a_result_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "result.json").write_text(content)
    with pytest.raises(UsageError, match=r"is not a result|cannot read"):
        load_results(tmp_path / "result.json")


@pytest.mark.parametrize("damage", ["", "{", "[]", "null", '{"run": {"id": 7}}', '{"requirements": [1]}'])
def test_damaged_results_are_one_clear_error(tmp_path: Path, damage: str) -> None:
    results(tmp_path, check("STATIC-01"))
    (tmp_path / "run.json").write_text(damage)
    with pytest.raises(UsageError, match="are damaged, or another version wrote them"):
        load_results(tmp_path)


@pytest.mark.parametrize(
    "line", ['{"kind": "check"}', '{"kind": "start", "t": 1}', '{"kind": "session-start"}']
)
def test_damaged_events_are_one_clear_error(tmp_path: Path, line: str) -> None:
    results(tmp_path, check("STATIC-01"))
    (tmp_path / "events-odd.jsonl").write_text(line + "\n")
    with pytest.raises(UsageError, match="are damaged, or another version wrote them"):
        load_results(tmp_path)


def test_results_that_cannot_be_read_are_one_clear_error(tmp_path: Path) -> None:
    results(tmp_path, check("STATIC-01"))
    (tmp_path / "run.json").unlink()
    (tmp_path / "run.json").mkdir()
    with pytest.raises(UsageError, match="cannot read the results in"):
        load_results(tmp_path)


def test_a_result_with_the_old_key_of_simulators_is_read(result: RunResult, tmp_path: Path) -> None:
    old = json.loads(to_json(result))
    for part in old["components"]:
        part["stand_in"] = part.pop("simulator")
    (tmp_path / "result.json").write_text(json.dumps(old))
    assert load_results(tmp_path) == result


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
    assert properties["subject"] == "reference (conformance.toml), stack 1f3c9e, environment kind"
    assert "(simulator: its API and pipelines)" in str(properties["version.controller"])


def test_undecided_is_skipped_in_junit_and_named_once_elsewhere(tmp_path: Path) -> None:
    about = {"message": "the branch is a variable", "remedy": "run the live suites"}
    names = ("STATIC-01", "STATIC-02")
    found = results(tmp_path, *(check(n, "undecided", **about) for n in names), check("NEXUS-01"))
    root = ET.fromstring(junit.render(found))
    static = next(suite for suite in root.iter("testsuite") if suite.get("name") == "static")
    assert (static.get("tests"), static.get("skipped"), static.get("failures")) == ("2", "2", "0")
    assert [case.get("message") for case in static.iter("skipped")] == [
        f"undecided: {name}: the branch is a variable. Decided by: run the live suites" for name in names
    ]
    line = "- **STATIC-01, STATIC-02** undecided: the branch is a variable Decided by: run the live suites"
    assert line in markdown.render(found).splitlines()
    html = page.render(found, tmp_path)
    assert html.count("<b>Decided by:</b> run the live suites") == 3, "once, and once in each requirement"
    screen = io.StringIO()
    print_verdict(Console(file=screen, width=100), found)
    lines = [line.strip() for line in screen.getvalue().splitlines()]
    at = lines.index("undecided STATIC-01, STATIC-02: the branch is a variable")
    assert lines[at + 1] == "decided by: run the live suites"
    assert "verdict: conformant, 2 undecided" in lines


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
    # one script, that of the page: nothing of the text has become an element
    assert html.count("<script") == 1
    assert html.count("</script") == 1
    assert "\x00" not in html
    assert "\x1b" not in html
    assert len((tmp_path / "summary.md").read_text(encoding="utf-8").splitlines()) <= 60
    assert load_results(tmp_path / "result.json").verdict.word == "not conformant"


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
    subject = "reference (conformance.toml), stack 1f3c9e, environment kind"
    assert subject in markdown.render(result).splitlines()
    for text in (
        subject,
        "Not conformant, with a simulated controller, with a simulated ECR, 1 waived",
        "NEXUS-01 failed: maven-releases takes",
        "blocks 6 checks",
        "29 days left",
        "Stand-up",
        "Agent launch",
        "stack revision",
        "4356.vfa_556c21f086",
        "This run has no check for it",
        "Simulators: controller (its API and pipelines), ECR (its API).",
    ):
        assert text in html, text


def test_twenty_megabytes_of_evidence_fit_into_three(tmp_path: Path) -> None:
    checks = [check(f"NEXUS-{n:03d}", "failed" if n % 10 == 0 else "passed") for n in range(1, 201)]
    filler = ("<&>\"' lines of a log that need escaping\n" * 3000)[:105_000]
    found = results(tmp_path, *checks, evidence={c["requirements"][0]: {"log": filler} for c in checks})
    assert sum(ref.stored for one in found.checks for ref in one.evidence) > 20_000_000
    assert len(page.render(found, tmp_path).encode()) < 3_000_000


def test_lost_evidence_is_reported(tmp_path: Path) -> None:
    found = results(tmp_path, check("NEXUS-01", "failed"), evidence={"NEXUS-01": {"answer": "a" * 500}})
    for file in (tmp_path / "evidence").iterdir():
        file.unlink()
    assert "not found: No such file" in page.render(found, tmp_path)


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
    found = load_results(tmp_path)
    assert [one.outcome for one in found.checks] == [Outcome.PASSED, Outcome.NOT_RUN]
    assert write_all(found, tmp_path) == {}
    assert "Incomplete" in (tmp_path / "report.html").read_text()
    assert 'message="not run' in (tmp_path / "junit.xml").read_text()


def test_the_timeline_as_text_marks_the_critical_path(result: RunResult) -> None:
    text = charts.stand_up_text(result)
    assert "81.0 s; critical path 81.0 s: images -> cluster -> storage -> nexus" in text
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
    found = load_results(tmp_path)
    lost = write_all(found, tmp_path)
    monkeypatch.setattr(Path, "write_bytes", real_bytes)
    assert not (tmp_path / events.RESERVE).exists()
    assert found.verdict.word == "not conformant"
    assert set(lost.values()) == {"No space left on device"}
    assert len(lost) == 5
