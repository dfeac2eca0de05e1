"""Small edits of the reference stack: what the sources say after each of them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from conformance.sources.model import StackModel, load_model, missing, unknown
from conformance.sources.pods.model import Pod
from conformance.sources.secrets import find
from tests.sources.support import REFERENCE

VALUES = "jenkins-helm-values.yaml.tmpl"
DECLARATION = "terraform/stack.auto.tfvars.json"
OFFICIAL = (
    DECLARATION,
    '"chart": "charts/jenkins",',
    '"chart": "jenkins", "repository": "https://charts.jenkins.io", "version": "5.8.68",',
)
Edited = Callable[..., StackModel]


@pytest.fixture
def edited(tmp_path: Path) -> Edited:
    """The reference stack's model after edits: (file, text before, text after)."""

    def edit(*edits: tuple[str, str, str]) -> StackModel:
        shutil.copytree(REFERENCE, tmp_path / "stack")
        for name, old, new in edits:
            path = tmp_path / "stack" / name
            content = path.read_text() if path.exists() else ""
            assert old in content
            path.parent.mkdir(exist_ok=True, parents=True)
            path.write_text(content.replace(old, new, 1) if old else content + new)
        return load_model(tmp_path / "stack")

    return edit


def pins(model: StackModel) -> set[str]:
    return {str(entry.value).partition(":")[0] for entry in model.plugin_entries}


def pod(model: StackModel, name: str) -> Pod:
    return next(own for own in model.pods if own.name == name)


def test_a_plugin_of_a_root_or_an_attribute_that_is_not_pinned(edited: Edited) -> None:
    model = edited(
        (VALUES, "    - job-dsl:1.90\n", ""),
        (
            VALUES,
            "        security:\n          globalJobDsl",
            "        unclassified:\n          slackNotifier: {}\n        security:\n          globalJobDsl",
        ),
    )
    assert [(need.name, need.plugin) for need in missing(model.needs, pins(model))] == [
        ("unclassified.slackNotifier", "slack"),
        ("security.globalJobDslSecurityConfiguration", "job-dsl"),
        ("jobs", "job-dsl"),
    ]


def test_roots_that_are_none_are_unknown(edited: Edited) -> None:
    more = "        views:\n        - all: {name: all}\n        security:\n          globalJobDsl"
    model = edited((VALUES, "        security:\n          globalJobDsl", more))
    assert [(need.kind, need.name) for need in unknown(model.needs)][:1] == [("root", "views")]


def test_values_in_two_files(edited: Edited) -> None:
    text = (REFERENCE / VALUES).read_text()
    agents = text[text.index("\nagent:\n") + 1 :]
    one = '[templatefile("${local.stack}/${each.value.values}", local.names)]'
    two = (
        '[\n    for name in concat([each.value.values], each.key == "jenkins" ? '
        '["jenkins-agents.yaml.tmpl"] : []) :\n'
        '    templatefile("${local.stack}/${name}", local.names)\n  ]'
    )
    model = edited(
        (VALUES, agents, ""), ("jenkins-agents.yaml.tmpl", "", agents), ("terraform/main.tf", one, two)
    )
    assert [own.name for own in model.pods] == ["maven", "img"]
    assert pod(model, "img").place.file == "jenkins-agents.yaml.tmpl"
    assert len(model.jenkins) == 1


def test_the_official_chart_fills_in_what_values_leave_out(edited: Edited) -> None:
    resources = (
        "  resources:\n    requests:\n      cpu: 100m\n      memory: 256Mi\n    limits:\n"
        '      cpu: "2"\n      memory: 1Gi\n'
    )
    image = (
        '  image:\n    registry: "${agent_image_registry}"\n    repository: "${agent_image_repository}"\n'
        '    tag: "${agent_image_tag}"\n'
    )
    model = edited(
        OFFICIAL,
        (VALUES, image, ""),
        (VALUES, resources, ""),
        (VALUES, "  installLatestSpecifiedPlugins: false\n", ""),
    )
    (jenkins,) = model.jenkins
    (container,) = pod(model, "maven").containers
    assert container.image.value == "jenkins/inbound-agent:3324.vea_eda_e98cd69-1"
    assert set(container.resources) == {"requests.cpu", "requests.memory", "limits.cpu", "limits.memory"}
    assert jenkins.plugins.install_latest_specified is not None
    assert jenkins.plugins.install_latest_specified.value is False
    assert "5.8.68" in jenkins.values.defaults


def test_an_agent_that_runs_as_root_by_the_chart_s_key(edited: Edited) -> None:
    users = "          runAsNonRoot: true\n          runAsUser: 1000\n          runAsGroup: 1000\n"
    model = edited(
        (VALUES, '  runAsUser: "1000"\n', '  runAsUser: "0"\n'), (VALUES, users, ""), (VALUES, users, "")
    )
    maven = pod(model, "maven")
    user = maven.user_of(maven.containers[0])
    assert user is not None
    assert user.value == 0


def test_flags_of_plugins(edited: Edited) -> None:
    model = edited(
        (VALUES, "  overwritePlugins: true\n", "  overwritePlugins: true\n  initializeOnce: true\n")
    )
    flag = model.jenkins[0].plugins.initialize_once
    assert flag is not None
    assert flag.value is True


def test_the_same_scalar_in_two_scripts(edited: Edited) -> None:
    model = edited(
        (
            VALUES,
            "      jobs: |\n",
            "      again: |\n        jenkins:\n          quietPeriod: 0\n      jobs: |\n",
        )
    )
    assert [own.path for own in model.jcasc.conflicts] == [("jenkins", "quietPeriod")]


def test_executors_as_a_word_and_in_a_script(edited: Edited) -> None:
    model = edited(
        (VALUES, "  numExecutors: 0\n", '  numExecutors: "2"\n'),
        (VALUES, "          quietPeriod: 0\n", "          quietPeriod: 0\n          numExecutors: 2\n"),
    )
    executors = model.jenkins[0].executors
    assert executors is not None
    assert executors.value == 2
    assert [own.path for own in model.jcasc.conflicts] == [("jenkins", "numExecutors")]


def test_rights_by_a_matrix_leave_the_chart_s_strategy_out(edited: Edited) -> None:
    script = (
        "      rights: |\n        jenkins:\n          authorizationStrategy:\n            globalMatrix:\n"
        "              entries:\n"
        "              - group: {name: anonymous, permissions: [Overall/Administer]}\n      jobs: |\n"
    )
    model = edited((VALUES, "      jobs: |\n", script))
    assert model.jcasc.conflicts == ()
    assert [(own.name, own.permission) for own in model.jcasc.grants] == [("anonymous", "Overall/Administer")]
    assert [need.plugin for need in missing(model.needs, pins(model))] == ["matrix-auth"]


CLOUD = (
    "      cloud: |\n        jenkins:\n          clouds:\n          - kubernetes:\n"
    "              name: second\n"
    "              templates:\n              - name: web\n                label: web\n"
    "                containers:\n"
    '                - {name: jnlp, image: "r/base:latest", privileged: "false", resourceRequestCpu: 100m}\n'
    '                - {name: node, image: "r/node:22.4.1"}\n      jobs: |\n'
)


def test_templates_of_a_second_cloud(edited: Edited) -> None:
    web = pod(edited((VALUES, "      jobs: |\n", CLOUD)), "web")
    first, second = web.containers
    assert (first.image.value, second.image.value) == ("r/base:latest", "r/node:22.4.1")
    assert first.security.privileged is not None
    assert first.security.privileged.value is False
    assert str(first.image.place) == f"{VALUES}:221:39"


def test_an_image_as_one_word(edited: Edited) -> None:
    image = (
        '  image:\n    registry: "${jenkins_image_registry}"\n    repository: "${jenkins_image_repository}"\n'
        '    tag: "${jenkins_image_tag}"\n    pullPolicy: IfNotPresent\n'
    )
    model = edited((VALUES, image, '  image: "r.example.org/ci/jenkins"\n  tag: "2.504.3-jdk17"\n'))
    assert [str(error.place) for error in model.errors] == [f"{VALUES}:5:10"]
    assert model.jenkins[0].image.value == "r.example.org/ci/jenkins:2.504.3-jdk17"


def test_repositories_beside_the_declaration_and_modules_that_ignore_it(edited: Edited) -> None:
    side = 'resource "aws_ecr_repository" "side-door" {\n  name = "tools/side-door"\n}\n'
    model = edited(
        ("terraform/ecr/extra.tf", "", side),
        (
            "terraform/ecr/main.tf",
            "  image_tag_mutability = each.value.image_tag_mutability\n",
            '  image_tag_mutability = "MUTABLE"\n  force_delete         = true\n',
        ),
    )
    own = {str(part.name.value): part for part in model.repositories}
    assert own["tools/side-door"].place.file == "terraform/ecr/extra.tf"
    assert own["commerce/cortex"].mutability.value == "MUTABLE"
    assert str(own["commerce/cortex"].mutability.place) == "terraform/ecr/main.tf:26:26"
    assert own["commerce/cortex"].force_delete.value is True


def test_nexus_as_a_deployment_of_terraform(edited: Edited) -> None:
    nexus = (
        'resource "kubernetes_deployment" "nexus" {\n  metadata {\n    name = "nexus"\n  }\n  spec {\n'
        '    strategy { type = "Recreate" }\n    template {\n      spec {\n        container {\n'
        '          name  = "nexus"\n          image = "sonatype/nexus3:3.71.0"\n        }\n      }\n'
        "    }\n  }\n}\n"
    )
    model = edited(("terraform/nexus.tf", "", nexus))
    own = next(part for part in model.workloads if part.object.origin == "kubernetes_deployment.nexus")
    assert own.strategy is not None
    assert own.strategy.value == "Recreate"


def test_secrets_by_a_default_and_what_is_none(edited: Edited) -> None:
    model = edited(
        (
            VALUES,
            '                  password: "$${build-credentials-nexus-password}"',
            '                  password: "$${NEXUS_DEPLOY_PW:-Tr0ub4dor-seven}"',
        ),
        (
            "sealed/admin.yaml",
            "",
            (
                "apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata: {name: admin}\nspec:\n"
                "  encryptedData:\n"
                "    admin-password: AgBy3i4OJSWK+PiTySYZZA9rO43cGDEq\n"
            ),
        ),
        ("NOTES.md", "", "# Notes\n\npassword: see the vault of the team\n"),
        (
            "images/Dockerfile",
            "",
            'FROM r/tools:1.2.3\nRUN echo "builder ALL=(ALL) NOPASSWD: ALL" > /etc/sudoers.d/b\n',
        ),
        (
            "tools/login.py",
            "",
            "def login(user, password):\n    if not password:\n        raise ValueError(user)\n",
        ),
    )
    assert [(own.name, str(own.place)) for own in find(model)] == [
        ("credentials.system.domainCredentials.credentials.usernamePassword.password", f"{VALUES}:205:29")
    ]


def test_the_declaration_as_hcl(edited: Edited) -> None:
    content = json.loads((REFERENCE / DECLARATION).read_text())
    hcl = "".join(f"{name} = {json.dumps(value, indent=2)}\n\n" for name, value in content.items())
    model = edited(
        (DECLARATION, (REFERENCE / DECLARATION).read_text(), "{}"), ("terraform/terraform.tfvars", "", hcl)
    )
    assert len(model.repositories) == 5
    assert len(model.jenkins) == 1
    assert model.region is not None
    assert model.region.place.file == "terraform/terraform.tfvars"
