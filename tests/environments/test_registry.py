"""An environment of another package: one module and one entry point; one that does not load is one error."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from conformance.core.errors import UsageError
from conformance.core.paths import PROJECT, REFERENCE
from environments import registry, runs
from environments.environment import Environment
from environments.existing import ExistingStack
from environments.kind.environment import Kind

LAB = '''
"""A laboratory's environment: its stack is always there."""
from pathlib import Path
from environments.base import Endpoints, RegistryEndpoint, Service
from environments.environment import Environment

class Lab(Environment):
    name = "lab"

    def up(self, order):
        Path(order.run.folder / "lab.txt").write_text(str(order.loaded.file))
        order.say("the laboratory is open")
        service = Service("http://127.0.0.1:9")
        registry = RegistryEndpoint("lab.example", service, service, "123456789012", "eu-central-1", "lab")
        return Endpoints(order.run.id, self.name, "/none", "", "", service, service, registry)

    def diagnose(self, run, target):
        pass

    def down(self, run):
        print(f"the laboratory of {run.id} is closed")

LAB = Lab()
'''


def package(folder: Path, source: str, point: str = "lab:LAB") -> Path:
    """A package as pip leaves it in a folder of the path: a module and its dist-info."""
    (folder / "lab.py").write_text(source)
    info = folder / "lab_environment-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: lab-environment\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[{registry.GROUP}]\nlab = {point}\n")
    return folder


def conformance(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {
        "PYTHONPATH": f"{PROJECT}{os.pathsep}{folder}",
        "XDG_STATE_HOME": str(folder / "state"),
        "XDG_CACHE_HOME": str(folder / "cache"),
    }
    return subprocess.run(
        [sys.executable, "-m", "conformance", *words],
        cwd=REFERENCE,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_the_built_in_ones_are_found_by_name() -> None:
    assert isinstance(registry.find("kind"), Kind)
    assert isinstance(registry.find("existing"), ExistingStack)
    assert set(registry.BUILT_IN) <= set(registry.names())
    for name, (_, summary) in registry.BUILT_IN.items():
        found: Environment = registry.find(name)
        assert (found.name, found.summary) == (name, summary)
    with pytest.raises(UsageError, match="there is no environment 'moon'") as error:
        registry.find("moon")
    assert "kind" in error.value.expected


def test_one_of_another_package_is_stood_up_kept_and_removed(tmp_path: Path) -> None:
    package(tmp_path, LAB)
    up = conformance(tmp_path, "up", "--environment", "lab")
    assert up.returncode == 0, up.stdout + up.stderr
    assert up.stdout.startswith(f"contract {REFERENCE / 'conformance.toml'}, stack ")
    assert "environment lab" in up.stdout.splitlines()[0]
    assert "the laboratory is open" in up.stdout
    (run,) = (tmp_path / "state").glob("*/runs/*/run.json")
    assert json.loads(run.read_text())["environment"] == "lab"
    assert "lab  kept" in conformance(tmp_path, "status").stdout
    assert "already up" in conformance(tmp_path, "up", "--environment", "lab").stdout
    down = conformance(tmp_path, "down")
    assert f"the laboratory of {run.parent.name} is closed" in down.stdout
    assert conformance(tmp_path, "status").stdout == "no stack is up\n"


def test_a_static_run_names_it_in_its_result(tmp_path: Path) -> None:
    package(tmp_path, LAB)
    words = ("run", "--environment", "lab", "--results-dir", str(tmp_path / "results"))
    done = conformance(tmp_path, *words, "--", "suites/static/test_jobs.py")
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads((tmp_path / "results/result.json").read_text())
    assert found["run"]["environment"] == "lab"
    assert "is closed" not in done.stdout, "nothing was stood up"


@pytest.mark.parametrize(
    ("source", "point", "reason"),
    [
        ("import no_such_module", "lab:LAB", "No module named 'no_such_module'"),
        ("LAB = 1", "lab:LAB", "an instance of environments.environment.Environment"),
        (LAB, "lab:NOTHING", "has no attribute 'NOTHING'"),
        (LAB.replace('name = "lab"', 'name = "other"'), "lab:LAB", "calls itself 'other'"),
    ],
)
def test_one_that_does_not_load_is_one_clear_error(
    tmp_path: Path, source: str, point: str, reason: str
) -> None:
    package(tmp_path, source, point)
    done = conformance(tmp_path, "up", "--environment", "lab")
    assert done.returncode == 3
    assert reason in done.stderr
    assert "lab-environment" in done.stderr
    assert "Traceback" not in done.stderr
    assert conformance(tmp_path, "status").returncode == 0
    assert "lab" in conformance(tmp_path, "run", "--help").stdout


def test_reap_keeps_runs_of_an_environment_that_is_gone(tmp_path: Path) -> None:
    package(tmp_path, LAB)
    assert conformance(tmp_path, "up", "--environment", "lab").returncode == 0
    (tmp_path / "lab.py").write_text("raise RuntimeError('broken')")
    done = conformance(tmp_path, "reap")
    assert done.returncode == 0
    assert "nothing of environment lab: the environment 'lab' cannot be loaded" in done.stdout
    status = conformance(tmp_path, "status")
    assert "kept, but the environment 'lab' cannot be loaded" in status.stdout


def test_killed_runs_of_any_environment_are_reaped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    script = (
        "from environments import runs; import os; "
        "print(runs.new('c', 'existing', '').id, flush=True); os.kill(os.getpid(), 9)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    (dead,) = runs.all_runs()
    assert dead.id == done.stdout.strip()
    assert registry.find("existing").reap() == (f"run {dead.id}",)
    assert runs.all_runs() == ()
