"""One registry name for everybody: pods ask CoreDNS, the kubelet the hosts file and trust of its node."""

from __future__ import annotations

from collections.abc import Iterable

from environments.host.engine import Engine
from environments.kubectl import Kubectl


def resolve_in_pods(host: str, address: str, kubectl: Kubectl) -> None:
    """Pods of the whole cluster find `host` at `address`."""
    found = kubectl.get("configmap", "coredns", "--namespace", "kube-system")
    corefile = resolving(found["data"]["Corefile"], host, address)
    name = {"name": "coredns", "namespace": "kube-system"}
    kubectl.apply(
        [{"apiVersion": "v1", "kind": "ConfigMap", "metadata": name, "data": {"Corefile": corefile}}]
    )


def resolve_on_nodes(host: str, address: str, nodes: Iterable[str], engine: Engine, ca: str = "") -> None:
    """The kubelet finds `host` at `address`; `ca` (PEM) is what its certificate is checked against."""
    script = f"grep -q ' {host}$' /etc/hosts || echo '{address} {host}' >> /etc/hosts"
    if ca:
        folder = f"/etc/containerd/certs.d/{host}"
        script += (
            f"; mkdir -p {folder}; cat > {folder}/ca.crt; "
            f'printf \'server = "https://{host}"\\n[host."https://{host}"]\\nca = "ca.crt"\\n\' '
            f"> {folder}/hosts.toml"
        )
    for node in nodes:
        engine.docker("exec", "-i", node, "sh", "-c", script, stdin=ca)


def resolving(corefile: str, host: str, address: str) -> str:
    """CoreDNS' configuration with `host` resolved to `address`; unchanged when it already is."""
    entry = f"    hosts {{\n        {address} {host}\n        fallthrough\n    }}\n"
    if f"{address} {host}" in corefile:
        return corefile
    return corefile.replace("    forward .", entry + "    forward .", 1)
