"""Pod templates that the official chart makes of `agent`, `additionalAgents`, `podTemplates` and clouds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from conformance.sources import texts
from conformance.sources.facts import SourceError, Undecided
from conformance.sources.helm import go_template
from conformance.sources.pods import templates
from conformance.sources.pods.templates import PodTemplate
from conformance.sources.yaml_positions import Node, from_plain, load

_VOLUMES = {
    "ConfigMap": "configMapVolume",
    "EmptyDir": "emptyDirVolume",
    "EphemeralVolume": "genericEphemeralVolume",
    "HostPath": "hostPathVolume",
    "Nfs": "nfsVolume",
    "PVC": "persistentVolumeClaim",
    "Secret": "secretVolume",
}
_WORKSPACES = {
    "DynamicPVC": "dynamicPVC",
    "EmptyDir": "emptyDirWorkspaceVolume",
    "EphemeralVolume": "genericEphemeralVolume",
    "HostPath": "hostPathWorkspaceVolume",
    "Nfs": "nfsWorkspaceVolume",
    "PVC": "persistentVolumeClaimWorkspaceVolume",
}
#: security context of the agent's container in a cloud with restricted pods
_CONTEXT = {
    "allowPrivilegeEscalation": False,
    "runAsNonRoot": True,
    "capabilities": {"drop": ["ALL"]},
    "seccompProfile": {"type": "RuntimeDefault"},
}
_RESTRICTED = {"spec": {"containers": [{"name": "jnlp", "securityContext": _CONTEXT}]}}


def image_text(image: Node | None, tag: Node | None, registry: Node | None = None) -> str:
    """An image of the chart's keys: an object of parts, or a word and a tag beside it."""
    if image is None:
        return ""
    if isinstance(image.value, Undecided):
        return texts.open_name(image.value.decided_by or "image")
    if isinstance(image.value, Mapping):
        parts = [_part(image.at("registry")), _part(image.at("repository"))]
        own_tag, digest = _part(image.at("tag")), _part(image.at("digest"))
    else:
        parts, own_tag, digest = ["", _part(image)], _part(tag), ""
    first = _part(registry) or parts[0]
    path = "/".join(part for part in (first, parts[1]) if part)
    return f"{path}{':' + own_tag if own_tag else ''}{'@' + digest if digest else ''}"


def _part(node: Node | None) -> str:
    if node is None:
        return ""
    if isinstance(node.value, Undecided):
        return texts.open_name(node.value.decided_by or "image")
    return node.printed


def image_place(image: Node | None, tag: Node | None, fallback: Node) -> Node:
    """The node that an image's finding belongs to: its tag, else the image."""
    own = image.mapping.get("tag") if image is not None else None
    chosen = (
        own if own is not None and own.value is not None else tag if tag is not None and tag.value else image
    )
    return chosen if chosen is not None else fallback


def fill(own: Node, defaults: Node) -> Node:
    """The chart's `merge`: what is not set, or set to a zero value, is filled in, deeply."""
    if not isinstance(own.value, Mapping) or not isinstance(defaults.value, Mapping):
        return own
    found = dict(own.mapping)
    for key, default in defaults.mapping.items():
        current = found.get(key)
        if current is None or _zero(current):
            if current is None or not _zero(default):
                found[key] = default
        elif isinstance(current.value, Mapping):
            found[key] = fill(current, default)
    return Node(found, own.place, keys={**defaults.keys, **own.keys}, rest=own.rest)


def _zero(node: Node) -> bool:
    return node.value in (None, "", (), 0) or node.value is False or (node.value == {} and node.rest is None)


class AgentTemplates:
    """Pod templates of one chart's values."""

    def __init__(self, values: Node, release: str, namespace: str, service_account: Node | None) -> None:
        self._values, self._release, self._namespace = values, release, namespace
        self._service_account = service_account
        self.errors: list[SourceError] = []

    def all(self) -> tuple[PodTemplate, ...]:
        found = list(self._of_cloud(self._values.at("agent"), self._values.at("additionalAgents"), ""))
        clouds = self._values.at("additionalClouds")
        for name, cloud in (clouds.mapping if clouds is not None else {}).items():
            agent = fill(cloud.at("agent") or Node({}, cloud.place), self._values.at("agent") or cloud)
            override = cloud.at("additionalAgentsOverride")
            additional = override or fill(
                cloud.at("additionalAgents") or Node({}, cloud.place),
                self._values.at("additionalAgents") or Node({}, cloud.place),
            )
            found += self._of_cloud(agent, additional, f"additionalClouds.{name}.")
        return tuple(found)

    def _of_cloud(self, agent: Node | None, additional: Node | None, prefix: str) -> Iterator[PodTemplate]:
        if (
            agent is None
            or not agent.mapping
            or (agent.at("enabled") is not None and agent.text("enabled") == "false")
        ):
            return
        if agent.text("disableDefaultAgent") != "true":
            yield self._template(agent, f"{prefix}agent")
        for name, own in (additional.mapping if additional is not None else {}).items():
            if not isinstance(own.value, Mapping):
                continue
            merged = fill(own, agent)
            emptied = own.mapping.get("additionalContainers")
            if emptied is not None and not emptied.items:
                merged = Node(
                    {**merged.mapping, "additionalContainers": emptied}, merged.place, keys=merged.keys
                )
            yield self._template(merged, f"{prefix}additionalAgents.{name}")
        raw = agent.at("podTemplates")
        for name, text in (raw.mapping if raw is not None else {}).items():
            yield from self._raw(text, f"{prefix}agent.podTemplates.{name}")

    def _raw(self, node: Node, origin: str) -> Iterator[PodTemplate]:
        """A text with templates in the words of configuration as code."""
        document = load(go_template.render(node.as_text(), self._values, self._release, self._namespace))
        if isinstance(document, SourceError):
            self.errors.append(document)
            return
        for item in document.root.items:
            yield templates.of_fields(item, origin)

    def _template(self, agent: Node, origin: str) -> PodTemplate:
        component = agent.text("componentName", default="jenkins-agent")
        custom = agent.at("customJenkinsLabels")
        labels = " ".join(item.printed for item in (custom.items if custom is not None else ()))
        found: dict[str, Node] = {
            "name": agent.at("podName") or Node("default", agent.place),
            "label": Node(f"{self._release}-{component} {labels}".strip(), agent.place),
            "containers": Node(tuple(self._containers(agent)), agent.place),
        }
        names = {"hostNetworking": "hostNetwork", "yamlMergeStrategy": "yamlMergeStrategy"}
        found |= {new: own for old, new in names.items() if (own := agent.at(old)) is not None}
        inherits = agent.at("defaultsProviderTemplate")
        if inherits is not None and inherits.printed and inherits.printed != found["name"].printed:
            found["inheritFrom"] = inherits
        account = agent.at("serviceAccount")
        if account is not None and account.value:
            found["serviceAccount"] = account
        elif self._service_account is not None and agent.text("useDefaultServiceAccount") != "false":
            found["serviceAccount"] = self._service_account
        found |= self._volumes(agent)
        yaml = agent.at("yamlTemplate")
        if yaml is not None and yaml.printed.strip():
            rendered = go_template.render(yaml.as_text(), self._values, self._release, self._namespace)
            found["yaml"] = Node(rendered.value, yaml.place, rendered.origin)
        made = templates.of_fields(Node(found, agent.place), origin)
        if agent.text("restrictedPssSecurityContext") != "true":
            return made
        context = from_plain(_RESTRICTED, agent.key_place("restrictedPssSecurityContext"))
        return replace(made, yamls=(*made.yamls, context))

    def _volumes(self, agent: Node) -> dict[str, Node]:
        found: dict[str, Node] = {}
        several, workspace = agent.at("volumes"), agent.at("workspaceVolume")
        if several is not None and several.items:
            entries = tuple(
                Node({_VOLUMES.get(item.text("type"), item.text("type")): item}, item.place)
                for item in several.items
            )
            found["volumes"] = Node(entries, several.place)
        if workspace is not None and workspace.mapping:
            kind = _WORKSPACES.get(workspace.text("type"), workspace.text("type"))
            found["workspaceVolume"] = Node({kind: workspace}, workspace.place)
        return found

    def _containers(self, agent: Node) -> Iterator[Node]:
        yield self._container(agent, agent, agent.at("jnlpregistry"))
        more = agent.at("additionalContainers")
        for item in more.items if more is not None else ():
            yield self._container(item, agent, None)

    def _container(self, own: Node, agent: Node, registry: Node | None) -> Node:
        def field(name: str) -> Node | None:
            found = own.mapping.get(name)
            return agent.at(name) if found is None or found.value in (None, "") else found

        image, tag = field("image"), field("tag")
        marked = image_place(image, tag, own)
        found: dict[str, Node] = {
            "name": own.at("sideContainerName") or Node("jnlp", own.place),
            "image": Node(image_text(image, tag, registry), marked.place, default_of=marked.default_of),
        }
        for name in ("args", "command", "privileged", "runAsUser", "runAsGroup"):
            value = field(name)
            if value is not None and value.value is not None:
                found[name] = value
        resources = field("resources")
        for kind, word in (("requests", "Request"), ("limits", "Limit")):
            part = resources.at(kind) if resources is not None else None
            for name, suffix in (("cpu", "Cpu"), ("memory", "Memory")):
                value = part.at(name) if part is not None else None
                if value is not None and value.value is not None:
                    found[f"resource{word}{suffix}"] = value
        return Node(found, own.place, keys=own.keys)
