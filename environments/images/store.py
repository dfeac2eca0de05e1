"""A prepared image store for nodes: containerd's folder with every image imported and unpacked.

Importing images is the hidden critical path of a stand-up (33 s for one of 984 MB, measured). So it is done
once, into a folder of the cache; each run gets a copy made of hard links, which takes a second and no
space. That is safe because containerd never changes a blob or a committed snapshot in place; its
databases, which it does change, are copied for real.
"""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

from conformance.core.files import lock
from conformance.core.paths import cache_root, lock_file
from conformance.core.process import run
from environments.host.engine import Engine
from environments.images.catalogue import ImageCatalogue

INSIDE = "/var/lib/containerd"


def key(catalogue: ImageCatalogue) -> str:
    parts = [f"{image.name}={catalogue.key(image.name)}" for image in catalogue.in_node()]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]


def folder(catalogue: ImageCatalogue) -> Path:
    return cache_root() / "stores" / key(catalogue)


def is_built(catalogue: ImageCatalogue) -> bool:
    return (folder(catalogue) / ".complete").is_file()


def build(catalogue: ImageCatalogue, engine: Engine, archive: Path | None = None) -> None:
    """Import all in-node images, from the engine or from a `docker save` archive, into a new store."""
    target = folder(catalogue)
    with lock(lock_file(f"store-{target.name}")) as held:
        if is_built(catalogue):
            return
        held.note("importing images into a node's store")
        work = target.with_name(target.name + ".part")
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir(parents=True)
        container = f"conformance-store-{target.name}"
        engine.docker("rm", "--force", container, check=False)
        engine.docker(
            "run",
            "--detach",
            "--rm",
            "--privileged",
            "--name",
            container,
            "--network",
            "none",
            "--label",
            f"conformance.store={target.name}",
            "--volume",
            f"{work}:{INSIDE}",
            "--entrypoint",
            "containerd",
            catalogue.built("node"),
        )
        try:
            references = sorted(catalogue.reference(image.name) for image in catalogue.in_node())
            if archive is None:
                producer: list[str | Path] = ["docker", "save", *references]
            else:
                producer = ["cat", archive]
            importer = ["docker", "exec", "-i", container, "ctr", "-n", "k8s.io", "images", "import", "-"]
            engine.pipe(producer, importer)
            # pinned images are never garbage collected by the kubelet, whatever the disk's state
            for reference in references:
                engine.docker(
                    "exec",
                    container,
                    "ctr",
                    "-n",
                    "k8s.io",
                    "images",
                    "label",
                    reference,
                    "io.cri-containerd.image=managed",
                    "io.cri-containerd.pinned=pinned",
                )
        finally:
            engine.docker("stop", "--time", "10", container, check=False)
        shutil.rmtree(work / "tmpmounts", ignore_errors=True)
        (work / ".complete").touch()
        shutil.rmtree(target, ignore_errors=True)
        work.rename(target)


def clone(catalogue: ImageCatalogue, target: Path) -> None:
    """Give `target` (on the cache's file system) a store of its own, from hard links."""
    source = folder(catalogue)

    # cp knows device nodes (an overlay's whiteouts), links and attributes; the databases come after
    target.parent.mkdir(parents=True, exist_ok=True)
    run(["cp", "--archive", "--link", source, target])
    for database in target.rglob("*.db"):
        original = source / database.relative_to(target)
        database.unlink()
        shutil.copy2(original, database)
