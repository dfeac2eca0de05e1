"""Building what is missing: a demand-driven graph from the wanted things down to package registries."""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from conformance.core import maven
from conformance.core.errors import BuildFailure, CommandFailed
from conformance.core.files import lock
from conformance.core.graph import Task
from conformance.core.paths import PROJECT, cache_root, lock_file
from conformance.core.process import run
from environments.host.engine import Engine
from environments.images import downloads, programs, store, tidy, upstream
from environments.images.catalogue import Download, Image, ImageCatalogue, files_below
from environments.trust import host_bundle, java_trust_store

log = logging.getLogger(__name__)

#: Programs that the host itself uses.
HOST_PROGRAMS = ("kind", "kubectl", "helm")
#: Programs that checks run; without one its check is not applicable.
CHECK_PROGRAMS = ("conformance",)


@dataclass(frozen=True, slots=True)
class Builder:
    catalogue: ImageCatalogue
    engine: Engine

    def missing(self, images: Iterable[str]) -> tuple[Task, ...]:
        """Tasks for all that a stand-up with `images` needs and that is not there yet."""
        tasks: dict[str, Task] = {}
        for program in HOST_PROGRAMS:
            self._want_module(program, tasks)
        wanted = tuple(images)
        if self.catalogue.upstream:
            for name in wanted:
                self._want_image(name, tasks)
            return tuple(tasks.values())
        self._want_image("node", tasks)
        if not store.is_built(self.catalogue):
            for name in wanted:
                self._want_image(name, tasks)
            needs = tuple(f"image {name}" for name in wanted)
            tasks["image store"] = Task("image store", self._store, needs)
        return tuple(tasks.values())

    def optional(self) -> tuple[Task, ...]:
        """Tasks for programs that checks run and that are not there yet; they never fail a stand-up."""
        tasks: dict[str, Task] = {}
        for program in CHECK_PROGRAMS:
            self._want_module(program, tasks)
        return tuple(replace(task, run=partial(_or_without, task)) for task in tasks.values())

    def ensure(self, name: str) -> str:
        """Build one image, and its base, where they are missing; returns its name."""
        tasks: dict[str, Task] = {}
        self._want_image(name, tasks)
        for task in tasks.values():  # what one needs was put in before it
            task.run()
        return self.catalogue.built(name)

    def expected_seconds(self, task: str) -> float:
        """How long `task` took where the catalogue was written, on two cores."""
        kind, _, name = task.partition(" ")
        if kind == "image" and name in self.catalogue.images:
            return self.catalogue.images[name].seconds
        if kind == "programs":
            return self.catalogue.modules[name].seconds
        if kind == "download":
            return self.catalogue.downloads[name].seconds
        return 30

    def _want_module(self, program: str, tasks: dict[str, Task]) -> str:
        module = self.catalogue.module_of(program)
        name = f"programs {module.name}"
        if name not in tasks and not programs.is_built(module):
            # one after the other where packages are shared: side by side they would be compiled twice
            before = [
                task
                for task in tasks
                if task.startswith("programs ")
                and self.catalogue.modules[task.removeprefix("programs ")].folder == module.folder
            ]
            tasks[name] = Task(name, lambda: programs.build(module), tuple(before))
        return name

    def _want_image(self, name: str, tasks: dict[str, Task]) -> None:
        task = f"image {name}"
        if task in tasks or self.engine.has_image(self.catalogue.built(name)):
            return
        image = self.catalogue.images[name]
        if self.catalogue.pulled(image):
            tasks[task] = Task(task, lambda: self._build(image))
            return
        needs = [self._want_module(program, tasks) for program in image.programs]
        if image.base:
            self._want_image(image.base, tasks)
            needs.append(f"image {image.base}")
        for wanted in image.downloads:
            download = self.catalogue.downloads[wanted]
            needs.append(f"download {wanted}")
            if f"download {wanted}" not in tasks and not downloads.is_there(download):
                tasks[f"download {wanted}"] = _fetching(download)
        tasks[task] = Task(task, lambda: self._build(image), tuple(needs))

    def _store(self) -> None:
        store.build(self.catalogue, self.engine)
        tidy.tidy(self.catalogue, self.engine)

    def _build(self, image: Image) -> None:
        reference = self.catalogue.built(image.name)
        with lock(lock_file(f"image-{image.name}")) as held:
            if not self.engine.has_image(reference):
                held.note(f"building {reference}")
                if self.catalogue.pulled(image):
                    pulled = upstream.mirrored(image.upstream)
                    self.engine.docker("pull", "--quiet", pulled, timeout=900)
                    self.engine.docker("tag", pulled, reference)
                elif image.debootstrap:
                    self._debootstrap(image, reference)
                else:
                    self._docker_build(image, reference)
            if image.reference:
                self.engine.docker("tag", reference, image.reference)

    def _docker_build(self, image: Image, reference: str) -> None:
        with tempfile.TemporaryDirectory(prefix=f"conformance-build-pid{os.getpid()}-") as folder:
            context = Path(folder)
            shutil.copytree(PROJECT / image.context, context, dirs_exist_ok=True, symlinks=True)
            for program in image.programs:
                shutil.copy2(programs.path(self.catalogue, program), context / program)
            for wanted in image.downloads:
                shutil.copy2(downloads.path(self.catalogue.downloads[wanted]), context / wanted)
            for to, path in image.sources.items():
                source = PROJECT / path
                for file in files_below(source):
                    copy = context / to / file.relative_to(source)
                    copy.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copy2(file, copy)
            if image.trust:
                (context / "trust.pem").write_text(host_bundle(), encoding="utf-8")
            if image.maven:
                (context / "maven").mkdir()
                (context / "maven/settings.xml").write_text(maven.settings(), encoding="utf-8")
                (context / "maven/truststore.p12").write_bytes(java_trust_store(host_bundle()))
            words = ["build", "--quiet", "--network", "host", "--tag", reference]
            arguments = dict(image.arguments)
            if image.base:
                arguments[image.base_argument] = self.catalogue.built(image.base)
            if image.context.endswith("/binary"):
                arguments["PROGRAM"] = image.programs[0]
            for name, value in arguments.items():
                words += ["--build-arg", f"{name}={value}"]
            words += ["--label", f"conformance.image={image.name}"]
            self.engine.docker(*words, context, timeout=1800)

    def _debootstrap(self, image: Image, reference: str) -> None:
        if shutil.which("debootstrap") is None:
            raise BuildFailure(
                "debootstrap is not installed",
                expected="debootstrap, to make the Debian base from packages",
                remedy="apt-get install debootstrap, or run with --provision-host",
            )
        options = image.debootstrap
        cache_root().mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f"debootstrap-pid{os.getpid()}-", dir=cache_root()) as folder:
            root = Path(folder) / "root"
            run(
                [
                    "debootstrap",
                    f"--variant={options['variant']}",
                    f"--include={','.join(options['include'])}",
                    options["suite"],
                    root,
                ],
                timeout=1800,
                remedy="check the network to Debian's packages",
            )
            for leftover in (*root.glob("var/cache/apt/archives/*.deb"), *root.glob("var/lib/apt/lists/*_*")):
                leftover.unlink()
            packages = (root / "var/lib/dpkg/status").read_text(encoding="utf-8")
            record = cache_root() / "packages" / f"{image.name}-{self.catalogue.key(image.name)}.txt"
            record.parent.mkdir(parents=True, exist_ok=True)
            record.write_text("\n".join(_installed(packages.splitlines())) + "\n", encoding="utf-8")
            self.engine.pipe(
                ["tar", "--directory", root, "--create", "."],
                ["docker", "import", "--change", f"LABEL conformance.image={image.name}", "-", reference],
            )


def _or_without(task: Task) -> None:
    """A closed network has no Go modules: the run goes on, and its report says what was not checked."""
    try:
        task.run()
    except CommandFailed as error:
        log.warning("%s could not be built: %s", task.name, error)


def _fetching(download: Download) -> Task:
    return Task(f"download {download.name}", lambda: downloads.fetch(download))


def _installed(status: Iterable[str]) -> list[str]:
    """`name version` of each package in a dpkg status file."""
    found, name = [], ""
    for line in status:
        if line.startswith("Package: "):
            name = line.removeprefix("Package: ")
        elif line.startswith("Version: "):
            found.append(f"{name} {line.removeprefix('Version: ')}")
    return sorted(found)
