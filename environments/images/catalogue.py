"""The catalogue of images: typed entries, and the key of each, a hash of everything that goes into it."""

from __future__ import annotations

import functools
import hashlib
import json
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from conformance.core.errors import UsageError
from conformance.core.paths import PROJECT

HERE = Path(__file__).parent
REGISTRY = "conformance.test"


@dataclass(frozen=True, slots=True)
class Module:
    """A Go module whose pinned requirements hold `programs` (name -> package)."""

    name: str
    programs: dict[str, str]
    seconds: float
    cgo: bool = False
    tags: str = ""
    #: further flags for the linker
    flags: str = ""
    #: folder of go.mod and go.sum, when it is not named like the module
    requirements: str = ""

    @property
    def folder(self) -> Path:
        return HERE / "gotools" / (self.requirements or self.name)


@dataclass(frozen=True, slots=True)
class Download:
    """A file in the Maven repository layout, and its SHA-256."""

    name: str
    path: str
    sha256: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Image:
    """One image; see catalogue.toml for what the fields mean."""

    name: str
    seconds: float
    context: str = ""
    base: str = ""
    base_argument: str = "BASE"
    upstream: str = ""
    reference: str = ""
    simulator: str = ""
    in_node: bool = False
    preloaded: bool = False
    #: does its build fetch over TLS (then the host's trust store is in the context as trust.pem)
    trust: bool = False
    #: does its build run Maven (then maven/settings.xml and maven/truststore.p12 are in the context)
    maven: bool = False
    programs: tuple[str, ...] = ()
    downloads: tuple[str, ...] = ()
    sources: dict[str, str] = field(default_factory=dict)
    arguments: dict[str, str] = field(default_factory=dict)
    debootstrap: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class ImageCatalogue:
    """All entries for one Kubernetes version, and the keys of what we build.

    `upstream`: what has an upstream reference is pulled, also as the base of what we build.
    """

    kubernetes: str
    upstream: bool
    images: dict[str, Image]
    modules: dict[str, Module]
    downloads: dict[str, Download]

    def module_of(self, program: str) -> Module:
        return next(module for module in self.modules.values() if program in module.programs)

    def key(self, name: str) -> str:
        """Twelve hexadecimal digits over all that goes into image `name`."""
        return self._keys[name]

    def built(self, name: str) -> str:
        """The name by which the engine knows image `name` once it is built."""
        return f"{REGISTRY}/{name}:{self.key(name)}"

    def reference(self, name: str) -> str:
        """The name by which pods ask for image `name` when it was built from packages."""
        return self.images[name].reference or self.built(name)

    def pulled(self, image: Image) -> bool:
        return self.upstream and bool(image.upstream)

    def in_node(self) -> tuple[Image, ...]:
        return tuple(image for image in self.images.values() if image.in_node)

    @functools.cached_property
    def _keys(self) -> dict[str, str]:
        keys: dict[str, str] = {}

        def of(name: str) -> str:
            if name not in keys:
                image = self.images[name]
                parts: dict[str, object] = {
                    "entry": {
                        slot: getattr(image, slot) for slot in ("base_argument", "arguments", "debootstrap")
                    },
                    "base": of(image.base) if image.base else "",
                    "programs": {p: module_key(self.module_of(p)) for p in image.programs},
                    "downloads": {d: self.downloads[d].sha256 for d in image.downloads},
                    "context": tree_hash(PROJECT / image.context) if image.context else "",
                    "sources": {to: tree_hash(PROJECT / path) for to, path in image.sources.items()},
                }
                if self.pulled(image):
                    parts = {"upstream": image.upstream}
                keys[name] = hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:12]
            return keys[name]

        for name in self.images:
            of(name)
        return keys


def module_key(module: Module) -> str:
    """Hash of a module's requirements, sums and flags: what decides the programs' bytes."""
    digest = hashlib.sha256(
        f"{module.cgo} {module.tags} {module.flags} {sorted(module.programs.items())}".encode()
    )
    for name in ("go.mod", "go.sum"):
        digest.update((module.folder / name).read_bytes())
    return digest.hexdigest()[:12]


def files_below(folder: Path) -> Iterator[Path]:
    """The files that go into a build, in a fixed order, without what Python leaves behind.

    A simulator's folder holds its tests and its Dockerfile's folder, too: neither is part of the program.
    """
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        if path.is_file() and "__pycache__" not in parts and parts[0] not in {"image", "tests"}:
            yield path


def tree_hash(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in files_below(folder):
        executable = bool(path.stat().st_mode & 0o100)
        digest.update(f"{path.relative_to(folder)}\0{executable}\0".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def load(kubernetes: str, upstream: bool = False, file: Path = HERE / "catalogue.toml") -> ImageCatalogue:
    """Read the catalogue for a Kubernetes version."""
    raw = tomllib.loads(file.read_text(encoding="utf-8"))
    images = {entry["name"]: _image(entry, kubernetes) for entry in raw["image"]}
    return ImageCatalogue(
        kubernetes=kubernetes,
        upstream=upstream,
        images=images,
        modules={entry["name"]: Module(**entry) for entry in raw["module"]},
        downloads={entry["name"]: Download(**entry) for entry in raw["download"]},
    )


def pinned_kubernetes() -> str:
    """The Kubernetes version that can be built from packages, without a `v`."""
    lines = (HERE / "gotools/kubernetes/go.mod").read_text(encoding="utf-8").splitlines()
    pinned = next(line.split()[1] for line in lines if line.strip().startswith("k8s.io/kubernetes v"))
    return pinned.removeprefix("v")


def check_kubernetes(catalogue: ImageCatalogue) -> None:
    """Raises UsageError when the contract's Kubernetes is not the one that packages are pinned for."""
    pinned = pinned_kubernetes()
    if pinned != catalogue.kubernetes:
        raise UsageError(
            "this Kubernetes version cannot be built from packages",
            expected=f"v{pinned} (pinned in environments/images/gotools/kubernetes/go.mod)",
            observed=f"the contract requires v{catalogue.kubernetes}",
            remedy="change kubernetes.version in the contract, use --images=upstream, or bump the module",
        )


def _image(entry: dict[str, Any], kubernetes: str) -> Image:
    def filled(value: Any) -> Any:
        if isinstance(value, str):
            return value.replace("{kubernetes}", kubernetes)
        if isinstance(value, list):
            return tuple(filled(item) for item in value)
        if isinstance(value, dict):
            return {key: filled(item) for key, item in value.items()}
        return value

    return Image(**{key: filled(value) for key, value in entry.items()})
