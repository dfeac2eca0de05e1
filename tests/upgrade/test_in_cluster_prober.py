"""What asks from inside the cluster, played here: the program of the pod, and what is made of its samples."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from conformance.clients.objects import Executed
from conformance.core.errors import EnvironmentFailure
from conformance.core.waiting import eventually
from conformance.upgrade.probing import in_cluster_prober, in_pod
from conformance.upgrade.probing.probes import NUMBER, Probe

WRITE = Probe("nexus", "write", "PUT", f"/repository/x-{NUMBER}", b"\x00bytes", {"X-Own": "1"})
CHANGE = Probe("jenkins", "write", "POST", "/job/config.xml", b"<xml/>", crumb=True)
READ = Probe("registry", "read", "GET", "/v2/gone")


@pytest.fixture
def service() -> Iterator[tuple[str, list[tuple[str, str, bytes, dict[str, str]]]]]:
    got: list[tuple[str, str, bytes, dict[str, str]]] = []

    class Handler(BaseHTTPRequestHandler):
        def _any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            got.append((self.command, self.path, body, dict(self.headers)))
            if self.path == "/crumbIssuer/api/json":
                answer = json.dumps({"crumbRequestField": "Crumb", "crumb": "c1"}).encode()
                self.send_response(200)
                self.send_header("Set-Cookie", "session=s1; Path=/")
            else:
                answer = b""
                self.send_response(503 if "gone" in self.path else 200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        do_GET = do_PUT = do_POST = _any

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", got
    server.shutdown()
    server.server_close()


def plan(url: str) -> dict[str, Any]:
    services = {
        name: {"url": url, "authorization": "Basic eA=="} for name in ("jenkins", "nexus", "registry")
    }
    asked = [each.as_json() | {"mark": NUMBER, "cycle": 0} for each in (WRITE, CHANGE, READ)]
    return {"ca": "", "services": services, "probes": asked}


def run_until(lines: int, place: Path) -> list[list[Any]]:
    """Start the pod's program, kill it when it has written so many lines, and return all samples."""
    process = subprocess.Popen([sys.executable, in_pod.__file__], env={"PLACE": str(place)})
    samples = place / "samples"
    try:
        eventually(
            lambda: len(samples.read_text().splitlines()) if samples.exists() else 0,
            what="it asks",
            timeout=60,
            interval=0.1,
            until=lambda seen: seen >= lines,
        )
    finally:
        process.kill()
        process.wait()
    return [json.loads(line) for line in samples.read_text().splitlines() if line.endswith("]")]


def test_the_pods_program_asks_and_counts_on_after_a_restart(tmp_path: Path, service: Any) -> None:
    url, got = service
    (tmp_path / "plan.json").write_text(json.dumps(plan(url)))
    first = run_until(10, tmp_path)
    with (tmp_path / "samples").open("a") as out:
        out.write("[0, 99")  # cut off when it died
    seen = run_until(len(first) + 10, tmp_path)
    assert len(seen) > len(first)
    for at, fault in ((0, ""), (1, ""), (2, "status 503")):
        own = [line for line in seen if line[0] == at]
        assert [line[1] for line in own] == list(range(len(own))), "numbers go on"
        assert {line[4] for line in own} == {fault}
    puts = [each for each in got if each[0] == "PUT"]
    assert [path for _, path, _, _ in puts[:2]] == ["/repository/x-1", "/repository/x-2"]
    assert puts[0][2] == b"\x00bytes"
    assert puts[0][3]["Authorization"] == "Basic eA=="
    posts = [each for each in got if each[0] == "POST"]
    assert (posts[0][3]["Crumb"], posts[0][3]["Cookie"]) == ("c1", "session=s1")


def test_nobody_who_listens_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_text(json.dumps(plan("http://127.0.0.1:9")))
    assert {fault for *_, fault in run_until(5, tmp_path)} == {"ConnectionRefusedError"}


class Kube:
    """A cluster whose prober pod says `printed`, or does not become ready."""

    def __init__(self, printed: str = "", broken: str = "", image: str = "base:1") -> None:
        self.printed, self.broken, self.image = printed, broken, image
        self.manifest: dict[str, Any] = {}
        self.deleted = False

    def namespaces(self) -> tuple[str, ...]:
        return ("conformance-system",) if self.image else ()

    def pods(self, _namespace: str, _selector: str) -> Any:
        return [SimpleNamespace(ready=True, containers=[SimpleNamespace(image=self.image)])]

    @contextmanager
    def temporary_pod(self, _namespace: str, manifest: dict[str, Any]) -> Iterator[Any]:
        self.manifest = manifest
        yield SimpleNamespace(name="conformance-prober")
        self.deleted = True

    def wait_pod(self, *_: object, **__: object) -> Any:
        if self.broken:
            raise EnvironmentFailure(self.broken)
        return SimpleNamespace(name="conformance-prober")

    def execute(self, _pod: object, command: tuple[str, ...], **_: object) -> Executed:
        return Executed(0, self.printed if "cat" in command[-1] else "", "")


def stack(kube: Kube, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(in_cluster_prober, "create_probes", lambda *_: (WRITE, CHANGE))
    monkeypatch.setattr(in_cluster_prober, "_plan", lambda *_: {})
    return SimpleNamespace(kube=kube)


def test_samples_are_reported_on_our_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    ahead = time.time() - time.monotonic() + 100
    good = ['[0, 0, 5.0, 5.1, ""]', '[1, 0, 4.0, 4.2, ""]', '[1, 1, 5.0, 5.2, "status 503"]']
    lines = [f"{ahead}", *good, "[0, 1, 5."]
    kube = Kube("\n".join(lines))
    with in_cluster_prober.probe_in_cluster(stack(kube, monkeypatch)) as seen:
        assert not seen.samples, "they are read at the end"
    assert seen.unmeasured == ""
    (one,) = seen.samples["nexus", "write"]
    assert abs(one.sent - 105) < 0.1
    assert [sample.fault for sample in seen.samples["jenkins", "write"]] == ["", "status 503"]
    assert kube.deleted
    assert "Basic" not in json.dumps(kube.manifest), "no login is in the manifest"


@pytest.mark.parametrize(
    ("kube", "reason"),
    [(Kube(image=""), "no pod with Python"), (Kube(broken="it does not start"), "does not")],
)
def test_what_cannot_be_measured_is_reported_and_fails_nothing(
    kube: Kube, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with in_cluster_prober.probe_in_cluster(stack(kube, monkeypatch)) as seen:
        pass
    assert reason in seen.unmeasured
    assert seen.samples == {}


def test_a_question_that_is_never_answered_is_not_taken_for_a_service_that_is_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(in_cluster_prober, "SECONDS", 0.1)
    kube = Kube('0\n[0, 0, 5.0, 5.1, "status 500"]\n[1, 0, 5.0, 5.1, ""]')
    with in_cluster_prober.probe_in_cluster(stack(kube, monkeypatch)) as seen:
        pass
    assert "nexus write: status 500" in seen.unmeasured
    assert seen.samples == {}
