"""The cluster, and the state of the stack's workloads in it."""

from __future__ import annotations

import re

import pytest

from conformance.clients.kubernetes import Cluster
from conformance.clients.objects import Pod, Workload
from conformance.contract.model import Contract
from conformance.core.nonconformance import require, require_none, require_same_names

GIT_SERVERS = re.compile(
    r"\b(gitea|gitlab|gogs|gerrit|bitbucket|git-daemon|cgit|forgejo|git)\b", re.IGNORECASE
)


@pytest.mark.requirement("PLATFORM-01")
def test_kubernetes_version(kube: Cluster, contract: Contract) -> None:
    """The API server runs the Kubernetes version of the contract."""
    seen = kube.version()
    require(
        seen == contract.kubernetes.version,
        f"the API server runs Kubernetes {seen}, not {contract.kubernetes.version}",
        expected=contract.kubernetes.version,
        observed=seen,
        remedy="upgrade the cluster, or state its version in the contract (kubernetes.version)",
    )


@pytest.mark.requirement("PLATFORM-02")
def test_kubelets_are_within_the_skew(kube: Cluster) -> None:
    """Kubelets are within the supported skew of the API server."""
    server = _minor(kube.version())
    require_none(
        [
            f"kubelet of node {node.name} is {node.version}"
            for node in kube.nodes()
            if not 0 <= server - _minor(node.version) <= 3
        ],
        "a kubelet is outside the supported version skew",
        expected=f"1.{server - 3} to 1.{server}",
        remedy="upgrade the node: a kubelet is never newer than the API server and at most 3 minors older",
    )


@pytest.mark.requirement("PLATFORM-03")
def test_nodes_are_ready(kube: Cluster) -> None:
    """Nodes are ready and under no pressure."""
    nodes = kube.nodes()
    require(nodes, "the cluster has no node", remedy="add a node")
    require_none(
        [
            f"node {node.name}: {name} is {state}"
            for node in nodes
            for name, state in node.conditions.items()
            if state != ("True" if name == "Ready" else "False")
        ],
        "a node is not fit",
        expected="Ready is True, every pressure is False",
        remedy="kubectl describe node: free memory, disk or process ids, or repair its network",
    )


@pytest.mark.requirement("PLATFORM-04")
def test_namespaces_are_there(kube: Cluster, namespaces: tuple[str, ...]) -> None:
    """The namespaces of the stack are there."""
    there = set(kube.namespaces())
    require_none(
        [f"namespace {name} is missing" for name in namespaces if name not in there],
        "the cluster lacks a namespace of the stack",
        remedy="install the release that makes it, or name the right namespace in the contract",
    )


@pytest.mark.requirement("PLATFORM-05")
def test_every_workload_is_ready(workloads: tuple[Workload, ...], pods: tuple[Pod, ...]) -> None:
    """Every workload of the stack has all its pods ready."""
    require(workloads, "the stack's namespaces hold no workload", remedy="install the releases")
    require_none(
        [
            f"{found.kind} {found.namespace}/{found.name} "
            + (f"has {found.ready} of {found.wanted} pods ready" if found.wanted else "is scaled to 0 pods")
            for found in workloads
            if found.ready < found.wanted or found.wanted == 0
        ]
        + [pod.trouble() for pod in pods if pod.trouble()],
        "a workload is not ready",
        remedy="kubectl describe the pod and read its log",
    )


@pytest.mark.requirement("PLATFORM-06")
@pytest.mark.usefixtures("nothing_killed")
def test_no_container_restarted(pods: tuple[Pod, ...]) -> None:
    """No container of the stack restarted."""
    require_none(
        [
            f"container {part.name} of pod {pod.namespace}/{pod.name} restarted {part.restarts} times"
            for pod in pods
            for part in pod.containers
            if part.restarts
        ],
        "a container restarted",
        expected="0 restarts",
        remedy="kubectl logs --previous shows why; a limit that is too low kills with OOMKilled",
    )


@pytest.mark.requirement("PLATFORM-07")
def test_storage_class_is_there_and_claims_are_bound(kube: Cluster, namespaces: tuple[str, ...]) -> None:
    """There is a default storage class, and the stack's volume claims are bound."""
    classes = kube.storage_classes()
    require(
        any(default for _, default in classes),
        "the cluster has no default storage class",
        observed=f"storage classes: {', '.join(name for name, _ in classes) or 'none'}",
        remedy="install a provisioner and mark its class as the default",
    )
    require_none(
        [
            f"claim {namespace}/{name} is {phase}"
            for namespace in namespaces
            for name, phase in kube.claims(namespace)
            if phase != "Bound"
        ],
        "a volume claim is not bound",
        expected="Bound",
        remedy="kubectl describe pvc: is there a provisioner, and room?",
    )


@pytest.mark.requirement("PLATFORM-08")
def test_nexus_is_a_deployment(workloads: tuple[Workload, ...], contract: Contract) -> None:
    """Nexus runs as a Deployment."""
    _require_kind(workloads, contract.nexus.namespace, contract.nexus.release, "Deployment")


@pytest.mark.requirement("PLATFORM-09")
def test_controller_is_one_stateful_set(workloads: tuple[Workload, ...], contract: Contract) -> None:
    """The controller runs as one StatefulSet of one replica."""
    found = _require_kind(workloads, contract.jenkins.namespace, contract.jenkins.release, "StatefulSet")
    # PLATFORM-05 decides a workload that is scaled to none
    require(
        found.wanted <= 1,
        f"the controller has {found.wanted} replicas: two controllers on one home corrupt it",
        expected="1 replica",
        remedy="set the StatefulSet's replicas to 1",
    )


@pytest.mark.requirement("PLATFORM-10")
def test_images_that_run_are_the_declared_ones(
    pods: tuple[Pod, ...], workloads: tuple[Workload, ...]
) -> None:
    """The images that run are those that the workloads declare."""
    # by container: an init container often runs the same image
    declared = {
        (workload.namespace, part["name"], part["image"])
        for workload in workloads
        for part in workload.template["containers"]
    }
    require_none(
        [
            f"container {part.name} of {pod.namespace}/{pod.name} runs {part.image}, which its workload "
            "does not declare"
            for pod in pods
            for part in pod.containers
            if (pod.namespace, part.name, part.image) not in declared
        ],
        "an image runs that is not declared",
        remedy="roll the workload out again; somebody edited the pod or the workload by hand",
    )


@pytest.mark.requirement("PLATFORM-11")
def test_images_are_exact(workloads: tuple[Workload, ...]) -> None:
    """The stack's images are pinned."""
    require_none(
        [
            f"{found.kind} {found.namespace}/{found.name} runs {part['image']}"
            for found in workloads
            for part in (*found.template["containers"], *found.template.get("initContainers", ()))
            if not exact_image(part["image"])
        ],
        "an image is not pinned",
        expected="a tag other than latest, or a digest",
        remedy="pin the image's exact tag or its digest in the values",
    )


@pytest.mark.requirement("PLATFORM-12")
def test_resources_are_set(workloads: tuple[Workload, ...]) -> None:
    """Every container of the stack sets requests for cpu and memory and a limit for memory."""
    require_none(
        [
            f"container {part['name']} of {found.namespace}/{found.name} has no {kind} for {resource}"
            for found in workloads
            for part in found.template["containers"]
            for kind, resource in (("requests", "cpu"), ("requests", "memory"), ("limits", "memory"))
            if resource not in (part.get("resources") or {}).get(kind, {})
        ],
        "a container has no resources set",
        expected="requests for cpu and memory, a limit for memory",
        remedy="set resources in the release's values",
    )


@pytest.mark.requirement("PLATFORM-13")
def test_no_privileged_container(workloads: tuple[Workload, ...]) -> None:
    """No container of the stack is privileged or mounts paths of its node."""
    require_none(
        [
            f"container {part['name']} of {found.namespace}/{found.name} is privileged"
            for found in workloads
            for part in (*found.template["containers"], *found.template.get("initContainers", ()))
            if (part.get("securityContext") or {}).get("privileged")
        ]
        + [
            f"{found.kind} {found.namespace}/{found.name} mounts {volume['hostPath']['path']} of the node"
            for found in workloads
            for volume in found.template.get("volumes", ())
            if "hostPath" in volume
        ],
        "a workload reaches into its node",
        remedy="take privileged and hostPath out of the release's values",
    )


@pytest.mark.requirement("PLATFORM-14")
def test_no_git_server_in_the_stack(workloads: tuple[Workload, ...]) -> None:
    """The stack runs no Git server: it uses its customer's."""
    require_none(
        [
            f"{found.kind} {found.namespace}/{found.name} ({part['image']})"
            for found in workloads
            for part in found.template["containers"]
            if GIT_SERVERS.search(found.name) or GIT_SERVERS.search(part["image"].rpartition("/")[2])
        ],
        "the stack runs a Git server of its own",
        remedy="use the customer's Git server; take this workload out of the stack",
    )


@pytest.mark.requirement("PLATFORM-19")
def test_workloads_are_exactly_the_releases(workloads: tuple[Workload, ...], contract: Contract) -> None:
    """The stack's namespaces hold the releases' workloads and no others."""
    if contract.jenkins.namespace == contract.nexus.namespace:
        expected = {contract.jenkins.release, contract.nexus.release}
        require_same_names(expected, {found.name for found in workloads}, what="the stack's workloads differ")
        return
    for namespace, release in (
        (contract.jenkins.namespace, contract.jenkins.release),
        (contract.nexus.namespace, contract.nexus.release),
    ):
        require_same_names(
            {release},
            {found.name for found in workloads if found.namespace == namespace},
            what=f"the workloads of namespace {namespace} differ",
            remedy="remove what no release declares, or declare it",
        )


def exact_image(reference: str) -> bool:
    """Is an image reference pinned: by digest, or by a tag other than latest?"""
    if re.search(r"@sha256:[0-9a-f]{64}$", reference):
        return True
    tag = reference.rpartition("/")[2].partition(":")[2]
    return tag not in ("", "latest")


def _minor(version: str) -> int:
    return int(version.split(".")[1])


def _require_kind(workloads: tuple[Workload, ...], namespace: str, name: str, kind: str) -> Workload:
    found = [workload for workload in workloads if (workload.namespace, workload.name) == (namespace, name)]
    kinds = [workload.kind for workload in found]
    require(
        kinds == [kind],
        f"{namespace}/{name} is {', '.join(kinds) or 'not there'}, not a {kind}",
        expected=f"{kind} {namespace}/{name}",
        observed=", ".join(
            f"{other.kind} {other.name}" for other in workloads if other.namespace == namespace
        ),
        remedy=f"install the release {name} with a chart that makes a {kind}",
    )
    return found[0]
