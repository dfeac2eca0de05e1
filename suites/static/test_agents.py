"""The agents' pod templates, as the values declare them."""

from __future__ import annotations

import pytest

from conformance.contract.model import Contract
from conformance.core.nonconformance import require_none
from conformance.sources.stack import StackFiles

RESOURCES = ("requests.cpu", "requests.memory", "limits.memory")


@pytest.mark.requirement("STATIC-40")
def test_every_declared_agent_has_a_template(stack_files: StackFiles, contract: Contract) -> None:
    """Each agent of the contract has a pod template with its name and label."""
    by_label = {label: template for template in stack_files.pod_templates for label in template.labels}
    require_none(
        [
            f"no template {wanted.template} has label {wanted.label}"
            for wanted in contract.jenkins.agents
            if wanted.label not in by_label or by_label[wanted.label].name != wanted.template
        ],
        "the pod templates are not the declared ones",
        remedy="declare the template in the values (agent, additionalAgents) with this name and label",
    )


@pytest.mark.requirement("STATIC-41")
def test_every_template_is_declared(stack_files: StackFiles, contract: Contract) -> None:
    """Each pod template is in the contract."""
    known = {wanted.template for wanted in contract.jenkins.agents}
    require_none(
        [
            f"{found.where}: template {found.name}"
            for found in stack_files.pod_templates
            if found.name not in known
        ],
        "a pod template is not in the contract",
        remedy="declare it in the contract (jenkins.agents), or remove it (agent.disableDefaultAgent: true)",
    )


@pytest.mark.requirement("STATIC-42")
def test_pod_yaml_parses(stack_files: StackFiles) -> None:
    """Each pod template's YAML parses."""
    require_none(
        [
            f"{found.where}: the pod YAML of {found.name}"
            for found in stack_files.pod_templates
            if found.pod is None
        ],
        "a pod template's YAML does not parse",
        remedy="mend it: agents of this template would never start",
    )


@pytest.mark.requirement("STATIC-43")
def test_no_privileged_template(stack_files: StackFiles) -> None:
    """No pod template is privileged."""
    require_none(
        [
            f"{found.where}: template {found.name}"
            for found in stack_files.pod_templates
            if found.is_privileged()
        ],
        "a pod template is privileged",
        expected="privileged: false",
        remedy="remove it: img builds images without any privilege",
    )


@pytest.mark.requirement("STATIC-44")
def test_no_host_path(stack_files: StackFiles) -> None:
    """No pod template mounts a path of the node."""
    require_none(
        [
            f"{found.where}: template {found.name} mounts {path}"
            for found in stack_files.pod_templates
            for path in found.host_paths()
        ],
        "a pod template mounts a path of the node",
        remedy="remove the hostPath volume: through a container runtime's socket a build owns the node",
    )


@pytest.mark.requirement("STATIC-45")
def test_resources_are_set(stack_files: StackFiles) -> None:
    """Each pod template sets requests for cpu and memory and a limit for memory."""
    require_none(
        [
            f"{found.where}: template {found.name} has no {resource}"
            for found in stack_files.pod_templates
            for resource in RESOURCES
            if resource not in found.resources
        ],
        "a pod template has no resources set",
        expected=", ".join(RESOURCES),
        remedy="set resources of the template: a build without limits takes the node down with it",
    )


@pytest.mark.requirement("STATIC-46")
def test_images_are_exact(stack_files: StackFiles) -> None:
    """Each pod template's image is pinned."""
    require_none(
        [
            f"{found.where}: template {found.name} runs {image}"
            for found in stack_files.pod_templates
            if not stack_files.exact_image(image := found.image)
        ],
        "a pod template's image is not pinned",
        expected="a tag other than latest, or a digest",
        remedy="pin the image of the template",
    )


@pytest.mark.requirement("STATIC-47")
def test_pods_do_not_run_as_root(stack_files: StackFiles) -> None:
    """No pod template runs as root."""
    findings = []
    for found in stack_files.pod_templates:
        spec = (found.pod or {}).get("spec") or {}
        contexts = [spec.get("securityContext") or {}] + [
            part.get("securityContext") or {} for part in spec.get("containers") or ()
        ]
        if any(context.get("runAsUser") == 0 for context in contexts):
            findings.append(f"{found.where}: template {found.name} runs as root")
    require_none(
        findings, "a pod template runs as root", remedy="set runAsUser to the image's own user (1000)"
    )


@pytest.mark.requirement("STATIC-48")
def test_agents_have_their_own_service_account(stack_files: StackFiles, contract: Contract) -> None:
    """The values make the service account for agents that the contract names."""
    own = stack_files.values.get("serviceAccountAgent") or {}
    wanted = contract.jenkins.agent_service_account
    require_none(
        [f"serviceAccountAgent.name is {own.get('name')!r}"]
        if own.get("name") != wanted or not own.get("create")
        else [],
        "agents do not have the service account of the contract",
        expected=f"serviceAccountAgent: create: true, name: {wanted}",
        remedy="let the chart make a service account for agents, apart from the controller's",
    )
