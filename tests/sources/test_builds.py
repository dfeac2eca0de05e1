"""Seeds and Jenkinsfiles of a stack, joined: the file of a job, sentences of errors, texts."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.sources import builds
from conformance.sources.facts import Place, SourceError
from conformance.sources.groovy import PipelineFile, SeedScript

SEED = """
folder('a')
['one', 'two'].each { name ->
    pipelineJob('a/' + name) {
        definition { cpsScm {
            scm { git { remote { url('https://git.example.org/x.git'); credentials('key') }
                branch('main')
                extensions { relativeTargetDirectory('tooling') } } }
            scriptPath('tooling/pipelines/' + name + '/Jenkinsfile')
        } }
    }
}
multibranchPipelineJob('a/portal') {
    branchSources { git { id('p'); remote('https://git.example.org/p.git') } }
}
"""


@pytest.fixture
def evaluated(tmp_path: Path) -> builds.Builds:
    for name in ("one", "two"):
        file = tmp_path / "pipelines" / name / "Jenkinsfile"
        file.parent.mkdir(parents=True)
        file.write_text("pipeline {\n  agent { label 'x' }\n  environment { A = 'one/two' }\n}\n")
    (tmp_path / "other.groovy").write_text("node('y') {\n")
    (tmp_path / "vars").mkdir()
    (tmp_path / "vars" / "say.groovy").write_text("def call() { sh 'echo' }\n")
    (tmp_path / "seed.groovy").write_text(SEED)
    return builds.evaluate(tmp_path, [SeedScript("seed.groovy")], {}, ["other.groovy", "none"])


def test_jobs_and_their_files(evaluated: builds.Builds) -> None:
    assert [item.full_name for item in evaluated.items] == ["a", "a/one", "a/two", "a/portal"]
    assert [builds.script_file(job) for job in evaluated.jobs] == [
        "pipelines/one/Jenkinsfile",
        "pipelines/two/Jenkinsfile",
        "",
    ]
    assert builds.repository(evaluated.jobs[0]) == "https://git.example.org/x.git"
    assert (builds.branch(evaluated.jobs[0]), builds.branch(evaluated.jobs[2])) == ("main", "")


def test_every_pipeline_is_parsed(evaluated: builds.Builds) -> None:
    assert set(evaluated.pipelines) == {
        "pipelines/one/Jenkinsfile",
        "pipelines/two/Jenkinsfile",
        "other.groovy",
    }
    assert list(evaluated.steps) == ["say"]
    broken = evaluated.pipelines["other.groovy"]
    assert isinstance(broken, SourceError)
    assert "never closed" in builds.sentence(broken)


def test_texts_have_their_places(evaluated: builds.Builds) -> None:
    pipeline = evaluated.pipelines["pipelines/one/Jenkinsfile"]
    assert isinstance(pipeline, PipelineFile)
    assert [(text.value, text.place.line) for text in builds.texts(pipeline)] == [("one/two", 3)]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (
            "unexpected token: ",
            "s:3: the file ends where a brace or a parenthesis is never closed (unexpected token:)",
        ),
        ("expecting '}', found ''", "s:3: a brace is never closed (expecting '}', found '')"),
        ("unexpected token: }", "s:3: unexpected token: }"),
    ],
)
def test_sentences_of_the_compiler(words: str, sentence: str) -> None:
    assert builds.sentence(SourceError(Place("s", 3), words)) == sentence
