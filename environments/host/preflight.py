"""Is this host fit? Each finding: what was seen, what is needed, what to do."""

from __future__ import annotations

import resource
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from conformance.core.errors import HostUnfit
from environments.host.facts import GIB, HostFacts

Level = Literal["ok", "note", "unfit"]

#: Floors; the reference stack with everything running takes under 5 GiB of memory (measured).
MEMORY = 5 * GIB
DISK_COLD = 14 * GIB
DISK_WARM = 4 * GIB
DISK_TEMPORARY = 1 * GIB
CONTROLLERS = frozenset({"cpu", "memory", "pids"})


@dataclass(frozen=True, slots=True)
class HostFinding:
    """`seen` and `needed` are short phrases; `remedy` is empty when nothing is to be done."""

    name: str
    level: Level
    seen: str
    needed: str
    remedy: str = ""


def judge(facts: HostFacts, *, warm: bool, will_provision: bool) -> tuple[HostFinding, ...]:
    """All findings for a run that builds nothing (`warm`) or everything from packages."""
    return (*_engine(facts, will_provision), *_kernel(facts), *_room(facts, warm), *_rest(facts))


def needs_shim(facts: HostFacts) -> bool:
    """Must our private engine's runtime ask for less than `--privileged` does?"""
    return bool(facts.capabilities_missing)


def require(findings: Iterable[HostFinding]) -> None:
    """Raises HostUnfit, with every reason, when a finding says so."""
    unfit = [finding for finding in findings if finding.level == "unfit"]
    if unfit:
        raise HostUnfit(
            f"this host is not fit: {', '.join(finding.name for finding in unfit)}",
            expected="; ".join(f"{finding.name}: {finding.needed}" for finding in unfit),
            observed="; ".join(f"{finding.name}: {finding.seen}" for finding in unfit),
            remedy="; ".join(finding.remedy for finding in unfit if finding.remedy),
        )


def _engine(facts: HostFacts, will_provision: bool) -> Iterator[HostFinding]:
    needed = "a Docker-compatible engine that answers"
    if facts.engine:
        yield HostFinding("engine", "ok", f"{facts.engine_version} at {facts.engine}", needed)
    elif "dockerd" in facts.programs and facts.root:
        yield HostFinding(
            "engine", "note", "installed, none answers", needed, "a private one is started for the run"
        )
    elif can_provision(facts):
        level: Level = "note" if will_provision else "unfit"
        yield HostFinding("engine", level, "none", needed, "run with --provision-host: it installs Debian's")
    else:
        yield HostFinding("engine", "unfit", "none", needed, "install and start Docker, or set DOCKER_HOST")
    if facts.privileged == "yes" or facts.privileged.startswith("not tried"):
        level = "ok" if facts.privileged == "yes" else "note"
        yield HostFinding("privileged containers", level, facts.privileged, "the engine starts them")
    else:
        yield HostFinding(
            "privileged containers",
            "unfit",
            facts.privileged,
            "the engine starts them",
            "allow privileged containers, or stop this engine so that a private one with a shim is used",
        )


def can_provision(facts: HostFacts) -> bool:
    """Can `--provision-host` work here: root, on Debian or Ubuntu?"""
    return (
        facts.root
        and "apt-get" in facts.programs
        and facts.distribution.split(" ")[0] in {"debian", "ubuntu"}
    )


def _kernel(facts: HostFacts) -> Iterator[HostFinding]:
    yield HostFinding(
        "system", "ok" if facts.system == "Linux" else "unfit", f"{facts.system} {facts.kernel}", "Linux"
    )
    controllers = CONTROLLERS - facts.cgroup_controllers
    yield HostFinding(
        "cgroups",
        "unfit" if controllers else "ok",
        f"version {facts.cgroup_version}"
        + (f", without {', '.join(sorted(controllers))}" if controllers else ""),
        "version 1 or 2 with cpu, memory, pids",
        "mount the missing controllers" if controllers else "",
    )
    if facts.capabilities_missing:
        yield HostFinding(
            "capabilities",
            "note",
            f"the host lacks {', '.join(facts.capabilities_missing)}",
            "all",
            "the private engine gets a runtime shim that requests less",
        )
    else:
        yield HostFinding("capabilities", "ok", "all", "all")
    overlay = "overlay" in facts.filesystems
    yield HostFinding(
        "overlayfs",
        "ok" if overlay else "note",
        "there" if overlay else "not loaded",
        "the overlay file system",
        "" if overlay else "modprobe overlay",
    )
    yield HostFinding(
        "user namespaces",
        "ok" if facts.user_namespaces else "unfit",
        f"at most {facts.user_namespaces}",
        "more than none: img builds in one",
        "" if facts.user_namespaces else "sysctl user.max_user_namespaces=10000",
    )
    # a stack takes 29 of them (measured)
    yield _floor(
        "inotify instances",
        facts.inotify_instances,
        40,
        "these are free: sysctl fs.inotify.max_user_instances=512, or remove other stacks",
    )
    yield _floor("inotify watches", facts.inotify_watches, 65536, "sysctl fs.inotify.max_user_watches=524288")
    yield _floor("open files", facts.open_files, 4096, "ulimit -Hn 20000")
    yield _floor("processes", facts.processes, 4096, "ulimit -Hu 30000")


def _floor(name: str, seen: int, needed: int, remedy: str) -> HostFinding:
    unlimited = seen in (resource.RLIM_INFINITY, -1)
    fit = unlimited or seen >= needed
    shown = "unlimited" if unlimited else str(seen)
    return HostFinding(name, "ok" if fit else "unfit", shown, f"at least {needed}", "" if fit else remedy)


def _room(facts: HostFacts, warm: bool) -> Iterator[HostFinding]:
    fit = facts.memory_available >= MEMORY
    yield HostFinding(
        "memory",
        "ok" if fit else "unfit",
        f"{facts.memory_available / GIB:.1f} GiB available",
        f"{MEMORY / GIB:.0f} GiB",
        "" if fit else "end other programs, or use a larger machine",
    )
    for disk in facts.disks:
        floor = DISK_TEMPORARY if disk.path == "/tmp" else DISK_WARM if warm else DISK_COLD  # noqa: S108
        fit = disk.free >= floor
        yield HostFinding(
            f"disk for {disk.what_for}",
            "ok" if fit else "unfit",
            f"{disk.free / GIB:.1f} GiB free at {disk.path}",
            f"{floor / GIB:.0f} GiB",
            "" if fit else "make room, or set XDG_CACHE_HOME to a larger disk",
        )


def _rest(facts: HostFacts) -> Iterator[HostFinding]:
    yield HostFinding(
        "ports",
        "ok" if facts.loopback_port else "unfit",
        "loopback ports can be opened" if facts.loopback_port else "no port of 127.0.0.1 can be opened",
        "free ports on 127.0.0.1",
        "" if facts.loopback_port else "raise net.ipv4.ip_local_port_range",
    )
    behind = facts.newest_source - facts.clock > 86400
    yield HostFinding(
        "clock",
        "unfit" if behind else "ok",
        time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(facts.clock)),
        "not before this checkout: certificates would not be valid",
        "set the clock" if behind else "",
    )
    git = "git" in facts.programs
    yield HostFinding(
        "git",
        "ok" if git else "unfit",
        "there" if git else "not there",
        "git on PATH",
        "" if git else "apt-get install git",
    )
