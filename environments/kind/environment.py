"""The environment `kind`: the whole stack on a cluster of its own on this host."""

from __future__ import annotations

import functools
import os
from pathlib import Path

from conformance.contract.model import LoadedContract
from environments import diagnostics, trust
from environments.base import Endpoints
from environments.environment import Environment, Order, Say
from environments.host import engine as engines
from environments.host.provision import fit_host
from environments.images import kit, programs, sources, store
from environments.images.builder import Builder
from environments.images.sources import ImageSources
from environments.kind import reap
from environments.kind.assembly import assemble
from environments.kind.stack import KindStack
from environments.kubectl import Kubectl
from environments.options import RunOptions
from environments.runs import Run


class Kind(Environment):
    """Builds what is missing, then stands the stack up in parallel along its needs."""

    name = reap.NAME
    summary = "a cluster on this host"

    def up(self, order: Order) -> Endpoints:
        return self.stand_up(order).endpoints()

    def stand_up(self, order: Order, claims: int = 0) -> KindStack:
        """The stack itself, for what goes on with it; volumes get `claims` MiB (0: the node's disk)."""
        chosen = image_sources(order.loaded, order.options)
        engine = fit_host(
            may_provision=order.options.may_provision,
            node=chosen.catalogue.built("node"),
            warm=chosen.catalogue.upstream or store.is_built(chosen.catalogue),
            say=order.say,
        )
        if order.options.kit:
            kit.take(order.options.kit, chosen.catalogue, engine, order.say)
        stack = self.assembled(order, chosen, engine, claims)
        tasks = stack.tasks()
        expected = Builder(chosen.catalogue, engine).expected_seconds
        with order.watch(tasks, expected) as observer:
            stack.up(observer, tasks)
        return stack

    @staticmethod
    def assembled(order: Order, chosen: ImageSources, engine: engines.Engine, claims: int = 0) -> KindStack:
        """The stack of an order before anything of it is made, with credentials and a CA of its own."""
        return assemble(
            loaded=order.loaded,
            run=order.run,
            engine=engine,
            sources=chosen,
            ecr=order.options.ecr,
            deployer=order.options.deployer,
            authority=trust.RunAuthority(order.run.id),
            environ=os.environ,
            say=order.say,
            claims=claims,
        )

    def diagnose(self, run: Run, target: Path) -> None:
        engine = engines.find()
        if engine is None and not run.kubeconfig.exists():
            return  # nothing was made
        nodes: list[str] = []
        if engine is not None:
            label = f"label=io.x-k8s.kind.cluster={run.cluster}"
            words = ("ps", "--all", "--filter", label, "--format", "{{.Names}}")
            nodes = engine.docker(*words, check=False).split()
        diagnostics.collect(target, engine, nodes, Kubectl(programs.kubectl(), run.kubeconfig))

    def down(self, run: Run) -> None:
        # without its folders nothing was made, and no engine is started for it
        made = run.kubeconfig.exists() or run.scratch.exists()
        reap.down(run, reap.engine_of_leftovers() if made else engines.find())
        reap.release_engine()

    def reap(self) -> tuple[str, ...]:
        return reap.reap()

    def inputs(self, loaded: LoadedContract, options: RunOptions, say: Say) -> tuple[str, ...]:
        chosen = image_sources(loaded, options)
        say(chosen.why)
        return tuple(f"{name}={chosen.reference(name)}" for name in sorted(chosen.catalogue.images))

    def has_stopped(self, run: Run) -> bool:
        return reap.has_fallen(run)


def image_sources(loaded: LoadedContract, options: RunOptions) -> ImageSources:
    """Where the images of this contract come from. Raises UsageError."""
    return _chosen(options.images, loaded.contract.kubernetes.version, options.jenkins_image)


#: whether public registries answer is decided once in a process
_chosen = functools.cache(sources.choose)

KIND = Kind()
