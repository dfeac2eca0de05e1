"""The agents' pod templates, as the values declare them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from conformance.contract.model import Contract
from conformance.core.nonconformance import require_none
from conformance.sources.pods.model import Container, Pod
from conformance.sources.pods.read import boolean
from conformance.sources.stack import StackFiles
from conformance.sources.texts import shown
from suites.static.findings import Findings

RESOURCES = ("requests.cpu", "requests.memory", "limits.memory")


@pytest.mark.requirement("STATIC-40")
def test_every_declared_agent_has_a_template(stack_files: StackFiles, contract: Contract) -> None:
    """Each agent of the contract has a pod template with its name and label."""
    known = {(pod.name, label) for pod in stack_files.pod_templates for label in pod.labels}
    require_none(
        [
            f"no template {wanted.template} has label {wanted.label}"
            for wanted in contract.jenkins.agents
            if (wanted.template, wanted.label) not in known
        ],
        "the pod templates are not the declared ones",
        remedy="declare the template in the values (agent, additionalAgents) with this name and label",
    )


@pytest.mark.requirement("STATIC-41")
def test_every_template_is_declared(stack_files: StackFiles, contract: Contract) -> None:
    """Each pod template is in the contract."""
    known = {wanted.template for wanted in contract.jenkins.agents}
    require_none(
        [_named(pod) for pod in stack_files.pod_templates if pod.name not in known],
        "a pod template is not in the contract",
        remedy="declare it in the contract (jenkins.agents), or remove it (agent.disableDefaultAgent: true)",
    )


@pytest.mark.requirement("STATIC-42")
def test_pod_yaml_parses(stack_files: StackFiles) -> None:
    """Each pod template's YAML parses."""
    require_none(
        [
            f"{pod.origin}: the pod YAML of {pod.name}: {error.message} ({error.place})"
            for pod in stack_files.pods
            for error in pod.errors
        ],
        "a pod template's YAML does not parse",
        remedy="correct it: agents of this template would never start",
    )


@pytest.mark.requirement("STATIC-43")
def test_no_privileged_template(stack_files: StackFiles) -> None:
    """No pod template is privileged."""
    findings = Findings()
    for pod, container in _containers(stack_files):
        flag = container.security.privileged
        if flag is not None and findings.known(flag):
            findings.append(f"{_named(pod)}, container {container.name} ({flag.place})")
    # a field of the template may win over its YAML, and an older release of the plugin decides otherwise
    findings += [
        f"{template.origin}: template {template.name} ({node.place})"
        for template in stack_files.model.pod_templates
        for written in template.yamls
        for path, node in written.walk()
        if path[-2:] == ("securityContext", "privileged") and (own := boolean(node)) and own.value is True
    ]
    findings.conclude(
        "a pod template is privileged",
        expected="privileged: false",
        remedy="remove it: img builds images without any privilege",
    )


@pytest.mark.requirement("STATIC-44")
def test_no_host_path(stack_files: StackFiles) -> None:
    """No pod template mounts a path of the node."""
    findings = Findings()
    for pod in stack_files.pods:
        findings += [
            f"{_named(pod)} mounts {shown(str(volume.source.value))} ({volume.place})"
            for volume in pod.host_paths()
        ]
        spaces = {"network": pod.host_network, "processes": pod.host_pid, "IPC": pod.host_ipc}
        findings += [
            f"{_named(pod)} shares the node's {space} ({fact.place})"
            for space, fact in spaces.items()
            if fact is not None and findings.known(fact)
        ]
    findings.conclude(
        "a pod template mounts a path of the node",
        remedy="remove the hostPath volume: through a container runtime's socket a build owns the node",
    )


@pytest.mark.requirement("STATIC-45")
def test_resources_are_set(stack_files: StackFiles) -> None:
    """Each pod template sets requests for cpu and memory and a limit for memory."""
    require_none(
        [
            f"{_named(pod)} has no {resource} in container {container.name}"
            for pod in stack_files.pods
            for container in pod.own_containers
            for resource in RESOURCES
            if resource not in container.resources
        ],
        "a pod template has no resources set",
        expected=", ".join(RESOURCES),
        remedy="set resources of the template: a build without limits takes the node down with it",
    )


@pytest.mark.requirement("STATIC-46")
def test_images_are_exact(stack_files: StackFiles) -> None:
    """Each pod template's image is pinned."""
    findings = Findings()
    for pod, container in _containers(stack_files):
        if container.image.place.file in stack_files.builds.pipelines:
            continue  # an image that a Jenkinsfile names is the finding of STATIC-36
        image = findings.known(container.image)
        # a container without an image gets the plugin's own, or that of a container below it
        if image and not stack_files.exact_image(image):
            findings.append(f"{_named(pod)} runs {shown(image)} ({container.image.place})")
    findings.conclude(
        "a pod template's image is not pinned",
        expected="a tag other than latest, or a digest",
        remedy="pin the image of the template",
    )


@pytest.mark.requirement("STATIC-47")
def test_pods_do_not_run_as_root(stack_files: StackFiles) -> None:
    """No pod template runs as root."""
    findings = Findings()
    for pod in stack_files.pods:
        users = [pod.security.run_as_user, *(container.security.run_as_user for container in pod.containers)]
        for user in users:
            if user is not None and findings.known(user) == 0:
                findings.append(f"{_named(pod)} runs as root ({user.place})")
    findings.conclude("a pod template runs as root", remedy="set runAsUser to the image's own user (1000)")


def _containers(stack_files: StackFiles) -> Iterator[tuple[Pod, Container]]:
    """Every container that builds run in, with its pod; init containers too."""
    return ((pod, container) for pod in stack_files.pods for container in pod.containers)


def _named(pod: Pod) -> str:
    return f"{pod.origin}: template {pod.name} ({pod.place})"


@pytest.mark.requirement("STATIC-48")
def test_agents_have_their_own_service_account(stack_files: StackFiles, contract: Contract) -> None:
    """The values make the service account for agents that the contract names."""
    own, wanted = stack_files.release.agent_service_account, contract.jenkins.agent_service_account
    create = boolean(stack_files.values.at("serviceAccountAgent", "create"))
    makes = create is not None and create.value is not False
    require_none(
        [f"serviceAccountAgent.name is {own.value!r} ({own.place})"]
        # `default` is the account that each namespace has
        if own.decided and (own.value != wanted or not (makes or wanted == "default"))
        else [],
        "agents do not have the service account of the contract",
        expected=f"serviceAccountAgent: create: true, name: {wanted}",
        remedy="let the chart make a service account for agents, apart from the controller's",
    )
