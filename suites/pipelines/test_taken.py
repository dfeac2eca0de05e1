"""Products in use: Maven resolves them from Nexus, and pods run the images."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import pytest

from conformance.clients import artifacts
from conformance.clients.agents import Agents
from conformance.clients.jobs import Build
from conformance.clients.kubernetes import Cluster
from conformance.clients.names import Names
from conformance.clients.nexus import Coordinates
from conformance.clients.objects import Container, Pod, pulls_again
from conformance.clients.products import Products, console_digests
from conformance.clients.registry import EcrApi, Token
from conformance.contract.model import Contract, Product
from conformance.core.nonconformance import NonConformance, require_none
from conformance.runner.decision import not_applicable

pytestmark = pytest.mark.writes

#: resolves into a local repository that holds only the files of the agent's image. The login comes from the
#: build's variables, with the first request. The plugin has its full name: for the prefix `dependency:` Maven
#: loads every default plugin first. The reference agent image has this version.
GET = """
export CONFORMANCE_URL="{url}/repository/{group}/"
cat > settings.xml << 'END'
<settings>
  <mirrors><mirror><id>nexus</id><mirrorOf>*</mirrorOf><url>${{env.CONFORMANCE_URL}}</url></mirror></mirrors>
  <servers><server>
    <id>nexus</id>
    <username>${{env.NEXUS_USERNAME}}</username><password>${{env.NEXUS_PASSWORD}}</password>
    <configuration>
      <httpConfiguration><all><usePreemptive>true</usePreemptive></all></httpConfiguration>
    </configuration>
  </server></servers>
</settings>
END
if [ -d "$HOME/.m2/repository" ]; then cp -rs "$HOME/.m2/repository" taken; rm -rf "taken/{below}"; fi
mvn --batch-mode --no-transfer-progress --settings settings.xml -Dmaven.repo.local="$PWD/taken" \\
    org.apache.maven.plugins:maven-dependency-plugin:3.8.1:get -Dartifact={artifact}
cd taken
find . -type f -name "*{version}*" ! -name "*.sha1" ! -name "*.lastUpdated" -exec sha1sum {{}} +
"""


@pytest.mark.requirement("PIPELINES-06")
@pytest.mark.usefixtures("described")
def test_maven_takes_what_was_deployed(
    agents: Agents, products: Products, product: Product, contract: Contract, names: Names
) -> None:
    """Maven takes what was deployed through the group, with the same bytes and checksum."""
    with_maven = [one.label for one in contract.jenkins.agents for tool in one.tools if tool.name == "mvn"]
    if not (with_maven and contract.nexus.build_url):
        not_applicable("the contract names no agent with mvn, or not how builds reach Nexus")
    item, nexus = products.package(product), products.clients.nexus
    script = GET.format(
        url=contract.nexus.build_url,
        group=contract.nexus.group,
        version=item.version,
        below=item.group.replace(".", "/"),
        artifact=f"{item.group}:{item.artifact}:{item.version}:{item.packaging}",
    )
    login = (
        f"withCredentials([usernamePassword(credentialsId: '{_nexus_credential(contract)}', "
        "usernameVariable: 'NEXUS_USERNAME', passwordVariable: 'NEXUS_PASSWORD')])"
    )
    quoted = json.dumps(script).replace("$", "\\$")
    build, _ = agents.visit(
        names.check, with_maven[0], f"{login} {{ sh {quoted} }}", timeout=contract.budgets.build
    )
    build.require_success(f"builds must be able to resolve from {contract.nexus.group}")
    found = re.findall(r"^([0-9a-f]{40})  \./(\S+)$", build.console, re.MULTILINE)
    taken = {path: sha1 for sha1, path in found}
    findings = []
    for one in products.files(product):
        for wanted in (one, Coordinates(one.group, one.artifact, one.version, "pom")):
            if wanted.path not in taken and wanted != item:
                continue  # not a dependency of the package
            got = taken.get(wanted.path, "nothing")
            sent = artifacts.sha1(nexus.content(contract.nexus.releases, wanted.path))
            checksum = nexus.checksum(contract.nexus.releases, wanted.path)
            if len({got, sent, checksum}) != 1:
                findings.append(f"{wanted}: Maven has {got}, Nexus {sent}, its checksum is {checksum}")
    require_none(
        findings,
        f"Maven gets something else from {contract.nexus.group} than was deployed",
        expected="the same bytes, and the checksum beside them",
        remedy=f"look at the members of {contract.nexus.group}, in their order, and at what is between",
    )


def _nexus_credential(contract: Contract) -> str:
    """Id of the credential that holds the login for Nexus."""
    return next((name for name in contract.jenkins.credentials if re.search("nexus|maven", name)), "nexus")


@pytest.mark.beside_restart
@pytest.mark.requirement("PIPELINES-16")
def test_pods_run_the_images_by_digest(
    traced: Build,
    product: Product,
    contract: Contract,
    kube: Cluster,
    *,
    token: Token,
    ecr: EcrApi,
    names: Names,
) -> None:
    """Pods run the images by digest, and the kubelet reports that digest."""
    pushed, namespace, host = console_digests(traced.console), contract.jenkins.namespace, ecr.address.host
    images = {
        f"image-{n}": f"{host}/{repository}@{pushed.get(repository, '')}"
        for n, repository in enumerate(product.images)
    }
    login = (token.username, token.password)
    with kube.pulling_pod(namespace, names.unique, names.labels, host, login, _containers(images)) as pod:
        seen = _started(kube, pod, images)
    require_none(
        [
            f"a container of {image} runs {seen[name] or 'nothing'}"
            for name, image in images.items()
            if not seen[name].endswith(image.rpartition("@")[2])
        ],
        "the node runs something else than the pod says",
        expected="the digest that the pod names",
        remedy="look at mirrors of the registry in the node's container runtime",
    )


def _containers(images: Mapping[str, str]) -> list[dict[str, Any]]:
    resources = {"requests": {"cpu": "1m", "memory": "8Mi"}, "limits": {"memory": "256Mi"}}
    return [{"name": name, "image": image, "resources": resources} for name, image in images.items()]


def _begun(part: Container) -> bool:
    return part.started is not None or bool(part.ended and part.ended not in NEVER_STARTED)


def _started(kube: Cluster, made: Pod, images: Mapping[str, str]) -> dict[str, str]:
    """The image id that the kubelet reports of each container whose program was started, by name.

    The program may have ended.
    """

    def up(pod: Pod) -> bool:
        return all(_begun(part) for part in pod.containers)

    def stuck(pod: Pod) -> str:
        never = [f"{one.ended}: {one.message}" for one in pod.containers if one.ended in NEVER_STARTED]
        trouble = pod.trouble()
        return next(iter(never), "" if pulls_again(trouble) else trouble)

    try:
        pod = kube.wait_pod(made.namespace, made.name, timeout=60, until=up, what="its start", stuck=stuck)
    except NonConformance as error:
        now = kube.pod(made.namespace, made.name)
        begun = {part.name for part in now.containers if _begun(part)} if now else set()
        never = ", ".join(image for name, image in images.items() if name not in begun)
        raise NonConformance(
            f"no pod can run {never or 'all of its images'}",
            expected="containers that were started",
            observed=error.observed,
            remedy="look at the image's entrypoint, and whether nodes may pull it",
        ) from error
    return {part.name: part.image_id for part in pod.containers}


#: how containers end whose program could not be started
NEVER_STARTED = frozenset({"StartError", "ContainerCannotRun"})
