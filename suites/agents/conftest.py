"""Preconditions of the checks of agents: an agent comes. And builds that several checks read."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest

from conformance.clients.agents import Agent, Agents
from conformance.clients.registry import EcrApi
from conformance.contract.model import Contract
from conformance.core.nonconformance import NonConformance, PreconditionFailed
from conformance.runner.decision import not_applicable
from conformance.sources.pod_templates import confinement
from conformance.sources.pods.model import Pod as DeclaredPod
from suites.agents.inside import Answers

#: `comes(label)`: the agent that the run holds. Raises PreconditionFailed
Comes = Callable[[str], Agent]


#: sends one request to each URL. A header identifies the service, whatever its status: a proxy in between may
#: answer for all of them
REACH = """
reach() {
    status=0
    curl --silent --dump-header headers --output /dev/null --max-time 20 "$2" || status=$?
    if [ $status = 0 ] && ! grep -qi "^$3" headers; then status=other; fi
    echo "conformance-reach $1 $2 $status"
}
"""
#: header that identifies each service
SIGNS = {
    "controller": "x-jenkins:",
    "Nexus": "server: *nexus",
    "registry": "docker-distribution-api-version:",
}


@dataclass(frozen=True, slots=True)
class Visit:
    """A short build on a fresh agent.

    `reached` are (service, URL, curl's status); the status is `other` where another server answered.
    """

    result: str
    reached: tuple[tuple[str, str, str], ...]
    #: what, expected, observed and remedy of a NonConformance when its pod stayed, else empty
    stayed: dict[str, str]

    def require_gone(self) -> None:
        if self.stayed:
            raise NonConformance(**self.stayed)


@dataclass(frozen=True, slots=True)
class Failing:
    """A build whose step ends with status 3; `exit_code_shown`: does its console show the status?"""

    agent: str
    result: str
    exit_code_shown: bool
    reason: str


@dataclass(frozen=True, slots=True)
class RequestedBuild:
    """A build that takes long and was requested early, once in a run; `image` is that of its agent."""

    job: str
    queue_id: int
    image: str = ""


def _request_once(agents: Agents, name: str, script: str, image: str = "") -> RequestedBuild:
    job = f"{agents.folder}/{name}"

    def request() -> dict[str, int]:
        agents.jenkins.create_pipeline(job, script)
        queue_id = agents.jenkins.request_build(job)
        agents.shared.register_cleanup("requested build", job=job, queue_id=queue_id)
        return {"queue_id": queue_id}

    return RequestedBuild(job, agents.shared.once(name, request)["queue_id"], image)


@pytest.fixture(scope="session")
def absent(agents: Agents, run_name: str) -> RequestedBuild:
    """A build on an agent whose image does not exist."""
    return request_absent_image(agents, run_name)


def request_absent_image(agents: Agents, run_name: str) -> RequestedBuild:
    """Request that build, once in a run: the node takes half a minute for two attempts."""
    image = f"absent.invalid/{run_name}:1"
    pod = {
        "spec": {
            "automountServiceAccountToken": False,
            "securityContext": {"runAsNonRoot": True, "runAsUser": 1000},
            "containers": [
                {
                    "name": "jnlp",
                    "image": image,
                    "resources": {"requests": {"cpu": "1m", "memory": "1Mi"}, "limits": {"memory": "64Mi"}},
                }
            ],
        }
    }
    script = f"podTemplate(yaml: '{json.dumps(pod)}') {{ node(POD_LABEL) {{ sh 'true' }} }}"
    return _request_once(agents, "absent-image", script, image)


#: two branches want an agent, and one may be there at a time; each works longer than an agent takes to come
TURNS = """
podTemplate(inheritFrom: '{template}', instanceCap: 1) {{
    def turn = {{
        node(POD_LABEL) {{ echo 'conformance-turn begins'; sleep 10; echo 'conformance-turn ends' }}
    }}
    parallel(one: turn, other: turn)
}}
"""


@pytest.fixture(scope="session")
def capped(agents: Agents, contract: Contract) -> RequestedBuild:
    """A build that wants two agents at once of a template that may have one."""
    if not contract.jenkins.agents:
        not_applicable("the contract declares no agent")
    return request_capped(agents, contract)


def request_capped(agents: Agents, contract: Contract) -> RequestedBuild:
    """Request that build, once in a run."""
    return _request_once(agents, "capped", TURNS.format(template=contract.jenkins.agents[0].template))


def confined(inside: Answers, template: DeclaredPod) -> list[str]:
    """A line for each confinement of the agent's processes that differs from its template."""
    user, group, groups, seccomp = (inside[key].text for key in ("user", "group", "groups", "seccomp"))
    declared = confinement(template)
    findings = [
        f"{key} is {seen}, not {declared[key]}"
        for key, seen in (("runAsUser", user), ("runAsGroup", group))
        if key in declared and declared[key] != seen
    ]
    if "fsGroup" in declared and declared["fsGroup"] not in groups.split():
        findings.append(f"fsGroup {declared['fsGroup']} is not among its groups {groups}")
    profile = declared.get("seccompProfile", "")
    if profile and (seccomp != "0") is (profile == "Unconfined"):
        findings.append(f"seccomp is {'off' if seccomp == '0' else 'on'}, declared is {profile}")
    return findings


@pytest.fixture(scope="session")
def early_builds(agents: Agents, contract: Contract, run_name: str, planned: frozenset[str]) -> None:
    """Builds that take long are requested before their checks are due, where the session has these."""
    if "AGENTS-27" in planned:
        request_absent_image(agents, run_name)
    if "AGENTS-28" in planned and contract.jenkins.agents:
        request_capped(agents, contract)


@pytest.fixture(scope="session")
def comes(agents: Agents, contract: Contract, early_builds: None) -> Comes:
    """`comes(label)`: the agent of this label that the run holds."""

    def held(label: str) -> Agent:
        try:
            return agents.held(label, timeout=contract.budgets.agent_online)
        except NonConformance as error:
            raise PreconditionFailed.from_error("AGENTS-01", error) from error

    return held


@pytest.fixture
def agent(comes: Comes, label: str) -> Agent:
    """The agent of this label that the run holds."""
    return comes(label)


@pytest.fixture
def visit(agents: Agents, contract: Contract, comes: Comes, label: str, ecr: EcrApi) -> Visit:
    """The one short build of this label that several checks read: what it reaches, and how it ends."""
    comes(label)
    urls = {"controller": "$JENKINS_URL", "registry": f"https://{ecr.address.host}/v2/"}
    if contract.nexus.build_url:
        urls["Nexus"] = contract.nexus.build_url
    script = REACH + "".join(f'reach {name} "{url}" "{SIGNS[name]}"\n' for name, url in urls.items())
    quoted = json.dumps(script).replace("$", "\\$")

    def make() -> dict[str, Any]:
        name = f"visit-{re.sub('[^A-Za-z0-9]', '-', label)}"
        build, pod = agents.visit(name, label, f"sh {quoted}", timeout=contract.budgets.build)
        build.require_success()
        stayed = {}
        try:
            agents.wait_gone(pod, timeout=contract.budgets.agent_gone)
        except NonConformance as error:
            stayed = {
                "what": error.what,
                "expected": error.expected,
                "observed": error.observed,
                "remedy": error.remedy,
            }
        reached = re.findall(r"^conformance-reach (\S+) (\S*) (\w+)$", build.console, re.MULTILINE)
        missing = [
            [name, url, "unasked"] for name, url in urls.items() if name not in {one[0] for one in reached}
        ]
        return {"result": build.result, "reached": [*reached, *missing], "stayed": stayed}

    fact = agents.shared.once(f"visit {label}", make)
    reached = tuple((name, url, status) for name, url, status in fact["reached"])
    return Visit(fact["result"], reached, fact["stayed"])


@pytest.fixture
def at_once(agents: Agents, contract: Contract, any_label: str) -> tuple[Failing, ...]:
    """Two builds requested at once; the step of each works longer than an agent takes to come, and fails."""

    def run(n: int) -> dict[str, Any]:
        build, agent = agents.in_own_session().visit(
            f"at-once-{n}",
            any_label,
            "sh 'sleep 5; echo it broke >&2; exit 3'",
            timeout=contract.budgets.build,
        )
        shown = "exit code 3" in build.console
        return {"agent": agent, "result": build.result, "exit_code_shown": shown, "reason": build.reason()}

    def make() -> dict[str, Any]:
        with ThreadPoolExecutor(2) as pool:
            return {"builds": list(pool.map(run, range(2)))}

    return tuple(Failing(**build) for build in agents.shared.once("at once", make)["builds"])


@pytest.fixture
def any_label(contract: Contract, comes: Comes) -> str:
    """A label of which an agent comes."""
    if not contract.jenkins.agents:
        not_applicable("the contract declares no agent")
    label = contract.jenkins.agents[0].label
    comes(label)
    return label
