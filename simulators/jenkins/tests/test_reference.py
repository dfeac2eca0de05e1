"""The reference stack's own seed and Jenkinsfiles: the simulator implements everything that they use."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conformance.core.paths import PROJECT

from .running import RunningSimulator

STACK = PROJECT / "reference/stack"
JENKINSFILES = sorted((STACK / "pipelines").glob("*/Jenkinsfile"))
Launch = Callable[..., RunningSimulator]


@pytest.fixture
def repository(tmp_path: Path) -> str:
    """A Git server's folder with the repository cloudops; its URL."""
    folder = tmp_path / "git/cloudops.git"
    shutil.copytree(STACK / "pipelines", folder / "pipelines")
    git = ["git", "-C", str(folder), "-c", "user.name=t", "-c", "user.email=t@example.invalid"]
    for words in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-q", "-m", "x"]):
        subprocess.run([*git, *words], check=True, capture_output=True, timeout=30)
    return f"file://{folder.parent}"


def reference(server: str) -> Callable[[dict[str, Any]], None]:
    """The reference's seed, and a template for each label of its Jenkinsfiles."""

    def change(config: dict[str, Any]) -> None:
        seed = (STACK / "jobs/seed.groovy").read_text()
        config["jobs"] = [{"script": seed.replace("${GIT_SERVER}", server)}]
        config["jenkins"]["clouds"][0]["kubernetes"]["templates"][0]["label"] = "maven img"

    return change


def test_every_job_of_the_seed_runs_its_jenkinsfile(launch: Launch, repository: str) -> None:
    simulator = launch(reference(repository))
    jobs = [job["name"] for job in simulator.get("/job/cloudops/api/json?tree=jobs[name]")["jobs"]]
    assert sorted(jobs) == sorted(path.parent.name for path in JENKINSFILES)
    for name in jobs:
        number = simulator.build(f"cloudops/{name}", {"VERSION": ""})
        build = simulator.finished(f"cloudops/{name}", number, seconds=60)
        lines = simulator.console(f"cloudops/{name}", number).splitlines()
        assert build["result"] == "FAILURE"
        assert any(line.startswith("build parameter not set: ") for line in lines), lines
        assert any(line.startswith("ERROR: script returned exit code ") for line in lines), lines
        assert [line for line in lines if "skipped due to earlier failure(s)" in line]


@pytest.mark.parametrize("path", JENKINSFILES, ids=lambda path: path.parent.name)
def test_every_jenkinsfile_is_valid(launch: Launch, path: Path) -> None:
    answer = launch().send(
        "POST", "/pipeline-model-converter/validate", data={"jenkinsfile": path.read_text()}
    )
    assert answer.text == "Jenkinsfile successfully validated.\n"
