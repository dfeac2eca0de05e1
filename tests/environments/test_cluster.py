from __future__ import annotations

import dataclasses
import ssl
from pathlib import Path
from typing import Any

import yaml
from cryptography import x509

from conformance.core.paths import PROJECT
from environments import trust
from environments.kind import cluster, names, objects
from environments.kubectl import _hopeless, is_rolled_out, pod_states

SPEC = cluster.ClusterSpec(
    name="conf-x",
    node_image="node:1",
    nodes=2,
    kubeconfig=Path("/k"),
    stores=(Path("/s0"), Path("/s1")),
    git=Path("/git"),
    from_packages=True,
    cgroup_v1=True,
)


def test_our_nodes_get_their_stores_and_their_own_network() -> None:
    made = yaml.safe_load(cluster.configuration(SPEC))
    assert made["networking"]["disableDefaultCNI"] is True
    assert [node["role"] for node in made["nodes"]] == ["control-plane", "worker"]
    mounts = [{m["containerPath"]: m["hostPath"] for m in node["extraMounts"]} for node in made["nodes"]]
    assert [mount["/var/lib/containerd"] for mount in mounts] == ["/s0", "/s1"]
    assert {p["hostPort"] for p in made["nodes"][0]["extraPortMappings"]} == {0}
    kubelet, whole = (yaml.safe_load(patch) for patch in made["kubeadmConfigPatches"])
    assert kubelet["cgroupDriver"] == "cgroupfs"
    assert {whole[part]["extraArgs"]["leader-elect"] for part in ("controllerManager", "scheduler")} == {
        "false"
    }


def test_upstream_nodes_keep_their_own_ways() -> None:
    spec = dataclasses.replace(SPEC, stores=(), from_packages=False)
    made = yaml.safe_load(cluster.configuration(spec))
    assert made["networking"]["disableDefaultCNI"] is False
    assert made["kubeadmConfigPatches"] == []
    assert [m["containerPath"] for m in made["nodes"][1]["extraMounts"]] == ["/srv/git"]


def test_nodes_are_named_as_kind_names_them() -> None:
    three = dataclasses.replace(SPEC, nodes=3)
    assert three.node_names == ("conf-x-control-plane", "conf-x-worker", "conf-x-worker2")


class Engine:
    """Writes down its commands."""

    def __init__(self) -> None:
        self.said: list[tuple[str, ...]] = []

    def docker(self, *words: str) -> str:
        self.said.append(words)
        return ""


def test_claims_get_a_size_of_their_own_only_where_one_is_asked_for() -> None:
    engine: Any = Engine()
    cluster.bound_claims(SPEC, engine)
    assert engine.said == []
    cluster.bound_claims(dataclasses.replace(SPEC, claims=64), engine)
    mounts = [words[1:] for words in engine.said if "mount" in words]
    assert [words[0] for words in mounts] == ["conf-x-control-plane", "conf-x-worker"]
    assert all("size=64m" in words and words[-1] == cluster.CLAIMS for words in mounts)


def test_our_provisioner_keeps_claims_where_a_size_is_given_to_them() -> None:
    manifest = PROJECT / "environments/images/context/node/local-path-storage.yaml"
    assert f'"paths": ["{cluster.CLAIMS}"]' in manifest.read_text(encoding="utf-8")


COREFILE = """.:53 {
    errors
    kubernetes cluster.local in-addr.arpa ip6.arpa {
       pods insecure
    }
    forward . /etc/resolv.conf {
       max_concurrent 1000
    }
    cache 30
}
"""


def test_the_registry_name_is_resolved_before_anything_is_forwarded() -> None:
    changed = names.resolving(COREFILE, "r.test", "10.96.0.43")
    assert changed.index("10.96.0.43 r.test") < changed.index("forward .")
    assert names.resolving(changed, "r.test", "10.96.0.43") == changed


def test_the_run_ca_signs_for_names_and_addresses_and_java_gets_all_of_the_bundle() -> None:
    authority = trust.RunAuthority("r")
    pair = authority.issue("r.test", "127.0.0.1")
    certificate = x509.load_pem_x509_certificate(pair.certificate.encode())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["r.test"]
    certificate.verify_directly_issued_by(x509.load_pem_x509_certificate(authority.certificate.encode()))
    assert ssl.create_default_context(cadata=authority.certificate).cert_store_stats()["x509_ca"] > 0
    assert trust.java_trust_store(authority.certificate * 2)


def test_credentials_are_new_each_time_and_not_in_repr() -> None:
    one, other = objects.Credentials(), objects.Credentials()
    assert one.jenkins.password != other.jenkins.password
    assert one.ecr.password not in repr(one)


def pod(name: str, **status: object) -> dict[str, object]:
    return {"metadata": {"name": name}, "status": status}


def test_a_pod_that_cannot_become_ready_is_hopeless() -> None:
    waiting = {"waiting": {"reason": "ImagePullBackOff", "message": "no such image"}}
    states = pod_states({"items": [pod("p", containerStatuses=[{"name": "c", "state": waiting}])]})
    assert _hopeless(states) == "p: c: ImagePullBackOff (no such image)"
    starting = {"waiting": {"reason": "ContainerCreating"}}
    states = pod_states({"items": [pod("p", containerStatuses=[{"name": "c", "state": starting}])]})
    assert _hopeless(states) is None


def test_a_pod_that_goes_does_not_count() -> None:
    going = pod("p", conditions=[{"type": "Ready", "status": "True"}])
    going["metadata"]["deletionTimestamp"] = "now"  # type: ignore[index]
    assert pod_states({"items": [going]}) == ()


def workload(**status: object) -> dict[str, object]:
    full = {"observedGeneration": 2, "updatedReplicas": 1, "readyReplicas": 1, "replicas": 1} | status
    return {"metadata": {"generation": 2, "name": "w"}, "spec": {"replicas": 1}, "status": full}


def test_a_workload_is_rolled_out_when_only_its_newest_template_runs() -> None:
    assert is_rolled_out(workload())
    assert is_rolled_out(workload(currentRevision="b", updateRevision="b"))
    assert not is_rolled_out(workload(currentRevision="a", updateRevision="b"))
    assert not is_rolled_out(workload(observedGeneration=1)), "it was not looked at yet"
    assert not is_rolled_out(workload(replicas=2)), "an old pod is still there"
    assert not is_rolled_out(workload(readyReplicas=0))
