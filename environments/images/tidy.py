"""Keeping the caches small: of each thing built, what this checkout names stays, and the newest other one.

One other stays so that two branches on one host do not build in turns. What a run uses is safe: it holds
hard links of its own.
"""

from __future__ import annotations

import re
import shutil
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from conformance.core.paths import cache_root
from environments.host.engine import Engine
from environments.images import programs, store
from environments.images.catalogue import ImageCatalogue

OTHERS = 1
_NAMED_BY_KEY = re.compile(r"(?P<name>.*?)-?[0-9a-f]{12}")


def tidy(catalogue: ImageCatalogue, engine: Engine) -> tuple[str, ...]:
    """Remove what is old of stores, programs and images; returns the names of what was removed."""
    stores = cache_root() / "stores"
    current = {store.folder(catalogue), *(programs.folder(module) for module in catalogue.modules.values())}
    removed = []
    for folder in (*_old(stores.glob("*"), current), *_old((cache_root() / "programs").glob("*"), current)):
        shutil.rmtree(folder)
        removed.append(f"{folder.parent.name}/{folder.name}")
    return (*removed, *_images(catalogue, engine))


def _old(folders: Iterable[Path], current: set[Path]) -> list[Path]:
    """Complete folders beyond the newest `OTHERS` of each name that are not in `current`."""
    by_name = defaultdict(list)
    for folder in folders:
        match = _NAMED_BY_KEY.fullmatch(folder.name)
        mark = folder / ".complete"
        if match and folder not in current and mark.is_file():
            by_name[match["name"]].append((mark.stat().st_mtime, folder))
    return [folder for found in by_name.values() for _, folder in sorted(found, reverse=True)[OTHERS:]]


def _images(catalogue: ImageCatalogue, engine: Engine) -> tuple[str, ...]:
    words = ("images", "--filter", "label=conformance.image", "--format", "{{.Repository}}:{{.Tag}}")
    current = {catalogue.built(name) for name in catalogue.images}
    others = defaultdict(list)
    for reference in engine.docker(*words).splitlines():  # newest first
        repository, _, tag = reference.rpartition(":")
        if re.fullmatch("[0-9a-f]{12}", tag) and reference not in current:
            others[repository].append(reference)
    old = [reference for found in others.values() for reference in found[OTHERS:]]
    if old:
        # one that a container still uses stays; the next time takes it
        engine.docker("rmi", *old, check=False)
        engine.docker("image", "prune", "--force", "--filter", "label=conformance.image", check=False)
    return tuple(old)
