"""Rights of the service accounts in the cluster."""

from __future__ import annotations

import pytest

from conformance.clients.kubernetes import Cluster
from conformance.clients.objects import Pod
from conformance.contract.model import Contract
from conformance.core.nonconformance import PreconditionFailed, require, require_none


@pytest.mark.requirement("PLATFORM-15")
def test_controller_may_run_agents(kube: Cluster, pods: tuple[Pod, ...], contract: Contract) -> None:
    """The controller's service account may run agents: pods, their logs and exec, in its namespace."""
    account = (contract.jenkins.namespace, _controller(pods, contract).service_account)
    wanted = [(verb, "pods") for verb in ("create", "delete", "get", "list", "watch")] + [
        ("create", "pods/exec"),
        ("get", "pods/log"),
        ("list", "events"),
    ]
    require_none(
        [
            f"{account[1]} may not {verb} {resource}"
            for verb, resource in wanted
            if not kube.allowed(account, verb, resource, namespace=contract.jenkins.namespace)
        ],
        "the controller cannot run agents",
        remedy="install the chart's RBAC (rbac.create: true) for the controller's service account",
    )


@pytest.mark.requirement("PLATFORM-16")
def test_controller_may_no_more_than_it_needs(
    kube: Cluster, pods: tuple[Pod, ...], contract: Contract
) -> None:
    """The controller's service account may do no more than run agents."""
    account = (contract.jenkins.namespace, _controller(pods, contract).service_account)
    elsewhere = "kube-system"
    refused = [
        ("get", "secrets", elsewhere, ""),
        ("list", "secrets", contract.nexus.namespace, ""),
        ("create", "pods", elsewhere, ""),
        ("create", "pods/exec", contract.nexus.namespace, ""),
        ("list", "nodes", "", ""),
        ("delete", "nodes", "", ""),
        ("create", "clusterroles", "", "rbac.authorization.k8s.io"),
        ("create", "clusterrolebindings", "", "rbac.authorization.k8s.io"),
        ("create", "rolebindings", contract.jenkins.namespace, "rbac.authorization.k8s.io"),
    ]
    require_none(
        [
            f"{account[1]} may {verb} {resource}" + (f" in {namespace}" if namespace else "")
            for verb, resource, namespace, group in refused
            if kube.allowed(account, verb, resource, namespace=namespace, group=group)
        ],
        "the controller may more than running agents takes",
        remedy="take the role binding away: the controller needs pods in its own namespace and no more",
    )


@pytest.mark.requirement("PLATFORM-17")
def test_agents_may_nothing(
    kube: Cluster, contract: Contract, namespaces: tuple[str, ...], pods: tuple[Pod, ...]
) -> None:
    """The agents' service account may do nothing with pods and secrets."""
    account = (contract.jenkins.namespace, contract.jenkins.agent_service_account)
    if _controller(pods, contract).service_account == account[1]:
        raise PreconditionFailed("PLATFORM-18", f"agents share the controller's {account[1]}")
    require_none(
        [
            f"{account[1]} may {verb} {resource} in {namespace}"
            for verb, resource in (
                ("get", "secrets"),
                ("create", "pods"),
                ("list", "pods"),
                ("create", "pods/exec"),
            )
            for namespace in namespaces
            if kube.allowed(account, verb, resource, namespace=namespace)
        ],
        "agents have rights in the cluster: so has every build that anybody can start",
        remedy=f"remove role bindings of service account {account[1]}",
    )


@pytest.mark.requirement("PLATFORM-18")
def test_service_accounts_are_separate(pods: tuple[Pod, ...], contract: Contract) -> None:
    """Controller and agents have a service account each, not the default one."""
    controller = _controller(pods, contract).service_account
    require(
        controller not in ("", "default"),
        "the controller runs under the namespace's default service account",
        remedy="let the chart make one (serviceAccount.create: true)",
    )
    require(
        controller != contract.jenkins.agent_service_account,
        f"controller and agents share the service account {controller}: a build has the controller's rights",
        remedy="give agents their own (serviceAccountAgent.create: true)",
    )


def _controller(pods: tuple[Pod, ...], contract: Contract) -> Pod:
    owner = f"StatefulSet/{contract.jenkins.release}"
    found = [pod for pod in pods if pod.namespace == contract.jenkins.namespace and pod.owner == owner]
    if not found:
        raise PreconditionFailed("PLATFORM-09", f"there is no controller pod of {owner}")
    return found[0]
