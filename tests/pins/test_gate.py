"""The gate, its outputs, the history, and the command line."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from conformance.core.errors import UsageError
from conformance.core.paths import PROJECT
from conformance.pins.__main__ import main
from conformance.pins.commands import register
from conformance.pins.gate import Dynamic, GateResult, Side, decide, gate
from conformance.pins.history import History, history
from conformance.pins.output import data, markdown, timeline
from conformance.pins.release_index import ReleaseIndex
from conformance.pins.resolve import Target
from conformance.pins.running import RunningPlugins, compare
from conformance.pins.trial import PinSet, TrialResult
from conformance.sources.facts import Place
from conformance.sources.plugins.pin import Finding
from tests.pins.support import (
    DAYS,
    LAST,
    MANIFESTS,
    PINS,
    document,
    pin_file,
    plugin,
    real_catalogue,
    real_pins,
    rules,
)

CORE = Target("2.504.3")
NEW, OLD = document(plugin("a", "2"), plugin("b", "2")), document(plugin("a", "1"), plugin("b", "1"))
KNOWN = ReleaseIndex(NEW, [OLD])


def side(core: Target = CORE, **pins: str) -> Side:
    return Side(pin_file(pins), core)


class Played:
    def __init__(self, *results: TrialResult) -> None:
        self.results = list(results)
        self.tried: list[PinSet] = []

    def boots(self, pins: PinSet) -> TrialResult:
        self.tried.append(pins)
        return self.results.pop(0) if len(self.results) > 1 else self.results[0]


def test_a_bump_without_findings_is_go_and_says_how_it_was_decided() -> None:
    result = gate(side(a="2", b="1"), KNOWN, rules(), baseline=side(a="1", b="1"))
    assert (result.verdict.word, result.verdict.exit_code) == ("GO", 0)
    assert "no controller was booted" in result.verdict.reasons[0]
    assert [(one.kind, one.name, one.old, one.new) for one in result.changes] == [("up", "a", "1", "2")]


def test_all_kinds_of_change() -> None:
    candidate = side(Target("2.516.1"), a="1", c="1")
    changes = gate(candidate, KNOWN, rules(), baseline=side(a="2", b="1")).changes
    assert [(one.kind, one.name) for one in changes] == [
        ("core", "core"),
        ("down", "a"),
        ("removed", "b"),
        ("added", "c"),
    ]


def test_findings_say_whether_the_candidate_brought_them() -> None:
    broken = ReleaseIndex(document(plugin("a", "2", x="1"), plugin("b", "1", y="1")), [OLD])
    result = gate(side(a="2", b="1"), broken, rules(), baseline=side(a="1", b="1"))
    assert {(one.subject, one.since) for one in result.findings} == {("x", "new"), ("y", "before")}
    assert result.verdict.exit_code == 1


def test_a_failure_outweighs_what_is_undecided() -> None:
    bad = Finding("advisory", "no-go", "a", "bad", Place("x"), ref="S-1")
    open_ = Finding("unknown-release", "error", "b", "unknown", Place("x"))
    reported = Finding("deprecated", "warning", "c", "old", Place("x"))
    assert decide([bad, open_, reported]).word == "NO-GO"
    assert decide([open_, reported]).word == "INCOMPLETE"
    assert decide([reported]).word == "GO"
    assert decide([replace(bad, waived="by someone")]).word == "GO"
    assert decide([bad]).reasons == ("1 advisory: a (S-1)",)


@pytest.mark.parametrize(
    ("outcome", "word", "code"), [("passed", "GO", 0), ("failed", "NO-GO", 1), ("error", "INCOMPLETE", 2)]
)
def test_what_the_controller_did_decides(outcome: str, word: str, code: int) -> None:
    trial = Played(TrialResult(outcome, "said"))  # type: ignore[arg-type]
    result = gate(side(a="2"), KNOWN, rules(), dynamic=Dynamic(trial))
    assert (result.verdict.word, result.verdict.exit_code) == (word, code)
    assert "said" in result.verdict.reasons[-1]


def test_no_controller_is_booted_for_what_is_no_go_already() -> None:
    trial = Played(TrialResult("passed"))
    assert gate(side(nope="1"), KNOWN, rules(), dynamic=Dynamic(trial)).verdict.word == "NO-GO"
    assert trial.tried == []


def test_a_dynamic_failure_is_bisected() -> None:
    class FailsWithA:
        def boots(self, pins: PinSet) -> TrialResult:
            return TrialResult("failed" if pins.plugins["a"] == "2" else "passed")

    result = gate(
        side(a="2", b="2"), KNOWN, rules(), baseline=side(a="1", b="1"), dynamic=Dynamic(FailsWithA())
    )
    assert result.bisection is not None
    assert result.bisection.culprits == {"a": ("1", "2")}
    assert "a 1 -> 2" in markdown.render(result)


def test_a_controller_that_passed_but_did_not_upgrade_is_caught() -> None:
    ran = RunningPlugins("controller", {"a": ("1", True)})
    result = gate(side(a="2"), KNOWN, rules(), dynamic=Dynamic(Played(TrialResult("passed", "", ran))))
    assert (result.verdict.word, result.findings[0].code) == ("NO-GO", "not-obeyed")


def test_what_runs_is_compared_with_what_is_pinned() -> None:
    pins = pin_file({"a": "2", "b": "1", "c": "1", "d": "1"}).exact()
    ran = {"a": ("1", True), "b": ("2", True), "c": ("1.0", False), "e": ("1", True)}
    reported = {one.subject: (one.code, one.what) for one in compare(pins, RunningPlugins("controller", ran))}
    assert reported["a"] == ("not-obeyed", "not upgraded: pinned 2, running 1")
    assert reported["b"] == ("not-obeyed", "not rolled back: pinned 1, running 2")
    assert reported["c"][0] == "inactive"
    assert reported["d"][0] == "not-running"
    assert reported["e"][0] == "not-pinned"


@pytest.fixture(scope="module")
def real() -> GateResult:
    return gate(Side(real_pins(), CORE), real_catalogue(), rules())


def test_markdown_fits_a_comment(real: GateResult) -> None:
    text = markdown.render(real)
    assert text.startswith("## Plugin gate: NO-GO: 67 pins, core 2.504.3, update center of 2026-06-14")
    assert f"{PINS}:20" in text
    many = tuple(replace(real.findings[0], ref=str(number), what="x" * 200) for number in range(2000))
    long = markdown.render(replace(real, findings=many))
    assert len(long) <= markdown.LIMIT
    assert "more: see the JSON output" in long


def test_markdown_holds_hostile_text_in_its_cell(real: GateResult) -> None:
    hostile = replace(real.findings[0], what="a | b\n</details> <script> @team", link="javascript:x")
    text = markdown.render(replace(real, findings=(hostile,)))
    assert "a \\| b &lt;/details> &lt;script> &#64;team" in text
    assert "javascript:" not in text


def test_json(real: GateResult) -> None:
    read = json.loads(data.as_json(real))
    assert (read["schema"], read["verdict"], read["exit_code"], len(read["pins"])) == (1, "NO-GO", 1, 67)
    places = {one["ref"]: one["where"] for one in read["findings"]}
    assert places["SECURITY-3672"] == {"file": str(PINS), "line": 15}


def test_junit(real: GateResult) -> None:
    control = replace(real, findings=(*real.findings, replace(real.findings[0], subject="a\x00b")))
    root = ET.fromstring(data.as_junit(control))
    assert root.attrib == {"tests": "69", "failures": "7", "errors": "0"}
    failed = {case.get("name") for case in root.iter("testcase") if case.find("failure") is not None}
    assert {"core", "git-client", "script-security", "ab"} < failed


@pytest.fixture(scope="module")
def past() -> History:
    from conformance.pins.release_index import read_manifests

    return history(DAYS, real_pins(), CORE, rules(), read_manifests(MANIFESTS))


def test_history_shows_when_pins_became_vulnerable(past: History) -> None:
    assert [(day.day, day.word, day.advisories) for day in past.days] == [
        ("2025-06-28", "GO", 0),
        ("2025-09-15", "NO-GO", 2),
        ("2025-12-15", "NO-GO", 5),
        ("2026-03-15", "NO-GO", 6),
        ("2026-06-13", "NO-GO", 12),
        ("2026-06-14", "NO-GO", 12),
    ]
    assert past.days[1].new == ("git-client SECURITY-3590", "jakarta-mail-api SECURITY-3617")
    assert past.days[5].new == ()
    found = {one.advisory: one for one in past.exposures}
    mail = found["SECURITY-3617"]
    assert (mail.since, mail.first_seen, mail.until, mail.days) == (
        "2025-09-03",
        "2025-09-15",
        "2026-06-14",
        284,
    )
    assert (mail.fix, mail.fix_day) == ({"jakarta-mail-api": "2.1.3-3"}, "2025-09-15")
    assert set(found["SECURITY-3590"].fix) == {"git-client", "configuration-as-code"}
    assert "needs core" in found["SECURITY-3727"].blocked


def test_the_picture_is_self_contained(past: History) -> None:
    picture = timeline.as_svg(past)
    root = ET.fromstring(picture)
    bars = [one for one in root.iter("{http://www.w3.org/2000/svg}rect") if one.get("height") == "12"]
    assert len(bars) == 2 * len(past.exposures)
    assert all(float(one.get("width", "-1")) >= 0 for one in bars)
    assert "href" not in picture
    assert "| 2025-09-15 | 2.527 | NO-GO | 2 |" in timeline.as_markdown(past)
    assert len(json.loads(timeline.as_json(past))["exposures"]) == 12


COMMON = [
    "--candidate",
    str(PINS),
    "--core",
    "2.504.3",
    "--manifests",
    str(MANIFESTS),
    "--contract",
    "/nonexistent",
]


def words(form: str = "", *more: str) -> list[str]:
    return ["gate", *([form] if form else []), *COMMON, "--today", "2026-06-14", *more]


def test_command_gate(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    outputs = [tmp_path / name for name in ("gate.md", "gate.json", "gate.xml")]
    written = [f"--{name}={file}" for name, file in zip(("markdown", "json", "junit"), outputs, strict=True)]
    assert main(words("", "--static-only", "--update-center", str(LAST), *written)) == 1
    shown = capsys.readouterr().out
    assert "NO-GO: 67 pins" in shown
    assert "SECURITY-3614" in shown
    assert all(file.stat().st_size > 1000 for file in outputs)
    first = str(DAYS / "2025-06-28.json.gz")
    assert main(words("", "--static-only", "--update-center", first)) == 0


def test_command_gate_is_incomplete_where_nothing_is_known_of_a_pin(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "plugins.txt"
    file.write_text("asm-api:9.8-163.vb_2a_96d3f9c3c\n")
    given = ["--static-only", "--candidate", str(file), "--core", "2.568", "--contract", "/nonexistent"]
    assert main(["gate", *given, "--update-center", str(LAST)]) == 2
    assert "INCOMPLETE: 1 pins" in capsys.readouterr().out
    assert main(["gate", *given, "--update-center", str(LAST), "--manifests", str(MANIFESTS)]) == 0


def test_command_propose_edits_a_file_into_a_valid_one(tmp_path: Path) -> None:
    file = tmp_path / "plugins.txt"
    file.write_bytes(PINS.read_bytes())
    given = ["--candidate", str(file), "--core", "2.568", "--contract", "/nonexistent"]
    data_of = ["--update-center", str(DAYS), "--manifests", str(MANIFESTS)]
    assert main(["gate", "propose", *given, *data_of]) == 0
    assert "git-client:6.6.0\n" in file.read_text()
    assert main(["gate", "--static-only", *given, *data_of]) == 0


def test_command_history(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    picture = tmp_path / "history.svg"
    assert main(words("history", "--update-center", str(DAYS), "--svg", str(picture), "--json", "-")) == 1
    assert json.loads(capsys.readouterr().out)["pins"] == 67
    assert picture.read_text().startswith("<svg")


@pytest.mark.parametrize(
    ("more", "code", "says"),
    [
        (["--static-only"], 3, "no update center is given"),
        ([], 3, "no controller to boot"),
        (["--static-only", "--update-center", "/nonexistent"], 2, "cannot be read"),
        (["--static-only", "--waivers", "/nonexistent", "--update-center", str(LAST)], 3, "cannot be read"),
        (["--static-only", "--update-center", str(LAST), "--running", "/nonexistent"], 3, "cannot be read"),
    ],
)
def test_usage_is_one_error_without_a_traceback(
    more: list[str], code: int, says: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CONFORMANCE_UPDATE_CENTER", raising=False)
    assert main(words("", *more)) == code
    said = capsys.readouterr().err
    assert says in said
    assert "Traceback" not in said


def test_command_gate_boots_a_controller_and_bisects(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    class FailsWithNewMail:
        def boots(self, pins: PinSet) -> TrialResult:
            new = pins.plugins["jakarta-mail-api"] == "2.1.5-1"
            return TrialResult("failed" if new else "passed", "a plugin is not active")

    old, new = tmp_path / "old.txt", tmp_path / "new.txt"
    old.write_text(
        "asm-api:9.8-163.vb_2a_96d3f9c3c\njakarta-mail-api:2.1.3-2\njakarta-activation-api:2.1.3-2\n"
    )
    new.write_text(
        "asm-api:9.10.1-216.va_9256d3b_844b_\njakarta-mail-api:2.1.5-1\njakarta-activation-api:2.1.4-1\n"
    )
    parser = argparse.ArgumentParser()
    register(parser.add_subparsers(), lambda given: FailsWithNewMail())
    memory = tmp_path / "bisection.jsonl"
    words = [
        "gate",
        "--candidate",
        str(new),
        "--baseline",
        str(old),
        "--core",
        "2.568",
        "--bisection",
        str(memory),
    ]
    given = parser.parse_args(
        [*words, "--update-center", str(LAST), "--manifests", str(MANIFESTS), "--contract", "/nonexistent"]
    )
    assert given.handler(given) == 1
    shown = " ".join(capsys.readouterr().out.split())
    assert (
        "smallest set of changes that fails: jakarta-activation-api 2.1.3-2 -> 2.1.4-1, jakarta-mail-api"
        in shown
    )
    assert "asm-api 9.8" not in shown.split("smallest set")[1]
    assert memory.read_text().count("\n") > 2


def test_unknown_options_are_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["gate", "--nope"]) == 3
    assert "unrecognized" in capsys.readouterr().err


@pytest.mark.parametrize("module", ["conformance.pins.__main__", "conformance.cli.main"])
def test_a_static_gate_loads_no_client_and_no_model(module: str) -> None:
    """Imports are part of what a pull request waits for."""
    program = (
        f"import sys; from {module} import main; code = main(sys.argv[1:]); "
        "heavy = {'kubernetes', 'boto3', 'botocore', 'requests', 'urllib3', 'httpx', 'aiohttp', 'pydantic', "
        "'cryptography', 'jenkins', 'http.client', 'urllib.request'}; "
        "sys.stderr.write(','.join(sorted(heavy & set(sys.modules)))); sys.exit(code)"
    )
    given = words("", "--static-only", "--update-center", str(LAST))
    done = subprocess.run(
        [sys.executable, "-c", program, *given], cwd=PROJECT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (1, "")


def test_pins_of_a_contract_and_its_core_with_their_lines(tmp_path: Path) -> None:
    from conformance.pins.inputs import read_defaults

    contract = tmp_path / "conformance.toml"
    contract.write_text('[stack]\npath = "mine"\n\n[jenkins]\nversion = "2.504.3"\n')
    found = read_defaults(contract)
    assert found is not None
    assert (found.core, found.core_where.line) == ("2.504.3", 5)
    assert found.values == tmp_path / "mine" / "jenkins-helm-values.yaml.tmpl"
    assert read_defaults(tmp_path / "absent.toml") is None
    contract.write_text("[stack")
    with pytest.raises(UsageError):
        read_defaults(contract)
