"""Mounts that a program of ours left behind."""

from __future__ import annotations

from pathlib import Path

from conformance.core.errors import ConformanceError
from conformance.core.process import run


def unmount_below(folder: Path) -> None:
    """Unmount all that is mounted below `folder`, the deepest first; a busy one goes when it is free."""
    mounted = [line.split()[1] for line in Path("/proc/mounts").read_text(encoding="utf-8").splitlines()]
    for mount in sorted((path for path in mounted if path.startswith(f"{folder}/")), reverse=True):
        try:
            run(["umount", mount], timeout=20)
        except ConformanceError:
            run(["umount", "--lazy", mount], timeout=20)
