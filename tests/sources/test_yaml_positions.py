"""YAML as Helm reads it, with places and limits."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from conformance.sources import texts
from conformance.sources.texts import Text, decode
from conformance.sources.yaml_positions import Document, Node, load, load_all, load_json
from tests.sources.support import at, broken, node, repository, text


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("yes", True),
        ("Off", False),
        ("n", False),
        ("010", 8),
        ("0o10", 8),
        ("0x1F", 31),
        ("1_000", 1000),
        ("1e3", 1000.0),
        ("2.504.3", "2.504.3"),
        ("2001-01-01", "2001-01-01"),
        ("1:30", "1:30"),
        ('"0"', "0"),
        ("'false'", "false"),
        ("~", None),
        ("", None),
        ("08", 8.0),
        ("!!str 5", "5"),
        (".inf", float("inf")),
        ("9223372036854775808999", 9.223372036854776e21),
    ],
)
def test_scalars_are_those_of_helm(written: str, value: object) -> None:
    found = node(f"key: {written}\n").at("key")
    assert found is not None
    assert found.value == value
    assert type(found.value) is type(value)


def test_every_value_has_its_place() -> None:
    found = node("a:\n  b:\n  - c: 1\n    d: x\n", "values.yaml")
    assert at(found.at("a", "b")) == "values.yaml:3:3"
    inner = found.at("a", "b")
    assert inner is not None
    assert at(inner.items[0].at("d")) == "values.yaml:4:8"
    assert str(found.key_place("a")) == "values.yaml:1:1"


def test_texts_inside_of_texts_keep_their_lines() -> None:
    outer = node("script: |\n  jenkins:\n    jobs: |\n      one\n      two\n", "v.yaml").at("script")
    assert outer is not None
    inner = load(outer.as_text())
    assert isinstance(inner, Document)
    jobs = inner.root.at("jenkins", "jobs")
    assert at(jobs) == "v.yaml:3:11"
    assert jobs is not None
    assert str(jobs.as_text().origin.place(2, 1)) == "v.yaml:5:7"


def test_folded_texts_lie_where_they_begin() -> None:
    folded = node("a: >-\n  one\n  two\n", "v.yaml").at("a")
    assert folded is not None
    assert folded.value == "one two"
    assert str(folded.as_text().origin.place(1)) == "v.yaml:1:4"


def test_later_keys_win_and_are_noted() -> None:
    found = load(text("a: 1\nb: 2\na: 3\n"))
    assert isinstance(found, Document)
    assert found.root.plain() == {"a": 3, "b": 2}
    assert [(str(place), key) for place, key in found.duplicates] == [("file:3:1", "a")]


def test_merge_keys_and_anchors() -> None:
    found = node("base: &base {a: 1, b: 2}\nown:\n  <<: *base\n  b: 3\n")
    own = found.at("own")
    assert own is not None
    assert own.plain() == {"a": 1, "b": 3}


@pytest.mark.parametrize(
    ("written", "place", "words"),
    [
        ("a: [1\n", "file:2:1", "did not find expected ',' or ']'"),
        ("a: b: c\n", "file:1:5", "mapping values are not allowed"),
        ("a: *b\n", "file:1:4", "unknown anchor 'b' referenced"),
        ("{{ x }}: 1\n", "file:1:2", "a key is a mapping"),
        ("a: \x07\n", "file:1", "control characters are not allowed"),
        ("a:\n\t- b\n", "file:2:1", "cannot start any token"),
    ],
)
def test_broken_yaml_is_one_error_in_the_parser_s_words(written: str, place: str, words: str) -> None:
    error = broken(load_all(text(written)))
    assert str(error.place) == place
    assert words in error.message


def test_deep_nesting_is_refused() -> None:
    assert "nest" in broken(load(text("[" * 5000))).message
    assert "nested deeper than" in broken(load(text("".join(f"{' ' * n}a:\n" for n in range(400))))).message


def test_alias_bombs_are_refused() -> None:
    lines = ["a: &a [x, x, x, x, x, x, x, x, x, x]"]
    names = "abcdefghij"
    for below, above in pairwise(names):
        lines.append(f"{above}: &{above} [{', '.join([f'*{below}'] * 10)}]")
    assert "values, aliases expanded" in broken(load(text("\n".join(lines)))).message


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-be", "utf-32"])
def test_byte_order_marks_name_the_encoding(encoding: str) -> None:
    mark = b"\xfe\xff" if encoding == "utf-16-be" else b""
    found = decode(mark + "a: é\n".encode(encoding), "values.yaml")
    assert isinstance(found, Text)
    assert found.value == "a: é\n"


def test_latin_1_is_one_error_with_its_line() -> None:
    error = broken(decode("a: 1\nb: café\n".encode("latin-1"), "values.yaml"))
    assert str(error.place) == "values.yaml:2"
    assert "not UTF-8" in error.message
    assert "save it as UTF-8" in error.message


def test_files_beyond_the_limit_are_not_read(tmp_path: Path) -> None:
    path = tmp_path / "huge.yaml"
    with path.open("wb") as file:
        file.truncate(200_000_000)
    assert "200000000 bytes" in broken(texts.read(path, tmp_path)).message


def test_links_out_of_the_repository_are_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside.yaml"
    outside.write_text("a: 1\n")
    root = repository(tmp_path / "repo", {"x": ""})
    (root / "link.yaml").symlink_to(outside)
    assert "link to a place outside" in broken(texts.read(root / "link.yaml", root)).message


def test_json_has_places_also_with_tabs_and_surrogates() -> None:
    found = load_json(text('{\n\t"a": {"b": "c"}\n}\n', "x.json"))
    assert isinstance(found, Node)
    assert at(found.at("a", "b")) == "x.json:2:13"
    emoji = load_json(text('{"a": "\\ud83d\\ude00"}', "x.json"))
    assert isinstance(emoji, Node)
    assert emoji.plain() == {"a": "\U0001f600"}
    assert str(broken(load_json(text('{"a": 1,}\n', "x.json"))).place) == "x.json:1:9"


def test_open_names_are_told_apart() -> None:
    word = f"{texts.open_name('var.a')}/x:{texts.open_name('var.b')}"
    assert texts.open_names(word) == ("var.a", "var.b")
    assert texts.shown(word) == "${var.a}/x:${var.b}"
    assert not texts.is_open("plain")
