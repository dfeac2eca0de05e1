"""Our Jenkins chart against what the official one (5.9.53) creates, and against the stack's values."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from conformance.core.errors import CommandFailed

from .rendering import chart, one, rendered

OFFICIAL = json.loads((Path(__file__).parent / "data/official-chart-objects.json").read_text("utf-8"))
#: the values with which the official chart was rendered
SMALL: dict[str, Any] = {
    "controller": {
        "image": {"registry": "registry.example", "repository": "jenkins", "tag": "2.504.3"},
        "installPlugins": ["configuration-as-code:1963.v24e046127a_3f"],
        "JCasC": {"configScripts": {"jobs": "jobs: []\n"}},
        "sidecars": {
            "configAutoReload": {
                "enabled": True,
                "image": {"registry": "docker.io", "repository": "kiwigrid/k8s-sidecar", "tag": "2.10.1"},
            }
        },
    },
    "agent": {"image": {"tag": "1"}},
}
#: objects of `helm test`, which need an image of their own and which our chart does not have
HOOKS = {"helm.sh/hook"}


def official() -> list[dict[str, Any]]:
    return [each for each in OFFICIAL["objects"] if not HOOKS & set(each.get("annotations") or {})]


@pytest.fixture(scope="module")
def objects(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    return rendered(chart("jenkins"), SMALL, tmp_path_factory.mktemp("values"))


def labels(raw: dict[str, str] | None) -> dict[str, str]:
    """Labels without the chart's own name and version."""
    return {key: value for key, value in (raw or {}).items() if key != "helm.sh/chart"}


def test_makes_the_official_charts_objects_and_no_others(objects: list[dict[str, Any]]) -> None:
    ours = sorted((each["kind"], each["metadata"]["name"]) for each in objects)
    assert ours == sorted((each["kind"], each["name"]) for each in official())


@pytest.mark.parametrize("expected", official(), ids=lambda each: f"{each['kind']}-{each['name']}")
def test_object_is_shaped_as_the_official_charts(
    objects: list[dict[str, Any]], expected: dict[str, Any]
) -> None:
    ours = one(objects, expected["kind"], expected["name"])
    assert labels(ours["metadata"]["labels"]) == labels(expected["labels"])
    if "keys" in expected:
        assert sorted(ours["data"]) == sorted(expected["keys"])
    if "rules" in expected:
        assert ours["rules"] == expected["rules"]
    if "ports" in expected:
        assert [[port["name"], port["port"]] for port in ours["spec"]["ports"]] == expected["ports"]
        assert ours["spec"]["selector"] == expected["selector"]


def test_role_bindings_bind_the_controllers_service_account(objects: list[dict[str, Any]]) -> None:
    bound = {
        each["metadata"]["name"]: (each["roleRef"]["name"], each["subjects"][0]["name"])
        for each in objects
        if each["kind"] == "RoleBinding"
    }
    assert bound == {
        "jenkins-schedule-agents": ("jenkins-schedule-agents", "jenkins"),
        "jenkins-watch-configmaps": ("jenkins-casc-reload", "jenkins"),
    }


def test_controller_pod_is_shaped_as_the_official_charts(objects: list[dict[str, Any]]) -> None:
    (expected,) = [each for each in official() if each["kind"] == "StatefulSet"]
    template = one(objects, "StatefulSet", "jenkins")["spec"]["template"]
    spec = template["spec"]
    assert labels(template["metadata"]["labels"]) == labels(expected["podLabels"])
    assert spec["serviceAccountName"] == expected["serviceAccountName"]
    assert spec["securityContext"] == expected["securityContext"]
    volumes = [{volume["name"]: next(k for k in volume if k != "name")} for volume in spec["volumes"]]
    assert volumes == expected["volumes"]
    for kind in ("initContainers", "containers"):
        assert [each["name"] for each in spec[kind]] == [each["name"] for each in expected[kind]]
        for ours, theirs in zip(spec[kind], expected[kind], strict=True):
            assert ours["image"] == theirs["image"]
            assert ours["securityContext"] == theirs["securityContext"]
            assert {each["mountPath"]: each["name"] for each in ours["volumeMounts"]} == theirs["mounts"]
            assert [each["name"] for each in ours.get("env", [])] == theirs.get("env", [])
            for key in ("command", "args", "ports"):
                assert ours.get(key) == theirs.get(key)
            for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
                assert without_nulls(ours.get(probe)) == without_nulls(theirs.get(probe))


def without_nulls(probe: dict[str, Any] | None) -> dict[str, Any]:
    return {key: value for key, value in (probe or {}).items() if value is not None}


def test_unknown_keys_of_the_official_chart_are_accepted(tmp_path: Path) -> None:
    values = {
        "controller": {**SMALL["controller"], "prometheus": {"enabled": False}, "backendconfig": {}},
        "agent": {**SMALL["agent"], "garbageCollection": {"enabled": False}},
        "networkPolicy": {"enabled": False},
        "backup": {"enabled": False},
    }
    assert rendered(chart("jenkins"), values, tmp_path)


def test_another_release_name_is_put_before_the_charts(tmp_path: Path) -> None:
    names = {each["metadata"]["name"] for each in rendered(chart("jenkins", "build"), SMALL, tmp_path)}
    assert "build-jenkins" in names
    assert "build-jenkins-agent" in names


def test_an_image_without_a_tag_is_refused(tmp_path: Path) -> None:
    values = {**SMALL, "agent": {"image": {"repository": "agent"}}}
    with pytest.raises(CommandFailed) as failure:
        rendered(chart("jenkins"), values, tmp_path)
    assert "not pinned" in failure.value.observed


def test_a_plugin_given_twice_is_refused(tmp_path: Path) -> None:
    values = {
        **SMALL,
        "controller": {**SMALL["controller"], "additionalPlugins": ["configuration-as-code:2000.v1"]},
    }
    with pytest.raises(CommandFailed) as failure:
        rendered(chart("jenkins"), values, tmp_path)
    assert "additionalPlugins repeats" in failure.value.observed


def test_without_the_sidecar_the_init_container_copies_the_configuration(tmp_path: Path) -> None:
    values = {
        **SMALL,
        "controller": {**SMALL["controller"], "sidecars": {"configAutoReload": {"enabled": False}}},
    }
    objects = rendered(chart("jenkins"), values, tmp_path)
    data = one(objects, "ConfigMap", "jenkins")["data"]
    assert {"jcasc-default-config.yaml", "jobs.yaml"} <= set(data)
    assert "cp -v /var/jenkins_config/*.yaml" in data["apply_config.sh"]
    assert [each["metadata"]["name"] for each in objects if each["kind"] == "Role"] == [
        "jenkins-schedule-agents"
    ]
    (container,) = one(objects, "StatefulSet", "jenkins")["spec"]["template"]["spec"]["containers"]
    environment = {each["name"]: each.get("value") for each in container["env"]}
    assert environment["CASC_JENKINS_CONFIG"] == "/var/jenkins_home/casc_configs"
    assert "casc.reload.token" not in environment["JAVA_OPTS"]


def test_agents_and_their_inheritance(tmp_path: Path) -> None:
    values = {
        **SMALL,
        "agent": {"image": {"repository": "agent", "tag": "1"}, "podName": "default", "containerCap": 3},
        "additionalAgents": {"img": {"podName": "img", "customJenkinsLabels": ["img"]}},
    }
    objects = rendered(chart("jenkins"), values, tmp_path)
    casc = one(objects, "ConfigMap", "jenkins-jenkins-jcasc-config")["data"]["jcasc-default-config.yaml"]
    cloud = yaml.safe_load(casc)["jenkins"]["clouds"][0]["kubernetes"]
    assert cloud["containerCapStr"] == "3"
    default, img = cloud["templates"]
    assert (default["name"], default["label"]) == ("default", "jenkins-jenkins-agent")
    assert (img["name"], img["label"]) == ("img", "jenkins-jenkins-agent img")
    assert img["containers"][0]["image"] == default["containers"][0]["image"] == "agent:1"
    assert img["containers"][0]["args"] == "^${computer.jnlpmac} ^${computer.name}"
