"""The gate on small inputs that were once answered wrong, each for a kind; the folders are in data/cases."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conformance.core.paths import REFERENCE
from conformance.pins.__main__ import main
from conformance.sources.plugins.read import parse
from tests.pins.support import DATA

CASES = DATA / "cases"
COMPLETE = REFERENCE / "update-center.json.gz"
JUDGE, PROPOSE = ("gate", "--static-only"), ("gate", "propose", "--output", "-")
CENTER = ("--update-center", "center.json")
PINS = ("--candidate", "pins.txt")
CORE = ("--core", "2.504.3")
USUAL = (*CORE, *PINS, *CENTER)

Shown = tuple[int, str, str]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Shown]:
    """Runs the gate inside of a case's folder: (exit code, standard output, standard error)."""

    def gate(case: str, *words: str) -> Shown:
        monkeypatch.chdir(CASES / case)
        code = main([*words, "--contract", "none"])
        shown = capsys.readouterr()
        for text in shown:
            assert "Traceback" not in text
            assert all(char.isprintable() or char == "\n" for char in text)
        return code, " ".join(shown.out.split()), " ".join(shown.err.split())

    return gate


@pytest.mark.parametrize(
    ("case", "words", "code", "says"),
    [
        ("needs-left-out", (*JUDGE, *USUAL), 2, "does not say the plugins that it needs"),
        ("needs-left-out-propose", (*PROPOSE, *USUAL), 2, "does not say the plugins that it needs"),
        ("first-need-cannot-be-met", (*PROPOSE, *USUAL), 1, "1 missing: a"),
        ("last-need-cannot-be-met", (*PROPOSE, *USUAL), 1, "1 missing: a"),
        ("pattern-nested-repeats", (*JUDGE, *USUAL), 2, "1 unreadable-advisory: x"),
        ("pattern-open-repeats", (*JUDGE, *USUAL), 1, "is not a version"),
        ("pattern-alternation-chain", (*JUDGE, *USUAL), 1, "is not a version"),
        ("lone-surrogate", (*JUDGE, *USUAL), 2, "a dependency cannot be read: {'name': '\\ud800\\x1b[31m'"),
        ("escape-codes-in-a-message", (*JUDGE, *USUAL), 1, "S-1: a\\x1b[2J\\x1b]0;pwn\\x07b"),
        ("label-deprecated", (*JUDGE, *USUAL), 0, "it is deprecated"),
        ("pins-without-versions", (*PROPOSE, *USUAL), 0, "GO: 6 pins"),
        ("pin-twice-and-latest", (*PROPOSE, *USUAL), 0, "GO: 4 pins"),
        ("key-twice", (*JUDGE, *USUAL), 2, "the key 'warnings' is given twice"),
        ("warning-without-versions", (*JUDGE, *USUAL), 1, "1 advisory: x (S-9)"),
        ("core-not-given", (*JUDGE, *PINS, *CENTER), 3, "the core of pins.txt is not known"),
        ("core-is-a-word", (*JUDGE, "--core", "banana", *PINS, *CENTER), 3, "--core is no version"),
        ("document-as-html", (*JUDGE, *CORE, *PINS, "--update-center", "center.html"), 0, "GO: 4 pins"),
        ("document-with-a-comment", (*JUDGE, *USUAL), 0, "GO: 4 pins"),
        ("document-as-xz", (*JUDGE, *CORE, *PINS, "--update-center", "center.json.xz"), 0, "GO: 4 pins"),
        ("output-cannot-be-written", (*JUDGE, *USUAL, "--json", "missing/gate.json"), 3, "cannot be written"),
    ],
)
def test_case(run: Callable[..., Shown], case: str, words: tuple[str, ...], code: int, says: str) -> None:
    start = time.monotonic()
    observed, out, err = run(case, *words)
    assert observed == code
    assert says in f"{out} {err}"
    assert time.monotonic() - start < 3


def test_proposals_do_not_depend_on_the_order_of_needs(run: Callable[..., Shown]) -> None:
    proposals = {run(f"{one}-need-cannot-be-met", *PROPOSE, *USUAL)[1] for one in ("first", "last")}
    assert proposals == {"x:1 b:2 c:2"}


def test_open_versions_are_filled_in_once(run: Callable[..., Shown]) -> None:
    assert run("pin-twice-and-latest", *PROPOSE, *USUAL)[1] == "x:1 a:2 b:2 c:2"
    filled = run("pins-without-versions", *PROPOSE, *USUAL)[1].split()
    assert [one.partition(":")[0] for one in filled] == [
        *("git", "kubernetes", "workflow-aggregator", "configuration-as-code", "job-dsl", "structs")
    ]
    assert "git:5.7.0" in filled


def test_nothing_of_a_version_that_is_none_reaches_the_values(run: Callable[..., Shown]) -> None:
    code, out, err = run("version-with-line-breaks", *PROPOSE, *CORE, "--candidate", "values.yaml", *CENTER)
    assert code == 2
    assert "evil" not in out
    assert "is not a version" in err


def test_a_proposal_for_another_core_moves_the_image_tag(run: Callable[..., Shown], tmp_path: Path) -> None:
    target = tmp_path / "values.yaml"
    words = ("--candidate", "values.yaml", "--update-center", str(COMPLETE), "--output", str(target))
    run("core-in-the-values", "gate", "propose", "--core", "2.528.3", *words)
    proposed = parse(target.read_text(), "values.yaml")
    assert proposed.core == "2.528.3"
    assert 'tag: "2.528.3-lts-jdk21"' in target.read_text()
    judged = ("--candidate", str(target), "--update-center", str(COMPLETE))
    _, out, _ = run("core-in-the-values", *JUDGE, *judged)
    assert "core 2.528.3" in out
    assert "core-too-old" not in out


def test_pins_judged_for_another_core_than_the_files_own_say_so(run: Callable[..., Shown]) -> None:
    words = ("--candidate", "values.yaml", "--update-center", str(COMPLETE))
    _, out, _ = run("core-in-the-values", *JUDGE, "--core", "2.528.3", *words)
    assert "judged for core 2.528.3, but this file sets 2.504.3" in out


def test_a_template_is_read_by_its_content(run: Callable[..., Shown]) -> None:
    words = ("--candidate", "values.tmpl", "--update-center", str(COMPLETE))
    _, out, _ = run("values-named-tmpl", *JUDGE, *CORE, *words)
    assert "NO-GO: 73 pins" in out
    assert "not-exact" not in out


def hostile(number: int) -> bytes:
    """A document with something wrong in some place: types, texts, sizes, nesting; the same for a number."""
    chance = random.Random(number)
    values: list[Any] = [
        None,
        True,
        -1,
        1e308,
        "",
        "\ud800",
        "\x1b[2J",
        "1\n- a:1",
        "9" * 5000,
        [],
        {},
        [[]],
        {"a": 1},
    ]

    def spoil(value: Any, depth: int = 0) -> Any:
        if depth and chance.random() < 0.15:
            return chance.choice(values)
        if isinstance(value, dict):
            return {key: spoil(one, depth + 1) for key, one in value.items() if chance.random() > 0.03}
        return [spoil(one, depth + 1) for one in value] if isinstance(value, list) else value

    names = [f"p{one}" for one in range(20)]
    raw = {
        "core": {"version": "2.568"},
        "generationTimestamp": "2026-01-01T00:00:00Z",
        "plugins": {
            name: {
                "name": name,
                "version": "2",
                "requiredCore": "2.479.1",
                "releaseTimestamp": "2026-01-01T00:00:00.00Z",
                "labels": ["a"],
                "dependencies": [{"name": chance.choice(names), "version": "1", "optional": False}],
            }
            for name in names
        },
        "deprecations": {"p1": {"url": "https://example.org"}},
        "warnings": [
            {
                "id": "S",
                "type": "plugin",
                "name": name,
                "message": "m",
                "url": "u",
                "versions": [{"pattern": ".*"}],
            }
            for name in names[:5]
        ],
    }
    return json.dumps(spoil(raw)).encode()


@pytest.mark.parametrize("form", [JUDGE, PROPOSE, ("gate", "plan")])
def test_hostile_documents_end_in_order(
    form: tuple[str, ...], run: Callable[..., Shown], tmp_path: Path
) -> None:
    pins, center = tmp_path / "pins.txt", tmp_path / "center.json"
    pins.write_text("".join(f"p{one}:{1 + one % 2}\n" for one in range(20)))
    words = (*form, *CORE, "--candidate", str(pins), "--update-center", str(center), "--today", "2026-06-14")
    codes = []
    for number in range(60):
        center.write_bytes(hostile(number))
        start = time.monotonic()
        code, out, err = run("needs-left-out", *words)
        assert time.monotonic() - start < 3
        codes.append(code)
        if code == 1:
            assert "NO-GO: " in f"{out} {err}"
        else:
            assert code == 2, f"document {number} is damaged, and the gate ends with {code}: {out} {err}"
    assert set(codes) == {1, 2}


def test_an_error_of_the_gate_itself_is_never_a_no_go(
    run: Callable[..., Shown], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr("conformance.pins.gate.judge", broken)
    code, _, err = run("core-is-a-word", *JUDGE, *USUAL)
    assert code == 2
    assert "the gate failed and decides nothing" in err


@pytest.mark.parametrize("option", ["--markdown", "--json", "--junit"])
def test_an_output_that_cannot_be_written_is_usage(
    run: Callable[..., Shown], option: str, tmp_path: Path
) -> None:
    for where in (tmp_path, tmp_path / "absent" / "gate"):
        code, out, err = run("core-is-a-word", *JUDGE, *USUAL, option, str(where))
        assert (code, out) == (3, "")
        assert f"{option} cannot be written" in err
