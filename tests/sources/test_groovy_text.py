"""The lexer: what it finds, and the mistakes that it sees."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from conformance.sources import seed
from conformance.sources.groovy_text import Source


def test_calls_with_blocks_and_first_arguments() -> None:
    source = Source(
        "// folder('no')\nfolder('a') { x('y') }\npipelineJob \"a/b\", {\n  d { scriptPath('p') }\n}\n"
    )
    (folder,) = source.calls("folder")
    assert (folder.argument, folder.line) == ("a", 2)
    assert folder.block is not None
    assert [call.argument for call in folder.block.calls("x")] == ["y"]
    assert [call.argument for call in source.calls("pipelineJob")] == ["a/b"]


def test_strings_hide_brackets_and_comments() -> None:
    text = "a('}') ; b(\"${x['{']} /* no */\") ; c('''\n}}\n''') ; d(/[}]/) // }\n"
    source = Source(text)
    assert source.problems == []
    assert source.literals[0].text == "}"


def test_division_is_no_string() -> None:
    assert Source("int a = b / c; int d = e / f\n").problems == []


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a {\n", "line 1: '{' is never closed"),
        ("a\n}\n", "line 2: '}' closes nothing"),
        ("a('x\n)", "the string is never closed"),
        ("/* a", "the comment is never closed"),
        ("a = '''x", "the string is never closed"),
        ("f(a]", "']' closes nothing"),
    ],
)
def test_mistakes_name_their_line(text: str, problem: str) -> None:
    assert any(problem in found for found in Source(text).problems)


def test_the_line_of_a_block_goes_on() -> None:
    (outer,) = Source("\n\nouter {\n\n  inner('x')\n}\n").calls("outer")
    assert outer.block is not None
    assert next(iter(outer.block.calls("inner"))).line == 5


@example("/\\\n")
@given(st.text(alphabet="abc'\"/\\{}()[]$\n *", max_size=60))
def test_any_text_is_read(text: str) -> None:
    source = Source(text)
    assert len(source.code) == len(text)
    assert source.code.count("\n") == text.count("\n")


def test_seed_jobs_say_what_they_say() -> None:
    text = """
    final String repo = 'https://git.example.org/x.git'
    pipelineJob('f/j') {
        parameters {
            stringParam('A', '', '')
            booleanParam('B', true, '')
        }
        disabled()
        definition { cpsScm {
            scm { git { remote { url(repo) }; branch('main') } }
            scriptPath('p/Jenkinsfile')
        } }
    }
    """
    (job,) = seed.jobs("seed", Source(text))
    assert (job.name, job.script_path, job.repository, job.branch) == (
        "f/j",
        "p/Jenkinsfile",
        "https://git.example.org/x.git",
        "main",
    )
    assert job.parameters == (("A", "string"), ("B", "boolean"))
    assert job.disabled
    assert job.concurrent
    assert not job.keeps_builds


def test_seed_items_are_in_the_order_of_the_text() -> None:
    text = "pipelineJob('a/b') {\n}\nfolder('a') {\n}\nfreeStyleJob('c') {\n}\n"
    assert [(item.kind, item.name) for item in seed.items("seed", Source(text))] == [
        ("pipelineJob", "a/b"),
        ("folder", "a"),
        ("freeStyleJob", "c"),
    ]
