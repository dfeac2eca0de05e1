"""One stack on a kind cluster: the graph of its stand-up, and how it is changed in place."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from conformance.contract.model import LoadedContract
from conformance.core.graph import Observer, Task, ignore, run_tasks
from conformance.core.timeline import Timeline
from environments import trust
from environments.base import Component, Endpoints, Login, Service
from environments.deploy import declaration as declarations
from environments.deploy import git as repositories
from environments.deploy import nexus as nexus_setup
from environments.deploy import releases, terraform
from environments.ecr.base import EcrBackend
from environments.ecr.client import ecr_client
from environments.ecr.provision import provision
from environments.host.engine import Engine
from environments.images import programs, store
from environments.images.builder import Builder
from environments.images.sources import ImageSources
from environments.kind import cluster, names, objects
from environments.kubectl import Kubectl
from environments.runs import Run

GIT_SERVER = f"git://git.{objects.SYSTEM}.svc.cluster.local"


@dataclass(frozen=True)
class KindStack:
    """One stand-up. `up` runs the graph of `tasks`; every task can be read on its own below."""

    loaded: LoadedContract
    run: Run
    engine: Engine
    sources: ImageSources
    ecr: EcrBackend
    authority: trust.RunAuthority
    credentials: objects.Credentials
    #: ECR repositories by Terraform (else by boto3)
    by_terraform: bool
    #: MiB for all claims of a node (see cluster.bound_claims); 0: what its disk has
    claims: int = 0
    name: str = field(default="kind", init=False)

    def tasks(self) -> tuple[Task, ...]:
        """Builds of what is missing, then the stand-up, as one graph."""
        builder = Builder(self.sources.catalogue, self.engine)
        builds = builder.missing(self.sources.wanted)
        images = tuple(task.name for task in builds)
        return (
            *builds,
            # nothing waits for what only a check runs
            *builder.optional(),
            Task("git repositories", self._repositories),
            Task("cluster", self._cluster, ("git repositories", *images)),
            Task("trust and secrets", self._shared, ("cluster",)),
            # the simulator has its address from the start, LocalStack's container when it runs
            Task(
                "name resolution", self.resolve_names, ("cluster" if self.ecr.name == "simulator" else "ecr",)
            ),
            Task("git server", self._git, ("trust and secrets",)),
            Task("ecr", self._ecr, ("trust and secrets",)),
            *self.repository_tasks(),
            Task("nexus", self._nexus, ("trust and secrets",)),
            Task("nexus set-up", self._nexus_setup, ("nexus",)),
            Task("jenkins", self._jenkins, ("trust and secrets",)),
        )

    @property
    def _addressed_after(self) -> str:
        """The simulator has its address from the start, LocalStack's container when it runs."""
        return "cluster" if self.ecr.name == "simulator" else "ecr"

    def up(self, observer: Observer = ignore, tasks: tuple[Task, ...] | None = None) -> Endpoints:
        """Stand everything up. Raises EnvironmentFailure; what was made is then still there for `down`."""
        run_tasks(tasks or self.tasks(), Timeline(self.run.timeline), observer)
        endpoints = self.endpoints()
        self.run.save_endpoints(endpoints)
        return endpoints

    def change(self, loaded: LoadedContract, sources: ImageSources, timeline: Path) -> KindStack:
        """Bring the stack to another contract, in place, as users do: charts, repositories, seed.

        The volumes stay. Returns the environment as it is then; `timeline` gets the spans of the steps.
        Raises EnvironmentFailure; what was changed until then is left as it is.
        """
        new = dataclasses.replace(self, loaded=loaded, sources=sources)
        registry = [
            dataclasses.replace(task, needs=tuple(need for need in task.needs if need != "ecr"))
            for task in new.repository_tasks()
        ]
        run_tasks((*registry, *new.changing_tasks()), Timeline(timeline))
        new.run.save_endpoints(new.endpoints())
        return new

    def changing_tasks(self) -> tuple[Task, ...]:
        return (
            Task("git repositories", self._repositories),
            Task("nexus", lambda: self._rolled(self._nexus, "nexus")),
            Task("nexus set-up", self._nexus_setup, ("nexus",)),
            Task("jenkins", lambda: self._rolled(self._jenkins, "jenkins"), ("git repositories",)),
        )

    def _rolled(self, release: Callable[[], None], name: Literal["jenkins", "nexus"]) -> None:
        """A release that was there before is ready when its new pods are, not the old ones."""
        release()
        part, budgets = getattr(self.loaded.contract, name), self.loaded.contract.budgets
        patience = budgets.controller_ready if name == "jenkins" else budgets.nexus_ready
        self.kubectl.wait_rolled_out(part.namespace, f"app.kubernetes.io/instance={part.release}", patience)

    # the graph's tasks

    def _repositories(self) -> None:
        repositories.build(self.loaded.stack_dir, self._git_folder)

    def _cluster(self) -> None:
        for target in self.spec.stores:
            store.clone(self.sources.catalogue, target)
        cluster.create(self.spec, self._program("kind"), self.engine)
        cluster.bound_claims(self.spec, self.engine)
        cluster.connect_nodes(self.spec, self.kubectl, self.engine)
        self.sources.load(self.engine, self.spec.node_names)

    def _shared(self) -> None:
        contract = self.loaded.contract
        self._ca_file.write_text(self.authority.certificate, encoding="utf-8")
        self.kubectl.apply(
            objects.shared_objects(
                contract.jenkins.namespace,
                contract.nexus.namespace,
                self.credentials,
                self.authority,
                self._labels,
            )
        )

    def resolve_names(self) -> None:
        """Pods and nodes find the registry by its one name; a second time changes nothing."""
        host, address = self.ecr.registry_host.partition(":")[0], self.ecr.address()
        if address:
            ca = self.authority.certificate if self.ecr.name == "simulator" else ""
            names.resolve_in_pods(host, address, self.kubectl)
            names.resolve_on_nodes(host, address, self.spec.node_names, self.engine, ca)

    def _git(self) -> None:
        self.kubectl.apply(objects.git_server(self.sources.reference("git"), self._labels))
        self.kubectl.wait_ready(objects.SYSTEM, "app=git", 90)

    def _ecr(self) -> None:
        self.ecr.up()

    def repository_tasks(self) -> tuple[Task, ...]:
        """Each call of Terraform takes seconds: init waits for nothing, and nothing waits for the proof."""
        if not self.by_terraform:
            return (Task("ecr repositories", self._provision, ("ecr",)),)
        return (
            Task("terraform init", self._prepare_terraform),
            Task("ecr repositories", self._apply, ("ecr", "terraform init")),
            Task("terraform drift", self._check_drift, ("ecr repositories",)),
        )

    def _provision(self) -> None:
        provision(ecr_client(self.ecr.registry(), str(self._ca_file)), self.declaration.ecr_repositories)

    def _prepare_terraform(self) -> None:
        _ = self._terraform

    def _apply(self) -> None:
        _ = self._applied

    def _check_drift(self) -> None:
        self._terraform.check_no_drift(self._applied, self.ecr.registry(), str(self._ca_file))

    @cached_property
    def _applied(self) -> terraform.Applied:
        return self._terraform.apply(self.declaration, self.ecr.registry(), str(self._ca_file))

    @cached_property
    def _terraform(self) -> terraform.Terraform:
        return terraform.prepare(self.declaration, self.run.scratch / "terraform")

    def _nexus(self) -> None:
        contract = self.loaded.contract
        self._release(contract.nexus.release)
        selector = f"app.kubernetes.io/instance={contract.nexus.release}"
        self.kubectl.wait_ready(contract.nexus.namespace, selector, contract.budgets.nexus_ready)

    def _nexus_setup(self) -> None:
        setup = nexus_setup.load(self.loaded.stack_dir / "nexus/repositories.json")
        nexus_setup.apply(setup, self._service("nexus", self.credentials.nexus), self.credentials.deployer)

    def _jenkins(self) -> None:
        contract = self.loaded.contract
        password = self.credentials.jenkins.password
        self._release(contract.jenkins.release, {"controller": {"admin": {"password": password}}})
        selector = (
            f"app.kubernetes.io/instance={contract.jenkins.release},"
            "app.kubernetes.io/component=jenkins-controller"
        )
        self.kubectl.wait_ready(contract.jenkins.namespace, selector, contract.budgets.controller_ready)

    def _release(self, name: str, overrides: Mapping[str, Any] | None = None) -> None:
        release = self.declaration.release(name)
        releases.install(
            release, self.declaration.names(self._variables()), self._program("helm"), self.run, overrides
        )

    # what the tasks share

    @cached_property
    def declaration(self) -> declarations.Declaration:
        return declarations.load(self.loaded.declaration)

    @cached_property
    def spec(self) -> cluster.ClusterSpec:
        nodes = self.loaded.contract.kubernetes.nodes
        stores = tuple(self.run.scratch / f"containerd-{number}" for number in range(nodes))
        return cluster.ClusterSpec(
            name=self.run.cluster,
            node_image=self.sources.node_image,
            nodes=nodes,
            kubeconfig=self.run.kubeconfig,
            stores=stores if self.sources.from_packages else (),
            git=self._git_folder,
            from_packages=self.sources.from_packages,
            cgroup_v1=not Path("/sys/fs/cgroup/cgroup.controllers").exists(),
            claims=self.claims,
        )

    @property
    def kubectl(self) -> Kubectl:
        return Kubectl(self._program("kubectl"), self.run.kubeconfig)

    def endpoints(self) -> Endpoints:
        """Where everything is, for fixtures and people."""
        contract = self.loaded.contract
        registry = dataclasses.replace(self.ecr.registry(), ended=self.ecr.ended_token())
        simulator = "ECR simulator" if registry.backend == "simulator" else ""
        return Endpoints(
            run_id=self.run.id,
            environment=self.name,
            kubeconfig=str(self.run.kubeconfig),
            context=f"kind-{self.run.cluster}",
            ca_bundle=str(self._ca_file),
            jenkins=self._service("jenkins", self.credentials.jenkins),
            nexus=self._service("nexus", self.credentials.nexus),
            registry=registry,
            components=(
                Component("kubernetes", contract.kubernetes.version, self.sources.node_image),
                self.sources.component("jenkins", contract.jenkins.version, "controller"),
                self.sources.component("nexus", contract.nexus.version),
                Component("ECR", registry.backend, self.sources.reference("ecr"), simulator=simulator),
            ),
            disposable=True,
            timeline=str(self.run.timeline),
            oci_conformance=programs.found(self.sources.catalogue, "conformance"),
        )

    def _variables(self) -> dict[str, str]:
        """What only the environment knows of the values templates' names."""
        host = self.ecr.registry_host
        found = {"git_server": GIT_SERVER, "ecr_registry": host, "ecr_endpoint": f"https://{host}"}
        for name in ("jenkins", "agent", "nexus"):
            reference, _, tag = self.sources.reference(name).rpartition(":")
            registry, _, repository = reference.partition("/")
            found |= {
                f"{name}_image_registry": registry,
                f"{name}_image_repository": repository,
                f"{name}_image_tag": tag,
            }
        return found

    def _service(self, name: str, login: Login) -> Service:
        """A NodePort service at its port of the host's loopback address."""
        port = cluster.host_port(self.engine, self.spec.node_names[0], name)
        return Service(f"http://127.0.0.1:{port}", login)

    def _program(self, name: str) -> Path:
        return programs.path(self.sources.catalogue, name)

    @property
    def _labels(self) -> dict[str, str]:
        return objects.labels(self.run)

    @property
    def _git_folder(self) -> Path:
        return self.run.scratch / "git"

    @property
    def _ca_file(self) -> Path:
        return self.run.folder / "ca.pem"
