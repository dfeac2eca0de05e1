"""The engine itself: one virtual machine, results kept by content, files that cannot be read."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conformance.core import downloads
from conformance.core.downloads import Artifact
from conformance.core.errors import BuildFailure
from conformance.sources.facts import SourceError
from conformance.sources.groovy import EngineBroken, GroovyEngine, Limits, PipelineFile, SeedScript, program
from conformance.sources.groovy.results import ResultCache


@pytest.fixture
def results(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A cache of results for one test; the compiled evaluator stays where it is."""
    monkeypatch.setattr("conformance.sources.groovy.engine.cache_root", lambda: tmp_path / "cache")
    return tmp_path / "cache"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    made = tmp_path / "repository"
    made.mkdir()
    (made / "Jenkinsfile").write_text("node { sh 'a' }", encoding="utf-8")
    (made / "name.txt").write_text("one", encoding="utf-8")
    (made / "seed.groovy").write_text("folder(readFileFromWorkspace('name.txt'))", encoding="utf-8")
    return made


def names(root: Path, **inputs: str) -> tuple[list[str], int]:
    """Items of the seed, and how many virtual machines that took."""
    with GroovyEngine() as engine:
        seeds = engine.evaluate_seeds(root, ["seed.groovy"], inputs)
        assert seeds.errors == ()
        return [item.full_name for item in seeds.items], engine.starts


@pytest.mark.usefixtures("results")
def test_results_are_kept_by_everything_that_decides_them(root: Path) -> None:
    assert names(root) == (["one"], 1)
    assert names(root) == (["one"], 0)
    (root / "name.txt").write_text("two", encoding="utf-8")
    assert names(root) == (["two"], 1), "a file that the seed reads has changed"
    assert names(root, other="x") == (["two"], 1), "other inputs"
    (root / "seed.groovy").write_text(
        "new File(WORKSPACE).eachFileMatch(~/.*txt/) { folder(it.name) }", encoding="utf-8"
    )
    assert names(root) == (["name.txt"], 1)
    assert names(root) == (["name.txt"], 0)
    (root / "more.txt").write_text("", encoding="utf-8")
    assert names(root) == (["more.txt", "name.txt"], 1), "a folder that the seed lists has changed"
    (root / "seed.groovy").write_text("if (new File('new.txt').exists()) { folder('new') }", encoding="utf-8")
    assert names(root) == ([], 1)
    (root / "new.txt").write_text("", encoding="utf-8")
    assert names(root) == (["new"], 1), "a file that the seed looks for is there now"


@pytest.mark.usefixtures("results")
def test_one_start_for_all_files(root: Path) -> None:
    with GroovyEngine() as engine:
        found = engine.parse_pipelines(root, ["Jenkinsfile", "seed.groovy"])
        engine.evaluate_seeds(root, ["seed.groovy"], {})
        assert engine.starts == 1
        assert 10 < engine.resident_mb() < 350
    assert all(isinstance(each, PipelineFile) for each in found.values())
    with GroovyEngine() as engine:
        assert engine.parse_pipelines(root, ["Jenkinsfile", "seed.groovy"]) == found
        assert engine.starts == 0


def test_a_damaged_result_is_none(results: Path, root: Path) -> None:
    assert names(root) == (["one"], 1)
    for file in results.rglob("*.json"):
        file.write_text("{", encoding="utf-8")
    assert names(root) == (["one"], 1)


def test_a_cache_that_cannot_be_written_is_no_failure(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    cache = ResultCache(tmp_path / "file", tmp_path)
    cache.put({"a": 1}, {"b": 2}, [])
    assert cache.get({"a": 1}) is None


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"node { sh '\xff' }", "it is not UTF-8: byte 0xff at offset 11"),
        ("node { }".encode("utf-16"), "it is not UTF-8"),
        (b"// " + b"x" * (3 << 20), "bytes; a script has at most 2097152"),
        (None, "it cannot be read: No such file or directory"),
    ],
)
def test_files_that_cannot_be_read(
    engine: GroovyEngine, root: Path, content: bytes | None, message: str
) -> None:
    if content is not None:
        (root / "bad").write_bytes(content)
    found = engine.parse_pipelines(root, ["bad", "Jenkinsfile"])
    error = found["bad"]
    assert isinstance(error, SourceError)
    assert message in error.message
    assert isinstance(found["Jenkinsfile"], PipelineFile)
    assert engine.evaluate_seeds(root, ["bad"], {}).errors == (error,)


def test_links_and_folders(engine: GroovyEngine, root: Path, tmp_path: Path) -> None:
    (tmp_path / "outside").write_text("node { }", encoding="utf-8")
    (root / "out").symlink_to(tmp_path / "outside")
    (root / "in").symlink_to(root / "Jenkinsfile")
    (root / "loop").symlink_to(root / "loop")
    (root / "folder").mkdir()
    found = engine.parse_pipelines(root, ["out", "in", "loop", "folder"])
    out, loop, folder = (found[name] for name in ("out", "loop", "folder"))
    assert isinstance(out, SourceError)
    assert out.message == "it is a link to a file outside of the repository"
    assert isinstance(found["in"], PipelineFile)
    assert isinstance(loop, SourceError)
    assert isinstance(folder, SourceError)
    assert folder.message == "it is no file"


def test_a_byte_order_mark_is_no_text(engine: GroovyEngine, root: Path) -> None:
    (root / "Jenkinsfile").write_bytes(b"\xef\xbb\xbfnode { sh 'a' }")
    found = engine.parse_pipelines(root, ["Jenkinsfile"])["Jenkinsfile"]
    assert isinstance(found, PipelineFile)
    assert found.scripts[0].text == "a"


PIECES = [
    "pipeline {",
    "agent",
    "any",
    "stages {",
    "stage('a') {",
    "steps {",
    "sh 'x'",
    "}",
    "{",
    "(",
    ")",
    "[",
    "]",
    "'",
    '"',
    '"""',
    "$/",
    "/$",
    "${",
    "node",
    "=",
    "->",
    ",",
    ":",
    "\n",
    " ",
    "@Library('a')",
    "_",
    "1",
    "+",
    "def x",
]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.one_of(st.lists(st.sampled_from(PIECES), max_size=25).map(" ".join), st.text(max_size=40)))
def test_any_text_is_parsed_or_refused(engine: GroovyEngine, repository: Path, text: str) -> None:
    found = engine.parse_text(repository, "Jenkinsfile", text)
    assert isinstance(found, PipelineFile | SourceError)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.sampled_from([*PIECES, "job('a') {", "folder('b')", "scm { git('u') }", "parameters {"]),
        max_size=12,
    )
)
def test_any_seed_makes_items_or_one_error(engine: GroovyEngine, repository: Path, pieces: list[str]) -> None:
    seeds = engine.evaluate_seeds(repository, [SeedScript("seed.groovy", "\n".join(pieces))], {})
    assert len(seeds.errors) + len(seeds.undecided) <= 1


@pytest.fixture
def empty_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("CONFORMANCE_MAVEN_CENTRAL", "http://127.0.0.1:9")
    return tmp_path / "home"


def test_without_network_the_error_names_file_and_folder(empty_cache: Path, root: Path) -> None:
    with GroovyEngine() as engine, pytest.raises(BuildFailure) as caught:
        engine.parse_pipelines(root, ["Jenkinsfile"])
    text = str(caught.value)
    assert "cannot download groovy-all-2.4.21.jar" in text
    assert f"put the file groovy-all-2.4.21.jar (sha256 {program.GROOVY.sha256}) into" in text
    assert str(empty_cache / "buildinfra-conformance/downloads") in text


def test_a_file_put_there_by_hand_needs_no_network(empty_cache: Path) -> None:
    artifact = Artifact("org/a/a.jar", "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb")
    downloads.folder().mkdir(parents=True)
    (downloads.folder() / "a.jar").write_bytes(b"a")
    assert downloads.fetch(artifact) == empty_cache / "buildinfra-conformance/downloads/a.jar"
    (downloads.folder() / "a.jar").write_bytes(b"b")
    with pytest.raises(BuildFailure):
        downloads.fetch(artifact)


def test_a_virtual_machine_that_does_not_start_says_why(root: Path) -> None:
    with GroovyEngine(Limits(heap_mb=1), cached=False) as engine, pytest.raises(EngineBroken) as caught:
        engine.parse_pipelines(root, ["Jenkinsfile"])
    assert "the virtual machine for Groovy did not start" in str(caught.value)
    assert "Too small maximum heap" in str(caught.value)


def test_a_changed_evaluator_is_another_program(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    before = program.fingerprint()
    (tmp_path / "a.groovy").write_text("class A { }", encoding="utf-8")
    monkeypatch.setattr(program, "SOURCES", tmp_path)
    assert program.fingerprint() != before
