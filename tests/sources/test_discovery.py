"""What is what in a repository, and objects of Kubernetes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from conformance.sources.discovery.classify import classify, is_jenkinsfile, kind_of
from conformance.sources.discovery.commands import helm_commands, variable_parts
from conformance.sources.discovery.releases import chosen
from conformance.sources.discovery.walk import walk
from conformance.sources.facts import Place, Undecided
from conformance.sources.kubernetes_objects import of_document, workload
from conformance.sources.model import Inputs, load_model, missing, needs_of, unknown
from conformance.sources.texts import Text
from tests.sources.support import DATA, model, node, repository, text


def test_ignored_vendored_and_linked_files_do_not_count(tmp_path: Path) -> None:
    root = repository(
        tmp_path / "repo",
        {
            ".gitignore": "# local\n*.log\n/build/\nlocal/**/secret.yaml\n!keep.log\n",
            "a.yaml": "",
            "a.log": "",
            "keep.log": "",
            "build/x.yaml": "",
            "sub/build/x.yaml": "",
            "local/deep/secret.yaml": "",
            "node_modules/m/values.yaml": "",
            "t/.terraform/modules/main.tf": "",
            "inner/.gitignore": "own.yaml\n",
            "inner/own.yaml": "",
            "inner/other.yaml": "",
        },
    )
    (tmp_path / "outside.yaml").write_text("controller: {}\n")
    (root / "link.yaml").symlink_to(tmp_path / "outside.yaml")
    (root / "folder").symlink_to(tmp_path)
    (root / "inside.yaml").symlink_to(root / "a.yaml")
    files = walk(root)
    assert [path for path in files.paths if not path.endswith(".gitignore")] == [
        "a.yaml",
        "inner/other.yaml",
        "inside.yaml",
        "keep.log",
        "sub/build/x.yaml",
    ]
    assert [str(error.place) for error in files.errors] == ["link.yaml"]


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("Jenkinsfile", True),
        ("Jenkinsfile.release", True),
        ("release.Jenkinsfile", True),
        ("nightly.jenkinsfile", True),
        ("Jenkinsfile-nightly", True),
        ("Jenkinsfile.md", False),
        ("jenkins.yaml", False),
    ],
)
def test_jenkinsfiles_by_their_names(name: str, found: bool) -> None:
    assert is_jenkinsfile(name) is found


@pytest.mark.parametrize(
    ("name", "written", "kind"),
    [
        ("x.yaml", "controller: {JCasC: {}}\n", "values"),
        ("x.yaml", "master: {numExecutors: 0}\nagent: {}\n", "values"),
        ("x.yaml", "ci: {controller: {installPlugins: []}}\n", "values"),
        ("x.yaml", "controller: {replicas: 1}\n", ""),
        ("values-prod.yaml", "image: {tag: a}\n", "values"),
        ("casc.yaml", "jenkins: {numExecutors: 0}\nunclassified: {}\n", "casc"),
        ("casc.yaml", "jobs: [{script: x}]\n", "casc"),
        ("ci.yml", "jobs: {build: {steps: []}}\n", ""),
        ("ci.yml", "jenkins: {image: x}\nservices: {}\n", ""),
        ("pod.yaml", "kind: Pod\napiVersion: v1\n", "pod"),
        ("pod.yaml", "spec: {containers: []}\n", "pod"),
        ("d.yaml", "kind: Deployment\napiVersion: apps/v1\n", ""),
        ("helmfile.yaml", "releases: []\n", "helmfile"),
        ("list.yaml", "- a\n", ""),
    ],
)
def test_yaml_files_by_what_they_hold(name: str, written: str, kind: str) -> None:
    assert kind_of(node(written), name) == kind


def test_templates_of_charts_are_no_values() -> None:
    inventory = classify(walk(DATA / "argocd"))
    assert inventory.charts == ("charts/nexus",)
    assert not any("templates" in path for path in inventory.documents)


def test_helm_in_scripts() -> None:
    script = (
        "#!/bin/sh\n# helm install no\nhelm upgrade --install ci ./chart \\\n"
        "  -n build -f a.yaml --values=b.yaml,c.yaml \\\n"
        "  --set controller.image.tag=1 --version 5.8.68 && echo done\nhelm repo add jenkins https://charts.jenkins.io\n"
        'helm template "$name" jenkins/jenkins -f "v-$place.yaml"\nhelm install "unclosed\n'
    )
    first, second = helm_commands(text(script, "deploy"))
    assert (first.release, first.chart, first.namespace, first.version) == (
        "ci",
        "./chart",
        "build",
        "5.8.68",
    )
    assert first.values == ("a.yaml", "b.yaml", "c.yaml")
    assert first.settings == ("controller.image.tag=1",)
    assert str(first.place) == "deploy:3"
    assert second.values == ("v-$place.yaml",)
    assert variable_parts("v-${place:-x}-$b.yaml") == ("v-", "-", ".yaml")


def test_the_place_that_counts() -> None:
    assert chosen(["values-dev.yaml", "values-prod.yaml"]) == "values-prod.yaml"
    assert chosen(["dev/values.yaml", "production/values.yaml"]) == "production/values.yaml"
    assert chosen(["a.yaml", "b.yaml"]) == "a.yaml"


def test_values_files_alone_make_a_release(tmp_path: Path) -> None:
    found = model(
        tmp_path,
        {
            "jenkins/values.yaml": "controller: {numExecutors: 1, installPlugins: ['git:1']}\n",
            "jenkins/values-prod.yaml": "controller: {numExecutors: 0}\n",
            "jenkins/values-test.yaml": "controller: {numExecutors: 2}\n",
        },
    )
    (jenkins,) = found.jenkins
    assert jenkins.executors is not None
    assert (jenkins.executors.value, str(jenkins.executors.place)) == (0, "jenkins/values-prod.yaml:1:28")
    assert "values-prod.yaml" in found.assumptions[0]
    assert "no version is wanted" in jenkins.values.defaults


def test_files_of_configuration_as_code_alone(tmp_path: Path) -> None:
    found = model(
        tmp_path, {"casc/a.yaml": "jenkins: {quietPeriod: 1}\n", "casc/b.yaml": "jenkins: {quietPeriod: 1}\n"}
    )
    assert [own.path for own in found.jcasc.conflicts] == [("jenkins", "quietPeriod")]


def test_a_plan_takes_the_place_of_evaluation(tmp_path: Path) -> None:
    plan = (
        '{"planned_values": {"root_module": {"resources": [{"address": "aws_ecr_repository.p", '
        '"mode": "managed", '
    )
    plan += '"type": "aws_ecr_repository", "name": "p", "values": {"name": "p"}}]}}}'
    root = repository(
        tmp_path, {"plan.json": plan, "main.tf": 'resource "aws_ecr_repository" "q" {\n  name = "q"\n}\n'}
    )
    assert [own.name.value for own in load_model(root, Inputs(plan="plan.json")).repositories] == ["p"]


def test_config_maps_of_a_kustomization_reach_the_controller(tmp_path: Path) -> None:
    found = model(
        tmp_path,
        {
            "values.yaml": "controller:\n  numExecutors: 0\n"
            "  JCasC: {configScripts: {j: 'jobs: [{file: /seed/a.groovy}]'}}\n"
            "persistence:\n  volumes: [{name: s, configMap: {name: seed}}]\n"
            "  mounts: [{name: s, mountPath: /seed}]\n",
            "k8s/kustomization.yaml": "kind: Kustomization\nconfigMapGenerator:\n- name: seed\n"
            "  files: [a.groovy]\n",
            "k8s/a.groovy": "folder('x')\n",
        },
    )
    (seed,) = found.seeds
    assert isinstance(seed.text, Text)
    assert str(seed.text.origin.place(1)) == "k8s/a.groovy:1"


def test_mounted_configuration_as_code(tmp_path: Path) -> None:
    found = model(
        tmp_path,
        {
            "values.yaml": "controller:\n  numExecutors: 0\n"
            "  containerEnv: [{name: CASC_JENKINS_CONFIG, value: /casc}]\n"
            "persistence:\n  volumes: [{name: c, configMap: {name: casc}}]\n"
            "  mounts: [{name: c, mountPath: /casc}]\n",
            "cm.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: casc}\ndata:\n  j.yaml: |\n"
            "    credentials: {system: {domainCredentials: [{credentials: [{string: {id: t, secret: "
            "'${T}'}}]}]}}\n",
        },
    )
    assert [(own.id.value, str(own.id.place)) for own in found.jcasc.credentials] == [("t", "cm.yaml:6:77")]


def test_objects_and_workloads_of_manifests() -> None:
    written = (
        "apiVersion: v1\nkind: List\nitems:\n- apiVersion: apps/v1\n  kind: StatefulSet\n"
        "  metadata: {name: n, labels: {a: b}}\n"
        "  spec:\n    replicas: 2\n    updateStrategy: {type: OnDelete}\n"
        "    template: {spec: {containers: [{name: c, image: 'i:1'}]}}\n"
        "- {apiVersion: batch/v1, kind: CronJob, metadata: {name: j}, spec: {jobTemplate: {spec: "
        "{template: {spec: "
        "{hostNetwork: true, containers: []}}}}}}\n"
    )
    first, second = of_document(node(written))
    own, job = workload(first), workload(second)
    assert own is not None
    assert own.replicas is not None
    assert own.strategy is not None
    assert (own.replicas.value, own.strategy.value) == (2, "OnDelete")
    assert own.pod.containers[0].image.value == "i:1"
    assert first.labels["a"].value == "b"
    assert job is not None
    assert job.pod.host_network is not None
    assert job.pod.host_network.value is True


def test_values_nobody_can_read_leave_the_release_open(tmp_path: Path) -> None:
    main = (
        'variable "more" {}\nresource "helm_release" "jenkins" {\n  name = "jenkins"\n  chart = "jenkins"\n'
        '  repository = "https://charts.jenkins.io"\n  version = "5.8.68"\n  values = [var.more]\n'
        '  set {\n    name  = "controller.numExecutors"\n    value = 3\n  }\n'
        '  set_sensitive {\n    name  = "controller.admin.password"\n    value = var.more\n  }\n}\n'
    )
    (jenkins,) = model(tmp_path, {"main.tf": main}).jenkins
    assert jenkins.executors is not None
    assert jenkins.executors.value == 3
    assert jenkins.plugins.install_latest is not None
    assert isinstance(jenkins.plugins.install_latest.value, Undecided)
    assert jenkins.admin.password is not None
    assert isinstance(jenkins.admin.password.value, Undecided)


def test_scripts_and_values_with_unknown_structure_are_undecided_not_broken(tmp_path: Path) -> None:
    main = (
        'variable "seed" {}\nvariable "more" {}\nresource "helm_release" "jenkins" {\n  name = "jenkins"\n'
        '  chart = "jenkins"\n  version = "5.8.68"\n'
        '  values = [templatefile("${path.module}/v.tmpl", { seed = var.seed }), "${var.more}x: [\\n"]\n}\n'
    )
    template = (
        "controller:\n  JCasC:\n    configScripts:\n      jobs: |\n        jobs:\n"
        "          ${seed}\n        - x: y\n"
    )
    found = model(tmp_path, {"main.tf": main, "v.tmpl": template})
    assert found.errors == ()
    assert [(str(place), why.decided_by) for place, why in found.undecided] == [
        ("main.tf:7:73", "var.more"),
        ("v.tmpl:7:9", "var.seed"),
        # any script may be among the values that are not known
        ("v.tmpl:4:7", "var.more"),
    ]


def test_blocks_of_override_files_win(tmp_path: Path) -> None:
    found = model(
        tmp_path,
        {
            "main.tf": 'resource "aws_ecr_repository" "a" {\n  name = "a"\n'
            '  image_tag_mutability = "MUTABLE"\n}\n',
            "override.tf": 'resource "aws_ecr_repository" "a" {\n  image_tag_mutability = "IMMUTABLE"\n}\n',
        },
    )
    (repository_,) = found.repositories
    assert (repository_.name.value, repository_.mutability.value) == ("a", "IMMUTABLE")
    assert str(repository_.mutability.place) == "override.tf:2:26"


@dataclass(frozen=True)
class Step:
    kind: str
    name: str
    place: Place


def test_uses_of_pipelines_join_the_same_facts() -> None:
    where = Place("Jenkinsfile", 3)
    uses = [Step("step", "junit", where), Step("step", "sh", where), Step("step", "ourOwn", where)]
    needs = needs_of(uses)
    assert [(need.name, need.plugin) for need in missing(needs, {"workflow-durable-task-step"})] == [
        ("junit", "junit")
    ]
    assert [need.name for need in unknown(needs)] == ["ourOwn"]


def test_paths_of_terraform_are_those_of_its_folder(tmp_path: Path) -> None:
    main = (
        'resource "helm_release" "jenkins" {\n  name = "jenkins"\n  chart = "./charts/jenkins"\n'
        '  values = [templatefile("values.yaml", { on = true })]\n'
        '  set_sensitive {\n    name = "controller.JCasC.configScripts.more"\n    value = <<-EOT\n'
        "      credentials:\n        system:\n          domainCredentials:\n          - credentials:\n"
        "            - string: { id: token, secret: a }\n    EOT\n  }\n}\n"
    )
    found = model(
        tmp_path,
        {
            "tf/main.tf": main,
            "tf/values.yaml": "controller:\n%{ if on ~}\n  numExecutors: 3\n%{ endif ~}\n",
            "tf/charts/jenkins/Chart.yaml": "name: jenkins\nversion: 1.2.3\n",
            "tf/charts/jenkins/values.yaml": "controller: {image: {repository: j, tag: '9'}}\n",
        },
    )
    assert found.errors == ()
    (jenkins,) = found.jenkins
    assert (jenkins.image.value, jenkins.values.version.value) == ("j:9", "1.2.3")
    assert jenkins.executors is not None
    assert (jenkins.executors.value, jenkins.executors.place.line) == (3, 3)
    assert [(own.id.value, own.id.place.line) for own in found.jcasc.credentials] == [("token", 12)]


def test_a_variable_for_the_one_values_file(tmp_path: Path) -> None:
    make = "deploy:\n\thelm upgrade --install ci jenkins/jenkins --version 5.8.68 -n ci -f $(VALUES)\n"
    found = model(
        tmp_path, {"Makefile": make, "ci/jenkins.yaml": "controller: {numExecutors: 4, jenkinsUrl: x}\n"}
    )
    (jenkins,) = found.jenkins
    assert jenkins.executors is not None
    assert jenkins.executors.value == 4
    assert found.assumptions == ("Makefile:2: $(VALUES) is ci/jenkins.yaml, the one values file",)


def test_folders_of_places_are_layers(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        f"{folder}/values.yaml": f"controller: {{numExecutors: {number}, jenkinsUrl: x}}\n"
        for number, folder in enumerate(("base", "overlays/dev", "overlays/prod"))
    }
    found = model(tmp_path / "layers", files)
    (jenkins,) = found.jenkins
    assert jenkins.executors is not None
    assert jenkins.executors.value == 2
    assert found.assumptions == ("the values are base/values.yaml, overlays/prod/values.yaml, in this order",)
    teams: dict[str, str | bytes] = {
        f"{name}/values.yaml": files["base/values.yaml"] for name in ("one", "two")
    }
    assert len(model(tmp_path / "teams", teams).jenkins) == 2


def test_a_copy_of_an_old_chart(tmp_path: Path) -> None:
    found = model(
        tmp_path,
        {
            "chart/Chart.yaml": "name: jenkins\nversion: 1.9.0\nappVersion: lts\n",
            "chart/values.yaml": "master: {image: jenkins/jenkins, tag: lts, numExecutors: 1}\nagent: {}\n",
            "chart/values-prod.yaml": "master: {numExecutors: 0}\nagent: {}\n",
        },
    )
    (jenkins,) = found.jenkins
    assert jenkins.executors is not None
    assert (jenkins.executors.value, jenkins.image.value) == (0, "jenkins/jenkins:lts")
