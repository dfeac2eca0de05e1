"""Helm as the harness calls it: install or upgrade, render, uninstall. Waiting is the caller's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from conformance.core.process import run
from environments.deploy.declaration import Release

SECONDS = 120


@dataclass(frozen=True, slots=True)
class Helm:
    """The program, and the cluster it talks to. Without a kubeconfig it can only render."""

    program: Path
    kubeconfig: Path | None = None

    def upgrade(self, release: Release, values: Sequence[Path]) -> None:
        """Install or upgrade, and return as soon as the objects are accepted. Raises CommandFailed."""
        self._run(
            ["upgrade", "--install", release.name, *self._chart(release), "--namespace", release.namespace],
            values,
            remedy="the values it was given are in the run's folder; docs/stack.md says what charts expect",
        )

    def template(self, release: Release, values: Sequence[Path]) -> str:
        """The objects of the release as YAML. Raises CommandFailed."""
        return self._run(
            ["template", release.name, *self._chart(release), "--namespace", release.namespace], values
        )

    def uninstall(self, release: Release) -> None:
        """Remove the release if it is there. Raises CommandFailed."""
        self._run(["uninstall", release.name, "--namespace", release.namespace, "--ignore-not-found"], ())

    def _chart(self, release: Release) -> list[str]:
        words = [release.chart]
        if release.repository:
            words += ["--repo", release.repository]
        if release.version:
            words += ["--version", release.version]
        return words

    def _run(self, words: Sequence[str], values: Sequence[Path], remedy: str = "") -> str:
        command: list[str | Path] = [self.program, *words]
        for file in values:
            command += ["--values", file]
        if self.kubeconfig:
            command += ["--kubeconfig", self.kubeconfig]
        return run(command, timeout=SECONDS, remedy=remedy).stdout
