"""Builds on agents: what they reach, how they end, and what they leave."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest
from kubernetes.utils import parse_quantity

from conformance.clients.agents import Agents
from conformance.clients.jobs import Build
from conformance.clients.kubernetes import Cluster
from conformance.clients.names import Names
from conformance.clients.objects import Pod
from conformance.contract.model import Contract
from conformance.core.nonconformance import NonConformance, PreconditionFailed, require, require_none
from conformance.runner.decision import not_applicable
from conformance.sources.pod_templates import memory_limit
from conformance.sources.stack import StackFiles
from suites.agents.conftest import Failing, RequestedBuild, Visit

pytestmark = pytest.mark.writes

#: what curl's status means
CURL = {
    "6": "its name does not resolve",
    "7": "no connection",
    "28": "no answer",
    "60": "its certificate is not trusted",
    "127": "there is no curl",
    "other": "another server answers",
    "unasked": "the build sent no request",
}
#: a controller's words for a killed command or a killed container
KILLED = re.compile(r"exit code 137|OOMKilled|Agent was removed|was terminated|Killed")
#: the most bytes of memory that a check fills
MOST = 4 * 1024**3


@pytest.mark.requirement("AGENTS-14")
def test_builds_reach_the_services(visit: Visit, label: str) -> None:
    """A build reaches the controller, Nexus and the registry by the names it uses."""
    require_none(
        [
            f"{name} ({url}): {CURL.get(status, f'curl ends with {status}')}"
            for name, url, status in visit.reached
            if status != "0"
        ],
        f"a build on {label} does not reach a service by the name it uses",
        expected="the service's own answer, whatever its status, and a certificate that is trusted",
        remedy="names must resolve in pods; the host's trust store must be in them",
    )


@pytest.mark.requirement("AGENTS-20")
def test_agent_goes_when_its_build_ends(visit: Visit) -> None:
    """An agent's pod is gone within the budget after its build."""
    visit.require_gone()


@pytest.mark.beside_restart
@pytest.mark.requirement("AGENTS-21")
def test_failing_step_fails_the_build(at_once: Sequence[Failing]) -> None:
    """A step that fails makes its build fail, and the console shows the exit code."""
    build = at_once[0]
    require(
        build.result == "FAILURE" and build.exit_code_shown,
        f"a step that ends with status 3 makes a build {build.result}",
        expected="FAILURE, and the exit code in the console",
        observed=build.reason,
        remedy="read the console: steps must report their exit code",
    )


@pytest.mark.beside_restart
@pytest.mark.requirement("AGENTS-22")
def test_two_agents_at_once(at_once: Sequence[Failing]) -> None:
    """Two builds at once get an agent each."""
    one, other = at_once
    require(
        "" not in {one.agent, other.agent},
        "of two builds at once one gets no agent",
        expected="an agent for each",
        observed="; ".join(build.reason for build in at_once if not build.agent),
        remedy="raise the cloud's cap, or look at the controller's log",
    )
    require(
        one.agent != other.agent,
        f"two builds at once share the agent {one.agent}",
        expected="an agent for each",
        remedy="give each agent one executor",
    )


@pytest.mark.beside_restart
@pytest.mark.requirement("AGENTS-23")
def test_killed_agent_ends_its_build(
    agents: Agents, contract: Contract, kube: Cluster, any_label: str, *, names: Names
) -> None:
    """A build whose agent is killed ends, and leaves no pod."""
    agent = agents.hold(f"{names.check}", any_label, timeout=contract.budgets.agent_online)
    kube.delete_pod(agent.pod.namespace, agent.pod.name)
    build = agents.jenkins.finish(agent.started, timeout=contract.budgets.agent_online)
    require(
        build.result in ("ABORTED", "FAILURE"),
        f"a build whose agent was killed ends {build.result}",
        expected="ABORTED",
        observed=build.reason(),
        remedy="look at the controller's log",
    )
    agents.wait_gone(agent.pod.name, timeout=contract.budgets.agent_gone)


@pytest.mark.beside_restart
@pytest.mark.requirement("AGENTS-26")
def test_build_that_wants_more_memory_ends_alone(
    agents: Agents,
    contract: Contract,
    kube: Cluster,
    *,
    stack_files: StackFiles,
    any_label: str,
    names: Names,
) -> None:
    """A build that wants more memory than its agent may have fails, and nothing else on the node ends."""
    held = agents.held(any_label, timeout=contract.budgets.agent_online)
    template = next((one for one in stack_files.pod_templates if any_label in one.labels), None)
    limits = [
        (one.spec.get("resources") or {}).get("limits", {}).get("memory", "") for one in held.pod.containers
    ]
    limit = (memory_limit(template) if template else "") or limits[0]
    if not limits[0]:
        raise PreconditionFailed("AGENTS-10", f"agent {any_label} has no limit for memory")
    size = int(parse_quantity(limit))
    if size > MOST:
        not_applicable(f"agents may have {limit}: more than is filled for a check")
    wanted = size * 5 // 4
    before = {pod.uid: pod for pod in kube.all_pods()}
    build, name = agents.visit(
        names.check,
        any_label,
        f"sh 'head -c {wanted} /dev/zero | tail > /dev/null'",
        timeout=contract.budgets.build,
    )
    require(
        build.result in ("FAILURE", "ABORTED"),
        f"a build with {wanted >> 20} MiB in use ends {build.result} on an agent that may have {limit}",
        expected="its process or its container is killed, and the build fails",
        observed=build.reason(),
        remedy="set the memory limit of the pod template's containers as the stack declares it",
    )
    require(
        KILLED.search(build.console) is not None,
        f"a build that was killed for its memory does not say so: {build.reason()}",
        expected="exit code 137, or that the agent's container was OOMKilled",
        observed=build.reason(),
        remedy="look at the controller's log for the agent",
    )
    agents.wait_gone(name, timeout=contract.budgets.agent_gone)
    require_none(
        _ended_with_it(kube, before, _node(kube, held.pod.namespace, name)),
        "something else ended when a build wanted more memory than its agent may have",
        expected="only the build's own process or pod ends",
        remedy="set memory limits, and requests that fit the node",
    )


def _node(kube: Cluster, namespace: str, pod: str) -> str:
    """The node that a pod was on, by its events; empty when they are gone."""
    assigned = [re.search(r"assigned \S+ to (\S+)", message) for _, _, message in kube.events(namespace, pod)]
    return next((found[1] for found in assigned if found), "")


def _ended_with_it(kube: Cluster, before: dict[str, Pod], node: str) -> list[str]:
    """Pods of the node that restarted or failed since. A pod that is being deleted ends on purpose."""
    findings = []
    for pod in kube.all_pods():
        was = before.get(pod.uid)
        if was is None or pod.deleted or (node and pod.node != node):
            continue
        if sum(one.restarts for one in pod.containers) > sum(one.restarts for one in was.containers):
            findings.append(f"pod {pod.namespace}/{pod.name} restarted")
        elif pod.phase == "Failed" and was.phase != "Failed":
            findings.append(f"pod {pod.namespace}/{pod.name} failed")
    return findings


@pytest.mark.beside_restart
@pytest.mark.run_late
@pytest.mark.requirement("AGENTS-27")
@pytest.mark.usefixtures("any_label")
def test_missing_image_ends_the_build(
    agents: Agents, contract: Contract, kube: Cluster, absent: RequestedBuild
) -> None:
    """A build that declares an agent whose image does not exist ends within the budget, names it, and leaves
    no pod.
    """
    budget, jenkins = contract.budgets.image_given_up, agents.jenkins
    started = jenkins.left_queue(absent.job, absent.queue_id, timeout=budget)
    what = "a build that declares an agent whose image does not exist"
    try:
        build: Build = jenkins.finish(started, timeout=budget)
    except NonConformance as error:
        raise NonConformance(
            f"{what} still waits after {budget} s",
            expected=f"its end within {budget} s",
            observed=error.observed,
            remedy="let the kubernetes plugin give up: Reaper.backoffEventsLimit",
        ) from error
    require(
        build.result in ("ABORTED", "FAILURE") and build.seconds <= budget,
        f"{what} ends {build.result} after {build.seconds:.0f} s",
        expected=f"ABORTED or FAILURE within {budget} s",
        observed=build.reason(),
        remedy="let the kubernetes plugin give up: Reaper.backoffEventsLimit",
    )
    require(
        absent.image in build.console,
        f"{what} does not name the image: {build.reason()}",
        expected=absent.image,
        observed="the console's end:\n" + "\n".join(build.console.splitlines()[-15:]),
        remedy="look at the kubernetes plugin's version: it reports why a pod waits",
    )
    for pod in kube.pods(contract.jenkins.namespace):
        if any(part.image == absent.image for part in pod.containers):
            agents.wait_gone(pod.name, timeout=contract.budgets.agent_gone)


@pytest.mark.beside_restart
@pytest.mark.run_late
@pytest.mark.requirement("AGENTS-28")
@pytest.mark.usefixtures("any_label")
def test_cap_on_agents_holds(agents: Agents, contract: Contract, capped: RequestedBuild) -> None:
    """A cap on agents holds: a waiting build gets an agent when another one has gone."""
    # the longest: two agents that come late, one after the other
    budget = 2 * contract.budgets.agent_online + contract.budgets.build
    started = agents.jenkins.left_queue(capped.job, capped.queue_id, timeout=budget)
    build = agents.jenkins.finish(started, timeout=budget)
    build.require_success("a template with a cap must still give an agent to each waiting build")
    # the order of the controller's console, so that no clocks of nodes are compared
    turns = re.findall(r"conformance-turn (begins|ends)", build.console)
    require(
        turns == ["begins", "ends"] * 2,
        "a template that may have one agent at a time had two",
        expected="the second agent comes when the first one is gone",
        observed=", ".join(turns) or "no turn at all",
        remedy="look at the kubernetes plugin's version: instanceCap and containerCap are its limits",
    )
