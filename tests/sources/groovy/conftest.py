"""One engine for all tests of the Groovy evaluator, without the cache of results."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from conformance.sources.facts import SourceError
from conformance.sources.groovy import GroovyEngine, Limits, PipelineFile, Seeds, SeedScript

DATA = Path(__file__).parent / "data"
Run = Callable[..., Seeds]
Parse = Callable[[str], PipelineFile]


@pytest.fixture(scope="session")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with a few files that seeds read."""
    root = tmp_path_factory.mktemp("repository")
    (root / "jobs").mkdir()
    (root / "jobs/a.txt").write_text("text of a", encoding="utf-8")
    (root / "jobs/b.yaml").write_text("names: [one, two]\n", encoding="utf-8")
    (root / "src/main/groovy/acme").mkdir(parents=True)
    (root / "src/main/groovy/acme/Names.groovy").write_text(
        "package acme\nclass Names { static List all() { ['x', 'y'] } }\n", encoding="utf-8"
    )
    return root


@pytest.fixture(scope="session")
def engine() -> Iterator[GroovyEngine]:
    with GroovyEngine(Limits(seconds=20), cached=False) as made:
        yield made


@pytest.fixture(scope="session")
def run(engine: GroovyEngine, repository: Path) -> Run:
    """Run one seed text."""

    def of(text: str, **inputs: str) -> Seeds:
        return engine.evaluate_seeds(repository, [SeedScript("seed.groovy", text)], inputs)

    return of


@pytest.fixture(scope="session")
def parse(engine: GroovyEngine, repository: Path) -> Parse:
    """Parse one pipeline text, which must be right."""

    def of(text: str) -> PipelineFile:
        found = engine.parse_text(repository, "Jenkinsfile", text)
        assert not isinstance(found, SourceError), found
        return found

    return of
