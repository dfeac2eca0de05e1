"""A release from its declaration: the values template rendered, and Helm called."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from conformance.core.errors import ContractError
from conformance.core.process import run
from environments.deploy.declaration import Release
from environments.deploy.template import render

#: Helm only hands objects over; waiting is the caller's
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


class Place(Protocol):
    """What a release needs to know of the run: its cluster and a private folder."""

    @property
    def kubeconfig(self) -> Path: ...

    @property
    def scratch(self) -> Path: ...


def values(release: Release, names: Mapping[str, str]) -> str:
    """The values of a release as YAML text. Raises ContractError."""
    try:
        text = release.values.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ContractError(
            f"cannot read the values template of release {release.name}",
            where=str(release.values),
            observed=str(error),
            remedy=f"releases.{release.name}.values of the declaration says where it is",
        ) from error
    return render(text, names, str(release.values))


def write_values(
    release: Release, names: Mapping[str, str], folder: Path, overrides: Mapping[str, Any] | None = None
) -> tuple[Path, ...]:
    """Values files for Helm in `folder`, readable by their owner only: they may hold secrets.

    `overrides` are values which the run adds and no repository may hold, such as a password.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    files = [_write(folder / f"values-{release.name}.yaml", values(release, names))]
    if overrides:
        # JSON is YAML
        files.append(_write(folder / f"values-{release.name}-run.yaml", json.dumps(overrides)))
    return tuple(files)


def install(
    release: Release,
    names: Mapping[str, str],
    helm: Path,
    place: Place,
    overrides: Mapping[str, Any] | None = None,
) -> Sequence[Path]:
    """Install or upgrade one release and return its values files; the caller waits for its pods.

    `names` come from `Declaration.names`. Raises ContractError, CommandFailed.
    """
    files = write_values(release, names, place.scratch / "helm", overrides)
    Helm(helm, place.kubeconfig).upgrade(release, files)
    return files


def _write(file: Path, text: str) -> Path:
    file.touch(mode=0o600)
    file.chmod(0o600)
    file.write_text(text, encoding="utf-8")
    return file
