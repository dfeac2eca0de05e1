"""Probes: requests to every service during an upgrade, the same from outside and from inside the cluster.

A writing probe writes something new each time where the service allows it, so that acknowledged writes can be
read afterwards.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from conformance.clients.artifacts import image, jar
from conformance.clients.jobs import SCRATCH, job_path, pipeline_xml
from conformance.clients.registry import scratch_repository
from conformance.clients.stack_clients import StackClients
from conformance.upgrade.probing.availability import Where

#: placeholder in a path for the number of the request, counted from 1
NUMBER = "@N@"
MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
#: number of writes after which a writer starts again from 1: AWS ECR takes 1,000 tags of one image
CYCLES = {"registry": 900}
#: images that the ECR API deletes in one call (AWS: BatchDeleteImage)
BATCH = 100


@dataclass(frozen=True, slots=True)
class Probe:
    """One request, sent again and again. `access` is read or write.

    With `crumb` a request for a crumb precedes each one, as every change in Jenkins needs.
    """

    service: str
    access: str
    method: str
    path: str
    body: bytes = b""
    headers: Mapping[str, str] | None = None
    crumb: bool = False

    @property
    def name(self) -> tuple[str, str]:
        return self.service, self.access

    def as_json(self) -> dict[str, object]:
        return {
            "service": self.service,
            "access": self.access,
            "method": self.method,
            "path": self.path,
            "body": base64.b64encode(self.body).decode(),
            "headers": dict(self.headers or {}),
            "crumb": self.crumb,
        }


def numbered(service: str, path: str, number: int) -> str:
    """`path` with the number (from 0) of a request to `service`."""
    return path.replace(NUMBER, str(number % CYCLES.get(service, number + 1) + 1))


def job(where: Where) -> str:
    """The job that the writing probe of Jenkins changes."""
    return f"{SCRATCH}probe-{where}"


def snapshot(where: Where) -> str:
    """Path of a snapshot's build, a new one with each request."""
    return f"org/conformance/probe-{where}/1.0-SNAPSHOT/probe-{where}-1.0-20260101.000000-{NUMBER}.jar"


def create_probes(stack: StackClients, where: Where) -> tuple[Probe, ...]:
    """A reading and a writing probe of each service; creates the job and the image that they use."""
    registry, repository = stack.registry(), scratch_repository(stack.contract)
    stack.jenkins.delete_job(job(where))
    stack.jenkins.create_pipeline(job(where), "echo 'probe'")
    probe = image(({"probe": where.encode()},))
    registry.push(repository, f"probe-{where}", probe)
    uploads = f"/repository/{stack.contract.nexus.snapshots}/{snapshot(where)}"
    manifests = f"/v2/{repository}/manifests/probe-{where}"
    return (
        Probe("jenkins", "read", "GET", "/login"),
        Probe(
            "jenkins",
            "write",
            "POST",
            f"{job_path(job(where))}/config.xml",
            pipeline_xml("echo 'probe'").encode(),
            {"Content-Type": "application/xml"},
            crumb=True,
        ),
        Probe("nexus", "read", "GET", "/service/rest/v1/status"),
        Probe(
            "nexus", "write", "PUT", uploads, jar({"probe": b"probe"}), {"Content-Type": "application/zip"}
        ),
        Probe("registry", "read", "GET", manifests, headers={"Accept": MANIFEST}),
        Probe(
            "registry",
            "write",
            "PUT",
            f"{manifests}-{NUMBER}",
            probe.manifest.data,
            {"Content-Type": MANIFEST},
        ),
    )


def missing(stack: StackClients, where: Where, service: str, numbers: Iterable[int]) -> tuple[int, ...]:
    """The numbers of acknowledged writes that are lost; those to Jenkins replace each other."""
    if service == "nexus":
        path = f"/repository/{stack.contract.nexus.snapshots}/{snapshot(where)}"
        # without its file Nexus answers 500, not 404
        return tuple(
            number
            for number in numbers
            if stack.nexus.http.head(numbered(service, path, number)).status_code != 200
        )
    if service == "registry":
        there = _tags(stack, scratch_repository(stack.contract))
        return tuple(
            number for number in numbers if numbered(service, f"probe-{where}-{NUMBER}", number) not in there
        )
    return ()


def clean_up(stack: StackClients, where: Where, written: Mapping[str, Iterable[int]]) -> None:
    """Delete everything that the writing probes made; `written` are their numbers by service."""
    stack.jenkins.delete_job(job(where))
    path = f"/repository/{stack.contract.nexus.snapshots}/{snapshot(where)}"
    for number in written.get("nexus", ()):
        stack.nexus.http.delete(numbered("nexus", path, number))
    repository = scratch_repository(stack.contract)
    tags = sorted(tag for tag in _tags(stack, repository) if tag.startswith(f"probe-{where}"))
    for at in range(0, len(tags), BATCH):
        stack.ecr.delete(repository, *tags[at : at + BATCH])


def _tags(stack: StackClients, repository: str) -> set[str]:
    found: set[str] = set()
    arguments = {"repositoryName": repository, "maxResults": 1000, "filter": {"tagStatus": "TAGGED"}}
    while True:
        page = stack.ecr.call("list_images", **arguments)
        found |= {each["imageTag"] for each in page["imageIds"]}
        if not page.get("nextToken"):
            return found
        arguments["nextToken"] = page["nextToken"]
