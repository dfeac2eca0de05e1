"""What the front costs: the ECR simulator against the bare registry, medians of three.

    python -m benchmarks.ecr [--conformance PROGRAM] [--megabytes 50]

CONFORMANCE_REGISTRY_BIN names Distribution; PROGRAM is the OCI distribution conformance suite
(go build github.com/opencontainers/distribution-spec/conformance). The bare registry runs with the same
configuration, once as plain HTTP and once with TLS of its own.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urljoin

import requests

from conformance.core.waiting import eventually
from environments.base import Service
from environments.ecr.client import ecr_client
from environments.ecr.dial import session
from environments.ecr.provision import RepositoryDeclaration, provision
from simulators.ecr.front import registry_conf

from .loopback import HOST, Loopback, free_port, registry_binary, running

ROUNDS = 3
REPOSITORIES = ("bench/one", "bench/two")


@dataclass(frozen=True)
class Subject:
    """A registry to measure; `address` is host:port as the conformance suite dials it."""

    name: str
    service: Service
    address: str
    tls: str
    ca: Path
    authorization: str = ""
    password: str = ""

    def session(self) -> requests.Session:
        made = session(self.service, str(self.ca))
        if self.authorization:
            made.headers["Authorization"] = self.authorization
        return made


@contextmanager
def bare(loopback: Loopback, folder: Path, *, tls: bool) -> Iterator[Subject]:
    """Distribution alone."""
    port = free_port()
    folder.mkdir()
    configuration = json.loads(registry_conf(replace(loopback.settings, storage=folder)))
    configuration["http"] |= {"net": "tcp", "addr": f"127.0.0.1:{port}"}
    if tls:
        certificates = loopback.settings.tls
        configuration["http"]["tls"] = {
            "certificate": str(certificates / "tls.crt"),
            "key": str(certificates / "tls.key"),
        }
    file = folder / "registry.yml"
    file.write_text(json.dumps(configuration))
    process = subprocess.Popen(
        [str(registry_binary()), "serve", str(file)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    scheme = "https" if tls else "http"
    address = f"127.0.0.1:{port}"
    service = Service(f"{scheme}://{HOST}", connect=address)
    subject = Subject(f"bare, {scheme}", service, address, "enabled" if tls else "disabled", loopback.ca)
    try:
        eventually(
            lambda: subject.session().get(f"{service.url}/v2/", timeout=5).ok,
            what="the bare registry answers",
            timeout=20,
            interval=0.1,
            transient=(requests.RequestException,),
        )
        yield subject
    finally:
        process.terminate()
        process.wait(timeout=20)


def fronted(loopback: Loopback) -> Subject:
    client = ecr_client(loopback.registry, str(loopback.ca))
    provision(client, [RepositoryDeclaration(name, image_tag_mutability="MUTABLE") for name in REPOSITORIES])
    data = client.get_authorization_token()["authorizationData"][0]
    password = base64.b64decode(data["authorizationToken"]).decode().partition(":")[2]
    return Subject(
        "front",
        loopback.registry.data,
        f"127.0.0.1:{loopback.settings.front_port}",
        "enabled",
        loopback.ca,
        f"Basic {data['authorizationToken']}",
        password,
    )


def transfer(subject: Subject, megabytes: int) -> tuple[float, float]:
    """Seconds of pushing and of pulling a layer of random bytes, in one request each."""
    body = os.urandom(megabytes * 1024 * 1024)
    digest = f"sha256:{hashlib.sha256(body).hexdigest()}"
    url = f"{subject.service.url}/v2/{REPOSITORIES[0]}/blobs"
    with subject.session() as http:
        started = time.perf_counter()
        opened = http.post(f"{url}/uploads/")
        location = urljoin(opened.url, opened.headers["Location"])
        ended = http.put(f"{location}&digest={digest}", data=body)
        pushed = time.perf_counter() - started
        ended.raise_for_status()
        started = time.perf_counter()
        got = http.get(f"{url}/{digest}", stream=True)
        size = sum(len(part) for part in got.iter_content(1 << 20))
        pulled = time.perf_counter() - started
    if size != len(body):
        raise RuntimeError(f"pulled {size} of {len(body)} bytes")
    return pushed, pulled


def conformance(subject: Subject, program: str, folder: Path) -> tuple[float, str]:
    """Seconds of a run of the suite, and what it counted."""
    folder.mkdir(parents=True)
    env = {
        "PATH": os.environ["PATH"],
        "OCI_REGISTRY": subject.address,
        "OCI_TLS": subject.tls,
        "OCI_REPO1": REPOSITORIES[0],
        "OCI_REPO2": REPOSITORIES[1],
        "OCI_USERNAME": "AWS" if subject.password else "",
        "OCI_PASSWORD": subject.password,
        "OCI_RESULTS_DIR": str(folder),
        # Go takes its trust from here; the certificate names 127.0.0.1 too
        "SSL_CERT_FILE": str(subject.ca),
    }
    started = time.perf_counter()
    subprocess.run([program], env=env, cwd=folder, capture_output=True, check=False)
    seconds = time.perf_counter() - started
    text = (folder / "junit.xml").read_text()
    counts = dict(re.findall(r'(tests|failures|errors|skipped)="(\d+)"', text[: text.index(">", 60)]))
    return seconds, " ".join(f"{name} {count}" for name, count in counts.items())


def report(subjects: list[Subject], megabytes: int, program: str, folder: Path) -> None:
    """Subjects take turns within a round, so that a busy moment of the host falls on all of them."""
    out = sys.stdout
    transfers: dict[str, list[tuple[float, float]]] = {subject.name: [] for subject in subjects}
    for subject in subjects * ROUNDS:
        transfers[subject.name].append(transfer(subject, megabytes))
    for name, rounds in transfers.items():
        push, pull = (statistics.median(values) for values in zip(*rounds, strict=True))
        out.write(f"{name:<12} push {push:.3f} s, pull {pull:.3f} s ({megabytes} MiB)\n")
    runs: dict[str, list[tuple[float, str]]] = {subject.name: [] for subject in subjects}
    for number, subject in enumerate(subjects * ROUNDS if program else []):
        target = folder / f"{number}-{subject.name.replace(', ', '-')}"
        runs[subject.name].append(conformance(subject, program, target))
    for name, results in runs.items():
        if results:
            seconds = statistics.median(result[0] for result in results)
            out.write(f"{name:<12} conformance suite {seconds:.2f} s; {results[0][1]}\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--conformance", default="")
    parser.add_argument("--megabytes", type=int, default=50)
    parser.add_argument("--results", default="", help="keep the suite's reports in this folder")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        results = Path(given.results or folder / "results").resolve()
        (folder / "front").mkdir()
        with (
            running(folder / "front") as loopback,
            bare(loopback, folder / "plain", tls=False) as plain,
            bare(loopback, folder / "tls", tls=True) as secure,
        ):
            report([plain, secure, fronted(loopback)], given.megabytes, given.conformance, results)


if __name__ == "__main__":
    main()
