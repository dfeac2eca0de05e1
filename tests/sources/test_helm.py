"""Helm: merging, releases of every kind, defaults by version, what the Jenkins chart makes."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest

from conformance.sources import chart_defaults
from conformance.sources.facts import Fact, Place, Undecided
from conformance.sources.helm import go_template, merge, releases, settings, values
from conformance.sources.helm.jenkins import JenkinsRelease, is_jenkins, read_release
from conformance.sources.helm.values import ChartValues
from conformance.sources.images import parse
from conformance.sources.pods.templates import effective
from conformance.sources.yaml_positions import Node
from tests.sources.support import DATA, at, node, repository, text


def charts(root: Path, *files: str, chart: str = "") -> tuple[ChartValues, ...]:
    release = releases.of_values(tuple(root / name for name in files), chart, root, "jenkins", "ci")
    return tuple(values.of_release(release, root))


def jenkins(tmp_path: Path, given: str, version: str = "5.8.68") -> JenkinsRelease:
    """The official chart with these values, as an Application takes it."""
    inner = "".join(f"        {line}\n" for line in given.splitlines())
    application = (
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: jenkins}\nspec:\n  source:\n"
        f"    repoURL: https://charts.jenkins.io\n    chart: jenkins\n    targetRevision: {version}\n"
        f"    helm:\n"
        f"      valuesObject:\n{inner}"
    )
    (release,) = releases.of_manifest(node(application, "app.yaml"), tmp_path, tmp_path)
    (chart,) = values.of_release(release, tmp_path)
    assert is_jenkins(chart)
    return read_release(chart)


def value(fact: Fact[str] | Fact[bool] | Fact[int] | None) -> object:
    assert fact is not None
    return fact.value


def test_objects_merge_deep_and_lists_are_replaced() -> None:
    lower = node("a: {x: 1, w: [1, 2]}\nb: 1\n", "base.yaml")
    upper = node("a: {w: [3], z: 4}\nb: null\n", "prod.yaml")
    merged = merge.merge(lower, upper)
    assert merged.plain() == {"a": {"x": 1, "w": [3], "z": 4}, "b": None}
    assert at(merged.at("a", "x")) == "base.yaml:1:8"
    assert at(merged.at("a", "z")) == "prod.yaml:1:16"


def test_null_takes_a_default_away_and_a_word_replaces_an_object() -> None:
    defaults = node("a: {x: 1}\nb: {y: 1}\nc: 1\n")
    assert merge.over_defaults(node("a: null\nb: word\nd: 2\n"), defaults).plain() == {
        "b": "word",
        "c": 1,
        "d": 2,
    }


@pytest.mark.parametrize(
    ("written", "made"),
    [("true", True), ("007", "007"), ("7", 7), ("null", None), ("{a,1}", ("a", 1)), ("1.5", "1.5"), ("", "")],
)
def test_settings_are_typed_as_helm_types_them(written: str, made: object) -> None:
    found = settings.typed(written, Place("x"))
    assert (tuple(item.value for item in found.items) if isinstance(made, tuple) else found.value) == made


def test_paths_of_settings() -> None:
    assert settings.path_of("a.b\\.c[1].d") == ("a", "b.c", 1, "d")
    found = settings.set_value(node("a: {l: [x]}\n"), settings.path_of("a.l[1]"), Node(2, Place("x")))
    assert found.plain() == {"a": {"l": ["x", 2]}}


@pytest.mark.parametrize(
    ("wanted", "used", "exact", "core"),
    [
        ("5.8.68", "5.8.68", True, "2.504.3"),
        ("v5.8.68", "5.8.68", False, ""),
        ("5.8.70", "5.8.68", False, ""),
        ("~5.7", "5.7.27", False, ""),
        ("4.3.0", "4.2.17", False, ""),
        ("2.19.0", "3.0.14", False, ""),
        ("", "5.9.53", False, ""),
        ("99.0.0", "5.9.53", False, ""),
    ],
)
def test_defaults_are_those_of_the_nearest_lower_release(
    wanted: str, used: str, exact: bool, core: str
) -> None:
    found = chart_defaults.of_version(wanted)
    assert (found.version, found.exact, found.app_version) == (used, exact, core)
    assert used in found.source


def test_every_default_says_that_it_is_one(tmp_path: Path) -> None:
    found = jenkins(tmp_path, "agent: {podName: a}\n")
    default = found.values.values.at("controller", "csrf", "defaultCrumbIssuer", "enabled")
    assert default is not None
    assert default.default_of == "chart default 5.8.68"
    assert at(found.values.values.at("agent", "podName")) == "app.yaml:11:26"


def test_the_chart_fixes_the_tag_that_values_leave_out(tmp_path: Path) -> None:
    assert value(jenkins(tmp_path, "controller: {image: {tagLabel: jdk17}}\n").image) == (
        "docker.io/jenkins/jenkins:2.504.3-jdk17"
    )
    unknown = jenkins(tmp_path, "controller: {image: {tagLabel: jdk17}}\n", "5.8.70").image.value
    assert isinstance(unknown, Undecided)
    assert unknown.decided_by == "controller.image.tag"


def test_an_image_as_one_word_is_refused_by_charts_of_today(tmp_path: Path) -> None:
    found = jenkins(tmp_path, "controller:\n  image: r.example.org/ci/jenkins\n  tag: 2.504.3-jdk17\n")
    assert value(found.image) == "r.example.org/ci/jenkins:2.504.3-jdk17"
    assert [str(error.place) for error in found.errors] == ["app.yaml:12:18"]
    assert "takes an object" in found.errors[0].message
    old = jenkins(tmp_path, "controller:\n  image: r.example.org/ci/jenkins\n  tag: 2.332.3\n", "3.12.2")
    assert old.errors == ()
    assert value(old.image) == "r.example.org/ci/jenkins:2.332.3"


def test_keys_of_charts_before_3_count(tmp_path: Path) -> None:
    found = jenkins(tmp_path, "master:\n  numExecutors: 3\n  adminPassword: hunter22\n", "2.19.0")
    assert value(found.executors) == 3
    assert value(found.admin.password) == "hunter22"


def test_plugins_of_values(tmp_path: Path) -> None:
    written = (
        "controller:\n  installPlugins: ['git:5.7.0']\n  additionalPlugins: ['mailer:1']\n"
        "  initializeOnce: 'true'\n"
    )
    found = jenkins(tmp_path, written).plugins
    assert [entry.value for entry in found.entries or ()] == ["git:5.7.0", "mailer:1"]
    assert value(found.initialize_once) is True
    assert value(found.install_latest_specified) is False
    assert value(found.install_latest) is True
    assert jenkins(tmp_path, "controller: {installPlugins: false}\n").plugins.entries is None


def test_additional_agents_take_what_they_lack_from_the_agent(tmp_path: Path) -> None:
    written = (
        "agent: {disableDefaultAgent: true, runAsUser: '0', image: {repository: r/base, tag: '1'}}\n"
        "additionalAgents:\n  img:\n    podName: img\n    customJenkinsLabels: [img, docker]\n"
        "    image: {tag: '7.1.0'}\n    resources: {limits: {memory: 2Gi}}\n"
    )
    (template,) = jenkins(tmp_path, written).pod_templates
    pod = effective(template, {})
    (container,) = pod.containers
    assert pod.labels == ("jenkins-jenkins-agent", "img", "docker")
    assert value(container.image) == "r/base:7.1.0"
    assert {key: own.value for key, own in container.resources.items()} == {
        "requests.cpu": "512m",
        "requests.memory": "512Mi",
        "limits.cpu": "512m",
        "limits.memory": "2Gi",
    }
    assert value(pod.user_of(container)) == 0
    assert str(container.resources["limits.memory"].place) == "app.yaml:17:42"


def test_empty_values_of_additional_agents_are_filled_in_too(tmp_path: Path) -> None:
    written = "agent: {privileged: true}\nadditionalAgents: {x: {podName: x, privileged: false}}\n"
    pods = [effective(template, {}) for template in jenkins(tmp_path, written).pod_templates]
    assert [value(pod.containers[0].security.privileged) for pod in pods] == [True, True]


def test_pod_templates_as_text_and_clouds(tmp_path: Path) -> None:
    written = (
        "agent:\n  disableDefaultAgent: true\n  podTemplates:\n    py: |\n      - name: py\n"
        "        label: py\n"
        "        containers:\n        - name: py\n"
        "          image: '{{ .Values.agent.image.repository }}:latest'\n"
        "additionalClouds:\n  far:\n    agent: {podName: far, disableDefaultAgent: false}\n"
    )
    names = [(own.name, own.origin) for own in jenkins(tmp_path, written).pod_templates]
    assert names == [("py", "agent.podTemplates.py"), ("py", "additionalClouds.far.agent.podTemplates.py")]
    first = effective(jenkins(tmp_path, written).pod_templates[0], {})
    assert value(first.containers[0].image) == "jenkins/inbound-agent:latest"


def test_the_chart_s_own_configuration_gives_way_to_scripts(tmp_path: Path) -> None:
    kept = jenkins(tmp_path, "controller: {numExecutors: '2'}\n")
    assert kept.default_config is not None
    assert (
        kept.default_config.at("jenkins", "authorizationStrategy", "loggedInUsersCanDoAnything") is not None
    )
    assert kept.default_config.text("jenkins", "numExecutors") == "2"
    script = (
        "controller:\n  JCasC:\n    configScripts:\n      auth: |\n        jenkins:\n"
        "          authorizationStrategy: unsecured\n"
    )
    gone = jenkins(tmp_path, script).default_config
    assert gone is not None
    assert gone.at("jenkins", "authorizationStrategy") is None
    assert gone.at("jenkins", "securityRealm") is not None
    assert jenkins(tmp_path, "controller: {JCasC: {defaultConfig: false}}\n").default_config is None


def test_templates_in_scripts_are_filled_in_or_stay_open() -> None:
    written = text(
        'a: {{ .Values.x.w }}\nb: {{ .Release.Name | quote }}\nc: {{ include "z" . }}\n'
        'd: {{ .Values.no | default "e" }}\n'
    )
    found = go_template.render(written, node("x: {w: 5}\n"), "ci", "ns")
    assert found.value.startswith('a: 5\nb: "ci"\nc: \ue000')
    assert str(found.origin.place(3)) == "file:3"


def test_values_of_terraform_argo_flux_kustomize_and_helmfile(tmp_path: Path) -> None:
    root = repository(
        tmp_path,
        {"v/a.yaml": "controller: {numExecutors: 1, jenkinsUrl: a}\n", "charts/x/Chart.yaml": "name: x\n"},
    )
    flux = node(
        "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: j, namespace: ci}\n"
        "spec:\n"
        "  chart: {spec: {chart: jenkins, version: 5.8.68}}\n  valuesFrom: [{kind: ConfigMap, name: more}]\n"
        "  values: {controller: {numExecutors: 2}}\n"
    )
    argo = node(
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nspec:\n  sources:\n  - chart: jenkins\n"
        "    repoURL: r\n"
        "    targetRevision: 5.8.68\n    helm:\n      valueFiles: [$values/v/a.yaml]\n"
        "      values: 'controller: {numExecutors: 3}'\n"
        "      parameters: [{name: controller.jenkinsUrl, value: p}]\n  - {repoURL: here, ref: values}\n"
    )
    kustomize = node(
        "kind: Kustomization\nhelmCharts:\n- {name: jenkins, version: 5.8.68, valuesFile: v/a.yaml}\n"
    )
    found = {
        own.kind: values.given_values(own)
        for document in (flux, argo, kustomize)
        for own in releases.of_manifest(document, root, root)
    }
    assert found["flux"].plain() == {"controller": {"numExecutors": 2}}
    assert found["argocd"].plain() == {"controller": {"numExecutors": 3, "jenkinsUrl": "p"}}
    assert found["kustomize"].plain() == {"controller": {"numExecutors": 1, "jenkinsUrl": "a"}}
    helmfile = node(
        "releases:\n- {name: j, chart: jenkinsci/jenkins, version: 5.8.68, values: [v/a.yaml, {agent: "
        "{podName: z}}]}\n"
    )
    (release,) = releases.of_helmfile(helmfile, root, root)
    assert values.given_values(release).text("agent", "podName") == "z"
    (flux_release,) = releases.of_manifest(flux, root, root)
    merged = next(iter(values.of_release(flux_release, root))).values
    unknown = merged.at("controller", "jenkinsUrl")
    assert unknown is not None
    assert not unknown.known


def test_an_umbrella_chart_brings_its_dependencies() -> None:
    root = DATA / "layered"
    own, inner = charts(root, "chart/values-base.yaml", "chart/values-prod.yaml", chart="chart")
    assert (own.chart, inner.chart) == ("acme-ci", "jenkins")
    assert value(inner.version) == "5.8.68"
    assert inner.values.text("controller", "image", "tag") == "2.504.3-r7"
    assert at(inner.values.at("controller", "image", "tag")) == "chart/values-prod.yaml:4:12"


def test_a_chart_at_hand_gives_its_own_defaults(tmp_path: Path) -> None:
    files = {
        "c/Chart.yaml": "name: top\nversion: 1.0.0\ndependencies:\n"
        "- {name: jenkins, version: '>=5', alias: ci, condition: ci.enabled}\n"
        "- {name: other, version: 1.0.0, condition: other.enabled}\n",
        "c/Chart.lock": "dependencies:\n- {name: jenkins, version: 5.8.68}\n",
        "c/values.yaml": "ci: {enabled: true, controller: {numExecutors: 4}}\nother: {enabled: false}\n",
    }
    root = repository(tmp_path, files)
    found = charts(root, chart="c")
    assert [own.chart for own in found] == ["top", "jenkins"]
    assert (value(found[1].version), found[1].exact_defaults) == ("5.8.68", True)
    assert found[1].values.text("controller", "numExecutors") == "4"


def test_an_archive_is_read_without_unpacking(tmp_path: Path) -> None:
    path = tmp_path / "jenkins-9.9.9.tgz"
    with tarfile.open(path, "w:gz") as archive:
        for name, content in (
            ("jenkins/Chart.yaml", b"name: jenkins\nversion: 9.9.9\nappVersion: 3.0\n"),
            ("jenkins/values.yaml", b"controller: {image: {repository: j, tag: t}}\n"),
            ("../evil", b"x"),
        ):
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    (found,) = charts(tmp_path, chart="jenkins-9.9.9.tgz")
    assert value(found.version) == "9.9.9"
    assert found.values.text("controller", "image", "tag") == "t"
    (tmp_path / "bad.tgz").write_bytes(b"\x1f\x8b no")
    (broken,) = charts(tmp_path, chart="bad.tgz")
    assert "not an archive" in broken.errors[0].message


def test_broken_values_are_one_error_and_leave_the_rest_open(tmp_path: Path) -> None:
    root = repository(tmp_path, {"a.yaml": "controller: {numExecutors: 0}\n", "b.yaml": "a: [\n"})
    release = releases.of_values((root / "a.yaml", root / "b.yaml", root / "c.yaml"), "", root)
    assert [str(error.place) for error in release.errors] == ["b.yaml:2:1"]
    found = values.given_values(release)
    assert found.text("controller", "numExecutors") == "0"
    assert found.rest is not None


@pytest.mark.parametrize(
    ("written", "parts", "moving", "placeholder"),
    [
        ("jenkins/jenkins:2.504.3", ("", "jenkins/jenkins", "2.504.3"), False, False),
        ("r.example.org:5000/a/b", ("r.example.org:5000", "a/b", ""), True, False),
        ("a:latest-jdk21", ("", "a", "latest-jdk21"), True, False),
        ("a:lts", ("", "a", "lts"), True, False),
        ("${registryHost}/a:${tag:-1}", ("${registryHost}", "a", "${tag:-1}"), False, True),
        ("${registryHost}/a:latest", ("${registryHost}", "a", "latest"), True, False),
        ("@IMAGE@", ("", "@IMAGE@", ""), False, True),
        ("a@sha256:" + "0" * 64, ("", "a", ""), False, False),
    ],
)
def test_images(written: str, parts: tuple[str, str, str], moving: bool, placeholder: bool) -> None:
    found = parse(written)
    assert (found.registry, found.repository, found.tag) == parts
    assert (found.moving, found.placeholder) == (moving, placeholder)


def test_restricted_pods_get_the_plugin_s_context(tmp_path: Path) -> None:
    found = jenkins(tmp_path, "agent: {restrictedPssSecurityContext: true}\n")
    (container,) = effective(found.pod_templates[0], {}).containers
    assert value(container.security.allow_privilege_escalation) is False
    assert value(container.security.seccomp) == "RuntimeDefault"
    assert [own.value for own in container.security.dropped] == ["ALL"]


def test_a_chart_of_a_repository_is_no_folder_of_that_name(tmp_path: Path) -> None:
    root = repository(tmp_path, {"jenkins/Chart.yaml": "name: other\nversion: 1.0.0\n"})
    application = (
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nspec:\n"
        "  source: {repoURL: https://charts.jenkins.io, "
        "chart: jenkins, targetRevision: 5.8.68, helm: {}}\n"
    )
    (release,) = releases.of_manifest(node(application), root, root)
    (chart,) = values.of_release(release, root)
    assert (chart.chart, value(chart.version)) == ("jenkins", "5.8.68")


def test_keys_given_twice_are_found_in_every_layer(tmp_path: Path) -> None:
    root = repository(tmp_path, {"a.yaml": "agent: {}\ncontroller: {}\nagent: {podName: x}\n"})
    release = releases.of_values((root / "a.yaml",), "", root)
    assert [str(error.place) for error in release.errors] == ["a.yaml:3:1"]
    assert "given twice" in release.errors[0].message
    assert values.given_values(release).text("agent", "podName") == "x"


def test_an_archive_that_unpacks_to_too_much_is_left(tmp_path: Path) -> None:
    path = tmp_path / "bomb.tgz"
    with tarfile.open(path, "w:gz", compresslevel=1) as archive:
        member = tarfile.TarInfo("jenkins/zeros")
        member.size = 101_000_000
        archive.addfile(member, io.BytesIO(bytes(member.size)))
        member = tarfile.TarInfo("jenkins/Chart.yaml")
        member.size = 14
        archive.addfile(member, io.BytesIO(b"name: jenkins\n"))
    (found,) = charts(tmp_path, chart="bomb.tgz")
    assert [error.message for error in found.errors] == ["the archive holds no Chart.yaml"]
