"""Trying plugin pins on a controller: the contract's stack with other pins, stood up, checked, removed.

A simulated controller offers only the plugins that it was made with. A failure with one says nothing about
the pins and is an error of the trial.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path

import requests
from rich.console import Console

from conformance.cli import plan, stack
from conformance.contract.load import load
from conformance.contract.rewrite import STACK, rewrite
from conformance.core import command as command_lines
from conformance.core import timeline
from conformance.core.errors import ConformanceError
from conformance.core.paths import state_root
from conformance.pins import edit
from conformance.pins import running as controller
from conformance.pins.trial import PinSet, TrialResult
from conformance.sources.plugins import read
from environments import reap
from environments.base import Endpoints
from environments.images.sources import ImageSources
from environments.kind.environment import KIND, image_sources
from environments.options import RunOptions
from environments.runs import Run

#: of the upstream controller images
DEFAULT_JAVA = "17"


@dataclass(frozen=True, slots=True)
class KindTrial:
    """`options` are those of the contract's stack; `java` is that of another core's image."""

    options: RunOptions
    selection: tuple[str, ...]
    java: str = ""
    console: Console = field(default_factory=lambda: Console(stderr=True))

    def boots(self, pins: PinSet) -> TrialResult:
        """Stand the stack up with exactly `pins`, read what runs, run the suites, remove it."""
        reap.reap()
        folder = plan.scratch("trial")
        try:
            return self._tried(pins, self._stack(pins, folder))
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _tried(self, pins: PinSet, contract: Path) -> TrialResult:
        chosen = replace(self.options, contract=contract, environment=KIND.name)
        images = image_sources(load(contract), chosen)
        declared = load(self.options.contract).contract.jenkins.version
        if pins.core not in ("", declared) and not images.from_packages and not chosen.jenkins_image:
            # an image that was named stays: only its owner knows what is in it
            chosen = replace(chosen, jenkins_image=self._controller(images, pins.core))
        simulator = image_sources(load(contract), chosen).component("jenkins", pins.core).simulator
        before = set((state_root() / "runs").glob("*"))
        try:
            run, _ = stack.stand_up(plan.plan(chosen, self._say), self.console, KIND.up)
        except ConformanceError as error:
            return _not_up(error, before, simulator)
        try:
            return self._judge(run, chosen, simulator)
        finally:
            KIND.down(run)
            run.forget_stack()

    def _stack(self, pins: PinSet, folder: Path) -> Path:
        """A copy of the contract and its stack with `pins` in the values; returns the contract's path."""
        loaded = load(self.options.contract)
        shutil.copytree(loaded.stack_dir, folder / STACK, symlinks=True)
        values = folder / STACK / loaded.values_template.relative_to(loaded.stack_dir)
        edit.write(values, edit.rewritten(read.read(values), pins.plugins))
        return rewrite(loaded, folder, core=pins.core)

    def _controller(self, images: ImageSources, core: str) -> str:
        """The upstream image of another core: long-term support releases have three numbers."""
        repository = images.reference("jenkins").rpartition(":")[0]
        line = "lts-" if core.count(".") == 2 else ""
        return f"{repository}:{core}-{line}jdk{self.java or DEFAULT_JAVA}"

    def _judge(self, run: Run, options: RunOptions, simulator: str) -> TrialResult:
        endpoints = run.endpoints()
        assert endpoints is not None
        running = _running(endpoints)
        results = run.folder / "results"
        command = command_lines.conformance(
            *("run", "--contract", options.contract, "--results-dir", results),
            *options.making(),
            *("--", *self.selection),
        )
        environment = command_lines.environment()
        code = subprocess.run(command, stdout=sys.stderr, env=environment, check=False).returncode
        verdict = json.loads((results / "result.json").read_text(encoding="utf-8"))["verdict"]
        if code == 0:
            return TrialResult("passed", verdict["headline"], running)
        summary = f"{verdict['headline']}: {verdict['reason']}"
        return TrialResult("failed" if code == 1 and not simulator else "error", summary, running)

    def _say(self, line: str) -> None:
        self.console.print(line, highlight=False)


def _not_up(error: ConformanceError, before: set[Path], simulator: str) -> TrialResult:
    """The controller's own failure speaks against the pins; any other part's is an error of the trial."""
    broken = {
        span.name
        for folder in set((state_root() / "runs").glob("*")) - before
        for span in timeline.read(folder / "timeline.jsonl")
        if not span.ok
    }
    reason = str(error).splitlines()[0]
    if simulator:
        return TrialResult("error", f"{reason} ({simulator}: name a real one with --jenkins-image)")
    return TrialResult("failed" if "jenkins" in broken else "error", reason)


def _running(endpoints: Endpoints) -> controller.RunningPlugins:
    """What the controller says that it runs."""
    service = endpoints.jenkins
    auth = (service.login.username, service.login.password) if service.login else None
    answer = requests.get(f"{service.url}{controller.QUERY}", auth=auth, timeout=30)
    answer.raise_for_status()
    return controller.parse(answer.json(), service.url, answer.headers.get("X-Jenkins", ""))
