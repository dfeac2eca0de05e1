"""A pod's specification as Kubernetes reads it, with flags and numbers that templates leave as words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from conformance.sources.facts import Fact, Place, SourceError, Undecided
from conformance.sources.pods.model import Container, Mount, Pod, Security, Volume
from conformance.sources.yaml_positions import Node, undecided

_CONTAINERS = (("containers", False), ("initContainers", True), ("ephemeralContainers", False))
#: the key of a volume's source that names it
_NAMES = {
    "hostPath": "path",
    "configMap": "name",
    "secret": "secretName",
    "persistentVolumeClaim": "claimName",
    "nfs": "path",
    "csi": "driver",
}


def boolean(node: Node | None) -> Fact[bool] | None:
    """A flag; words are read as the API server's clients read them. None: not set."""
    if node is None or node.value is None or node.value == "":
        return None
    value = node.value
    if isinstance(value, Undecided):
        return Fact(value, node.place)
    if isinstance(value, bool):
        return Fact(value, node.place)
    if isinstance(value, str):
        if not node.known:
            return Fact(undecided(value), node.place)
        if value.strip().lower() in {"true", "false"}:
            return Fact(value.strip().lower() == "true", node.place)
    return Fact(Undecided(f"{node.printed!r} is neither true nor false"), node.place)


def number(node: Node | None) -> Fact[int] | None:
    """A whole number, also as a word. None: not set."""
    if node is None or node.value is None or node.value == "" or isinstance(node.value, bool):
        return None
    if isinstance(node.value, Undecided):
        return Fact(node.value, node.place)
    if isinstance(node.value, str) and not node.known:
        return Fact(undecided(node.value), node.place)
    word = node.printed.strip()
    if word.isascii() and word.removeprefix("-").isdecimal() and len(word) < 19:
        return Fact(int(word), node.place)
    return Fact(Undecided(f"{word!r} is not a whole number"), node.place)


def word(node: Node | None) -> Fact[str] | None:
    """A text; parts may be open names. None: not set."""
    if node is None or node.value is None or node.value == "":
        return None
    if isinstance(node.value, Undecided):
        return Fact(node.value, node.place)
    return Fact(node.printed, node.place)


def words(node: Node | None) -> tuple[str, ...] | None:
    """A command or its arguments; None: not set."""
    if node is None or node.value is None or isinstance(node.value, Undecided):
        return None
    if isinstance(node.value, tuple):
        return tuple(item.printed for item in node.items)
    return (node.printed,) if node.printed else None


def security(context: Node | None) -> Security:
    """A security context."""
    if context is None or not isinstance(context.value, Mapping):
        return Security()
    capabilities = context.at("capabilities")
    added = capabilities.at("add") if capabilities is not None else None
    dropped = capabilities.at("drop") if capabilities is not None else None
    return Security(
        run_as_user=number(context.at("runAsUser")),
        run_as_group=number(context.at("runAsGroup")),
        fs_group=number(context.at("fsGroup")),
        run_as_non_root=boolean(context.at("runAsNonRoot")),
        privileged=boolean(context.at("privileged")),
        allow_privilege_escalation=boolean(context.at("allowPrivilegeEscalation")),
        read_only_root=boolean(context.at("readOnlyRootFilesystem")),
        seccomp=word(context.at("seccompProfile", "type")),
        capabilities=tuple(Fact(item.printed, item.place) for item in (added.items if added else ())),
        dropped=tuple(Fact(item.printed, item.place) for item in (dropped.items if dropped else ())),
    )


def resources(node: Node | None) -> dict[str, Fact[str]]:
    found: dict[str, Fact[str]] = {}
    for kind in ("requests", "limits"):
        part = node.at(kind) if node is not None else None
        for name, value in (part.mapping if part is not None else {}).items():
            own = word(value)
            if own is not None:
                found[f"{kind}.{name}"] = own
        if part is not None and isinstance(part.value, Undecided):
            for name in ("cpu", "memory"):
                found[f"{kind}.{name}"] = Fact(part.value, part.place)
    return found


def _container(node: Node, init: bool) -> Container:
    mounts = node.at("volumeMounts")
    image = node.at("image")
    return Container(
        name=node.text("name"),
        image=word(image) or Fact("", node.place),
        command=words(node.at("command")),
        args=words(node.at("args")),
        resources=resources(node.at("resources")),
        security=security(node.at("securityContext")),
        mounts=tuple(
            Mount(item.text("name"), item.text("mountPath"), item.text("readOnly") == "true", item.place)
            for item in (mounts.items if mounts is not None else ())
        ),
        init=init,
        place=node.place,
    )


def _volumes(node: Node | None) -> Iterator[Volume]:
    for item in node.items if node is not None else ():
        kind = next((key for key in item.mapping if key not in {"name", "mountPath"}), "emptyDir")
        body = item.at(kind)
        name = body.at(_NAMES.get(kind, "name")) if body is not None else None
        place = item.key_place(kind) if kind in item.mapping else item.place
        yield Volume(item.text("name"), kind, word(name) or Fact("", place), place)


def pod(
    spec: Node,
    *,
    name: str,
    labels: tuple[str, ...],
    origin: str,
    place: Place,
    inherits: tuple[str, ...] = (),
    errors: tuple[SourceError, ...] = (),
) -> Pod:
    """A pod of its specification."""
    found: list[Container] = []
    for key, init in _CONTAINERS:
        part = spec.at(key)
        items = part.items if part is not None else ()
        found += [_container(item, init) for item in items if isinstance(item.value, Mapping)]
    return Pod(
        name=name,
        labels=labels,
        containers=tuple(found),
        volumes=tuple(_volumes(spec.at("volumes"))),
        security=security(spec.at("securityContext")),
        host_network=boolean(spec.at("hostNetwork")),
        host_pid=boolean(spec.at("hostPID")),
        host_ipc=boolean(spec.at("hostIPC")),
        service_account=word(spec.at("serviceAccountName")) or word(spec.at("serviceAccount")),
        automount_token=boolean(spec.at("automountServiceAccountToken")),
        origin=origin,
        place=place,
        inherits=inherits,
        errors=errors,
    )
