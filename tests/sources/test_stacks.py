"""The facts of whole repositories of four shapes: Terraform with templates, a library, layers, Argo CD."""

from __future__ import annotations

import shutil
from functools import cache
from pathlib import Path

import pytest

from conformance.sources.facts import Fact, Undecided
from conformance.sources.model import Inputs, StackModel, load_model, missing, unknown
from conformance.sources.pods.model import Pod
from conformance.sources.texts import Text, open_names, shown
from tests.sources.support import DATA, REFERENCE


@cache
def stack(name: str) -> StackModel:
    return load_model(DATA / name)


@cache
def reference() -> StackModel:
    return load_model(REFERENCE)


def pod(model: StackModel, name: str) -> Pod:
    return next(own for own in model.pods if own.name == name)


def pins(model: StackModel) -> set[str]:
    return {str(entry.value).partition(":")[0] for entry in model.plugin_entries}


def said(fact: Fact[str] | None) -> tuple[object, str]:
    assert fact is not None
    return (shown(fact.value) if isinstance(fact.value, str) else fact.value, str(fact.place))


@pytest.mark.parametrize("name", ["cloudops", "multibranch", "layered", "argocd"])
def test_a_sound_repository_has_no_errors_and_conflicts(name: str) -> None:
    model = stack(name)
    assert model.errors == ()
    assert model.jcasc.conflicts == ()
    assert model.jcasc.errors == ()
    assert unknown(model.needs) == ()
    assert len(model.jenkins) == 1
    # those of the layered repository are in its image
    assert name == "layered" or missing(model.needs, pins(model)) == ()


VALUES = "bootstrap/terraform/jenkins-helm-values.yaml.tmpl"


def test_cloudops_values_are_rendered_with_their_lines() -> None:
    model = stack("cloudops")
    (jenkins,) = model.jenkins
    assert said(jenkins.image) == ("docker.io/jenkins/jenkins:2.504.3-jdk17", f"{VALUES}:8:10")
    assert said(jenkins.url) == ("https://jenkins.hub.build.example.org/", f"{VALUES}:17:15")
    assert len(jenkins.plugins.entries or ()) == 67
    assert said(jenkins.admin.existing) == ("jenkins-admin", f"{VALUES}:13:21")
    assert list(jenkins.init_scripts) == ["quiet-start"]
    assert str(jenkins.init_scripts["quiet-start"].origin.place(1)) == f"{VALUES}:121"
    assert [own.value for own in jenkins.secret_variables][:1] == ["controller-secrets-nexusUsername"]
    assert [str(own.id.value) for own in model.jcasc.credentials] == [
        "git-deploy-key",
        "nexus-deployer",
        "ecr-push",
    ]


def test_cloudops_agent_takes_image_and_resources_from_the_chart_and_its_agent() -> None:
    tools = pod(stack("cloudops"), "tools")
    (container,) = tools.containers
    image, place = said(container.image)
    assert image == "${aws_ecr_repository.images.repository_url}/jenkins/tools-agent:2.3.0"
    assert place == f"{VALUES}:213:10"
    assert said(container.resources["limits.cpu"]) == ("512m", "chart jenkins 5.8.68")
    assert tools.labels == ("jenkins-jenkins-agent", "tools")


def test_cloudops_seed_is_found_through_its_config_map() -> None:
    (seed,) = stack("cloudops").seeds
    assert seed.file == "/var/controller-seed/bootstrap.groovy"
    assert isinstance(seed.text, Text)
    assert str(seed.text.origin.place(4)) == "jenkins/jobs/bootstrap/bootstrap.groovy:4"
    files = {own.path: own.text for own in stack("cloudops").mounted}
    assert isinstance(files["/var/controller-secrets/clusterName"], Text)
    password = files["/var/controller-secrets/nexusPassword"]
    assert isinstance(password, Undecided)
    assert password.decided_by == "var.nexus_password"


def test_cloudops_nexus_is_a_deployment_of_terraform() -> None:
    model = stack("cloudops")
    (nexus,) = [own for own in model.workloads if own.object.origin.startswith("kubernetes_deployment")]
    assert said(nexus.strategy) == ("Recreate", "bootstrap/terraform/nexus.tf:48:14")
    assert [(own.name, own.init, own.image.value) for own in nexus.pod.containers] == [
        ("nexus", False, "docker.io/sonatype/nexus3:3.71.0"),
        ("settings", True, "docker.io/library/busybox:1.36.1"),
    ]
    assert nexus.pod.security.run_as_user is not None
    assert nexus.pod.security.run_as_user.value == 200
    assert nexus.pod.host_paths() == ()
    assert [own.folder for own in model.other_terraform] == ["terraform/mysql-container"]
    assert model.region is not None
    assert model.region.value == "eu-north-1"


def faulty(root: Path, *edits: tuple[str, str, str]) -> StackModel:
    """The cloudops repository with some of its faults."""
    shutil.copytree(DATA / "cloudops", root / "repo")
    for name, old, new in edits:
        path = root / "repo" / name
        content = path.read_text()
        assert old in content
        path.write_text(content.replace(old, new, 1))
    return load_model(root / "repo")


def test_faults_of_pod_files_have_their_lines(tmp_path: Path) -> None:
    folder = "jenkins/agents/kubernetes"
    model = faulty(
        tmp_path,
        (
            f"{folder}/img-large.yaml",
            '    command: ["sleep"]\n',
            '    securityContext:\n      privileged: true\n    command: ["sleep"]\n',
        ),
        (f"{folder}/maven-small.yaml", "/jenkins/maven-agent:${agentTag}", "/jenkins/maven-agent:latest"),
        (f"{folder}/maven-large.yaml", "    runAsUser: 1000\n", "    runAsUser: 0\n"),
        (
            f"{folder}/img-small.yaml",
            "    emptyDir: {}\n",
            "    emptyDir: {}\n  - name: engine\n    hostPath:\n      path: /var/run/docker.sock\n",
        ),
    )
    pods = {own.place.file.rpartition("/")[2]: own for own in model.pods if own.origin.startswith("pod file")}
    privileged = pods["img-large.yaml"].containers[1].security.privileged
    assert privileged is not None
    assert str(privileged.place) == f"{folder}/img-large.yaml:26:19"
    assert str(pods["maven-small.yaml"].containers[1].image.place) == f"{folder}/maven-small.yaml:24:12"
    user = pods["maven-large.yaml"].security.run_as_user
    assert user is not None
    assert (user.value, str(user.place)) == (0, f"{folder}/maven-large.yaml:9:16")
    (volume,) = pods["img-small.yaml"].host_paths()
    assert (volume.source.value, str(volume.place)) == (
        "/var/run/docker.sock",
        f"{folder}/img-small.yaml:40:5",
    )


def test_faults_of_values_and_terraform_have_their_lines(tmp_path: Path) -> None:
    terraform = "bootstrap/terraform"
    model = faulty(
        tmp_path,
        (VALUES, "    - job-dsl:1.90\n", ""),
        (VALUES, "allowAnonymousRead: false", "allowAnonymousRead: true"),
        (
            f"{terraform}/ecr.tf",
            'resource "aws_ecr_lifecycle_policy"',
            (
                'resource "aws_ecr_repository" "side-images" {\n  name = "store/side"\n}\n\n'
                'resource "aws_ecr_lifecycle_policy"'
            ),
        ),
        (f"{terraform}/nexus.tf", '    strategy {\n      type = "Recreate"\n    }\n', ""),
        (f"{terraform}/nexus.tf", "busybox:1.36.1", "busybox"),
    )
    assert [(need.name, str(need.place)) for need in missing(model.needs, pins(model))] == [
        ("jobs", f"{VALUES}:186:9")
    ]
    grants = [(own.permission, str(own.place)) for own in model.jcasc.grants if own.name == "anonymous"]
    assert grants == [("Overall/Read", f"{VALUES}:142:29")]
    side = next(own for own in model.repositories if own.name.value == "store/side")
    assert (side.mutability.value, side.scan_on_push.value, str(side.place)) == (
        "MUTABLE",
        False,
        f"{terraform}/ecr.tf:45:1",
    )
    nexus = next(own for own in model.workloads if own.object.name.value == "nexus")
    assert nexus.strategy is None
    assert str(nexus.object.place) == f"{terraform}/nexus.tf:34:1"
    assert str(nexus.pod.containers[1].image.place) == f"{terraform}/nexus.tf:76:21"


def test_multibranch_takes_values_through_modules_and_a_file_for_var_file() -> None:
    model = stack("multibranch")
    (configuration,) = model.terraform
    assert configuration.assumed_file == "terraform/platform.tfvars"
    assert [(own.chart.printed, own.version.printed, own.name.printed) for own in model.releases] == [
        ("jenkins", "5.8.68", "jenkins"),
        ("nexus", "2.4.1", "nexus"),
    ]
    assert [own.name for own in model.pods if not own.origin.startswith("pod file")] == [
        "small",
        "java",
        "img",
    ]
    (container,) = pod(model, "java").containers
    assert said(container.image) == (
        "registry.example.org/tools/agent-java:6.2.0",
        "values/jenkins.yaml:194:12",
    )
    assert said(container.resources["requests.cpu"]) == ("100m", "values/jenkins.yaml:181:12")
    assert [own.path for own in model.mounted] == [
        "/var/jenkins_seed/seed.groovy",
        "/var/jenkins_seed/items.yaml",
    ]
    items = model.mounted[1].text
    assert isinstance(items, Text)
    assert str(items.origin.place(48)) == "seed/items.yaml:48"
    assert [(own.name, own.credential) for own in model.jcasc.libraries] == [("acme", "git-reader")]
    assert {own.name.value: own.mutability.value for own in model.repositories}[
        "platform/legacy-export"
    ] == "MUTABLE"
    assert [own.source for own in configuration.unread_modules] == ["terraform-aws-modules/s3-bucket/aws"]


def test_layered_values_of_the_place_that_counts() -> None:
    model = stack("layered")
    (jenkins,) = model.jenkins
    assert said(jenkins.image) == (
        "registry.example.org/ci/jenkins:2.504.3-r7",
        "chart/values-prod.yaml:4:12",
    )
    assert jenkins.executors is not None
    assert jenkins.executors.value == 0
    assert jenkins.plugins.entries is None
    assert jenkins.plugins.overwrite_from_image is not None
    assert jenkins.config_label == "ci-jenkins-jenkins-config"
    assert [own.name for own in model.pods] == ["java", "node", "browser"]
    assert [source.kind for source in model.jcasc.sources] == ["chart", "ConfigMap", "ConfigMap", "ConfigMap"]
    assert [(str(own.id.value), str(own.id.place)) for own in model.jcasc.credentials] == [
        ("portal-git", "k8s/casc/credentials.yaml:15:19"),
        ("chat", "k8s/casc/credentials.yaml:21:19"),
    ]
    assert "chart/values-prod.yaml" in model.assumptions[0]
    assert jenkins.environment["CI_PLACE"].printed == "prod"
    seed = model.seeds[1]
    assert isinstance(seed.text, Text)
    assert "'https://git.example.org/acme-outdoor/portal.git'" in seed.text.value
    assert 'pipelineJob("portal/${task}")' in seed.text.value
    assert model.inventory.plugin_lists == ("image/plugins.txt",)
    assert model.inventory.dockerfiles == ("image/Dockerfile",)


def test_layers_that_a_contract_names_win() -> None:
    files = ("chart/values-base.yaml", "chart/values-staging.yaml")
    model = load_model(DATA / "layered", Inputs(values=files, chart="chart", release="ci", namespace="ci"))
    (jenkins,) = model.jenkins
    assert said(jenkins.image)[0] == "registry.example.org/ci/jenkins:2.504.3-r8"
    assert jenkins.environment["CI_PLACE"].printed == "staging"
    assert jenkins.full_name == "ci-jenkins"


def test_argo_applications_hold_their_values() -> None:
    model = stack("argocd")
    (jenkins,) = model.jenkins
    assert said(jenkins.image) == ("docker.io/jenkins/jenkins:2.504.3-jdk17", "apps/jenkins.yaml:17:23")
    assert [(own.name, own.labels) for own in model.pods] == [
        ("default", ("jenkins-jenkins-agent",)),
        ("site", ("jenkins-jenkins-agent", "site")),
    ]
    site = pod(model, "site")
    assert site.agent is None
    assert site.containers[0].command == ("sleep",)
    (seed,) = model.seeds
    assert isinstance(seed.text, Text)
    assert str(seed.text.origin.place(1)) == "apps/jenkins.yaml:115"
    (nexus,) = model.workloads
    assert (nexus.object.kind, said(nexus.strategy)[0]) == ("Deployment", "Recreate")
    assert nexus.pod.containers[0].image.value == "docker.io/sonatype/nexus3:3.71.0"
    assert [own.namespace.printed for own in model.releases] == ["jenkins", "nexus"]


def test_the_reference_leaves_open_what_its_environment_fills_in() -> None:
    model = reference()
    (jenkins,) = model.jenkins
    assert isinstance(jenkins.image.value, str)
    assert open_names(jenkins.image.value) == (
        "var.environment.jenkins_image_registry",
        "var.environment.jenkins_image_repository",
        "var.environment.jenkins_image_tag",
    )
    assert len(jenkins.plugins.entries or ()) == 67
    assert [own.name for own in model.pods] == ["maven", "img"]
    assert pod(model, "img").security.seccomp is not None
    assert len(model.repositories) == 5
    (seed,) = model.seeds
    assert isinstance(seed.text, Text)
    assert str(seed.text.origin.place(3)) == "jobs/seed.groovy:3"
    assert missing(model.needs, pins(model)) == ()
