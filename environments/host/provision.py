"""Making a bare Debian or Ubuntu host fit: its own packages, and a private engine."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from conformance.core.errors import HostUnfit
from conformance.core.process import run
from environments.host import engine, facts, preflight
from environments.host.engine import Engine
from environments.host.facts import HostFacts

#: program -> package that brings it
PACKAGES = {
    "dockerd": "docker.io",
    "docker": "docker.io",
    "iptables": "iptables",
    "debootstrap": "debootstrap",
    "git": "git",
    "gcc": "gcc",
    "openssl": "openssl",
}
#: what `conformance.core.maven` reads Maven's default repository from, where no Maven is installed
MAVEN_SUPER_POM = ("/usr/share/maven", "/usr/share/java/maven3-model-builder.jar", "libmaven3-core-java")
#: while this file says 101, packages do not start their services: the engine they bring stays stopped
POLICY = Path("/usr/sbin/policy-rc.d")


def missing_packages() -> tuple[str, ...]:
    wanted = {package for program, package in PACKAGES.items() if shutil.which(program) is None}
    *places, package = MAVEN_SUPER_POM
    if not any(Path(place).exists() for place in places):
        wanted.add(package)
    if "gcc" in wanted:
        wanted.add("libc6-dev")
    return tuple(sorted(wanted))


def install_packages() -> tuple[str, ...]:
    """Install what is missing, without starting any service; returns what was installed."""
    wanted = missing_packages()
    if not wanted:
        return ()
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    guarded = not POLICY.exists()
    if guarded:
        POLICY.write_text("#!/bin/sh\nexit 101\n", encoding="utf-8")
        POLICY.chmod(0o755)
    try:
        run(["apt-get", "update", "-qq"], env=environment, timeout=300)
        run(
            ["apt-get", "install", "--yes", "-qq", "--no-install-recommends", *wanted],
            env=environment,
            timeout=900,
            remedy="apt-get install " + " ".join(wanted),
        )
    finally:
        if guarded:
            POLICY.unlink(missing_ok=True)
    return wanted


def get_engine(seen: HostFacts, provision_host: bool) -> Engine:
    """The engine for a run: one that answers, or a private one, installed first if that is allowed.

    Raises:
        HostUnfit: none answers and none may be, or can be, started.
    """
    found = engine.find()
    if found is not None:
        return found
    if provision_host and preflight.can_provision(seen):
        install_packages()
    if not seen.root or shutil.which("dockerd") is None:
        raise HostUnfit(
            "no container engine",
            expected="a Docker-compatible engine that answers",
            observed="none at the client's default socket, and no dockerd that we may start",
            remedy="start Docker, set DOCKER_HOST, or run as root with --provision-host",
        )
    return engine.start_private(preflight.needs_shim(seen))


def fit_host(
    *, may_provision: bool, say: Callable[[str], None], node: str = "", warm: bool = False
) -> Engine:
    """Judge the host and return an engine.

    `node` is tried as a privileged container; `warm`: all is built.

    Raises:
        HostUnfit: the host lacks something that cannot, or may not, be installed.
    """
    seen = facts.gather(node)
    findings = preflight.judge(seen, warm=warm, will_provision=may_provision)
    for finding in findings:
        if finding.level == "note":
            say(f"host: {finding.name}: {finding.seen}; {finding.remedy or finding.needed}")
    preflight.require(findings)
    if may_provision and preflight.can_provision(seen) and missing_packages():
        say(f"host: installing {', '.join(missing_packages())}")
        install_packages()
    return get_engine(seen, may_provision)
