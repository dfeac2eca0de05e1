"""How long each service is away during an upgrade, for readers and for writers.

One thread for each asks every quarter of a second, with time limits of its own and no retries: what the
suites' clients would wait out is what is measured here. Away is from the first failure to the first answer
after the last one, so that a service that comes, goes and comes again counts as away in between.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from types import TracebackType

import requests
from pydantic import BaseModel, ConfigDict

from fixtures.artifacts import image, jar
from fixtures.hands import Stack
from fixtures.jobs import SCRATCH, job_path, pipeline_xml
from fixtures.net import Http
from fixtures.registry import Registry, scratch_repository

INTERVAL = 0.25
LIMITS = (1.0, 2.0)
JOB = f"{SCRATCH}probe"
SNAPSHOT = "org/conformance/probe/1.0-SNAPSHOT/probe-1.0-20260101.000000-1.jar"
Probe = Callable[[], int]


class Away(BaseModel):
    """How long one service was away. Seconds; `first` and `last` are what was seen at both ends."""

    model_config = ConfigDict(frozen=True)

    service: str
    way: str
    asked: int
    failed: int
    seconds: float
    first: str = ""
    last: str = ""


class Sample(BaseModel):
    """One question: when it was asked and answered (seconds on a monotonic clock), and what was wrong."""

    model_config = ConfigDict(frozen=True)

    asked: float
    answered: float
    fault: str = ""


def away(service: str, way: str, samples: Iterable[Sample]) -> Away:
    """From the first failure's question to the answer that ended the last one."""
    seen = sorted(samples, key=lambda sample: sample.asked)
    faults = [sample for sample in seen if sample.fault]
    if not faults:
        return Away(service=service, way=way, asked=len(seen), failed=0, seconds=0)
    back = [sample.answered for sample in seen if not sample.fault and sample.asked > faults[-1].asked]
    end = back[0] if back else faults[-1].answered
    return Away(
        service=service, way=way, asked=len(seen), failed=len(faults), seconds=end - faults[0].asked,
        first=faults[0].fault, last=faults[-1].fault if back else f"{faults[-1].fault}; it did not come back",
    )  # fmt: skip


class Prober:
    """Asks while it is entered; `away` afterwards."""

    def __init__(self, probes: dict[tuple[str, str], Probe]) -> None:
        self._samples: dict[tuple[str, str], list[Sample]] = {name: [] for name in probes}
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._ask, args=(name, probe), name=f"probe {name}", daemon=True)
            for name, probe in probes.items()
        ]

    def __enter__(self) -> Prober:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def away(self) -> tuple[Away, ...]:
        return tuple(away(service, way, list(seen)) for (service, way), seen in self._samples.items())

    def _ask(self, name: tuple[str, str], probe: Probe) -> None:
        while not self._stop.is_set():
            asked = time.monotonic()
            try:
                status = probe()
                fault = f"status {status}" if status >= 400 else ""
            except requests.RequestException as error:
                fault = type(error).__name__
            self._samples[name].append(Sample(asked=asked, answered=time.monotonic(), fault=fault))
            self._stop.wait(INTERVAL)


def probes(stack: Stack) -> dict[tuple[str, str], Probe]:
    """A reader and a writer of each service; what the writers need is made here."""
    registry, repository = stack.registry(), scratch_repository(stack.contract)
    stack.jenkins.delete_job(JOB)
    stack.jenkins.create_pipeline(JOB, "echo 'probe'")
    probe_image = image(({"probe": b"probe"},))
    registry.push(repository, "probe", probe_image)
    snapshots, content = stack.contract.nexus.snapshots, jar({"probe": b"probe"})
    return {
        ("jenkins", "read"): _request(stack.jenkins.http, "GET", "/login"),
        ("jenkins", "write"): _configure(stack.jenkins.http),
        ("nexus", "read"): _request(stack.nexus.http, "GET", "/service/rest/v1/status"),
        ("nexus", "write"): _request(stack.nexus.http, "PUT", f"/repository/{snapshots}/{SNAPSHOT}", content),
        ("registry", "read"): _request(registry.http, "GET", f"/v2/{repository}/manifests/probe"),
        ("registry", "write"): _manifest(registry, repository, probe_image.manifest.data),
    }


def forget(stack: Stack) -> None:
    """Take away what the writers made."""
    stack.jenkins.delete_job(JOB)
    stack.nexus.http.delete(f"/repository/{stack.contract.nexus.snapshots}/{SNAPSHOT}")
    stack.ecr.delete(scratch_repository(stack.contract), "probe")


def _request(http: Http, method: str, path: str, data: bytes | None = None) -> Probe:
    own = _session(http)
    return lambda: own.request(method, http.base + path, data=data, timeout=LIMITS).status_code


def _configure(http: Http) -> Probe:
    """A change that a person makes: a crumb, then a job's configuration."""
    own, xml = _session(http), pipeline_xml("echo 'probe'").encode()

    def probe() -> int:
        crumb = own.get(f"{http.base}/crumbIssuer/api/json", timeout=LIMITS)
        if crumb.status_code != 200:
            return crumb.status_code
        found = crumb.json()
        headers = {found["crumbRequestField"]: found["crumb"], "Content-Type": "application/xml"}
        url = f"{http.base}{job_path(JOB)}/config.xml"
        return own.post(url, data=xml, headers=headers, timeout=LIMITS).status_code

    return probe


def _manifest(registry: Registry, repository: str, manifest: bytes) -> Probe:
    own, media_type = _session(registry.http), "application/vnd.docker.distribution.manifest.v2+json"
    url = f"{registry.http.base}/v2/{repository}/manifests/probe"
    headers = {"Content-Type": media_type}
    return lambda: own.put(url, data=manifest, headers=headers, timeout=LIMITS).status_code


def _session(http: Http) -> requests.Session:
    """A session of a thread's own, with the same login, trust and way in."""
    login = http.session.auth
    return http.as_login(login if isinstance(login, tuple) else None).session
