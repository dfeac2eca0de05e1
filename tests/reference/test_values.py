"""The stack's own values, rendered: pins, configuration as code, pod templates."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from conformance.contract.load import load as load_contract
from conformance.core.paths import REFERENCE
from environments.deploy import declaration, releases, template

from .rendering import DECLARATION, ENVIRONMENT, STACK, one, rendered

DECLARED = declaration.load(DECLARATION)
NAMES = DECLARED.names(ENVIRONMENT)
CONTRACT = load_contract(REFERENCE / "conformance.toml").contract


@pytest.fixture(scope="module")
def values() -> dict[str, Any]:
    parsed: dict[str, Any] = yaml.safe_load(releases.values(DECLARED.release("jenkins"), NAMES))
    return parsed


@pytest.fixture(scope="module")
def objects(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    release = DECLARED.release("jenkins")
    return rendered(release, releases.values(release, NAMES), tmp_path_factory.mktemp("values"))


@pytest.fixture(scope="module")
def casc(objects: list[dict[str, Any]]) -> dict[str, Any]:
    data = one(objects, "ConfigMap", "jenkins")["data"]
    return {name: yaml.safe_load(text) for name, text in data.items() if name.endswith(".yaml")}


@pytest.fixture(scope="module")
def templates(casc: dict[str, Any]) -> dict[str, dict[str, Any]]:
    cloud = casc["jcasc-default-config.yaml"]["jenkins"]["clouds"][0]["kubernetes"]
    return {each["name"]: each for each in cloud["templates"]}


def test_every_plugin_is_pinned_exactly_and_once(values: dict[str, Any]) -> None:
    pins = values["controller"]["installPlugins"]
    names = [pin.split(":")[0] for pin in pins]
    assert len(pins) == 67
    assert names == sorted(set(names))
    assert [pin for pin in pins if not re.fullmatch(r"[a-z0-9-]+:[0-9][\w.+-]*", pin)] == []


def test_nothing_upgrades_behind_the_pins(values: dict[str, Any]) -> None:
    controller = values["controller"]
    assert controller["installLatestPlugins"] is False
    assert controller["installLatestSpecifiedPlugins"] is False
    assert controller["overwritePlugins"] is True


def test_the_init_container_installs_the_pins(objects: list[dict[str, Any]], values: dict[str, Any]) -> None:
    data = one(objects, "ConfigMap", "jenkins")["data"]
    assert data["plugins.txt"].split() == values["controller"]["installPlugins"]
    assert "--latest false" in data["apply_config.sh"]


def test_configuration_as_code_gets_the_seed_as_it_is(casc: dict[str, Any]) -> None:
    (job,) = casc["jobs.yaml"]["jobs"]
    assert job["script"].strip() == (STACK / "jobs/seed.groovy").read_text("utf-8").strip()


def test_the_seed_uses_only_variables_that_the_controller_has(objects: list[dict[str, Any]]) -> None:
    (pod,) = [each for each in objects if each["kind"] == "StatefulSet"]
    (container,) = pod["spec"]["template"]["spec"]["containers"]
    known = {each["name"]: each.get("value") for each in container["env"]}
    wanted = set(re.findall(r"\$\{(\w+)\}", (STACK / "jobs/seed.groovy").read_text("utf-8")))
    assert wanted == {"GIT_SERVER"}
    assert known["GIT_SERVER"] == ENVIRONMENT["git_server"]


def test_credentials_come_from_secrets_that_are_mounted(
    casc: dict[str, Any], values: dict[str, Any], objects: list[dict[str, Any]]
) -> None:
    (domain,) = casc["credentials.yaml"]["credentials"]["system"]["domainCredentials"]
    found = [each["usernamePassword"] for each in domain["credentials"]]
    assert [each["id"] for each in found] == list(CONTRACT.jenkins.credentials)
    used = {
        each[key].removeprefix("${").removesuffix("}") for each in found for key in ("username", "password")
    }
    given = {
        f"{each['name']}-{each['keyName']}" for each in values["controller"]["additionalExistingSecrets"]
    }
    assert used == given
    volumes = one(objects, "StatefulSet", "jenkins")["spec"]["template"]["spec"]["volumes"]
    (projected,) = [each["projected"]["sources"] for each in volumes if each["name"] == "jenkins-secrets"]
    paths = {item["path"] for source in projected for item in source["secret"]["items"]}
    assert given | {"chart-admin-username", "chart-admin-password"} == paths


def test_builds_get_the_addresses_of_the_environment(casc: dict[str, Any]) -> None:
    (node,) = casc["controller.yaml"]["jenkins"]["globalNodeProperties"]
    variables = {each["key"]: each["value"] for each in node["envVars"]["env"]}
    assert variables == {
        "NEXUS_URL": DECLARED.settings["nexus_url"],
        "GIT_SERVER": ENVIRONMENT["git_server"],
        "ECR_REGISTRY": ENVIRONMENT["ecr_registry"],
        "AWS_ENDPOINT_URL_ECR": ENVIRONMENT["ecr_endpoint"],
        "AWS_REGION": DECLARED.aws_region,
    }


def test_pod_templates_are_the_contracts(templates: dict[str, dict[str, Any]]) -> None:
    assert {name: each["label"].split()[-1] for name, each in templates.items()} == {
        agent.template: agent.label for agent in CONTRACT.jenkins.agents
    }


@pytest.mark.parametrize("name", ["maven", "img"])
def test_no_agent_is_privileged(templates: dict[str, dict[str, Any]], name: str) -> None:
    (container,) = templates[name]["containers"]
    pod = yaml.safe_load(templates[name]["yaml"])["spec"]
    assert container["privileged"] is False
    assert container["runAsUser"] == container["runAsGroup"] == "1000"
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["automountServiceAccountToken"] is False
    assert [each for each in templates[name]["volumes"] if "hostPathVolume" in each] == []
    for what in ("resourceRequestCpu", "resourceRequestMemory", "resourceLimitCpu", "resourceLimitMemory"):
        assert container[what]


def test_img_has_what_it_needs_and_no_more(templates: dict[str, dict[str, Any]]) -> None:
    pod = yaml.safe_load(templates["img"]["yaml"])["spec"]
    assert pod["securityContext"] == {
        "runAsNonRoot": True,
        "runAsUser": 1000,
        "runAsGroup": 1000,
        "fsGroup": 1000,
        "seccompProfile": {"type": "Unconfined"},
    }
    empty = [
        each["emptyDirVolume"]["mountPath"]
        for each in templates["img"]["volumes"]
        if "emptyDirVolume" in each
    ]
    assert empty == ["/home/jenkins/.local/share/img"]


def test_agents_run_without_a_token(objects: list[dict[str, Any]]) -> None:
    account = one(objects, "ServiceAccount", CONTRACT.jenkins.agent_service_account)
    assert account["automountServiceAccountToken"] is False


def test_controller_is_reached_on_its_node_port(objects: list[dict[str, Any]]) -> None:
    assert one(objects, "Service", "jenkins")["spec"]["ports"][0]["nodePort"] == 30080


def test_controller_has_the_startup_time_of_the_contract(objects: list[dict[str, Any]]) -> None:
    (container,) = one(objects, "StatefulSet", "jenkins")["spec"]["template"]["spec"]["containers"]
    probe = container["startupProbe"]
    assert probe["periodSeconds"] * probe["failureThreshold"] >= CONTRACT.budgets.controller_ready
    assert probe["periodSeconds"] == 2


def test_every_name_of_the_templates_is_supplied_and_none_in_vain() -> None:
    used: set[str] = set()
    for release in DECLARED.releases:
        used |= template.names_in(release.values.read_text("utf-8"))
    assert used == set(NAMES)


def test_values_hold_no_secret_of_their_own(values: dict[str, Any]) -> None:
    assert "password" not in values["controller"]["admin"]


def test_nexus_stops_before_it_is_replaced_and_has_time_to_flush(tmp_path: Path) -> None:
    release = DECLARED.release("nexus")
    objects = rendered(release, releases.values(release, NAMES), tmp_path)
    deployment = one(objects, "Deployment", "nexus")["spec"]
    pod = deployment["template"]["spec"]
    (container,) = pod["containers"]
    assert deployment["strategy"] == {"type": "Recreate"}
    assert deployment["replicas"] == 1
    assert pod["terminationGracePeriodSeconds"] >= 30
    assert container["readinessProbe"]["httpGet"]["path"] == "/service/rest/v1/status/writable"
    assert container["image"] == "registry.example/nexus:2.504.3"
    assert pod["securityContext"]["runAsUser"] == pod["securityContext"]["fsGroup"] == 200
    environment = {each["name"]: each for each in container["env"]}
    assert environment["NEXUS_SECURITY_INITIAL_PASSWORD"]["valueFrom"]["secretKeyRef"] == {
        "name": "nexus-admin",
        "key": "password",
    }
    assert "truststore.p12" in environment["INSTALL4J_ADD_VM_PARAMS"]["value"]
    assert one(objects, "Service", "nexus")["spec"]["ports"] == [
        {"name": "http", "port": 8081, "targetPort": "http", "nodePort": 30081}
    ]
    one(objects, "PersistentVolumeClaim", "nexus")
