from __future__ import annotations

import json
from typing import Any

from environments.ecr.manifests import CLUSTER_IP, NODE_PORT, EcrSimulatorConfig, objects
from simulators.ecr.settings import Settings
from simulators.ecr.tests.loopback import ACCOUNT, HOST, KEY_ID, REGION, SECRET

CONFIG = EcrSimulatorConfig(
    image="registry.test/ecr:1",
    account=ACCOUNT,
    region=REGION,
    host=HOST,
    access_key_id=KEY_ID,
    secret_access_key=SECRET,
    certificate="CERTIFICATE",
    key="PRIVATE",
    labels={"conformance.run": "r1"},
    token_seconds=60,
)


def made(kind: str, name: str = "ecr") -> dict[str, Any]:
    (found,) = (each for each in objects(CONFIG) if (each["kind"], each["metadata"]["name"]) == (kind, name))
    return found


def pod() -> dict[str, Any]:
    spec: dict[str, Any] = made("Deployment")["spec"]["template"]["spec"]
    return spec


def test_everything_is_labelled_and_without_a_namespace() -> None:
    for each in [*objects(CONFIG), made("Deployment")["spec"]["template"]]:
        assert each["metadata"]["labels"]["conformance.run"] == "r1"
        assert "namespace" not in each["metadata"]


def test_the_service_has_the_registrys_address_and_ports() -> None:
    service = made("Service")
    (port,) = service["spec"]["ports"]
    assert service["spec"]["clusterIP"] == CLUSTER_IP == "10.96.0.43"
    assert (port["port"], port["nodePort"]) == (443, NODE_PORT)
    labels = made("Deployment")["spec"]["template"]["metadata"]["labels"]
    assert service["spec"]["selector"].items() <= labels.items()
    ports = [port for each in pod()["containers"] for port in each.get("ports", [])]
    assert [each["name"] for each in ports] == [port["targetPort"]]


def test_three_containers_of_one_image_without_privileges() -> None:
    containers = {each["name"]: each for each in pod()["containers"]}
    assert set(containers) == {"app", "front", "registry"}
    for name, container in containers.items():
        assert (container["image"], container["args"]) == ("registry.test/ecr:1", [name])
        security = container["securityContext"]
        assert security["capabilities"] == {"drop": ["ALL"]}
        assert not security["allowPrivilegeEscalation"]
        assert security["readOnlyRootFilesystem"]
        assert {"livenessProbe", "resources"} <= set(container)
    assert pod()["securityContext"]["runAsNonRoot"]
    assert "readinessProbe" in containers["front"]
    mounted = {name: {m["name"] for m in c["volumeMounts"]} for name, c in containers.items()}
    assert {name for name, volumes in mounted.items() if "tls" in volumes} == {"front"}


def test_the_pod_is_told_all_that_its_settings_need() -> None:
    """The variables of the deployment, with the secret's values put in, make the settings."""
    secret = made("Secret", "ecr-credentials")["stringData"]
    for container in pod()["containers"]:
        env = {
            each["name"]: each["value"]
            if "value" in each
            else secret[each["valueFrom"]["secretKeyRef"]["key"]]
            for each in container["env"]
        }
        settings = Settings.from_env(env)
        assert settings == Settings(ACCOUNT, REGION, HOST, KEY_ID, SECRET, token_seconds=60)


def test_secrets_are_in_secrets_only() -> None:
    others = [each for each in objects(CONFIG) if each["kind"] != "Secret"]
    for secret in (SECRET, "PRIVATE"):
        assert secret not in json.dumps(others)
        assert secret not in repr(CONFIG)
    assert made("Secret", "ecr-tls")["stringData"] == {"tls.crt": "CERTIFICATE", "tls.key": "PRIVATE"}
