"""A real controller's image from a war and plugin files that somebody brings, for where no registry answers.

What runs must be what is pinned, so the files are held against the pins before anything is built: by their
manifests, whatever the files are called.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from conformance.core.errors import UsageError
from environments.host.engine import Engine
from environments.images.catalogue import HERE

SUFFIXES = (".jpi", ".hpi")


@dataclass(frozen=True, slots=True)
class Chosen:
    """What goes into the image; `left_out` names plugin files that nothing pins."""

    war: Path
    version: str
    plugins: Mapping[str, Path]
    left_out: tuple[str, ...]


def manifest(file: Path) -> dict[str, str]:
    """The main attributes of an archive's manifest.

    Raises:
        UsageError: it is no such archive.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            text = archive.read("META-INF/MANIFEST.MF").decode("utf-8")
    except (OSError, KeyError, UnicodeDecodeError, zipfile.BadZipFile) as error:
        raise UsageError(
            "this file has no manifest",
            where=str(file),
            expected="a war or a plugin file",
            observed=str(error),
        ) from error
    main = text.replace("\r\n", "\n").replace("\n ", "").partition("\n\n")[0]  # long lines are folded
    return dict(line.split(": ", 1) for line in main.splitlines() if ": " in line)


def choose(war: Path, folder: Path, pins: Mapping[str, str], version: str) -> Chosen:
    """Hold a war and a folder of plugin files against the pins (name -> version).

    Raises:
        UsageError: names everything that is missing or differs.
    """
    found: dict[str, dict[str, Path]] = {}
    if not folder.is_dir():
        raise UsageError("there is no such folder of plugin files", where=str(folder))
    for file in sorted(path for path in folder.iterdir() if path.suffix in SUFFIXES):
        facts = manifest(file)
        found.setdefault(facts.get("Short-Name", file.stem), {})[facts.get("Plugin-Version", "")] = file
    problems = []
    core = manifest(war).get("Jenkins-Version", "")
    if core != version:
        problems.append(f"the war is {core or 'no Jenkins'}, the contract says {version}")
    for name, pinned in sorted(pins.items()):
        if name not in found:
            problems.append(f"{name}:{pinned} is missing")
        elif pinned not in found[name]:
            problems.append(f"{name}:{pinned} is pinned, {' and '.join(sorted(found[name]))} is there")
    if problems:
        raise UsageError(
            "these files are not what is pinned",
            where=f"{war} and {folder}",
            observed="\n             ".join(problems),
            remedy="bring the pinned files, or change the pins (and judge the change: conformance gate)",
        )
    plugins = {name: found[name][pinned] for name, pinned in pins.items()}
    taken = set(plugins.values())
    others = [file.name for versions in found.values() for file in versions.values() if file not in taken]
    return Chosen(war, core, plugins, tuple(sorted(others)))


def build(chosen: Chosen, engine: Engine, base: str, tag: str) -> None:
    """Build the image `tag` on the image `base`. Raises CommandFailed."""
    with tempfile.TemporaryDirectory(prefix=f"conformance-build-pid{os.getpid()}-") as scratch:
        context = Path(scratch)
        shutil.copytree(HERE / "context/controller", context, dirs_exist_ok=True)
        shutil.copyfile(chosen.war, context / "jenkins.war")
        (context / "plugins").mkdir()
        for name, file in chosen.plugins.items():
            shutil.copyfile(file, context / "plugins" / f"{name}.jpi")
        engine.docker(
            "build",
            "--quiet",
            "--network",
            "host",
            "--tag",
            tag,
            "--build-arg",
            f"BASE={base}",
            "--build-arg",
            f"JENKINS_VERSION={chosen.version}",
            context,
            timeout=1800,
        )
