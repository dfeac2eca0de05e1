"""A trial stands the contract's stack up with exactly the given pins, and reads the verdict."""

from __future__ import annotations

import json
import subprocess
import tomllib
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from conformance.cli import gate, plan, stack, trial
from conformance.contract.load import load
from conformance.core.errors import WaitTimeout
from conformance.core.paths import REFERENCE, state_root
from conformance.core.timeline import Timeline
from conformance.pins.running import RunningPlugins
from conformance.pins.trial import PinSet
from conformance.sources.plugins import read
from environments import reap
from environments.base import Endpoints, RegistryEndpoint, Service
from environments.kind.environment import Kind
from environments.options import RunOptions

PINS = {pin.name: pin.version for pin in read.read(REFERENCE / "stack/jenkins-helm-values.yaml.tmpl").pins}


class Stage:
    """What a trial sees of the rest of the harness."""

    def __init__(self) -> None:
        self.simulator = ""
        self.broken = ""
        self.exit_code = 0
        self.contract: dict[str, Any] = {}
        self.pins: dict[str, str] = {}
        self.commands: list[list[str]] = []
        self.removed: list[str] = []

    def plan(self, options: RunOptions, _say: object) -> Any:
        self.pins = {pin.name: pin.version for pin in read.read(load(options.contract).values_template).pins}
        self.contract = tomllib.loads(options.contract.read_text())
        return SimpleNamespace(options=options)

    def sources(self, _loaded: object, _options: object) -> Any:
        component = SimpleNamespace(simulator=self.simulator)
        return SimpleNamespace(component=lambda *_: component, from_packages=True)

    def stand_up(self, _planned: object, _console: object, _stand: object) -> Any:
        folder = state_root() / "runs/r1"
        folder.mkdir(parents=True, exist_ok=True)
        if self.broken:
            with pytest.raises(WaitTimeout), Timeline(folder / "timeline.jsonl").span(self.broken):
                raise WaitTimeout(f"{self.broken} is not ready")
            raise WaitTimeout(f"{self.broken} is not ready")
        service = Service("http://jenkins")
        registry = RegistryEndpoint("h", service, service, "1", "r", "simulator")
        endpoints = Endpoints("r1", "kind", "/k", "c", "", service, service, registry)
        return SimpleNamespace(
            id="r1", folder=folder, endpoints=lambda: endpoints, forget_stack=lambda: None
        ), endpoints

    def run(self, command: list[str], **_: object) -> Any:
        self.commands.append(command)
        results = Path(command[command.index("--results-dir") + 1])
        results.mkdir(exist_ok=True)
        verdict = {"headline": "not conformant" if self.exit_code else "conformant", "reason": "JENKINS-31"}
        (results / "result.json").write_text(json.dumps({"verdict": verdict}))
        return subprocess.CompletedProcess(command, self.exit_code)


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stage:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    made = Stage()
    monkeypatch.setattr(plan, "plan", made.plan)
    monkeypatch.setattr(stack, "stand_up", made.stand_up)
    monkeypatch.setattr("conformance.cli.trial.subprocess.run", made.run)
    monkeypatch.setattr(trial, "_running", lambda _: RunningPlugins("here", {"git": ("1", True)}, "2.504.3"))
    monkeypatch.setattr(trial, "image_sources", made.sources)
    monkeypatch.setattr(reap, "reap", lambda: ())
    monkeypatch.setattr(Kind, "down", lambda _, run: made.removed.append(run.id))
    return made


def boots(pins: dict[str, str], core: str = "2.504.3", suites: str = "smoke", **more: Any) -> Any:
    options = RunOptions(
        contract=REFERENCE / "conformance.toml", images="packages", ecr="simulator", deployer="helm", **more
    )
    return trial.KindTrial(options, gate.SELECTIONS[suites]).boots(PinSet(core, pins))


def test_the_stack_gets_exactly_the_pins_and_the_core(stage: Stage) -> None:
    wanted = dict(PINS) | {"git": "9.9.9", "brand-new": "1.0"}
    del wanted["mailer"]
    result = boots(wanted, core="2.516.1")
    assert stage.pins == wanted
    assert stage.contract["jenkins"]["version"] == "2.516.1"
    assert stage.contract["kubernetes"]["version"] == "1.34.4"
    assert result.outcome == "passed"
    assert result.running.plugins == {"git": ("1", True)}
    assert stage.removed == ["r1"], "whatever the verdict, nothing stays"
    assert stage.commands[0][-2:] == ["-k", "jenkins"]


def test_the_suites_run_with_all_options_of_the_stack(stage: Stage) -> None:
    boots(PINS, kit="https://kits.example/kit.tar.zst", provision_host=True)
    words = stage.commands[0]
    assert words[1:4] == ["-m", "conformance", "run"]
    assert words[words.index("--kit") + 1] == "https://kits.example/kit.tar.zst"
    assert "--provision-host" in words
    boots(PINS, provision_host=False)
    assert "--no-provision-host" in stage.commands[1]


def test_all_suites_on_demand(stage: Stage) -> None:
    boots(PINS, suites="full")
    assert stage.commands[0][-1] == "--"


@pytest.mark.parametrize(
    ("exit_code", "simulator", "outcome"),
    [(1, "", "failed"), (1, "simulated controller", "error"), (2, "", "error"), (3, "", "error")],
)
def test_red_suites(stage: Stage, exit_code: int, simulator: str, outcome: str) -> None:
    stage.exit_code, stage.simulator = exit_code, simulator
    result = boots(PINS)
    assert result.outcome == outcome
    assert "JENKINS-31" in result.summary
    assert stage.removed == ["r1"]


@pytest.mark.parametrize(
    ("broken", "simulator", "outcome"),
    [("jenkins", "", "failed"), ("nexus", "", "error"), ("jenkins", "simulated controller", "error")],
)
def test_a_stack_that_does_not_come_up(stage: Stage, broken: str, simulator: str, outcome: str) -> None:
    stage.broken, stage.simulator = broken, simulator
    result = boots(PINS)
    assert result.outcome == outcome
    assert f"{broken} is not ready" in result.summary
    assert ("--jenkins-image" in result.summary) == bool(simulator)
