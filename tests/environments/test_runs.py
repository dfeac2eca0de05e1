from __future__ import annotations

import dataclasses
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from conformance.core.paths import cache_root, state_root
from conformance.core.process import RUN_MARK
from environments import runs
from environments.base import Component, Endpoints, Login, RegistryEndpoint, Service
from environments.host import engine as engines
from environments.kind import reap

ENDPOINTS = Endpoints(
    run_id="r",
    environment="kind",
    kubeconfig="/k",
    context="c",
    ca_bundle="/ca.pem",
    jenkins=Service("http://jenkins", Login("admin", "secret-j"), "127.0.0.1:1"),
    nexus=Service("http://nexus"),
    registry=RegistryEndpoint(
        "h", Service("https://h", Login("AKIA", "secret-r")), Service("https://h"), "1", "r", "simulator"
    ),
    components=(Component("jenkins", "1", simulator="simulated controller"),),
)


def test_endpoints_survive_json_and_hide_passwords() -> None:
    assert Endpoints.from_json(ENDPOINTS.to_json()) == ENDPOINTS
    assert "secret-j" not in repr(ENDPOINTS)
    assert "secret-r" not in repr(ENDPOINTS)


def test_a_run_of_a_living_process_is_no_orphan() -> None:
    run = runs.new("conformance.toml", "kind", "abc")
    assert run.alive
    assert str(os.getpid()) in run.id
    assert runs.orphans("kind") == ()
    assert runs.all_runs() == (run,)


def dead_run() -> runs.Run:
    """A run whose owner was killed before it could do anything about it."""
    script = (
        "from environments import runs; import os; "
        "print(runs.new('c', 'kind', 'abc').id, flush=True); os.kill(os.getpid(), 9)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    return next(run for run in runs.all_runs() if run.id == done.stdout.strip())


def test_a_run_of_a_killed_process_is_an_orphan_unless_it_is_kept() -> None:
    run = dead_run()
    assert runs.orphans("kind") == (run,)
    run.keep()
    assert runs.orphans("kind") == ()


def test_another_process_with_the_same_number_is_not_the_owner() -> None:
    run = runs.new("c", "kind", "abc")
    assert not dataclasses.replace(run, owner_start="1").alive


def test_a_kept_stack_is_found_by_its_inputs_only() -> None:
    run = runs.new("c", "kind", "abc").keep()
    assert runs.kept_run("abc") is None, "it has no endpoints yet"
    run.endpoints_file.write_text(ENDPOINTS.to_json())
    assert runs.kept_run("abc") == run
    assert runs.kept_run("other") is None


class FakeEngine:
    """An engine that knows containers and networks by name, and remembers what was removed."""

    def __init__(self) -> None:
        self.containers: list[str] = []
        self.networks: list[str] = []
        self.removed: list[str] = []
        self.mounts: dict[str, str] = {}

    def docker(self, *words: object, **_: object) -> str:
        said = [str(word) for word in words]
        if said[0] == "ps" and "--quiet" in said:
            wanted = said[-1].partition("=")[2].removeprefix("^/").removesuffix("-")
            wanted = wanted.partition("=")[2] or wanted
            return "\n".join(name for name in self.containers if name.startswith(wanted))
        if said[0] == "ps":
            return "\n".join(self.containers)
        if said[0] == "inspect":
            return self.mounts.get(said[-1], "")
        if said[:2] == ["network", "ls"]:
            if "--quiet" in said:
                return "\n".join(name for name in self.networks if said[-1] == f"name=^{name}$")
            return "\n".join(self.networks)
        if said[0] == "rm" or said[:2] == ["network", "rm"]:
            gone = [word for word in said if word.startswith("conf")]
            self.removed.extend(gone)
            for kind in (self.containers, self.networks):
                kind[:] = [name for name in kind if name not in gone]
        return ""


def test_reap_removes_all_of_a_killed_run_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    killed = dead_run()
    (killed.scratch / "containerd-0").mkdir(parents=True)
    mine = runs.new("c", "kind", "abc")
    engine = FakeEngine()
    engine.containers = [f"{killed.cluster}-control-plane", f"{mine.cluster}-control-plane", "someone-elses"]
    engine.networks = [killed.cluster, mine.cluster, "bridge", "kind"]
    stray = "conf-250101-000000-77"
    engine.containers.append(f"{stray}-worker2")
    engine.mounts[f"{stray}-worker2"] = f"{cache_root()}/runs/250101-000000-77/git\n"
    # of another user or home on the same engine: its records are not here
    foreign = "conf-250101-000000-78-control-plane"
    engine.containers += [foreign, "conformance-store-0123456789ab"]
    engine.mounts[foreign] = "/home/other/.cache/buildinfra-conformance/runs/250101-000000-78/git\n"
    engine.networks.append("conf-250101-000000-78")
    stale = cache_root() / "stores" / "abc.part"
    stale.mkdir(parents=True)
    owned = cache_root() / f"debootstrap-pid{os.getpid()}-x"
    owned.mkdir()
    monkeypatch.setattr(engines, "find", lambda: engine)

    removed = reap.reap()

    assert sorted(engine.removed) == sorted(
        [f"{killed.cluster}-control-plane", killed.cluster, f"{stray}-worker2"]
    )
    assert engine.containers == [
        f"{mine.cluster}-control-plane",
        "someone-elses",
        foreign,
        "conformance-store-0123456789ab",
    ]
    assert not killed.scratch.exists()
    assert not stale.exists()
    assert owned.exists(), "its process lives"
    assert f"run {killed.id}" in removed
    assert reap.reap() == ()


def test_a_kept_stack_whose_cluster_stopped_is_removed_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    stands, stopped = runs.new("c", "kind", "a").keep(), dead_run().keep()
    foreign = dataclasses.replace(dead_run(), environment="existing").keep()
    monkeypatch.setattr(reap, "has_fallen", lambda run: run == stopped)
    monkeypatch.setattr(reap, "engine_of_leftovers", FakeEngine)

    assert reap.reap() == (f"run {stopped.id}, whose cluster had stopped",)
    assert set(runs.all_runs()) == {stands, foreign}


def test_a_cluster_has_fallen_when_its_node_does_not_run(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = runs.new("c", "kind", "a").keep()
    running = [f"name=^/{kept.cluster}-control-plane$"]

    class Node(FakeEngine):
        def docker(self, *words: object, **_: object) -> str:
            return "0123456789ab" if words[-1] in running else ""

    monkeypatch.setattr(engines, "find", Node)
    assert not reap.has_fallen(kept)
    running.clear()
    assert reap.has_fallen(kept)
    monkeypatch.setattr(engines, "find", lambda: None)
    assert reap.has_fallen(kept), "its engine is gone"
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"https://127.0.0.1:{server.getsockname()[1]}"
        name = f"kind-{kept.cluster}"
        kept.kubeconfig.write_text(
            f"clusters: [{{name: {name}, cluster: {{server: '{address}'}}}}]\n"
            f"contexts: [{{name: {name}, context: {{cluster: {name}}}}}]\n"
        )
        assert not reap.has_fallen(kept), "it answers: another engine has it"
    assert reap.has_fallen(kept)
    assert not reap.has_fallen(dataclasses.replace(kept, environment="existing"))
    assert not reap.has_fallen(dataclasses.replace(kept, kept=False))


def test_reap_ends_the_processes_that_outlived_a_killed_run(monkeypatch: pytest.MonkeyPatch) -> None:
    killed = dead_run()
    monkeypatch.setattr(engines, "find", FakeEngine)
    deaf = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
        "print(1, flush=True); time.sleep(60)"
    )
    marked = os.environ | {RUN_MARK: killed.id}
    with (
        subprocess.Popen([sys.executable, "-c", deaf], env=marked, stdout=subprocess.PIPE) as stubborn,
        subprocess.Popen(["sleep", "60"], env=os.environ | {RUN_MARK: "another"}) as foreign,
    ):
        assert stubborn.stdout is not None
        stubborn.stdout.readline()
        removed = reap.reap()
        assert stubborn.wait(timeout=5) == -9
        assert foreign.poll() is None
        foreign.kill()
    assert f"process {stubborn.pid} of run {killed.id}" in removed


def test_results_of_a_removed_run_stay() -> None:
    run = runs.new("c", "kind", "abc")
    run.results.mkdir()
    (run.results / "result.json").write_text("{}")
    run.forget_stack()
    assert (run.results / "result.json").exists()
    assert runs.all_runs() == ()
    assert (state_root() / "runs" / run.id).is_dir()


def test_what_runs_left_is_removed_by_who_wrote_them_down(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(runs.LOG_VARIABLE, str(tmp_path / "log"))
    run = runs.new("c", "kind", "a")
    ids = (tmp_path / "log").read_text().split()
    assert ids == [run.id]
    runs.forget([*ids, "", "never-was"])
    assert run.folder.is_dir(), "something stands in it"
    run.forget_stack()
    runs.forget(ids)
    assert not run.folder.exists()
    assert run.folder.parent.is_dir()
