"""Pod templates of the kubernetes plugin: fields as a pod's specification, YAML, what they inherit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from conformance.sources.facts import Place, SourceError, Undecided
from conformance.sources.pods import read
from conformance.sources.pods.combine import combine
from conformance.sources.pods.model import Pod
from conformance.sources.texts import Text
from conformance.sources.yaml_positions import Document, Node, load_all

#: templates that one inherits from, over all levels
MAX_PARENTS = 20
_RESOURCES = {
    "resourceRequestCpu": ("requests", "cpu"),
    "resourceRequestMemory": ("requests", "memory"),
    "resourceRequestEphemeralStorage": ("requests", "ephemeral-storage"),
    "resourceLimitCpu": ("limits", "cpu"),
    "resourceLimitMemory": ("limits", "memory"),
    "resourceLimitEphemeralStorage": ("limits", "ephemeral-storage"),
}
#: kind of a volume in the plugin -> (kind in Kubernetes, key of its source, key in Kubernetes)
_VOLUMES = {
    "hostPathVolume": ("hostPath", "hostPath", "path"),
    "hostPathWorkspaceVolume": ("hostPath", "hostPath", "path"),
    "configMapVolume": ("configMap", "configMapName", "name"),
    "secretVolume": ("secret", "secretName", "secretName"),
    "persistentVolumeClaim": ("persistentVolumeClaim", "claimName", "claimName"),
    "persistentVolumeClaimWorkspaceVolume": ("persistentVolumeClaim", "claimName", "claimName"),
    "nfsVolume": ("nfs", "serverPath", "path"),
    "nfsWorkspaceVolume": ("nfs", "serverPath", "path"),
    "emptyDirVolume": ("emptyDir", "", ""),
    "emptyDirWorkspaceVolume": ("emptyDir", "", ""),
    "dynamicPVC": ("ephemeral", "", ""),
    "genericEphemeralVolume": ("ephemeral", "", ""),
}
NOTHING = Node({}, Place(""))


@dataclass(frozen=True, slots=True)
class PodTemplate:
    """A template before it is merged with what it inherits."""

    name: str
    labels: tuple[str, ...]
    #: its fields as a specification; an empty object when there is YAML alone
    fields: Node
    #: its YAML, each a whole pod
    yamls: tuple[Node, ...]
    inherits: tuple[str, ...]
    #: its YAML takes the place of its parents' instead of being merged with it
    overrides: bool
    origin: str
    place: Place
    errors: tuple[SourceError, ...] = ()


def pod_yaml(text: Text) -> tuple[Node | None, SourceError | None]:
    """A pod's YAML: the object, or why it is none."""
    documents = load_all(text)
    if isinstance(documents, SourceError):
        return None, documents
    for document in documents:
        if isinstance(document.root.value, Mapping):
            return document.root, None
    if any(document.root.value is not None for document in documents):
        return None, SourceError(text.origin.place(1), "the pod's YAML is not an object")
    return None, None


def of_yaml(
    text: Text, name: str, origin: str, inherits: tuple[str, ...] = (), overrides: bool = True
) -> PodTemplate:
    """A template of YAML alone: inline, or of a file that a Jenkinsfile names."""
    found, error = pod_yaml(text)
    return PodTemplate(
        name,
        (),
        NOTHING,
        (found,) if found is not None else (),
        inherits,
        overrides,
        origin,
        text.origin.place(1),
        (error,) if error is not None else (),
    )


def of_fields(node: Node, origin: str) -> PodTemplate:
    """A template in the plugin's own words, as configuration as code has it."""
    yamls: list[Node] = []
    errors: list[SourceError] = []
    several = node.at("yamls")
    for own in (node.at("yaml"), *(several.items if several is not None else ())):
        if own is None or own.value is None:
            continue
        if isinstance(own.value, Undecided):
            errors.append(SourceError(own.place, f"the pod's YAML is not known: {own.value.reason}"))
            continue
        found, error = pod_yaml(own.as_text())
        yamls += [found] if found is not None else []
        errors += [error] if error is not None else []
    strategy = node.at("yamlMergeStrategy")
    merges = strategy is not None and ("merge" in strategy.mapping or strategy.printed == "merge")
    return PodTemplate(
        node.text("name"),
        tuple(node.text("label").split()),
        _specification(node),
        tuple(yamls),
        tuple(node.text("inheritFrom").split()),
        not merges,
        origin,
        node.place,
        tuple(errors),
    )


def _entries(node: Node, names: Mapping[str, str]) -> dict[str, Node]:
    """Fields under the names that Kubernetes has for them."""
    return {new: own for old, new in names.items() if (own := node.at(old)) is not None}


def _specification(node: Node) -> Node:
    found = _entries(node, {"hostNetwork": "hostNetwork", "serviceAccount": "serviceAccountName"})
    context = _entries(node, {"runAsUser": "runAsUser", "runAsGroup": "runAsGroup"})
    if context:
        found["securityContext"] = Node(context, node.place)
    volumes, mounts = _volumes(node)
    containers = node.at("containers")
    if containers is not None:
        items = tuple(_container(item, mounts) for item in containers.items if item.mapping)
        found["containers"] = Node(items, containers.place)
    if volumes:
        found["volumes"] = Node(tuple(volumes), node.place)
    return Node(found, node.place, keys=node.keys)


def _container(node: Node, mounts: tuple[Node, ...]) -> Node:
    found = _entries(node, {"name": "name", "image": "image", "command": "command", "args": "args"})
    context = _entries(node, {name: name for name in ("privileged", "runAsUser", "runAsGroup")})
    if context:
        found["securityContext"] = Node(context, node.place, keys=node.keys)
    resources: dict[str, dict[str, Node]] = {"requests": {}, "limits": {}}
    for key, (kind, name) in _RESOURCES.items():
        own = node.at(key)
        if own is not None and own.value not in {None, ""}:
            resources[kind][name] = own
    made = {kind: Node(parts, node.place) for kind, parts in resources.items() if parts}
    if made:
        found["resources"] = Node(made, node.place)
    if mounts:
        found["volumeMounts"] = Node(mounts, node.place)
    return Node(found, node.place, keys=node.keys)


def _volumes(node: Node) -> tuple[list[Node], tuple[Node, ...]]:
    """Volumes, and where every container of the template mounts them."""
    volumes: list[Node] = []
    mounts: list[Node] = []
    several, workspace = node.at("volumes"), node.at("workspaceVolume")
    entries = [
        *(several.items if several is not None else ()),
        *([workspace] if workspace is not None else []),
    ]
    for number, entry in enumerate(entries):
        for kind, body in entry.mapping.items():
            new, source, name = _VOLUMES.get(kind, (kind, "", ""))
            own = body.at(source) if source else None
            inner = Node({name: own} if own is not None else {}, body.place)
            label = Node("workspace-volume" if entry is workspace else f"volume-{number}", entry.place)
            keys = {new: entry.key_place(kind)}
            volumes.append(Node({"name": label, new: inner}, entry.place, keys=keys))
            path = body.at("mountPath")
            if path is not None:
                mounts.append(Node({"name": label, "mountPath": path}, entry.place))
    return volumes, tuple(mounts)


def effective(template: PodTemplate, known: Mapping[str, PodTemplate]) -> Pod:
    """The pod that the plugin makes: parents, then the template; YAML below the fields."""
    chain, missing = _parents(template, known)
    fields = NOTHING
    yamls: tuple[Node, ...] = ()
    for part in chain:
        fields = combine(fields, part.fields)
        yamls = part.yamls if part.overrides and part.yamls else (*yamls, *part.yamls)
    written = NOTHING
    for own in yamls:
        written = combine(written, own.at("spec") or NOTHING)
    errors = (*(error for part in chain for error in part.errors), *missing)
    return read.pod(
        combine(written, fields),
        name=template.name,
        labels=template.labels,
        origin=template.origin,
        place=template.place,
        inherits=template.inherits,
        errors=errors,
    )


def _parents(
    template: PodTemplate, known: Mapping[str, PodTemplate]
) -> tuple[list[PodTemplate], list[SourceError]]:
    """The template's parents before it, each level's in their order."""
    missing: list[SourceError] = []
    seen = {template.name}

    def above(own: PodTemplate) -> list[PodTemplate]:
        chain: list[PodTemplate] = []
        for name in own.inherits:
            parent = known.get(name)
            if parent is None:
                missing.append(
                    SourceError(own.place, f"the template {name!r} that it inherits from is not declared")
                )
            elif name not in seen and len(seen) < MAX_PARENTS:
                seen.add(name)
                chain += above(parent)
        return [*chain, own]

    return above(template), missing


def of_documents(documents: tuple[Document, ...], origin: str) -> tuple[PodTemplate, ...]:
    """Pods of a YAML file: those documents that are one."""
    found: list[PodTemplate] = []
    for document in documents:
        root = document.root
        if root.text("kind") == "Pod" or (
            root.at("kind") is None and root.at("spec", "containers") is not None
        ):
            name = root.text("metadata", "name")
            found.append(PodTemplate(name, (), NOTHING, (root,), (), True, origin, root.place))
    return tuple(found)
