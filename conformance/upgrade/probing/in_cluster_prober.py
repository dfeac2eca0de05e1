"""Probes every service during an upgrade, from a pod inside the cluster, by its in-cluster name.

The pod has the image of a pod of the reference environment that is known to have Python. Where there is no
such pod, nothing is measured from inside, and `unmeasured` says why.
"""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from conformance.clients.http import Http
from conformance.clients.objects import Pod
from conformance.clients.stack_clients import StackClients
from conformance.contract.model import Jenkins, Nexus
from conformance.core.errors import EnvironmentFailure
from conformance.core.nonconformance import NonConformance
from conformance.core.waiting import eventually
from conformance.upgrade.probing import in_pod
from conformance.upgrade.probing.availability import Sample
from conformance.upgrade.probing.probes import CYCLES, NUMBER, Probe, create_probes

#: where the reference environment's own git server runs, on the harness's base image
SYSTEM, LABEL = "conformance-system", "app=git"
NAME = "conformance-prober"
PLACE, TRUST = "/probe", "/etc/conformance/trust"
#: the longest time in seconds from the pod's creation to its first request
SECONDS = 90
Name = tuple[str, str]


@dataclass
class InClusterSamples:
    """The samples of `probe_in_cluster`, filled at its end; `unmeasured` says why there are none."""

    unmeasured: str = ""
    samples: dict[Name, list[Sample]] = field(default_factory=dict)


@contextmanager
def probe_in_cluster(stack: StackClients) -> Iterator[InClusterSamples]:
    """A pod that probes while it is entered. Its faults are no failure of the upgrade."""
    result = InClusterSamples()
    image = _image(stack)
    if not image:
        result.unmeasured = f"no pod with Python is ready (namespace {SYSTEM}, {LABEL})"
        yield result
        return
    probes = create_probes(stack, "inside")
    with stack.kube.temporary_pod(SYSTEM, _manifest(image)) as pod:
        try:
            _begin(stack, pod, probes)
        except (EnvironmentFailure, NonConformance) as error:
            result.unmeasured = f"{error.what}: {error.observed}"[:300]
        yield result
        if not result.unmeasured:
            try:
                result.samples = _samples(stack, _ready(stack, pod), probes)
            except (EnvironmentFailure, NonConformance) as error:
                result.unmeasured = f"{error.what}: {error.observed}"[:300]


def _image(stack: StackClients) -> str:
    pods = stack.kube.pods(SYSTEM, LABEL) if SYSTEM in stack.kube.namespaces() else ()
    return next((pod.containers[0].image for pod in pods if pod.ready), "")


def _ready(stack: StackClients, pod: Pod) -> Pod:
    return stack.kube.wait_pod(
        SYSTEM, pod.name, timeout=SECONDS, until=lambda seen: seen.ready, what="a prober inside the cluster"
    )


def _begin(stack: StackClients, pod: Pod, probes: Sequence[Probe]) -> None:
    ready = _ready(stack, pod)
    text = json.dumps(_plan(stack, probes))
    script = f"umask 077; head -c {len(text)} > {PLACE}/part && mv {PLACE}/part {PLACE}/plan.json"
    done = stack.kube.execute(ready, ("sh", "-c", script), stdin=text)
    if done.status:
        raise EnvironmentFailure("the prober's plan cannot be written", observed=done.stderr[:300])
    # a probe that never works says nothing about an upgrade
    eventually(
        lambda: _unanswered(_samples(stack, ready, probes)),
        what="every probe from inside is answered",
        timeout=SECONDS,
        interval=1,
        until=lambda unanswered: not unanswered,
    )


def _unanswered(seen: Mapping[Name, Sequence[Sample]]) -> list[str]:
    """Probes without a good answer so far, with their last fault."""
    return [
        f"{service} {access}: {samples[-1].fault if samples else 'no request'}"
        for (service, access), samples in seen.items()
        if all(sample.fault for sample in samples)
    ]


def _plan(stack: StackClients, probes: Sequence[Probe]) -> dict[str, Any]:
    """The plan of the pod's program. It holds logins, so it never goes into the pod's manifest."""
    registry = stack.registry()
    services: Mapping[str, tuple[str, Http]] = {
        "jenkins": (_url(stack, stack.contract.jenkins), stack.jenkins.http),
        "nexus": (_url(stack, stack.contract.nexus), stack.nexus.http),
        # the registry has one name inside and outside
        "registry": (registry.http.base, registry.http),
    }
    return {
        "ca": f"{TRUST}/ca-bundle.crt",
        "services": {
            name: {"url": url, "authorization": _basic(http)} for name, (url, http) in services.items()
        },
        "probes": [
            each.as_json() | {"mark": NUMBER, "cycle": CYCLES.get(each.service, 0)} for each in probes
        ],
    }


def _url(stack: StackClients, part: Jenkins | Nexus) -> str:
    """The in-cluster address of a release: that of its service's port `http`, as both charts name it."""
    selector = f"app.kubernetes.io/instance={part.release}"
    found = stack.kube.objects(
        f"services of {part.release}", "v1", "services", part.namespace, labelSelector=selector
    )
    for service in found:
        for port in service["spec"]["ports"]:
            if port.get("name") == "http":
                host = f"{service['metadata']['name']}.{part.namespace}.svc.cluster.local"
                return f"http://{host}:{port['port']}"
    raise EnvironmentFailure(
        f"the release {part.release} has no service with a port http", where=f"namespace {part.namespace}"
    )


def _basic(http: Http) -> str:
    login = http.session.auth
    return "Basic " + base64.b64encode(":".join(login).encode()).decode() if isinstance(login, tuple) else ""


def _samples(stack: StackClients, pod: Pod, probes: Sequence[Probe]) -> dict[Name, list[Sample]]:
    script = f"cat {PLACE}/clock; echo; cat {PLACE}/samples"
    clock, _, lines = stack.kube.execute(pod, ("sh", "-c", script)).stdout.partition("\n")
    # the pod's clock may differ from this process' clock; before its first sample there is none
    shift = float(clock or 0) - (time.time() - time.monotonic())
    found: dict[Name, list[Sample]] = {probe.name: [] for probe in probes}
    for line in lines.splitlines():
        if not line.endswith("]"):
            continue  # cut off when it was written
        at, number, begun, answered, fault = json.loads(line)
        sample = Sample(sent=begun + shift, answered=answered + shift, fault=fault, number=number)
        found[probes[at].name].append(sample)
    return found


def _manifest(image: str) -> dict[str, Any]:
    container = {
        "name": "prober",
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "command": ["python3", "-c", Path(in_pod.__file__).read_text(encoding="utf-8")],
        "env": [{"name": "PLACE", "value": PLACE}],
        "resources": {"requests": {"cpu": "50m", "memory": "32Mi"}, "limits": {"memory": "192Mi"}},
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
        "volumeMounts": [
            {"name": "place", "mountPath": PLACE},
            {"name": "trust", "mountPath": TRUST, "readOnly": True},
        ],
    }
    return {
        "metadata": {"name": NAME, "labels": {"app": NAME}},
        "spec": {
            "automountServiceAccountToken": False,
            "terminationGracePeriodSeconds": 0,
            "securityContext": {
                "runAsNonRoot": True,
                "runAsUser": 1000,
                "runAsGroup": 1000,
                "fsGroup": 1000,
                "seccompProfile": {"type": "RuntimeDefault"},
            },
            "containers": [container],
            "volumes": [{"name": "place", "emptyDir": {}}, {"name": "trust", "configMap": {"name": "trust"}}],
        },
    }
