"""img in an agent: images are built without a daemon and without privileges."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from contract.model import Contract
from fixtures.agents import Agents
from fixtures.names import Names
from fixtures.nonconformance import NonConformance, require
from fixtures.registry import EcrApi, scratch_repository
from suites.agents.conftest import Comes
from suites.ground import blocked, decides

pytestmark = pytest.mark.writes

#: folder in the agent for what is built there
FOLDER = "/home/jenkins/agent/conformance"
#: the least that can be built
SCRATCH = "FROM scratch\nCOPY busybox /bin/busybox\n"


class Img:
    """img in the agent that the run holds."""

    def __init__(self, host: Any) -> None:
        self.host = host

    def build(self, folder: str, dockerfile: str, tag: str, *more: str) -> None:
        """Build, or NonConformance with img's last line."""
        self.host.run_expect([0], f"mkdir -p {folder} && cp /bin/busybox {folder}/")
        lines = dockerfile.replace("'", "'\\''")
        self.host.run_expect([0], f"printf '%s' '{lines}' > {folder}/Dockerfile")
        done = self.host.run(f"img build --no-console -t {tag} {' '.join(more)} {folder}")
        require(
            done.rc == 0,
            f"img cannot build: {_last_line(done.stderr or done.stdout)}",
            expected="status 0",
            observed=(done.stdout + done.stderr)[-1500:],
            remedy="img needs uid 1000, seccomp Unconfined and newuidmap with file capabilities",
        )

    def digest(self, tag: str) -> str:
        listed = self.host.run("img ls").stdout
        return next((line.split()[-1] for line in listed.splitlines() if line.split()[:1] == [tag]), "")


@pytest.fixture
def img(request: pytest.FixtureRequest, agents: Agents, comes: Comes, image_label: str) -> Img:
    """img where it builds; where it does not build from scratch, only the check of that says so."""
    made = Img(agents.host(comes(image_label)))

    def try_it() -> dict[str, str]:
        try:
            made.build(f"{FOLDER}/ground", SCRATCH, "ground:1")
        except NonConformance as error:
            return {"why": error.what}
        return {"why": ""}

    if not decides(request, "AGENTS-30") and (why := agents.shared.once(f"img {image_label}", try_it)["why"]):
        blocked(request, "AGENTS-30", str(why))
    return made


@pytest.mark.requirement("AGENTS-30")
def test_img_builds_from_scratch(img: Img, names: Names) -> None:
    img.build(f"{FOLDER}/{names.check}", SCRATCH, f"scratch:{names.check}")


@pytest.mark.requirement("AGENTS-31")
def test_img_runs_steps(img: Img, names: Names) -> None:
    img.build(
        f"{FOLDER}/{names.check}",
        'FROM scratch\nCOPY busybox /bin/busybox\nRUN ["/bin/busybox", "touch", "/ran"]\n',
        f"run:{names.check}",
    )


@pytest.mark.requirement("AGENTS-32")
def test_img_builds_in_stages(img: Img, names: Names) -> None:
    img.build(
        f"{FOLDER}/{names.check}",
        "FROM scratch AS build\nARG WORD=unset\nCOPY busybox /bin/busybox\n"
        'RUN ["/bin/busybox", "sh", "-c", "echo $WORD > /word"]\n'
        "FROM scratch\nCOPY --from=build /word /word\n",
        f"stages:{names.check}",
        "--build-arg WORD=conformance",
        "--label conformance.check=stages",
    )


def _last_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1][:300] if lines else "it said nothing"


@pytest.mark.requirement("AGENTS-33")
@pytest.mark.usefixtures("img")
def test_img_pushes_without_a_daemon(
    agents: Agents, contract: Contract, image_label: str, ecr: EcrApi, names: Names
) -> None:
    repository = scratch_repository(contract)
    reference = f"{ecr.address.host}/{repository}:{names.unique}"
    agents.shared.leave("image", repository=repository, tag=names.unique)
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
