"""How the stack's workloads are built: probes, storage, users, services."""

from __future__ import annotations

import re
from typing import Any

import pytest

from conformance.clients.kubernetes import Cluster
from conformance.clients.objects import Workload
from conformance.contract.model import Contract
from conformance.core.nonconformance import PreconditionFailed, require, require_none


def _objects(kube: Cluster, namespaces: tuple[str, ...], kind: str) -> list[dict[str, Any]]:
    """Every object of a kind (`services`, `endpoints`...) in the namespaces, as JSON."""
    return [found for name in namespaces for found in kube.objects(f"{kind} of {name}", "v1", kind, name)]


@pytest.mark.requirement("PLATFORM-20")
def test_containers_have_readiness_probes(workloads: tuple[Workload, ...], contract: Contract) -> None:
    """Controller and Nexus have readiness probes."""
    main = {contract.jenkins.release, contract.nexus.release}
    require_none(
        [
            f"no container of {found.kind} {found.namespace}/{found.name} has one"
            for found in workloads
            if found.name in main
            and not any(part.get("readinessProbe") for part in found.template["containers"])
        ],
        "a workload has no readiness probe: it gets requests before it can answer them",
        remedy="set readinessProbe in the release's values",
    )


@pytest.mark.requirement("PLATFORM-21")
def test_state_is_on_claims(workloads: tuple[Workload, ...], contract: Contract) -> None:
    """Controller and Nexus keep their state on persistent volumes."""
    main = {contract.jenkins.release, contract.nexus.release}
    require_none(
        [
            f"{found.kind} {found.namespace}/{found.name} mounts no persistent volume claim"
            for found in workloads
            if found.name in main
            and not found.claims
            and not any("persistentVolumeClaim" in volume for volume in found.template.get("volumes") or ())
        ],
        "a workload keeps its state in its pod: it is gone with the pod",
        remedy="switch persistence on in the release's values",
    )


@pytest.mark.requirement("PLATFORM-22")
def test_nothing_runs_as_root(workloads: tuple[Workload, ...]) -> None:
    """No container of the stack runs as root."""
    findings = []
    for found in workloads:
        pod = found.template.get("securityContext") or {}
        for part in found.template["containers"]:
            own = {**pod, **(part.get("securityContext") or {})}
            if own.get("runAsUser", 0) == 0 and not own.get("runAsNonRoot"):
                findings.append(f"container {part['name']} of {found.namespace}/{found.name}")
    require_none(
        findings,
        "a container of the stack may run as root",
        expected="runAsUser other than 0, or runAsNonRoot",
        remedy="set runAsUser in the release's values",
    )


@pytest.mark.requirement("PLATFORM-23")
def test_services_have_endpoints(
    kube: Cluster, namespaces: tuple[str, ...], contract: Contract, ready_workloads: tuple[Workload, ...]
) -> None:
    """Every Service of the stack leads to ready pods, and each release has one."""
    services = {
        (found["metadata"]["namespace"], found["metadata"]["name"])
        for found in _objects(kube, namespaces, "services")
    }
    wanted = {
        (contract.jenkins.namespace, contract.jenkins.release),
        (contract.nexus.namespace, contract.nexus.release),
    }
    # PLATFORM-08 and -09 decide a release that is missing
    wanted &= {(found.namespace, found.name) for found in ready_workloads}
    findings = [f"there is no Service {space}/{name}" for space, name in sorted(wanted - services)]
    ready = {
        (found["metadata"]["namespace"], found["metadata"]["name"])
        for found in _objects(kube, namespaces, "endpoints")
        if any(subset.get("addresses") for subset in found.get("subsets") or ())
    }
    findings += [f"Service {space}/{name} has no ready endpoint" for space, name in sorted(services - ready)]
    require_none(
        findings,
        "a Service leads nowhere",
        remedy="kubectl get endpoints: does its selector match ready pods?",
    )


@pytest.mark.requirement("PLATFORM-24")
def test_no_secret_in_the_environment_of_a_container(workloads: tuple[Workload, ...]) -> None:
    """No workload writes a secret out in its environment."""
    shape = re.compile(r"(?i)(password|passwd|token|secret_?(access_?)?key|private_?key|api_?key)$")
    require_none(
        [
            f"{variable['name']} of container {part['name']} of {found.namespace}/{found.name}"
            for found in workloads
            for part in (*found.template["containers"], *found.template.get("initContainers", ()))
            for variable in part.get("env") or ()
            # "is there a random password" is a switch, not a password
            if shape.search(variable["name"]) and variable.get("value", "") not in ("", "true", "false")
        ],
        "a secret is written out in a workload",
        expected="valueFrom.secretKeyRef",
        remedy="put the value into a Secret and refer to it: every reader of workloads reads this",
    )


@pytest.mark.requirement("PLATFORM-25")
def test_nexus_never_runs_twice_on_its_volume(
    kube: Cluster, contract: Contract, workloads: tuple[Workload, ...]
) -> None:
    """An upgrade never starts a second Nexus on the same volume."""
    _nexus(workloads, contract)
    found = kube.objects("Deployments", "apps/v1", "deployments", contract.nexus.namespace)
    own = next(raw for raw in found if raw["metadata"]["name"] == contract.nexus.release)
    strategy = own["spec"].get("strategy", {}).get("type")
    require(
        strategy == "Recreate",
        f"an upgrade starts a second Nexus on the same volume (strategy {strategy})",
        expected="Recreate",
        observed=strategy,
        remedy="set strategy.type: Recreate",
    )


@pytest.mark.requirement("PLATFORM-26")
def test_nexus_has_time_to_stop(workloads: tuple[Workload, ...], contract: Contract) -> None:
    """Nexus has at least 30 seconds to stop."""
    seconds = _nexus(workloads, contract).template.get("terminationGracePeriodSeconds", 30)
    require(
        seconds >= 30,
        f"Nexus is killed {seconds} s after SIGTERM: its last writes are lost",
        expected="terminationGracePeriodSeconds of 30 and more",
        observed=seconds,
        remedy="raise terminationGracePeriodSeconds",
    )


def _nexus(workloads: tuple[Workload, ...], contract: Contract) -> Workload:
    wanted = ("Deployment", contract.nexus.namespace, contract.nexus.release)
    for found in workloads:
        if (found.kind, found.namespace, found.name) == wanted:
            return found
    raise PreconditionFailed("PLATFORM-08", "Nexus is no Deployment")
