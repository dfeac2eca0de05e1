from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from conformance.core.errors import HostUnfit
from environments.host import facts, preflight, runc_hostcaps
from environments.host.facts import GIB, Disk, HostFacts

FIT = HostFacts(
    system="Linux",
    distribution="debian bookworm",
    kernel="6.1",
    root=True,
    cores=2,
    memory_available=16 * GIB,
    disks=(Disk("/cache", 40 * GIB, "images"), Disk("/tmp", 40 * GIB, "build contexts")),
    engine="the client's default",
    engine_version="20.10",
    privileged="yes",
    cgroup_version=1,
    cgroup_controllers=frozenset({"cpu", "memory", "pids", "cpuset"}),
    capabilities_missing=(),
    open_files=20000,
    processes=90000,
    filesystems=frozenset({"overlay", "ext4"}),
    inotify_instances=128,
    inotify_watches=192536,
    user_namespaces=96365,
    loopback_port=True,
    clock=time.time(),
    newest_source=time.time() - 10,
    programs=frozenset({"git", "docker", "dockerd", "apt-get"}),
)


def unfit(
    seen: HostFacts, *, warm: bool = False, will_provision: bool = False
) -> dict[str, preflight.HostFinding]:
    findings = preflight.judge(seen, warm=warm, will_provision=will_provision)
    return {finding.name: finding for finding in findings if finding.level == "unfit"}


def test_a_fit_host_has_no_unfit_finding() -> None:
    assert unfit(FIT) == {}
    preflight.require(preflight.judge(FIT, warm=False, will_provision=False))


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"memory_available": 2 * GIB}, "memory"),
        ({"disks": (Disk("/cache", 5 * GIB, "images"),)}, "disk for images"),
        ({"cgroup_controllers": frozenset({"cpu", "pids"})}, "cgroups"),
        ({"user_namespaces": 0}, "user namespaces"),
        ({"inotify_instances": 12}, "inotify instances"),
        ({"inotify_watches": 8192}, "inotify watches"),
        ({"open_files": 1024}, "open files"),
        ({"processes": 100}, "processes"),
        ({"loopback_port": False}, "ports"),
        ({"clock": time.time() - 40 * 86400}, "clock"),
        ({"programs": frozenset({"docker"})}, "git"),
        ({"system": "Darwin"}, "system"),
        ({"privileged": "operation not permitted"}, "privileged containers"),
        ({"engine": "", "root": False}, "engine"),
    ],
)
def test_each_lack_is_found_alone_and_says_what_to_do(change: dict[str, object], name: str) -> None:
    found = unfit(dataclasses.replace(FIT, **change))  # type: ignore[arg-type]
    assert list(found) == [name]
    assert found[name].seen
    assert found[name].needed
    assert found[name].remedy or name == "system"


def test_less_disk_is_enough_when_nothing_has_to_be_built() -> None:
    seen = dataclasses.replace(FIT, disks=(Disk("/cache", 5 * GIB, "images"),))
    assert unfit(seen, warm=True) == {}


def test_without_an_engine_provisioning_is_what_to_do() -> None:
    seen = dataclasses.replace(FIT, engine="", programs=frozenset({"git", "apt-get"}))
    assert "--provision-host" in unfit(seen)["engine"].remedy
    assert unfit(seen, will_provision=True) == {}


def test_every_reason_is_in_the_error() -> None:
    seen = dataclasses.replace(FIT, memory_available=0, user_namespaces=0)
    with pytest.raises(HostUnfit) as failure:
        preflight.require(preflight.judge(seen, warm=False, will_provision=False))
    assert "memory, user namespaces" in failure.value.what.replace(
        "user namespaces, memory", "memory, user namespaces"
    )
    assert "sysctl user.max_user_namespaces" in failure.value.remedy


def test_the_shim_is_needed_only_where_a_capability_is_missing() -> None:
    assert not preflight.needs_shim(FIT)
    assert preflight.needs_shim(dataclasses.replace(FIT, capabilities_missing=("CAP_SYS_RESOURCE",)))


def test_facts_of_this_host_can_be_read() -> None:
    seen = facts.gather()
    assert seen.cores >= 1
    assert seen.memory_available > 0
    assert seen.disks[0].free > 0


STATUS = "Name:\tx\nCapBnd:\t000001fffeffffff\n"


def test_the_shim_knows_what_the_bounding_set_grants() -> None:
    have = runc_hostcaps.granted(STATUS)
    assert "CAP_SYS_RESOURCE" not in have
    assert {"CAP_CHOWN", "CAP_SYS_ADMIN", "CAP_CHECKPOINT_RESTORE"} <= have
    assert len(have) == 40


def test_the_shim_trims_capabilities_limits_and_scores() -> None:
    process: dict[str, Any] = {
        "capabilities": {"bounding": ["CAP_CHOWN", "CAP_SYS_RESOURCE"]},
        "rlimits": [
            {"type": "RLIMIT_NOFILE", "hard": 1 << 60, "soft": 1 << 60},
            {"type": "RLIMIT_X", "hard": 1},
        ],
        "oomScoreAdj": -999,
    }
    runc_hostcaps.trim(process, runc_hostcaps.granted(STATUS))
    assert process["capabilities"] == {"bounding": ["CAP_CHOWN"]}
    assert (
        process["rlimits"][0]["hard"] < 1 << 60
        or process["rlimits"][0]["soft"] == process["rlimits"][0]["hard"]
    )
    assert process["oomScoreAdj"] == 0


def test_the_shim_as_a_program_rewrites_the_bundle_and_calls_runc(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"process": {"oomScoreAdj": -500}}))
    runc = tmp_path / "runc"
    runc.write_text('#!/bin/sh\necho "runc $*"\n')
    runc.chmod(0o755)
    done = subprocess.run(
        [sys.executable, runc_hostcaps.__file__, "create", "--bundle", str(tmp_path), "id"],
        env={"PATH": f"{tmp_path}:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == f"runc create --bundle {tmp_path} id\n"
    assert json.loads((tmp_path / "config.json").read_text())["process"]["oomScoreAdj"] == 0


def test_inotify_instances_of_every_process_are_counted(tmp_path: Path) -> None:
    for process, leads_to in (
        ("1", "anon_inode:inotify"),
        ("27", "anon_inode:inotify"),
        ("27", "socket:[5]"),
    ):
        files = tmp_path / process / "fd"
        files.mkdir(parents=True, exist_ok=True)
        (files / str(len(list(files.iterdir())))).symlink_to(leads_to)
    (tmp_path / "self").mkdir()
    assert facts.inotify_in_use(tmp_path) == 2
