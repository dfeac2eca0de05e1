"""Trying plugin pins on a controller: the contract's stack with other pins, stood up, checked, removed.

A stand-in controller offers only the plugins that it was made with, so with one a failure says nothing about
pins and is told as an error of the trial.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import requests
from rich.console import Console

from conformance.cli import plan, stack
from conformance.contract.load import load
from conformance.core import timeline
from conformance.core.errors import ConformanceError
from conformance.core.paths import cache_root, state_root
from conformance.pins import edit
from conformance.pins import running as controller
from conformance.pins.trial import PinSet, TrialResult
from conformance.sources.plugins import read
from environments.base import Endpoints
from environments.kind import reap
from environments.runs import Run

#: of the upstream controller images
DEFAULT_JAVA = "17"
SELECTION = {"smoke": ("-k", "jenkins"), "full": ()}


class KindTrial:
    """`options` are the gate's, with those of cli.options.add_making_options."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._options = options
        self._console = Console(stderr=True)

    def boots(self, pins: PinSet) -> TrialResult:
        """Stand the stack up with exactly `pins`, ask what runs, run the suites, remove it."""
        reap.reap()
        cache_root().mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f"trial-pid{os.getpid()}-", dir=cache_root()) as folder:
            contract = self._stack(pins, Path(folder))
            chosen = argparse.Namespace(**vars(self._options) | {"contract": contract, "environment": "kind"})
            planned = plan.plan(chosen, self._say)
            declared = load(self._options.contract).contract.jenkins.version
            if pins.core not in ("", declared) and not planned.sources.from_packages:
                # an image that was named stays: only its owner knows what is in it
                chosen.jenkins_image = chosen.jenkins_image or self._controller(planned, pins.core)
                planned = plan.plan(chosen, self._say)
            stand_in = planned.sources.component("jenkins", pins.core).stand_in
            began = set((state_root() / "runs").glob("*"))
            try:
                run, _ = stack.stand_up(chosen, planned, self._console)
            except ConformanceError as error:
                return _not_up(error, began, stand_in)
            try:
                return self._judge(run, chosen, stand_in)
            finally:
                engine = reap.engine_of_leftovers()
                reap.down(run, engine)
                reap.release_engine()

    def _stack(self, pins: PinSet, folder: Path) -> Path:
        """A copy of the contract and its stack with `pins` in the values; returns the contract's path."""
        loaded = load(self._options.contract)
        shutil.copytree(loaded.stack_dir, folder / "stack", symlinks=True)
        loaded.copy_beside(folder)
        values = folder / "stack" / loaded.values_template.relative_to(loaded.stack_dir)
        edit.write(values, edit.rewritten(read.read(values), pins.plugins))
        text = re.sub(r"(?m)^path\s*=.*\n", "", loaded.file.read_text(encoding="utf-8"), count=1)
        text = re.sub(r"(?m)^\[stack\]\s*$", '[stack]\npath = "stack"', text, count=1)
        if pins.core:
            text = re.sub(
                r"(?ms)^(\[jenkins\]\s*\n(?:(?!^\[).*?\n)??version\s*=\s*)\"[^\"]*\"",
                rf'\g<1>"{pins.core}"',
                text,
                count=1,
            )
        contract = folder / loaded.file.name
        contract.write_text(text, encoding="utf-8")
        return contract

    def _controller(self, planned: plan.Plan, core: str) -> str:
        """The upstream image of another core: long-term support releases have three numbers."""
        repository = planned.sources.reference("jenkins").rpartition(":")[0]
        line = "lts-" if core.count(".") == 2 else ""
        return f"{repository}:{core}-{line}jdk{self._options.java or DEFAULT_JAVA}"

    def _judge(self, run: Run, options: argparse.Namespace, stand_in: str) -> TrialResult:
        endpoints = run.endpoints()
        assert endpoints is not None
        running = _running(endpoints)
        results = run.folder / "results"
        command = [
            sys.executable,
            "-m",
            "conformance.cli.main",
            "run",
            "--contract",
            str(options.contract),
            "--results-dir",
            str(results),
            "--images",
            options.images,
            "--ecr",
            options.ecr,
            "--deployer",
            options.deployer,
            "--jenkins-image",
            options.jenkins_image,
            "--",
            *SELECTION[options.suites],
        ]
        code = subprocess.run(command, stdout=sys.stderr, check=False).returncode
        verdict = json.loads((results / "result.json").read_text(encoding="utf-8"))["verdict"]
        said = verdict["headline"] if code == 0 else f"{verdict['headline']}: {verdict['reason']}"
        if code == 0:
            return TrialResult("passed", said, running)
        return TrialResult("failed" if code == 1 and not stand_in else "error", said, running)

    def _say(self, line: str) -> None:
        self._console.print(line, highlight=False)


def _not_up(error: ConformanceError, before: set[Path], stand_in: str) -> TrialResult:
    """The controller's own failure speaks against the pins; any other part's is an error of the trial."""
    broken = {
        span.name
        for folder in set((state_root() / "runs").glob("*")) - before
        for span in timeline.read(folder / "timeline.jsonl")
        if not span.ok
    }
    told = str(error).splitlines()[0]
    if stand_in:
        return TrialResult("error", f"{told} ({stand_in}: name a real one with --jenkins-image)")
    return TrialResult("failed" if "jenkins" in broken else "error", told)


def _running(endpoints: Endpoints) -> controller.RunningPlugins:
    """What the controller says that it runs."""
    service = endpoints.jenkins
    auth = (service.login.username, service.login.password) if service.login else None
    answer = requests.get(f"{service.url}{controller.QUERY}", auth=auth, timeout=30)
    answer.raise_for_status()
    return controller.parse(answer.json(), service.url, answer.headers.get("X-Jenkins", ""))
