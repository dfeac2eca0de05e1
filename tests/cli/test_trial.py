"""A trial stands the contract's stack up with exactly the pins asked for, and judges what came of it."""

from __future__ import annotations

import argparse
import json
import subprocess
import tomllib
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from conformance.cli import plan, stack, trial
from conformance.contract.load import load
from conformance.core.errors import WaitTimeout
from conformance.core.paths import REFERENCE, state_root
from conformance.core.timeline import Timeline
from conformance.pins.sources import read
from conformance.pins.sources.controller import Running
from conformance.pins.trial import PinSet
from environments.base import Endpoints, Registry, Service
from environments.kind import reap

PINS = {pin.name: pin.version for pin in read.read(REFERENCE / "stack/jenkins-helm-values.yaml.tmpl").pins}


class Stage:
    """What a trial sees of the rest of the harness."""

    def __init__(self) -> None:
        self.stand_in = ""
        self.broken = ""
        self.exit_code = 0
        self.contract: dict[str, Any] = {}
        self.pins: dict[str, str] = {}
        self.commands: list[list[str]] = []
        self.removed: list[str] = []

    def plan(self, options: argparse.Namespace, _say: object) -> Any:
        loaded = load(options.contract)
        self.contract = tomllib.loads(options.contract.read_text())
        self.pins = {pin.name: pin.version for pin in read.read(loaded.values_template).pins}
        component = SimpleNamespace(stand_in=self.stand_in)
        return SimpleNamespace(
            sources=SimpleNamespace(component=lambda *_: component, from_packages=True), options=options
        )

    def stand_up(self, _options: object, _planned: object, _console: object) -> Any:
        folder = state_root() / "runs/r1"
        folder.mkdir(parents=True)
        if self.broken:
            with pytest.raises(WaitTimeout), Timeline(folder / "timeline.jsonl").span(self.broken):
                raise WaitTimeout(f"{self.broken} is not ready")
            raise WaitTimeout(f"{self.broken} is not ready")
        service = Service("http://jenkins")
        registry = Registry("h", service, service, "1", "r", "local")
        endpoints = Endpoints("r1", "kind", "/k", "c", "", service, service, registry)
        return SimpleNamespace(id="r1", folder=folder, endpoints=lambda: endpoints), None

    def run(self, command: list[str], **_: object) -> Any:
        self.commands.append(command)
        results = Path(command[command.index("--results-dir") + 1])
        results.mkdir()
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
    monkeypatch.setattr(trial, "_running", lambda _: Running("here", {"git": ("1", True)}, "2.504.3"))
    monkeypatch.setattr(reap, "reap", lambda: ())
    monkeypatch.setattr(reap, "engine_of_leftovers", lambda: None)
    monkeypatch.setattr(reap, "down", lambda run, _engine: made.removed.append(run.id))
    monkeypatch.setattr(reap, "release_engine", lambda: False)
    return made


def boots(pins: dict[str, str], core: str = "2.504.3", suites: str = "smoke") -> Any:
    options = argparse.Namespace(
        contract=REFERENCE / "conformance.toml",
        images="packages",
        ecr="local",
        deployer="helm",
        jenkins_image="",
        suites=suites,
        java="",
        kit="",
    )
    return trial.KindTrial(options).boots(PinSet(core, pins))


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


def test_all_suites_on_demand(stage: Stage) -> None:
    boots(PINS, suites="full")
    assert stage.commands[0][-1] == "--"


@pytest.mark.parametrize(
    ("exit_code", "stand_in", "outcome"),
    [(1, "", "failed"), (1, "simulated controller", "error"), (2, "", "error"), (3, "", "error")],
)
def test_red_suites(stage: Stage, exit_code: int, stand_in: str, outcome: str) -> None:
    stage.exit_code, stage.stand_in = exit_code, stand_in
    result = boots(PINS)
    assert result.outcome == outcome
    assert "JENKINS-31" in result.summary
    assert stage.removed == ["r1"]


@pytest.mark.parametrize(
    ("broken", "stand_in", "outcome"),
    [("jenkins", "", "failed"), ("nexus", "", "error"), ("jenkins", "simulated controller", "error")],
)
def test_a_stack_that_does_not_come_up(stage: Stage, broken: str, stand_in: str, outcome: str) -> None:
    stage.broken, stage.stand_in = broken, stand_in
    result = boots(PINS)
    assert result.outcome == outcome
    assert f"{broken} is not ready" in result.summary
    assert ("--jenkins-image" in result.summary) == bool(stand_in)
