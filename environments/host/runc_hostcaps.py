#!/usr/bin/python3
"""An OCI runtime that asks the host only for what the host can grant, then hands over to runc.

Docker's `--privileged` asks for every capability and for high rlimits; on a host whose own
bounding set lacks some (nested virtual machines, sandboxes) runc then fails with "unable to apply
caps". This shim trims capabilities, rlimits and negative OOM scores in the container's
configuration, and executes runc. It is installed as a copy, stands alone (standard library only)
and is used only where the preflight saw that it is needed.
"""

from __future__ import annotations

import json
import os
import resource
import sys
from pathlib import Path

# Bit numbers of linux/capability.h; their order is kernel ABI.
CAPABILITIES = [
    "CHOWN",
    "DAC_OVERRIDE",
    "DAC_READ_SEARCH",
    "FOWNER",
    "FSETID",
    "KILL",
    "SETGID",
    "SETUID",
    "SETPCAP",
    "LINUX_IMMUTABLE",
    "NET_BIND_SERVICE",
    "NET_BROADCAST",
    "NET_ADMIN",
    "NET_RAW",
    "IPC_LOCK",
    "IPC_OWNER",
    "SYS_MODULE",
    "SYS_RAWIO",
    "SYS_CHROOT",
    "SYS_PTRACE",
    "SYS_PACCT",
    "SYS_ADMIN",
    "SYS_BOOT",
    "SYS_NICE",
    "SYS_RESOURCE",
    "SYS_TIME",
    "SYS_TTY_CONFIG",
    "MKNOD",
    "LEASE",
    "AUDIT_WRITE",
    "AUDIT_CONTROL",
    "SETFCAP",
    "MAC_OVERRIDE",
    "MAC_ADMIN",
    "SYSLOG",
    "WAKE_ALARM",
    "BLOCK_SUSPEND",
    "AUDIT_READ",
    "PERFMON",
    "BPF",
    "CHECKPOINT_RESTORE",
]


def granted(status: str) -> set[str]:
    """Names of the capabilities in the bounding set of a `/proc/PID/status` text."""
    line = next(line for line in status.splitlines() if line.startswith("CapBnd:"))
    mask = int(line.split()[1], 16)
    return {f"CAP_{name}" for bit, name in enumerate(CAPABILITIES) if mask >> bit & 1}


def trim(process: dict, allowed: set[str]) -> None:  # type: ignore[type-arg]
    """Take out of an OCI `process` object what this host cannot grant."""
    for kind, names in (process.get("capabilities") or {}).items():
        process["capabilities"][kind] = [name for name in names if name in allowed]
    for limit in process.get("rlimits") or []:
        number = getattr(resource, limit["type"], None)
        if number is None:
            continue
        hard = resource.getrlimit(number)[1]
        if hard != resource.RLIM_INFINITY:
            limit["hard"] = min(limit["hard"], hard)
            limit["soft"] = min(limit["soft"], limit["hard"])
    if (process.get("oomScoreAdj") or 0) < 0:
        process["oomScoreAdj"] = 0


def option(argv: list[str], *names: str) -> str | None:
    for index, word in enumerate(argv):
        if word in names:
            return argv[index + 1]
        for name in names:
            if word.startswith(f"{name}="):
                return word.split("=", 1)[1]
    return None


def main(argv: list[str]) -> None:
    allowed = granted(Path("/proc/self/status").read_text())
    if "exec" in argv:
        process_file = option(argv, "--process", "-p")
        if process_file:
            process = json.loads(Path(process_file).read_text())
            trim(process, allowed)
            Path(process_file).write_text(json.dumps(process))
    elif "create" in argv or "run" in argv:
        config_file = Path(option(argv, "--bundle", "-b") or ".") / "config.json"
        config = json.loads(config_file.read_text())
        trim(config["process"], allowed)
        config_file.write_text(json.dumps(config))
    os.execvp("runc", ["runc", *argv])


if __name__ == "__main__":
    main(sys.argv[1:])
