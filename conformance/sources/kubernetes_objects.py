"""Objects of Kubernetes that a repository declares: manifests, Terraform's resources, and their workloads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from conformance.sources.facts import Fact, Place, SourceError, Undecided
from conformance.sources.pods import read
from conformance.sources.pods.model import Pod
from conformance.sources.terraform.configuration import Resource
from conformance.sources.texts import Text
from conformance.sources.yaml_positions import Node, load_all

#: kinds that run pods, and where their template is
_TEMPLATES = {
    "Deployment": ("spec", "template"),
    "StatefulSet": ("spec", "template"),
    "DaemonSet": ("spec", "template"),
    "ReplicaSet": ("spec", "template"),
    "Job": ("spec", "template"),
    "CronJob": ("spec", "jobTemplate", "spec", "template"),
    "Pod": (),
}
#: blocks of Terraform's provider that are lists in Kubernetes, and their name there
_LISTS = {
    "container": "containers",
    "init_container": "initContainers",
    "volume": "volumes",
    "volume_mount": "volumeMounts",
    "volume_device": "volumeDevices",
    "volume_claim_template": "volumeClaimTemplates",
    "env": "env",
    "env_from": "envFrom",
    "port": "ports",
    "toleration": "tolerations",
    "image_pull_secrets": "imagePullSecrets",
    "host_aliases": "hostAliases",
    "topology_spread_constraint": "topologySpreadConstraints",
    "rule": "rules",
    "subject": "subjects",
    "items": "items",
    "match_expressions": "matchExpressions",
}
_WORDS = {"host_pid": "hostPID", "host_ipc": "hostIPC", "fs_group": "fsGroup"}
#: objects whose keys are data and stay as they are
_VERBATIM = frozenset(
    ("labels", "annotations", "match_labels", "data", "binary_data", "limits", "requests", "node_selector")
)


@dataclass(frozen=True, slots=True)
class KubernetesObject:
    """One object, in the words of Kubernetes whatever declares it."""

    kind: str
    name: Fact[str]
    #: empty: the namespace that it is applied to
    namespace: Fact[str]
    labels: Mapping[str, Fact[str]]
    body: Node
    #: "manifest", or the address of Terraform's resource
    origin: str
    place: Place
    instances: Undecided | None = None


@dataclass(frozen=True, slots=True)
class Workload:
    """An object that runs pods."""

    object: KubernetesObject
    replicas: Fact[int] | None
    #: `Recreate`, `RollingUpdate`; None: not set, Kubernetes rolls
    strategy: Fact[str] | None
    pod: Pod


def of_document(root: Node, origin: str = "manifest") -> Iterator[KubernetesObject]:
    """The objects of a YAML document: itself, or those of a list."""
    if not root.text("kind") or not root.text("apiVersion"):
        return
    items = root.at("items")
    if root.text("kind").endswith("List") and items is not None:
        for item in items.items:
            yield from of_document(item, origin)
        return
    yield _object(root.text("kind"), root, origin, root.place)


def _object(
    kind: str, body: Node, origin: str, place: Place, instances: Undecided | None = None
) -> KubernetesObject:
    metadata = body.at("metadata") or Node({}, place)
    labels = metadata.at("labels")
    return KubernetesObject(
        kind,
        read.word(metadata.at("name")) or Fact("", place),
        read.word(metadata.at("namespace")) or Fact("", place),
        {
            key: read.word(value) or Fact("", value.place)
            for key, value in (labels.mapping if labels is not None else {}).items()
        },
        body,
        origin,
        place,
        instances,
    )


def of_terraform(resource: Resource, errors: list[SourceError]) -> Iterator[KubernetesObject]:
    """Objects of the providers kubernetes and kubectl."""
    if resource.type == "kubernetes_manifest":
        manifest = resource.body.at("manifest")
        if manifest is not None:
            yield from of_document(manifest, resource.address)
        return
    if resource.type == "kubectl_manifest":
        text = resource.body.at("yaml_body")
        documents = load_all(text.as_text()) if text is not None and text.value else ()
        if isinstance(documents, SourceError):
            errors.append(documents)
            return
        for document in documents:
            yield from of_document(document.root, resource.address)
        return
    if not resource.type.startswith("kubernetes_"):
        return
    words = resource.type.removeprefix("kubernetes_").split("_")
    if words[-1] in {"v1", "v2", "v1beta1", "v2beta2"}:
        words = words[:-1]
    kind = "".join({"api": "API"}.get(word, word.capitalize()) for word in words)
    kind = {"CronJob": "CronJob", "Daemonset": "DaemonSet", "Stateful": "StatefulSet"}.get(kind, kind)
    body = _camel(resource.body)
    yield _object(kind, body, resource.address, resource.place, resource.instances)


def _camel(node: Node) -> Node:
    """Terraform's blocks and names as Kubernetes has them."""
    found: dict[str, Node] = {}
    keys: dict[str, Place] = {}
    for key, value in node.mapping.items():
        name = _name(key)
        if key in _VERBATIM:
            made = value
        elif isinstance(value.value, tuple):
            items = tuple(_camel(item) if item.mapping else item for item in value.items)
            blocks = bool(value.items) and all(isinstance(item.value, Mapping) for item in value.items)
            name = _LISTS.get(key, name)
            made = items[0] if blocks and key not in _LISTS else Node(items, value.place, rest=value.rest)
        else:
            made = _camel(value) if value.mapping else value
        found[name], keys[name] = made, node.key_place(key)
    return Node(found, node.place, keys=keys, rest=node.rest)


def _name(key: str) -> str:
    if key in _WORDS:
        return _WORDS[key]
    first, *others = key.split("_")
    return first + "".join(word[:1].upper() + word[1:] for word in others)


def workload(own: KubernetesObject) -> Workload | None:
    """The workload of an object; None: it runs no pods."""
    path = _TEMPLATES.get(own.kind)
    if path is None:
        return None
    template = own.body.at(*path) if path else own.body
    spec = template.at("spec") if template is not None else None
    name = own.name.value if isinstance(own.name.value, str) else ""
    strategy = own.body.at("spec", "strategy", "type") or own.body.at("spec", "updateStrategy", "type")
    pod = read.pod(
        spec if spec is not None else Node({}, own.place),
        name=name,
        labels=(),
        origin=f"{own.kind} {name}",
        place=own.place,
    )
    return Workload(own, read.number(own.body.at("spec", "replicas")), read.word(strategy), pod)


def config_map_files(own: KubernetesObject) -> Iterator[tuple[str, Text | Undecided]]:
    """Keys of a ConfigMap with their texts, and of a Secret where its values are in the repository."""
    for section in ("data", "stringData"):
        data = own.body.at(section)
        if data is None:
            continue
        if own.kind == "Secret" and section == "data" and own.origin == "manifest":
            # base64 of something secret: its name counts alone
            for key in data.mapping:
                yield key, Undecided(f"the secret's value {key} is not read", key)
            continue
        for key, value in data.mapping.items():
            yield key, value.value if isinstance(value.value, Undecided) else value.as_text()
