"""A release from its declaration: the values template rendered, and Helm called."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from conformance.core.errors import ContractError
from environments.deploy.declaration import Release
from environments.deploy.helm import Helm
from environments.deploy.template import render


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
