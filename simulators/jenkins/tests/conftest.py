"""The Groovy host, compiled once; simulators in this process."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from environments.images import catalogue, downloads

from .comparing import COMPARED
from .running import RunningSimulator

SOURCES = Path(__file__).parents[1] / "groovy"


@pytest.fixture(scope="session")
def classpath(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Groovy and the compiled host."""
    groovy = catalogue.load(catalogue.pinned_kubernetes()).downloads["groovy-all.jar"]
    downloads.fetch(groovy)
    jar = downloads.path(groovy)
    out = tmp_path_factory.mktemp("groovy-host")
    opens = [f"--add-opens=java.base/{p}=ALL-UNNAMED" for p in ("java.lang", "java.util")]
    files = [str(path) for path in sorted(SOURCES.rglob("*.groovy"))]
    compiler = "org.codehaus.groovy.tools.FileSystemCompiler"
    subprocess.run(
        ["java", *opens, "-cp", str(jar), compiler, "-cp", str(jar), "-d", str(out), *files],
        check=True,
        timeout=120,
    )
    return f"{jar}:{out}"


@pytest.fixture
def launch(tmp_path: Path, classpath: str) -> Iterator[Callable[..., RunningSimulator]]:
    """Start a simulator; it is stopped afterwards."""
    made: list[RunningSimulator] = []

    def make(change: Callable[[dict[str, Any]], None] | None = None, wait: bool = True) -> RunningSimulator:
        made.append(RunningSimulator(tmp_path / str(len(made)), classpath, change, wait))
        return made[-1]

    yield make
    for simulator in made:
        simulator.close()


def pytest_sessionfinish() -> None:
    """Write down which recordings were compared, for docs/simulator.md; each worker adds its own."""
    if (target := os.environ.get("CONFORMANCE_COMPARED")) and COMPARED:
        with Path(target).open("a", encoding="utf-8") as names:
            names.write("\n".join(sorted(COMPARED)) + "\n")
