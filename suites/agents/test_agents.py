"""Agents: pods on demand, with their tools and without a way out of the pod."""

from __future__ import annotations

import re

import pytest

from conformance.clients.agents import Agent, Agents
from conformance.contract.model import Agent as Declared
from conformance.contract.model import Contract
from conformance.core.nonconformance import PreconditionFailed, require, require_none
from conformance.runner.decision import not_applicable
from conformance.runner.outcomes import Evidence
from conformance.sources.pod_templates import confinement
from conformance.sources.stack import StackFiles
from suites.agents.conftest import confined
from suites.agents.inside import CLIENTS, RUNTIME_SOCKETS, SETUID, TOKEN, WORK, Answers, inspect_agent, tool

pytestmark = [pytest.mark.writes, pytest.mark.beside_restart]

#: Maven prints its version in bold, terminal or not
COLOURS = re.compile(r"\x1b\[[0-9;]*m")


@pytest.fixture
def declared(contract: Contract, label: str) -> Declared:
    return next(agent for agent in contract.jenkins.agents if agent.label == label)


@pytest.fixture
def inside(agents: Agents, agent: Agent, declared: Declared) -> Answers:
    return inspect_agent(agents, agent, declared)


@pytest.mark.requirement("AGENTS-01")
def test_agent_comes_on_demand(agent: Agent, contract: Contract, evidence: Evidence) -> None:
    """For each label a build gets an agent on demand, within the budget."""
    evidence.add("timeline", dict(agent.timeline))
    require(
        agent.online_seconds <= contract.budgets.agent_online,
        f"an agent for label {agent.label} took {agent.online_seconds:.0f} s",
        expected=f"its first step within {contract.budgets.agent_online} s",
        observed=", ".join(f"{what} {seconds} s" for what, seconds in agent.timeline),
        remedy="the timeline shows where the time went: queue, scheduling, image or connection",
    )


@pytest.mark.requirement("AGENTS-02")
def test_agent_runs_under_its_service_account(agent: Agent, contract: Contract) -> None:
    """Agents run under their own service account."""
    require(
        agent.pod.service_account == contract.jenkins.agent_service_account,
        f"agent {agent.pod.name} runs under the service account {agent.pod.service_account}",
        expected=contract.jenkins.agent_service_account,
        observed=agent.pod.service_account,
        remedy="set serviceAccountAgent in the values",
    )


@pytest.mark.requirement("AGENTS-03")
def test_agent_is_not_privileged(agent: Agent) -> None:
    """Agents have no privileges on their node."""
    findings = [
        f"container {part.name} is privileged"
        for part in agent.pod.containers
        if (part.spec.get("securityContext") or {}).get("privileged")
    ]
    findings += [
        f"the pod has {key}" for key in ("hostNetwork", "hostPID", "hostIPC") if agent.pod.spec.get(key)
    ]
    require_none(
        findings,
        f"agent {agent.label} has rights on its node",
        remedy="remove them from the pod template: nothing that it does needs them",
    )


@pytest.mark.requirement("AGENTS-04")
def test_agent_mounts_nothing_of_its_node(agent: Agent) -> None:
    """Agents mount nothing of their node."""
    require_none(
        [
            f"volume {volume['name']} is {volume['hostPath']['path']} of the node"
            for volume in agent.pod.spec.get("volumes") or ()
            if "hostPath" in volume
        ],
        f"agent {agent.label} sees its node's files",
        remedy="remove the hostPath volume from the pod template",
    )


@pytest.mark.requirement("AGENTS-05")
def test_agent_does_not_run_as_root(inside: Answers, agent: Agent) -> None:
    """Agents do not run as root."""
    user = inside["user"].text
    require(
        user not in ("", "0"),
        f"agent {agent.label} runs as root",
        expected="a user id other than 0",
        observed=user,
        remedy="set runAsUser in the pod template",
    )


@pytest.mark.requirement("AGENTS-06")
def test_agent_has_its_tools(inside: Answers, declared: Declared) -> None:
    """Agents have the tools of the contract in the right versions."""
    findings = []
    for wanted in declared.tools:
        answer = inside[tool(wanted.name)]
        version = COLOURS.sub("", answer.output).strip()
        if answer.rc != 0:
            last_line = (version.splitlines() or [""])[-1]
            findings.append(f"{wanted.name}: `{wanted.command}` ends with {answer.rc}: {last_line}")
        elif not re.search(wanted.version, version):
            findings.append(f"{wanted.name} is {(version.splitlines() or [''])[0]!r}, not {wanted.version}")
    require_none(
        findings,
        f"agent {declared.label} lacks a tool",
        expected=", ".join(f"{wanted.name} {wanted.version}" for wanted in declared.tools),
        remedy="put the tool into the agent's image, or declare the right version in the contract",
    )


@pytest.mark.requirement("AGENTS-07")
def test_agent_has_no_runtime_socket(inside: Answers, agent: Agent) -> None:
    """No socket of a container runtime is in an agent."""
    files = [path for path in inside["files"].output.splitlines() if path.endswith(RUNTIME_SOCKETS)]
    mounts = [line for line in inside["mounts"].output.splitlines() if ".sock" in line]
    open_ones = [
        line.split()[-1]
        for line in inside["sockets in use"].output.splitlines()
        if line.endswith(RUNTIME_SOCKETS)
    ]
    require_none(
        [*files, *mounts, *open_ones],
        f"agent {agent.label} has a container runtime's socket",
        remedy="remove the volume that holds it: a process that reaches the socket controls the node",
    )


@pytest.mark.requirement("AGENTS-08")
def test_agent_has_no_docker_client(inside: Answers, agent: Agent) -> None:
    """No client of a container daemon is in an agent."""
    found = inside["clients"].output.split()
    set_ones = inside["clients' settings"].output.split()
    require_none(
        [*found, *set_ones],
        f"agent {agent.label} has a client of a container daemon",
        remedy="take it out of the agent's image: images are built by img, without a daemon",
    )


@pytest.mark.requirement("AGENTS-09")
def test_agent_runs_no_daemon(inside: Answers, agent: Agent) -> None:
    """No container daemon runs in an agent."""
    running = inside["processes"].output.split()
    sides = [
        part.image for part in agent.pod.containers if re.search(r"\b(docker|dind|buildkit)\b", part.image)
    ]
    require_none(
        [f"process {name}" for name in running if name in CLIENTS]
        + [f"container image {image}" for image in sides],
        f"agent {agent.label} runs a container daemon",
        remedy="remove it from the pod template: images are built by img, without a daemon",
    )


@pytest.mark.requirement("AGENTS-10")
def test_agent_has_resources_set(agent: Agent) -> None:
    """Agents have requests for cpu and memory and a limit for memory."""
    require_none(
        [
            f"container {part.name} has no {kind} for {resource}"
            for part in agent.pod.containers
            for kind, resource in (("requests", "cpu"), ("requests", "memory"), ("limits", "memory"))
            if resource not in (part.spec.get("resources") or {}).get(kind, {})
        ],
        f"agent {agent.label} has no resources set",
        remedy="set the template's resources: a build without limits takes the node down with it",
    )


@pytest.mark.requirement("AGENTS-11")
def test_agent_holds_no_api_token(inside: Answers, agent: Agent) -> None:
    """Agents hold no token of the Kubernetes API."""
    require(
        inside["token"].rc != 0,
        f"agent {agent.label} holds a token of the Kubernetes API",
        expected=f"no {TOKEN}",
        observed="a build can read it",
        remedy="set automountServiceAccountToken: false for agents",
    )


@pytest.mark.requirement("AGENTS-12")
def test_agent_image_is_the_declared_one(agent: Agent) -> None:
    """Agents run a pinned image."""
    require_none(
        [
            f"container {part.name} runs {part.image}"
            for part in agent.pod.containers
            if not _exact(part.image)
        ],
        f"agent {agent.label} runs an image that is not pinned",
        expected="a tag other than latest, or a digest",
        remedy="pin the image of the pod template",
    )


def _exact(image: str) -> bool:
    tag = image.rpartition("/")[2].partition(":")[2]
    return "@sha256:" in image or tag not in ("", "latest")


@pytest.mark.requirement("AGENTS-13")
def test_agent_is_confined_as_declared(inside: Answers, agent: Agent, stack_files: StackFiles) -> None:
    """Agents run as the user and under the seccomp profile that their template declares."""
    template = next((one for one in stack_files.pod_templates if agent.label in one.labels), None)
    if template is None or not confinement(template):
        not_applicable(f"no pod template of the stack declares how {agent.label} is confined")
    if inside["user"].text == "0":
        raise PreconditionFailed("AGENTS-05", f"agent {agent.label} runs as root")
    require_none(
        confined(inside, template),
        f"agent {agent.label} is not confined as its template declares",
        expected=", ".join(f"{key} {value}" for key, value in confinement(template).items()),
        remedy="look at what is between the stack's values and the node: configuration as code, the runtime",
    )


@pytest.mark.requirement("AGENTS-24")
def test_agent_s_home_is_its_own(inside: Answers, agent: Agent) -> None:
    """Agents can write their work folder."""
    done = inside["work folder"]
    require(
        done.rc == 0,
        f"agent {agent.label} cannot write its work folder",
        expected=f"a writable {WORK}",
        observed=done.text[-300:],
        remedy="set fsGroup in the pod template to the image's group",
    )


@pytest.mark.requirement("AGENTS-25")
def test_agent_has_no_setuid_programs_to_root(inside: Answers, agent: Agent) -> None:
    """No setuid program in an agent makes a build root."""
    found = inside["files"].output.splitlines()
    require_none(
        [path for path in found if path.rpartition("/")[2] in SETUID],
        f"agent {agent.label} has a program that makes a build root",
        remedy="remove it from the agent's image: img needs file capabilities on newuidmap, not setuid",
    )
