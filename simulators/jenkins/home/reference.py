"""Copies reference files into the home directory, by the rules of the official image's start script."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from .plugins import PluginError, read, version_key


def copy(reference: Path, home: Path) -> list[str]:
    """Copy the files that the home directory lacks, and newer plugins.

    Returns:
        One line for each file.
    """
    report = []
    marks = home / "copy_reference_file.log"
    home.mkdir(parents=True, exist_ok=True)
    for source in sorted(path for path in reference.rglob("*") if path.is_file() and path.suffix != ".lock"):
        relative = source.relative_to(reference)
        name = str(relative).removesuffix(".override")
        target = home / name
        force = str(relative).endswith(".override")
        if target.exists() and not force and not _newer(source, target):
            report.append(f"SKIPPED {name}")
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
        report.append(f"INSTALLED {name}")
    with marks.open("a", encoding="utf-8") as log:
        log.write("".join(f"{line}\n" for line in report))
    return report


def _newer(source: Path, target: Path) -> bool:
    if source.suffix not in {".jpi", ".hpi"}:
        return False
    try:
        offered, installed = read(source), read(target)
    except PluginError:
        return False
    pinned = target.with_name(target.name + ".pinned").exists()
    return not pinned and version_key(offered.version) > version_key(installed.version)


if __name__ == "__main__":
    copy(Path(sys.argv[1]), Path(sys.argv[2]))
