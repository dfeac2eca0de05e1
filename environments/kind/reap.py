"""Removing what runs leave: in order at the end of one, completely after one that was killed."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import yaml

from conformance.core.files import is_locked
from conformance.core.owners import born
from conformance.core.paths import cache_root, lock_file
from conformance.core.process import end_marked
from environments import runs
from environments.host import engine as engines
from environments.host.engine import Engine, unmount_below
from environments.kind.cluster import PREFIX
from environments.reachable import api_server, listens
from environments.runs import Run

#: of the environment; records of other ones are theirs
NAME = "kind"


def down(run: Run, engine: Engine | None) -> None:
    """Remove everything that `run` made; safe to call twice and half-way through a stand-up.

    Without an engine only files are left to remove; a later one's containers go as strays then.
    """
    if engine is not None:
        _remove_cluster(run.cluster, engine)
    run.forget_stack()


def engine_of_leftovers() -> Engine | None:
    """The engine that runs, or ours, started again: only a running one can remove its containers."""
    engine = engines.find()
    if engine is None and (engines.private_folder() / "daemon.json").is_file():
        engine = engines.start_private((engines.private_folder() / "runc-hostcaps").is_file())
    return engine


def _remove_cluster(name: str, engine: Engine) -> None:
    """By the engine alone: the kind program may not be there (any more)."""
    containers = engine.docker(
        "ps", "--all", "--quiet", "--filter", f"label=io.x-k8s.kind.cluster={name}"
    ).split()
    # an engine interrupted while it made a container may have it under its name only
    containers += engine.docker("ps", "--all", "--quiet", "--filter", f"name=^/{name}-").split()
    if containers:
        engine.docker("rm", "--force", "--volumes", *sorted(set(containers)))
    if engine.docker("network", "ls", "--quiet", "--filter", f"name=^{name}$"):
        engine.docker("network", "rm", name)


def has_fallen(run: Run) -> bool:
    """Is this a kept stack whose cluster does not run any more (the host or its engine was restarted)?

    One that answers runs, also where the engine found here is not the one that it was made with.
    """
    if not run.kept or run.environment != NAME or _answers(run):
        return False
    engine = engines.find()
    node = f"name=^/{run.cluster}-control-plane$"
    return engine is None or not engine.docker("ps", "--quiet", "--filter", node)


def _answers(run: Run) -> bool:
    try:
        return listens(api_server(run.kubeconfig, f"kind-{run.cluster}"))
    except (OSError, yaml.YAMLError, TypeError, LookupError, ValueError):
        return False  # there is no kubeconfig, or half of one


def reap() -> tuple[str, ...]:
    """Remove what killed runs left, and our private engine when nothing needs it; returns what was removed.

    Kept stacks that still run, and runs whose process lives, are not touched.
    """
    removed: list[str] = []
    dead = runs.orphans(NAME)
    fallen = tuple(run for run in runs.all_runs() if has_fallen(run))
    # first: a program that outlived its run would go on making things (a build, a test worker, kind)
    removed += [f"process {number} of run {run.id}" for run in dead for number in end_marked(run.id)]
    engine = engine_of_leftovers() if dead or fallen else engines.find()
    for run in (*dead, *fallen):
        down(run, engine)
        removed.append(f"run {run.id}" + (", whose cluster had stopped" if run in fallen else ""))
    if engine is not None:
        removed += _strays(engine)
    removed += _files()
    if release_engine():
        removed.append("the private container engine")
    return tuple(removed)


def release_engine() -> bool:
    """Stop our private engine when no run needs it: none is kept, and none lives but this process' own."""
    mine = os.getpid()
    needed = any(run.kept or (run.alive and run.owner != mine) for run in runs.all_runs())
    return not needed and engines.stop_private()


def _strays(engine: Engine) -> Iterator[str]:
    """Clusters of this cache that no record names any more.

    One engine may hold the clusters of several users and homes, whose records are elsewhere: ours are those
    whose nodes mount a folder of this cache.
    """
    known = {run.cluster for run in runs.all_runs()}
    names = engine.docker("ps", "--all", "--format", "{{.Names}}").split()
    pattern = re.compile(rf"({PREFIX}\d{{6}}-\d{{6}}-\d+)-.*$")
    nodes = {match[1]: name for name in names if (match := pattern.fullmatch(name))}
    for cluster, node in sorted(nodes.items()):
        if cluster not in known and f"{cache_root() / 'runs'}/" in _mounted(node, engine):
            _remove_cluster(cluster, engine)
            yield f"cluster {cluster}"
    for name in names:
        lock = name.removeprefix("conformance-")
        if lock.startswith("store-") and lock_file(lock).exists() and not is_locked(lock_file(lock)):
            engine.docker("rm", "--force", "--volumes", name)
            yield f"container {name}"


def _mounted(container: str, engine: Engine) -> str:
    """Folders of the host that a container has; nothing of one that went meanwhile."""
    return engine.docker(
        "inspect", "--format", "{{range .Mounts}}{{println .Source}}{{end}}", container, check=False
    )


def _files() -> Iterator[str]:
    """Half-made folders that nobody is working on; what can be resumed (compiled programs) stays."""
    known = {run.id for run in runs.all_runs()}
    stale = [folder for folder in (cache_root() / "runs").glob("*") if folder.name not in known]
    stale += [
        folder
        for folder in (cache_root() / "stores").glob("*.part")
        if not is_locked(lock_file(f"store-{folder.name.removesuffix('.part')}"))
    ]
    owned = [*(cache_root() / "downloads").glob("*.part"), *cache_root().glob("*-pid*-*")]
    owned += Path(tempfile.gettempdir()).glob("conformance-build-pid*")
    stale += [path for path in owned if not _owner_lives(path)]
    for path in stale:
        # an interrupted debootstrap leaves /proc and /sys mounted in its root
        unmount_below(path)
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
        yield str(path)


def _owner_lives(path: Path) -> bool:
    """Does the process whose number is in the name (`pid123`) still run?"""
    found = re.search(r"pid(\d+)", path.name)
    return bool(found and born(int(found[1])))
