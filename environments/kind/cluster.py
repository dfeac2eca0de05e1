"""A kind cluster: its configuration, its making, its end."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from conformance.core.errors import EnvironmentFailure
from conformance.core.process import run
from conformance.core.waiting import eventually
from environments.host.engine import Engine
from environments.images import store
from environments.kubectl import Kubectl

PREFIX = "conf-"
#: where the provisioner of kind's default storage class keeps claims on a node
CLAIMS = "/var/local-path-provisioner"
#: Fixed ports on the node; the engine maps each to a free one of the host's loopback address.
NODE_PORTS = {"jenkins": 30080, "nexus": 30081, "registry": 30443}


@dataclass(frozen=True, slots=True)
class ClusterSpec:
    """What a cluster is made from. `stores` and `git` are folders of the host; stores may be empty."""

    name: str
    node_image: str
    nodes: int
    kubeconfig: Path
    #: one prepared image store per node (see environments/images/store.py), or none
    stores: tuple[Path, ...]
    #: bare repositories that the git server serves
    git: Path
    #: is the node image ours (then pod network, cgroup driver and CoreDNS' tag are ours too)
    from_packages: bool
    cgroup_v1: bool
    #: MiB that all claims of a node have together; 0: what its disk has
    claims: int = 0

    @property
    def node_names(self) -> tuple[str, ...]:
        """Names of the nodes' containers, as kind gives them."""
        workers = [f"{self.name}-worker{number if number > 1 else ''}" for number in range(1, self.nodes)]
        return (f"{self.name}-control-plane", *workers)


def configuration(spec: ClusterSpec) -> str:
    """The kind configuration (kind.x-k8s.io/v1alpha4) as YAML."""
    patches = []
    if spec.cgroup_v1 and spec.from_packages:
        patches.append(
            "kind: KubeletConfiguration\napiVersion: kubelet.config.k8s.io/v1beta1\ncgroupDriver: cgroupfs\n"
        )
    if spec.from_packages:
        # one of each: an election is a write every two seconds that nobody contests
        alone = "{extraArgs: {leader-elect: 'false'}}"
        patches.append(
            "kind: ClusterConfiguration\ndns: {imageTag: v1.12.4}\n"
            f"controllerManager: {alone}\nscheduler: {alone}\n"
        )
    nodes = []
    for number in range(spec.nodes):
        mounts = [{"hostPath": str(spec.git), "containerPath": "/srv/git", "readOnly": True}]
        if spec.stores:
            mounts.append({"hostPath": str(spec.stores[number]), "containerPath": store.INSIDE})
        node: dict[str, object] = {
            "role": "worker" if number else "control-plane",
            "image": spec.node_image,
            "extraMounts": mounts,
        }
        if number == 0:
            node["extraPortMappings"] = [
                {"containerPort": port, "hostPort": 0, "listenAddress": "127.0.0.1"}
                for port in NODE_PORTS.values()
            ]
        nodes.append(node)
    return yaml.safe_dump(
        {
            "kind": "Cluster",
            "apiVersion": "kind.x-k8s.io/v1alpha4",
            "networking": {
                "apiServerAddress": "127.0.0.1",
                "disableDefaultCNI": spec.from_packages,
                "podSubnet": "10.244.0.0/16",
            },
            "kubeadmConfigPatches": patches,
            "nodes": nodes,
        },
        sort_keys=False,
    )


def create(spec: ClusterSpec, kind: Path, engine: Engine) -> None:
    """Make the cluster; on failure its nodes' journals are kept beside the kubeconfig.

    Raises:
        EnvironmentFailure: kind could not make it.
    """
    spec.kubeconfig.parent.mkdir(parents=True, exist_ok=True)
    try:
        run(
            [
                kind,
                "create",
                "cluster",
                "--name",
                spec.name,
                "--kubeconfig",
                spec.kubeconfig,
                "--retain",
                "--config",
                "-",
            ],
            # a network of its own, which holds nothing that others made
            env=engine.environment() | {"KIND_EXPERIMENTAL_DOCKER_NETWORK": spec.name},
            stdin=configuration(spec),
            timeout=600,
        )
    except EnvironmentFailure as error:
        raise EnvironmentFailure(
            "kind could not make the cluster",
            where=f"cluster {spec.name}, image {spec.node_image}",
            observed=error.observed or error.what,
            remedy="conformance doctor; the node's journal is among the diagnostics",
        ) from error


def bound_claims(spec: ClusterSpec, engine: Engine) -> None:
    """Give the claims of each node a file system of `spec.claims` MiB, in memory; there must be none yet.

    A claim on kind is a folder of the node's disk, which has no size of its own.
    """
    for node in spec.node_names if spec.claims else ():
        engine.docker("exec", node, "mkdir", "-p", CLAIMS)
        engine.docker("exec", node, "mount", "-t", "tmpfs", "-o", f"size={spec.claims}m", "claims", CLAIMS)


def connect_nodes(spec: ClusterSpec, kubectl: Kubectl, engine: Engine) -> None:
    """Give each node of the cluster routes to the pod ranges of the others, once all have theirs."""
    nodes = eventually(
        lambda: kubectl.get("nodes")["items"],
        what=f"{spec.nodes} nodes have pod ranges",
        until=lambda items: sum("podCIDR" in item["spec"] for item in items) == spec.nodes,
        timeout=60,
    )
    ranges = {node["metadata"]["name"]: f"{node['spec']['podCIDR']} {_address(node)}" for node in nodes}
    if spec.from_packages and spec.nodes > 1:
        for name in ranges:
            others = "\n".join(route for node, route in ranges.items() if node != name) + "\n"
            words = ("exec", "-i", name, "sh", "-c", "cat > /kind/routes && systemctl restart node-network")
            engine.docker(*words, stdin=others)


def _address(node: dict[str, Any]) -> str:
    addresses = node["status"]["addresses"]
    return next(str(each["address"]) for each in addresses if each["type"] == "InternalIP")


def host_port(engine: Engine, node: str, service: str) -> int:
    """The port on 127.0.0.1 that leads to `service` (a key of NODE_PORTS) of a running node."""
    mapped = engine.docker("port", node, f"{NODE_PORTS[service]}/tcp")
    return int(mapped.splitlines()[0].rsplit(":", 1)[1])
