"""The pod of an agent, from a template of the configuration and the YAML of a pipeline, as the kubernetes
plugin makes it."""

from __future__ import annotations

import hashlib
import re
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

WORKSPACE = "workspace-volume"
ALPHABET = "bcdfghjklmnpqrstvwxz0123456789"
DEFAULT_IMAGE = "jenkins/inbound-agent:3309.v27b_9314fd1a_4-1"


@dataclass(frozen=True)
class Identity:
    """The facts by which an agent finds its controller; `run_url` is the build's path below the root URL when
    a pipeline declared the pod."""

    name: str
    secret: str
    label: str
    jenkins_url: str
    root_url: str
    tunnel: str | None
    web_socket: bool
    pod_labels: Mapping[str, str]
    run_url: str | None = None


def suffix() -> str:
    """Five characters that make a name unique."""
    return "".join(secrets.choice(ALPHABET) for _ in range(5))


def pod_name(template: str) -> str:
    """A pod's name from its template's."""
    clean = re.sub(r"[^-a-z0-9]", "-", template.lower())[:57].strip("-")
    return f"{clean}-{suffix()}"


def label_value(text: str) -> str:
    """Any text as the value of a label."""
    value = re.sub(r"[^-_a-zA-Z0-9]", "_", text)[-63:]
    if value and not value[0].isalnum():
        value = "x" + value[1:]
    return value[:-1] + "x" if value and not value[-1].isalnum() else value


def merge(below: Any, above: Any) -> Any:
    """Combine two pod fragments: maps by key, lists of named things by name, everything else from `above`."""
    if isinstance(below, Mapping) and isinstance(above, Mapping):
        return {
            **below,
            **{key: merge(below[key], value) if key in below else value for key, value in above.items()},
        }
    if isinstance(below, list) and isinstance(above, list):
        keyed = {_key(item): item for item in below}
        for item in above:
            key = _key(item)
            keyed[key] = merge(keyed[key], item) if key in keyed else item
        return list(keyed.values())
    return above


def _key(item: Any) -> str:
    if isinstance(item, Mapping):
        return str(item.get("mountPath") or item.get("name") or item)
    return str(item)


def _truthy(value: Any) -> bool:
    return str(value).lower() == "true"


def _container(spec: Mapping[str, Any], identity: Identity) -> dict[str, Any]:
    """A containerTemplate of the configuration as a container."""
    container: dict[str, Any] = {
        "name": spec["name"],
        "image": spec.get("image") or DEFAULT_IMAGE,
        "imagePullPolicy": "Always" if _truthy(spec.get("alwaysPullImage")) else "IfNotPresent",
        "tty": _truthy(spec.get("ttyEnabled")),
        "workingDir": spec.get("workingDir") or "/home/jenkins/agent",
    }
    args = str(spec.get("args") or "").replace("^${", "${").replace("${computer.jnlpmac}", identity.secret)
    if args:
        container["args"] = args.replace("${computer.name}", identity.name).split()
    if command := str(spec.get("command") or "").split():
        container["command"] = command
    if env := _environment(spec.get("envVars") or []):
        container["env"] = env
    if _truthy(spec.get("privileged")):
        container["securityContext"] = {"privileged": True}
    for key, kube in (("runAsUser", "runAsUser"), ("runAsGroup", "runAsGroup")):
        if spec.get(key):
            container.setdefault("securityContext", {})[kube] = int(spec[key])
    resources = {
        side: {
            unit: str(spec[f"resource{name}{field}"])
            for unit, field in (("memory", "Memory"), ("cpu", "Cpu"))
            if spec.get(f"resource{name}{field}")
        }
        for side, name in (("limits", "Limit"), ("requests", "Request"))
    }
    if present := {side: values for side, values in resources.items() if values}:
        container["resources"] = present
    return container


def _environment(variables: list[Any]) -> list[dict[str, Any]]:
    environment: list[dict[str, Any]] = []
    for entry in variables:
        kind, value = next(iter(entry.items())) if len(entry) == 1 else ("envVar", entry)
        if kind in {"secretEnvVar", "podEnvVarSecret"}:
            source = {"secretKeyRef": {"name": value["secretName"], "key": value["secretKey"]}}
            environment.append({"name": value["key"], "valueFrom": source})
        else:
            environment.append({"name": value["key"], "value": str(value.get("value") or "")})
    return environment


VOLUMES: dict[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    "configMapVolume": lambda value: {"configMap": {"name": value.get("configMapName")}},
    "secretVolume": lambda value: {"secret": {"secretName": value.get("secretName")}},
    "emptyDirVolume": lambda value: {
        "emptyDir": {"medium": "Memory"} if _truthy(value.get("memory")) else {}
    },
    "hostPathVolume": lambda value: {"hostPath": {"path": value.get("hostPath")}},
}
"""The volumes of a template, as Kubernetes has them."""


def _volumes(template: Mapping[str, Any]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The template's volumes, and their mounts in every container."""
    volumes: list[dict[str, Any]] = []
    mounts: list[dict[str, Any]] = []
    for number, entry in enumerate(template.get("volumes") or []):
        kind, value = next(iter(entry.items()))
        name = f"volume-{number}"
        volumes.append({"name": name, **VOLUMES[kind](value)})
        mounts.append(
            {
                "name": name,
                "mountPath": value["mountPath"],
                "readOnly": kind in {"secretVolume", "configMapVolume"},
            }
        )
    return volumes, mounts


def _yamls(template: Mapping[str, Any]) -> dict[str, Any]:
    texts = template.get("yamls") or ([template["yaml"]] if template.get("yaml") else [])
    merged: dict[str, Any] = {}
    for text in texts:
        merged = merge(merged, yaml.safe_load(text) or {})
    return merged


def _share_environment(template: Mapping[str, Any], containers: list[dict[str, Any]]) -> None:
    """The template's own variables go to every container; one that a container sets itself wins."""
    shared = _environment(template.get("envVars") or [])
    for container in containers if shared else ():
        own = container.get("env") or []
        names = {variable["name"] for variable in own}
        container["env"] = [*(each for each in shared if each["name"] not in names), *own]


def build(template: Mapping[str, Any], identity: Identity) -> dict[str, Any]:
    """The pod to create for one agent of a template."""
    base = _yamls(template)
    spec: dict[str, Any] = dict(base.get("spec") or {})
    volumes, mounts = _volumes(template)
    configured = [_container(entry, identity) for entry in template.get("containers") or []]
    containers = merge(spec.get("containers") or [], configured)
    if not any(entry.get("name") == "jnlp" for entry in containers):
        containers = [*containers, {"name": "jnlp", "image": DEFAULT_IMAGE}]
    _share_environment(template, containers)
    for container in containers:
        container.setdefault("workingDir", "/home/jenkins/agent")
        workspace = {"name": WORKSPACE, "mountPath": container["workingDir"], "readOnly": False}
        wanted = [*(container.get("volumeMounts") or []), *mounts]
        if not any(mount.get("mountPath") == container["workingDir"] for mount in wanted):
            wanted.append(workspace)
        container["volumeMounts"] = wanted
    jnlp = next(entry for entry in containers if entry.get("name") == "jnlp")
    jnlp.setdefault("args", [identity.secret, identity.name])
    own = _agent_environment(identity, jnlp["workingDir"])
    taken = {entry["name"] for entry in own}
    jnlp["env"] = [*own, *(entry for entry in jnlp.get("env") or [] if entry["name"] not in taken)]
    jnlp.setdefault("imagePullPolicy", "IfNotPresent")
    spec["containers"] = containers
    spec.setdefault("nodeSelector", {"kubernetes.io/os": "linux"})
    spec.setdefault("restartPolicy", "Never")
    if template.get("serviceAccount"):
        spec["serviceAccountName"] = template["serviceAccount"]
    if template.get("nodeSelector"):
        spec["nodeSelector"] = dict(pair.split("=", 1) for pair in str(template["nodeSelector"]).split(","))
    for key in ("runAsUser", "runAsGroup", "fsGroup"):
        if template.get(key):
            spec.setdefault("securityContext", {})[key] = int(template[key])
    if template.get("hostNetwork") is not None and _truthy(template["hostNetwork"]):
        spec["hostNetwork"] = True
    if secrets_of := template.get("imagePullSecrets"):
        spec["imagePullSecrets"] = [{"name": entry["name"]} for entry in secrets_of]
    spec["volumes"] = merge(
        [{"name": WORKSPACE, "emptyDir": {"medium": ""}}], [*volumes, *(spec.get("volumes") or [])]
    )
    return {"apiVersion": "v1", "kind": "Pod", "metadata": _metadata(template, base, identity), "spec": spec}


def _metadata(template: Mapping[str, Any], base: Mapping[str, Any], identity: Identity) -> dict[str, Any]:
    given = base.get("metadata") or {}
    annotations = {
        "kubernetes.jenkins.io/last-refresh": str(int(time.time() * 1000)),
        **(given.get("annotations") or {}),
    }
    annotations |= {str(entry["key"]): str(entry["value"]) for entry in template.get("annotations") or []}
    if identity.run_url:
        annotations |= {"buildUrl": identity.root_url + identity.run_url, "runUrl": identity.run_url}
    labels = {
        **(given.get("labels") or {}),
        **identity.pod_labels,
        "jenkins/label-digest": hashlib.sha1(identity.label.encode(), usedforsecurity=False).hexdigest(),
        "jenkins/label": label_value(identity.label),
        "kubernetes.jenkins.io/controller": label_value(identity.root_url),
    }
    return {"annotations": annotations, "labels": labels, "name": identity.name}


def _agent_environment(identity: Identity, workdir: str) -> list[dict[str, Any]]:
    values = {"JENKINS_SECRET": identity.secret}
    if identity.tunnel and not identity.web_socket:
        values["JENKINS_TUNNEL"] = identity.tunnel
    values["JENKINS_AGENT_NAME"] = identity.name
    if identity.web_socket:
        values["JENKINS_WEB_SOCKET"] = "true"
    values |= {
        "REMOTING_OPTS": "-noReconnectAfter 1d",
        "JENKINS_NAME": identity.name,
        "JENKINS_AGENT_WORKDIR": workdir,
        "JENKINS_URL": identity.jenkins_url,
    }
    return [{"name": name, "value": value} for name, value in values.items()]


def show(pod: Mapping[str, Any], secret: str) -> str:
    """The pod's YAML as a build's console shows it, the agent's secret hidden."""
    lines: list[str] = []
    _emit(lines, pod, "", free=False)
    return "\n".join(lines).replace(secret, "********") + "\n"


def _emit(lines: list[str], value: Mapping[str, Any], pad: str, free: bool) -> None:
    for key in value if free else sorted(value):
        item = value[key]
        if isinstance(item, Mapping) and item:
            lines.append(f"{pad}{key}:")
            _emit(
                lines,
                item,
                pad + "  ",
                free or key in {"labels", "annotations", "limits", "requests", "nodeSelector"},
            )
        elif isinstance(item, list) and item:
            lines.append(f"{pad}{key}:")
            for entry in item:
                if isinstance(entry, Mapping):
                    block: list[str] = []
                    _emit(block, entry, pad + "  ", free=False)
                    block[0] = f"{pad}- {block[0].strip()}"
                    lines.extend(block)
                else:
                    lines.append(f"{pad}- {_scalar(entry)}")
        else:
            lines.append(f"{pad}{key}: {_scalar(item)}")


def _scalar(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (int, float)):
        return str(value)
    if isinstance(value, Mapping):
        return "{}"
    if isinstance(value, list):
        return "[]"
    text = str(value).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{text}"'
