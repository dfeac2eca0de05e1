"""img in an agent: images are built without a daemon and without privileges."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable
from typing import Any

import pytest

from conformance.clients.agents import Agents
from conformance.clients.names import Names
from conformance.clients.registry import EcrApi, scratch_repository
from conformance.contract.model import Contract
from conformance.core.nonconformance import NonConformance, PreconditionFailed, require, require_none
from conformance.sources.stack import StackFiles
from suites.agents.conftest import Comes, confined
from suites.agents.inside import inspect_agent

pytestmark = [pytest.mark.writes, pytest.mark.beside_restart]

#: folder in the agent for builds
FOLDER = "/home/jenkins/agent/conformance"
#: the smallest image
SCRATCH = "FROM scratch\nCOPY busybox /bin/busybox\n"


class Img:
    """img in the agent that the run holds."""

    def __init__(self, host: Any) -> None:
        self.host = host

    def build(self, folder: str, dockerfile: str, tag: str, *more: str) -> str:
        """Build `dockerfile` in `folder`; returns img's output. Raises NonConformance with its last line."""
        done = self.host.run(
            f"mkdir -p {folder} && cp /bin/busybox {folder}/"
            f" && printf '%s' {shlex.quote(dockerfile)} > {folder}/Dockerfile"
            f" && img build --no-console -t {tag} {' '.join(more)} {folder}"
        )
        require(
            done.rc == 0,
            f"img cannot build: {_last_line(done.stderr or done.stdout)}",
            expected="status 0",
            observed=(done.stdout + done.stderr)[-1500:],
            remedy="img needs uid 1000, seccomp Unconfined and newuidmap with file capabilities",
        )
        return f"{done.stdout}\n{done.stderr}"


@pytest.fixture
def unproven(
    agents: Agents, comes: Comes, contract: Contract, image_label: str, *, stack_files: StackFiles
) -> Img:
    """img in the agent that the run holds; it is not known to build."""
    held = comes(image_label)
    template = next((one for one in stack_files.pod_templates if image_label in one.labels), None)
    declared = next(agent for agent in contract.jenkins.agents if agent.label == image_label)
    if template and (other := confined(inspect_agent(agents, held, declared), template)):
        raise PreconditionFailed("AGENTS-13", other[0])
    return Img(agents.host(held))


@pytest.fixture
def built(agents: Agents, unproven: Img, image_label: str) -> str:
    """The output of img when it built from scratch."""
    return _built_once(
        "AGENTS-30",
        agents,
        f"img on {image_label} from scratch",
        lambda: unproven.build(f"{FOLDER}/scratch", SCRATCH, "scratch:1"),
    )


@pytest.fixture
def img(unproven: Img, built: str) -> Img:
    """img where it builds."""
    return unproven


@pytest.fixture
def ran(agents: Agents, img: Img, image_label: str) -> str:
    """The output of img when it built with a RUN step."""
    step = f'{SCRATCH}RUN ["/bin/busybox", "echo", "the step ran"]\n'
    return _built_once(
        "AGENTS-31",
        agents,
        f"img on {image_label} with a step",
        lambda: img.build(f"{FOLDER}/runs", step, "runs:1"),
    )


@pytest.fixture
def runs(img: Img, ran: str) -> Img:
    """img where RUN steps run."""
    return img


def _built_once(requirement: str, agents: Agents, name: str, build: Callable[[], str]) -> str:
    """The output of the run's one build of this name, which the check of `requirement` decides."""
    try:
        return str(agents.shared.once(name, lambda: {"printed": build()})["printed"])
    except NonConformance as error:
        raise PreconditionFailed.from_error(requirement, error) from error


@pytest.mark.requirement("AGENTS-30")
def test_img_builds_from_scratch(built: str) -> None:
    """img builds an image FROM scratch in an agent."""
    require(
        re.search(r"\bsha256:[0-9a-f]{64}\b", built),
        "img ends with status 0 and names no image that it built",
        expected="a digest in what it prints",
        observed=built[-600:],
        remedy="look which program the agent's PATH has as img",
    )


@pytest.mark.requirement("AGENTS-31")
def test_img_runs_steps(ran: str) -> None:
    """img runs RUN steps in an agent."""
    require(
        re.search(r"^#\d+ [\d.]+ the step ran$", ran, re.MULTILINE),
        "img does not run a RUN step",
        expected="what the step prints",
        observed=ran[-600:],
        remedy="look which programs the agent's PATH has as img and runc",
    )


@pytest.mark.requirement("AGENTS-32")
def test_img_builds_in_stages(runs: Img, names: Names) -> None:
    """img builds in several stages, with build arguments and labels."""
    tag = f"stages:{names.check}"
    printed = runs.build(
        f"{FOLDER}/{names.check}",
        "FROM scratch AS build\nARG WORD=unset\nCOPY busybox /bin/busybox\n"
        'RUN ["/bin/busybox", "sh", "-c", "echo the word is $WORD; echo $WORD > /word"]\n'
        "FROM scratch\nCOPY --from=build /word /word\n",
        tag,
        "--build-arg WORD=conformance",
        "--label conformance.check=stages",
    )
    require(
        "the word is conformance" in printed,
        "img does not pass build arguments to a RUN step",
        expected="--build-arg WORD=conformance is $WORD there",
        observed="\n".join(line for line in printed.splitlines() if "the word is" in line) or printed[-600:],
        remedy="look which program the agent's PATH has as img",
    )
    saved = runs.host.run(f'img save {tag} | tar -xO | grep -a -c \'"conformance.check":"stages"\'')
    require(
        saved.stdout.strip() not in ("", "0"),
        "img does not put labels into an image",
        expected="conformance.check=stages in the image's configuration",
        observed=(saved.stdout + saved.stderr)[-600:],
        remedy="look which program the agent's PATH has as img",
    )


@pytest.mark.requirement("AGENTS-34")
def test_img_stays_in_the_agent_s_cgroup(runs: Img, names: Names) -> None:
    """What img runs stays in the agent's own cgroup."""
    printed = runs.build(
        f"{FOLDER}/{names.check}",
        'FROM scratch\nCOPY busybox /bin/busybox\nRUN ["/bin/busybox", "cat", "/proc/self/cgroup"]\n',
        f"cgroup:{names.check}",
    )
    own = _groups(runs.host.run("cat /proc/self/cgroup").stdout)
    ran = _groups("\n".join(re.findall(r"^#\d+ [\d.]+ (\d+:.*)$", printed, re.MULTILINE)))
    require(bool(ran), "img does not show what a RUN step prints", observed=printed[-600:])
    require_none(
        [
            f"{path} is not in {own.get(name, 'any')}"
            for name, path in ran.items()
            if ".." in path or not f"{path}/".startswith(f"{own.get(name, 'none').rstrip('/')}/")
        ],
        "what img runs is not in the agent's own cgroup",
        expected="the cgroup of the agent's container, or one below it: its limits hold for builds too",
        remedy="build with img in the agent, not with a daemon elsewhere",
    )


def _groups(text: str) -> dict[str, str]:
    """Path by controllers, of /proc/PID/cgroup: one line in version 2, one for each hierarchy in 1."""
    found = [line.strip().split(":", 2) for line in text.splitlines() if line.count(":") >= 2]
    return {controllers: path for _, controllers, path in found}


def _last_line(text: str) -> str:
    # kubectl adds a line of its own, which repeats the status
    lines = [line for line in text.strip().splitlines() if not line.startswith("command terminated with")]
    return lines[-1][:300] if lines else "it printed nothing"


@pytest.mark.requirement("AGENTS-33")
@pytest.mark.usefixtures("img")
def test_img_pushes_without_a_daemon(
    agents: Agents, contract: Contract, image_label: str, ecr: EcrApi, names: Names
) -> None:
    """img pushes to ECR with a credential of the controller, and ECR has the digest that img lists."""
    repository = scratch_repository(contract)
    reference = f"{ecr.address.host}/{repository}:{names.unique}"
    agents.shared.register_cleanup("image", repository=repository, tag=names.unique)
    script = json.dumps(
        "mkdir x && cd x && cp /bin/busybox ."
        " && printf 'FROM scratch\\nCOPY busybox /bin/busybox\\n' > Dockerfile"
        f" && ecr-login && img build --no-console -t {reference} . && img push {reference} && img ls"
    )
    login = (
        f"withCredentials([usernamePassword(credentialsId: '{_ecr_credential(contract)}', "
        "usernameVariable: 'AWS_ACCESS_KEY_ID', passwordVariable: 'AWS_SECRET_ACCESS_KEY')])"
    )
    build, _ = agents.visit(
        names.check, image_label, f"{login} {{ sh {script} }}", timeout=contract.budgets.build
    )
    build.require_success("img must reach the registry over TLS: SSL_CERT_FILE, and a token from ecr-login")
    seen = ecr.image(repository, names.unique)["imageDigest"]
    require(
        seen in build.console,
        "the image in ECR is not the one that img built",
        expected="the digest that img lists",
        observed=f"ECR has {seen}",
        remedy="nothing between img and the registry may rewrite manifests",
    )


def _ecr_credential(contract: Contract) -> str:
    """Id of the credential that holds the key for ECR."""
    return next((name for name in contract.jenkins.credentials if re.search("ecr|aws", name)), "ecr")
