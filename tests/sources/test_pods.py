"""Pods: types, inheritance, and values that containers take from their pod."""

from __future__ import annotations

from conformance.sources.facts import Undecided
from conformance.sources.pods.model import Pod
from conformance.sources.pods.templates import PodTemplate, effective, of_documents, of_fields, of_yaml
from conformance.sources.yaml_positions import load_all
from tests.sources.support import DATA, node, text

PARENT = (
    "name: base\nlabel: base\nserviceAccount: builder\nhostNetwork: 'true'\n"
    "containers:\n- {name: jnlp, image: 'agent:1', privileged: 'false', runAsUser: '1000', "
    "resourceLimitMemory: 1Gi}\n"
    "volumes:\n- hostPathVolume: {hostPath: /data, mountPath: /data}\n"
    "yaml: |\n  spec:\n    automountServiceAccountToken: false\n    securityContext: {runAsNonRoot: true}\n"
)


def template(written: str) -> PodTemplate:
    return of_fields(node(written, "casc.yaml"), "cloud kubernetes")


def child(written: str, strategy: bool = True) -> Pod:
    own = of_yaml(text(written, "pod.yaml"), "own", "Jenkinsfile", ("base",), strategy)
    return effective(own, {"base": template(PARENT)})


def test_words_are_read_as_flags_and_numbers() -> None:
    pod = effective(template(PARENT), {})
    (container,) = pod.containers
    assert container.security.privileged is not None
    assert container.security.privileged.value is False
    user = pod.user_of(container)
    assert user is not None
    assert user.value == 1000
    assert pod.host_network is not None
    assert pod.host_network.value is True
    assert container.resources["limits.memory"].value == "1Gi"
    assert [(own.kind, own.source.value) for own in pod.host_paths()] == [("hostPath", "/data")]
    assert [mount.path for mount in container.mounts] == ["/data"]


def test_a_flag_that_is_none_is_undecided() -> None:
    pod = effective(
        of_yaml(text("spec:\n  hostPID: maybe\n  containers: [{name: a, image: b}]\n"), "", "x"), {}
    )
    assert pod.host_pid is not None
    assert isinstance(pod.host_pid.value, Undecided)


def test_inherited_fields_win_over_inline_yaml() -> None:
    pod = child(
        "spec:\n  containers:\n  - {name: jnlp, image: 'other:2'}\n  - {name: tools, image: 'tools:3'}\n"
    )
    assert [(own.name, own.image.value) for own in pod.containers] == [
        ("jnlp", "agent:1"),
        ("tools", "tools:3"),
    ]
    assert pod.service_account is not None
    assert pod.service_account.value == "builder"
    assert pod.inherits == ("base",)


def test_yaml_overrides_that_of_the_parent_unless_it_merges() -> None:
    written = "spec:\n  containers: [{name: tools, image: 'tools:3'}]\n"
    assert child(written).automount_token is None
    merged = child(written, strategy=False)
    assert merged.automount_token is not None
    assert merged.security.run_as_non_root is not None
    assert child("").automount_token is not None


def test_unknown_parents_and_loops_are_said() -> None:
    first = of_fields(node("name: a\ninheritFrom: b gone\n"), "cloud")
    second = of_fields(node("name: b\ninheritFrom: a\n"), "cloud")
    pod = effective(first, {"a": first, "b": second})
    assert [error.message for error in pod.errors] == [
        "the template 'gone' that it inherits from is not declared"
    ]


def test_broken_pod_yaml_is_one_error() -> None:
    pod = effective(of_yaml(text("spec: [", "pod.yaml"), "x", "Jenkinsfile"), {})
    assert [error.place.file for error in pod.errors] == ["pod.yaml"]
    assert "is not an object" in effective(of_yaml(text("- 1\n"), "x", "y"), {}).errors[0].message


def test_a_pod_file_has_each_value_with_its_line() -> None:
    path = DATA / "cloudops/jenkins/agents/kubernetes/img-small.yaml"
    documents = load_all(text(path.read_text(), "img-small.yaml"))
    assert isinstance(documents, tuple)
    (own,) = of_documents(documents, "pod file")
    pod = effective(own, {})
    agent = pod.agent
    assert agent is not None
    assert agent.command is None
    assert [container.name for container in pod.own_containers] == ["jnlp", "img"]
    builder = pod.own_containers[1]
    assert str(builder.image.place) == "img-small.yaml:24:12"
    assert builder.command == ("sleep",)
    seccomp = pod.seccomp_of(builder)
    assert seccomp is not None
    assert seccomp.value == "Unconfined"
    assert pod.host_paths() == ()


def test_faults_of_a_pod_file_are_seen() -> None:
    written = (
        "apiVersion: v1\nkind: Pod\nspec:\n  hostNetwork: true\n  securityContext: {runAsUser: 0}\n"
        "  containers:\n"
        "  - name: a\n    image: x:latest\n"
        "    securityContext: {privileged: true, capabilities: {add: [SYS_ADMIN]}}\n"
        "  initContainers: [{name: i, image: y}]\n  volumes:\n  - name: engine\n"
        "    hostPath: {path: /var/run/docker.sock}\n"
    )
    pod = effective(of_yaml(text(written, "p.yaml"), "p", "pod file"), {})
    first, init = pod.containers
    assert init.init
    assert first.security.privileged is not None
    assert str(first.security.privileged.place) == "p.yaml:9:35"
    assert [own.value for own in first.security.capabilities] == ["SYS_ADMIN"]
    assert str(pod.host_paths()[0].place) == "p.yaml:13:5"


def test_what_a_container_does_not_say_is_the_pod_s() -> None:
    written = (
        "spec:\n  securityContext: {runAsGroup: 5, runAsNonRoot: true}\n  containers:\n"
        "  - {name: a, image: b}\n"
        "  - {name: c, image: d, securityContext: {runAsGroup: 6, runAsNonRoot: false}}\n"
    )
    pod = effective(of_yaml(text(written), "", "x"), {})
    groups = [pod.group_of(own) for own in pod.containers]
    users = [pod.non_root_of(own) for own in pod.containers]
    assert [own.value for own in groups if own] == [5, 6]
    assert [own.value for own in users if own] == [True, False]
