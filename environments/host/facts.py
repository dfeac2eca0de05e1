"""What this host is and has, read once; no judgement here."""

from __future__ import annotations

import os
import platform
import resource
import shutil
import socket
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from conformance.core.paths import PACKAGE, cache_root
from environments.host import engine as engines
from environments.host.runc_hostcaps import CAPABILITIES, granted

GIB = 1 << 30


@dataclass(frozen=True, slots=True)
class Disk:
    path: str
    free: int
    what_for: str


@dataclass(frozen=True, slots=True)
class HostFacts:
    """Sizes in bytes, clock in seconds since 1970."""

    system: str
    distribution: str
    kernel: str
    root: bool
    cores: int
    memory_available: int
    disks: tuple[Disk, ...]
    engine: str
    engine_version: str
    privileged: str
    cgroup_version: int
    cgroup_controllers: frozenset[str]
    capabilities_missing: tuple[str, ...]
    open_files: int
    processes: int
    filesystems: frozenset[str]
    #: how many more this user may have; all stacks of a host share one limit
    inotify_instances: int
    inotify_watches: int
    user_namespaces: int
    loopback_port: bool
    clock: float
    newest_source: float
    programs: frozenset[str]


def gather(node_image: str = "") -> HostFacts:
    """Read the facts; takes well under two seconds. `node_image` is tried as a privileged container."""
    engine = engines.find()
    return HostFacts(
        system=platform.system(),
        distribution=_distribution(),
        kernel=platform.release(),
        root=os.geteuid() == 0,
        cores=os.cpu_count() or 1,
        memory_available=_meminfo("MemAvailable"),
        disks=_disks(),
        engine="" if engine is None else (engine.socket or "the client's default"),
        engine_version=engine.docker("version", "--format", "{{.Server.Version}}") if engine else "",
        privileged=_privileged(engine, node_image),
        cgroup_version=2 if Path("/sys/fs/cgroup/cgroup.controllers").exists() else 1,
        cgroup_controllers=_controllers(),
        capabilities_missing=_missing_capabilities(),
        open_files=resource.getrlimit(resource.RLIMIT_NOFILE)[1],
        processes=resource.getrlimit(resource.RLIMIT_NPROC)[1],
        filesystems=frozenset(_read("/proc/filesystems").replace("nodev", "").split()),
        inotify_instances=_number("/proc/sys/fs/inotify/max_user_instances") - inotify_in_use(Path("/proc")),
        inotify_watches=_number("/proc/sys/fs/inotify/max_user_watches"),
        user_namespaces=_number("/proc/sys/user/max_user_namespaces"),
        loopback_port=_can_listen(),
        clock=time.time(),
        newest_source=max(path.stat().st_mtime for path in (PACKAGE / "core").glob("*.py")),
        programs=frozenset(
            name
            for name in ("docker", "dockerd", "debootstrap", "git", "go", "apt-get", "iptables", "terraform")
            if shutil.which(name)
        ),
    )


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except OSError:
        return ""


def _number(path: str) -> int:
    text = _read(path).strip()
    return int(text) if text.isdigit() else 0


def inotify_in_use(processes: Path) -> int:
    """Inotify instances of this user's processes, those in containers among them."""
    count = 0
    for files in processes.glob("[0-9]*/fd"):
        # a process may end meanwhile, and those of others cannot be read
        with suppress(OSError):
            if files.stat().st_uid == os.geteuid():
                count += sum(_leads_to(file) == "anon_inode:inotify" for file in files.iterdir())
    return count


def _leads_to(file: Path) -> str:
    try:
        return str(file.readlink())
    except OSError:
        return ""


def _meminfo(name: str) -> int:
    for line in _read("/proc/meminfo").splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1024
    return 0


def _distribution() -> str:
    fields = dict(line.split("=", 1) for line in _read("/etc/os-release").splitlines() if "=" in line)
    return f"{fields.get('ID', '')} {fields.get('VERSION_CODENAME', '')}".replace('"', "").strip()


def _disks() -> tuple[Disk, ...]:
    found = []
    for path, what_for in ((cache_root(), "images, tools, stacks"), (Path("/tmp"), "build contexts")):  # noqa: S108
        there = next(folder for folder in (path, *path.parents) if folder.exists())
        found.append(Disk(str(path), shutil.disk_usage(there).free, what_for))
    return tuple(found)


def _privileged(engine: engines.Engine | None, image: str) -> str:
    """ "yes", "not tried" with why, or what the engine said."""
    if engine is None:
        return "not tried: no engine"
    if not image or not engine.has_image(image):
        return "not tried: the node's image is not there yet"
    said = engine.docker(
        "run", "--rm", "--privileged", "--network", "none", "--entrypoint", "echo", image, "yes", check=False
    )
    return said or "the engine could not start a privileged container"


def _controllers() -> frozenset[str]:
    unified = _read("/sys/fs/cgroup/cgroup.controllers")
    if unified:
        return frozenset(unified.split())
    mounted = (line.split() for line in _read("/proc/mounts").splitlines())
    return frozenset(
        name
        for fields in mounted
        if len(fields) > 3 and fields[2] == "cgroup"
        for name in fields[3].split(",")
    )


def _missing_capabilities() -> tuple[str, ...]:
    have = granted(_read("/proc/self/status") or "CapBnd: 0")
    last = _number("/proc/sys/kernel/cap_last_cap")
    return tuple(f"CAP_{name}" for name in CAPABILITIES[: last + 1] if f"CAP_{name}" not in have)


def _can_listen() -> bool:
    try:
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
    except OSError:
        return False
    return True
