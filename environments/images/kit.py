"""A kit: everything that was built, in one archive with checksums, for networks where nothing can be fetched.

Layout of the tar archive (compressed by zstd): manifest.json first, then the files it names with their
SHA-256: `node.tar` and `images.tar` (docker save), `programs/MODULE/NAME`.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tarfile
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import requests
import zstandard

from conformance.core.errors import BuildFailure, UsageError
from conformance.core.files import draft
from conformance.core.paths import cache_root
from environments.host.engine import Engine
from environments.images import programs, store
from environments.images.builder import CHECK_PROGRAMS, HOST_PROGRAMS
from environments.images.catalogue import ImageCatalogue, module_key

FORMAT = 1
LEVEL = 3
Say = Callable[[str], None]


def export(file: Path, catalogue: ImageCatalogue, engine: Engine) -> int:
    """Write the kit; everything must be built. Returns its size in bytes.

    Raises:
        UsageError: something is not built yet.
    """
    if not store.is_built(catalogue) or not engine.has_image(catalogue.built("node")):
        raise UsageError("there is nothing to pack yet", remedy="run `conformance up` once, then export")
    cache_root().mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f"kit-pid{os.getpid()}-", dir=cache_root()) as name:
        folder = Path(name)
        in_node = sorted(catalogue.reference(image.name) for image in catalogue.in_node())
        engine.docker("save", "--output", folder / "node.tar", catalogue.built("node"), timeout=600)
        engine.docker("save", "--output", folder / "images.tar", *in_node, timeout=900)
        modules = {catalogue.module_of(program).name for program in HOST_PROGRAMS}
        modules |= {
            catalogue.module_of(program).name
            for program in CHECK_PROGRAMS
            if programs.found(catalogue, program)
        }
        for module in sorted(modules):
            shutil.copytree(programs.folder(catalogue.modules[module]), folder / "programs" / module)
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        manifest = {
            "format": FORMAT,
            "kubernetes": catalogue.kubernetes,
            "store": store.key(catalogue),
            "node": catalogue.built("node"),
            "programs": {module: module_key(catalogue.modules[module]) for module in sorted(modules)},
            "sha256": {str(path.relative_to(folder)): _sha256(path) for path in files},
        }
        (folder / "manifest.json").write_text(json.dumps(manifest, indent=1), encoding="utf-8")
        compressor = zstandard.ZstdCompressor(level=LEVEL, threads=-1)
        with (
            draft(file) as part,
            part.open("wb") as out,
            compressor.stream_writer(out) as packed,
            tarfile.open(fileobj=packed, mode="w|") as archive,
        ):
            for path in (folder / "manifest.json", *files):
                archive.add(path, arcname=str(path.relative_to(folder)))
    return file.stat().st_size


def take(source: str, catalogue: ImageCatalogue, engine: Engine, say: Say) -> None:
    """Bring a kit's content into the cache and the engine; nothing is done when all of it is there.

    Raises:
        UsageError: not a kit, or one for other inputs than this checkout's.
        BuildFailure: it is damaged; nothing of it is used then.
    """
    if store.is_built(catalogue) and engine.has_image(catalogue.built("node")):
        say("kit: everything of it is here already")
        return
    cache_root().mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f"kit-pid{os.getpid()}-", dir=cache_root()) as name:
        folder = Path(name)
        manifest = _unpack(source, folder, catalogue)
        say(f"kit: {len(manifest['sha256'])} files, checksums right")
        for module in manifest["programs"]:
            target = programs.folder(catalogue.modules[module])
            if not programs.is_built(catalogue.modules[module]):
                shutil.rmtree(target, ignore_errors=True)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.move(folder / "programs" / module, target)
        engine.docker("load", "--quiet", "--input", folder / "node.tar", timeout=600)
        store.build(catalogue, engine, folder / "images.tar")


def _unpack(source: str, folder: Path, catalogue: ImageCatalogue) -> dict[str, Any]:
    try:
        with (
            _opened(source) as raw,
            zstandard.ZstdDecompressor().stream_reader(raw) as packed,
            tarfile.open(fileobj=packed, mode="r|") as archive,
        ):
            first = archive.next()
            content = archive.extractfile(first) if first and first.name == "manifest.json" else None
            if content is None:
                raise UsageError(f"{source} is not a kit", expected="manifest.json first")
            manifest: dict[str, Any] = json.load(content)
            _check_inputs(source, manifest, catalogue)
            # one pass over a stream: what was read cannot be read again
            while member := archive.next():
                archive.extract(member, folder, filter="data")
    except (tarfile.TarError, zstandard.ZstdError, ValueError) as error:
        raise BuildFailure(f"{source} is damaged or no kit", observed=str(error)) from error
    for name, expected in manifest["sha256"].items():
        seen = _sha256(folder / name) if (folder / name).is_file() else "missing"
        if seen != expected:
            raise BuildFailure(
                f"{source} is damaged",
                where=name,
                expected=f"sha256 {expected}",
                observed=seen,
                remedy="copy the kit again",
            )
    return manifest


def _check_inputs(source: str, manifest: dict[str, Any], catalogue: ImageCatalogue) -> None:
    expected = {
        "format": FORMAT,
        "store": store.key(catalogue),
        "node": catalogue.built("node"),
        "programs": {name: module_key(catalogue.modules[name]) for name in manifest.get("programs", {})},
    }
    seen = {key: manifest.get(key) for key in expected}
    if seen != expected:
        raise UsageError(
            f"{source} was made from another state of this project",
            expected=json.dumps(expected, sort_keys=True),
            observed=json.dumps(seen, sort_keys=True),
            remedy="export a kit from this checkout, or check out the one it was made from",
        )


def _opened(source: str) -> Any:
    if not source.startswith(("http://", "https://")):
        try:
            return Path(source).open("rb")
        except OSError as error:
            raise UsageError(f"cannot read the kit {source}", observed=str(error)) from error
    try:
        answer = requests.get(source, stream=True, timeout=60)
        answer.raise_for_status()
    except requests.RequestException as error:
        raise BuildFailure(f"cannot fetch the kit {source}", observed=str(error)) from error
    return answer.raw


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
