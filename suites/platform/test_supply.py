"""Services of the platform: volumes, names that resolve and answer from inside, certificates."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from cryptography import x509

from conformance.clients.kubernetes import Cluster
from conformance.clients.names import Names
from conformance.clients.objects import Pod, Workload
from conformance.contract.model import Contract, Reach
from conformance.core import maven
from conformance.core.errors import WaitTimeout
from conformance.core.nonconformance import NonConformance, PreconditionFailed, require_none
from conformance.core.waiting import eventually
from conformance.runner.decision import not_applicable

#: seconds within which a volume must exist; the first one may need an image of the provisioner
BOUND = 60


@pytest.mark.requirement("PLATFORM-27")
def test_certificates_outlast_the_longest_build(
    kube: Cluster, namespaces: tuple[str, ...], contract: Contract
) -> None:
    """Certificates in the stack's namespaces outlast the longest build."""
    found = [
        (f"{namespace}/{name}", certificate)
        for namespace in namespaces
        for name, certificate in kube.certificates(namespace)
    ]
    if not found:
        not_applicable("the stack's namespaces hold no TLS secret, so no Ingress or Service of it shows one")
    findings = []
    for where, pem in found:
        try:
            until = min(part.not_valid_after_utc for part in x509.load_pem_x509_certificates(pem))
        except ValueError as error:
            findings.append(f"the certificate in secret {where} cannot be read: {error}")
            continue
        left = (until - datetime.now(UTC)).total_seconds()
        if left <= contract.budgets.build:
            end = f"ends in {left / 60:.0f} minutes" if left > 0 else f"ended on {until:%Y-%m-%d}"
            findings.append(f"the certificate in secret {where} {end}")
    require_none(
        findings,
        "a certificate of the stack does not outlast the longest build",
        expected=f"valid for more than {contract.budgets.build} s",
        remedy="renew the certificate in that secret",
    )


@pytest.mark.requirement("PLATFORM-28")
@pytest.mark.writes
def test_new_claim_is_bound(
    kube: Cluster, contract: Contract, names: Names, ready_workloads: tuple[Workload, ...]
) -> None:
    """A new claim on the default storage class that a pod mounts is bound."""
    if not any(default for _, default in kube.storage_classes()):
        raise PreconditionFailed("PLATFORM-07", "the cluster has no default storage class")
    states = (pair for node in kube.nodes() for pair in node.conditions.items())
    if any(state != ("True" if name == "Ready" else "False") for name, state in states):
        raise PreconditionFailed("PLATFORM-03", "a node is not ready or under pressure")
    namespace = contract.jenkins.namespace
    theirs = [work for work in ready_workloads if work.namespace == namespace]
    if not theirs:
        raise PreconditionFailed("PLATFORM-09", f"{namespace} has no workload")
    # an image that a node has: it only has to be a pod that wants the volume
    image = theirs[0].template["containers"][0]
    manifest = {
        "metadata": {"name": names.unique, "labels": names.labels},
        "spec": {
            "restartPolicy": "Never",
            "automountServiceAccountToken": False,
            "containers": [
                {
                    "name": "volume",
                    "image": image["image"],
                    "command": ["/none"],
                    "resources": {"requests": {"cpu": "1m", "memory": "1Mi"}, "limits": {"memory": "16Mi"}},
                    "volumeMounts": [{"name": "volume", "mountPath": "/volume"}],
                }
            ],
            "volumes": [{"name": "volume", "persistentVolumeClaim": {"claimName": names.unique}}],
        },
    }
    with kube.temporary_claim(namespace, names.unique, names.labels), kube.temporary_pod(namespace, manifest):
        try:
            eventually(
                lambda: kube.claim_phase(namespace, names.unique),
                what="a new claim is bound",
                timeout=BOUND,
                interval=0.3,
                until=lambda phase: phase == "Bound",
            )
        except WaitTimeout as error:
            events = kube.events(namespace, names.unique)
            raise NonConformance(
                "the default storage class gives no volume",
                expected=f"a new claim that a pod mounts is bound within {BOUND} s",
                observed=f"{error.observed}; {events[-1][2] if events else 'no event'}",
                remedy="look at the provisioner's log, and whether the nodes have room",
            ) from error


@pytest.mark.requirement("PLATFORM-29")
@pytest.mark.usefixtures("ready_workloads")
def test_components_reach_what_they_use(kube: Cluster, contract: Contract, registry_host: str) -> None:
    """Each component reaches what it uses, from inside its pod and by the names that it uses."""
    if not contract.kubernetes.reaches:
        not_applicable("the contract does not say what components reach (kubernetes.reaches)")
    findings = []
    for wanted in contract.kubernetes.reaches:
        pod = _pod(kube, contract, wanted)
        command = wanted.command.replace("{registry}", registry_host)
        command = command.replace("{central}", maven.central())
        ran = kube.execute(pod, ["sh", "-c", command], timeout=60)
        if ran.status:
            output = " ".join((ran.stderr or ran.stdout).split())[:200]
            findings.append(
                f"{wanted.what} cannot be reached from the pod of {wanted.component}: "
                f"{output or f'status {ran.status}'}"
            )
    require_none(
        findings,
        "a component does not reach what it uses",
        remedy="look at network policies, name resolution and the pods' trust in certificates",
    )


def _pod(kube: Cluster, contract: Contract, wanted: Reach) -> Pod:
    part = contract.jenkins if wanted.component == "jenkins" else contract.nexus
    selector = f"app.kubernetes.io/instance={part.release}"
    for pod in kube.pods(part.namespace, selector):
        if pod.ready and not pod.deleted and pod.owner:
            return pod
    raise NonConformance(
        f"no pod of release {part.release} is ready in {part.namespace}",
        expected=f"a pod with the label {selector}",
        remedy="describe the pod; charts set this label",
    )
