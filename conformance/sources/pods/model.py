"""What is known of one pod, each value with its place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from conformance.sources.facts import Fact, Place, SourceError


@dataclass(frozen=True, slots=True)
class Security:
    """A security context of a pod or of a container; None is not set."""

    run_as_user: Fact[int] | None = None
    run_as_group: Fact[int] | None = None
    fs_group: Fact[int] | None = None
    run_as_non_root: Fact[bool] | None = None
    privileged: Fact[bool] | None = None
    allow_privilege_escalation: Fact[bool] | None = None
    read_only_root: Fact[bool] | None = None
    seccomp: Fact[str] | None = None
    capabilities: tuple[Fact[str], ...] = ()
    dropped: tuple[Fact[str], ...] = ()


@dataclass(frozen=True, slots=True)
class Mount:
    volume: str
    path: str
    read_only: bool
    place: Place


@dataclass(frozen=True, slots=True)
class Volume:
    """A volume; `kind` as Kubernetes names it: hostPath, emptyDir, configMap."""

    name: str
    kind: str
    #: path on the node, name of the ConfigMap, Secret or claim
    source: Fact[str]
    place: Place


@dataclass(frozen=True, slots=True)
class Container:
    name: str
    image: Fact[str]
    #: None: the image's own
    command: tuple[str, ...] | None
    args: tuple[str, ...] | None
    #: `requests.cpu`, `requests.memory`, `limits.cpu`, `limits.memory` where they are set
    resources: Mapping[str, Fact[str]]
    security: Security
    mounts: tuple[Mount, ...]
    init: bool
    place: Place


@dataclass(frozen=True, slots=True)
class Pod:
    """One pod as Kubernetes gets it, after everything is merged."""

    name: str
    #: labels of Jenkins that its agents have
    labels: tuple[str, ...]
    containers: tuple[Container, ...]
    volumes: tuple[Volume, ...]
    security: Security
    host_network: Fact[bool] | None
    host_pid: Fact[bool] | None
    host_ipc: Fact[bool] | None
    service_account: Fact[str] | None
    automount_token: Fact[bool] | None
    #: "agent", "additionalAgents.maven", "cloud kubernetes", "pod file" and the like
    origin: str
    place: Place
    inherits: tuple[str, ...] = ()
    #: volume mounts and the like that the API server refuses, YAML that does not parse
    errors: tuple[SourceError, ...] = field(default=())

    @property
    def own_containers(self) -> tuple[Container, ...]:
        """Without init containers."""
        return tuple(container for container in self.containers if not container.init)

    @property
    def agent(self) -> Container | None:
        """The container that runs the agent; None: the plugin adds its own."""
        return next((container for container in self.own_containers if container.name == "jnlp"), None)

    def user_of(self, container: Container) -> Fact[int] | None:
        """The user that a container's processes have; None: the image's."""
        return container.security.run_as_user or self.security.run_as_user

    def group_of(self, container: Container) -> Fact[int] | None:
        return container.security.run_as_group or self.security.run_as_group

    def non_root_of(self, container: Container) -> Fact[bool] | None:
        return container.security.run_as_non_root or self.security.run_as_non_root

    def seccomp_of(self, container: Container) -> Fact[str] | None:
        return container.security.seccomp or self.security.seccomp

    def host_paths(self) -> tuple[Volume, ...]:
        """Volumes that are paths of the node."""
        return tuple(volume for volume in self.volumes if volume.kind == "hostPath")
