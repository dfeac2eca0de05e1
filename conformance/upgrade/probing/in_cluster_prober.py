"""Asks every service while an upgrade goes on, from a pod inside the cluster, by its in-cluster name.

The pod has the image of a pod of the reference environment that is known to have Python. Where there is none,
nothing is measured from inside, and it is said why.
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
from conformance.upgrade.probing.probes import CYCLES, NUMBER, Question, questions

#: where the reference environment's own git server runs, on our base image
SYSTEM, LABEL = "conformance-system", "app=git"
NAME = "conformance-prober"
PLACE, TRUST = "/probe", "/etc/conformance/trust"
#: from the pod's creation to its first question
SECONDS = 90
Name = tuple[str, str]


@dataclass
class Inside:
    """`samples` are there once it was left; `unmeasured` says why there are none."""

    unmeasured: str = ""
    samples: dict[Name, list[Sample]] = field(default_factory=dict)


@contextmanager
def asking(stack: StackClients) -> Iterator[Inside]:
    """A pod that asks while it is entered. What goes wrong with it is no failure of the upgrade."""
    seen = Inside()
    image = _image(stack)
    if not image:
        seen.unmeasured = f"no pod with Python stands ready (namespace {SYSTEM}, {LABEL})"
        yield seen
        return
    asked = questions(stack, "inside")
    with stack.kube.temporary_pod(SYSTEM, _manifest(image)) as pod:
        try:
            _begin(stack, pod, asked)
        except (EnvironmentFailure, NonConformance) as error:
            seen.unmeasured = f"{error.what}: {error.observed}"[:300]
        yield seen
        if not seen.unmeasured:
            try:
                seen.samples = _samples(stack, _ready(stack, pod), asked)
            except (EnvironmentFailure, NonConformance) as error:
                seen.unmeasured = f"{error.what}: {error.observed}"[:300]


def _image(stack: StackClients) -> str:
    pods = stack.kube.pods(SYSTEM, LABEL) if SYSTEM in stack.kube.namespaces() else ()
    return next((pod.containers[0].image for pod in pods if pod.ready), "")


def _ready(stack: StackClients, pod: Pod) -> Pod:
    return stack.kube.wait_pod(
        SYSTEM, pod.name, timeout=SECONDS, until=lambda seen: seen.ready, what="asks from inside"
    )


def _begin(stack: StackClients, pod: Pod, asked: Sequence[Question]) -> None:
    ready = _ready(stack, pod)
    text = json.dumps(_plan(stack, asked))
    script = f"umask 077; head -c {len(text)} > {PLACE}/part && mv {PLACE}/part {PLACE}/plan.json"
    done = stack.kube.execute(ready, ("sh", "-c", script), stdin=text)
    if done.status:
        raise EnvironmentFailure("the prober's plan cannot be written", observed=done.stderr[:300])
    # what never works says nothing of an upgrade
    eventually(
        lambda: _unanswered(_samples(stack, ready, asked)),
        what="every question from inside is answered",
        timeout=SECONDS,
        interval=1,
        until=lambda left: not left,
    )


def _unanswered(seen: Mapping[Name, Sequence[Sample]]) -> list[str]:
    """Questions that had no good answer yet, with what they had instead."""
    return [
        f"{service} {way}: {samples[-1].fault if samples else 'not asked'}"
        for (service, way), samples in seen.items()
        if all(sample.fault for sample in samples)
    ]


def _plan(stack: StackClients, asked: Sequence[Question]) -> dict[str, Any]:
    """What to ask of whom: the prober's file. Logins are in it, so it never goes into the pod's manifest."""
    registry = stack.registry()
    services: Mapping[str, tuple[str, Http]] = {
        "jenkins": (_url(stack, stack.contract.jenkins), stack.jenkins.http),
        "nexus": (_url(stack, stack.contract.nexus), stack.nexus.http),
        # one name for everybody
        "registry": (registry.http.base, registry.http),
    }
    return {
        "ca": f"{TRUST}/ca-bundle.crt",
        "services": {
            name: {"url": url, "authorization": _basic(http)} for name, (url, http) in services.items()
        },
        "questions": [
            each.as_json() | {"mark": NUMBER, "cycle": CYCLES.get(each.service, 0)} for each in asked
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


def _samples(stack: StackClients, pod: Pod, asked: Sequence[Question]) -> dict[Name, list[Sample]]:
    script = f"cat {PLACE}/clock; echo; cat {PLACE}/samples"
    clock, _, lines = stack.kube.execute(pod, ("sh", "-c", script)).stdout.partition("\n")
    # its clock may be another one than ours; before its first sample it tells none
    shift = float(clock or 0) - (time.time() - time.monotonic())
    found: dict[Name, list[Sample]] = {question.name: [] for question in asked}
    for line in lines.splitlines():
        if not line.endswith("]"):
            continue  # cut off when it was written
        at, number, begun, answered, fault = json.loads(line)
        sample = Sample(asked=begun + shift, answered=answered + shift, fault=fault, number=number)
        found[asked[at].name].append(sample)
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
