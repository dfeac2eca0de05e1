"""From the command line's options to a stack that stands: the one path that `up`, `run` and pytest share."""

from __future__ import annotations

import argparse
import dataclasses
import hashlib
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from conformance.contract.load import load
from conformance.contract.model import LoadedContract
from conformance.core.errors import UsageError
from conformance.core.paths import cache_root
from environments import runs
from environments.images.catalogue import tree_hash
from environments.runs import Run

if TYPE_CHECKING:
    from environments.base import Endpoints, Environment
    from environments.host.engine import Engine
    from environments.images.sources import ImageSources
    from environments.kind.environment import KindEnvironment

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be stood up, settled before anything is made."""

    loaded: LoadedContract
    sources: ImageSources
    options: argparse.Namespace
    inputs: str

    @property
    def kubectl(self) -> Path:
        """Where the built kubectl is, or will be."""
        from environments.images import programs

        return programs.path(self.sources.catalogue, "kubectl")

    @property
    def stack_revision(self) -> str:
        """What the stack's files are: twelve hexadecimal digits over all of them."""
        return tree_hash(self.loaded.stack_dir)[:12]

    def adopt(self, run: Run) -> Run:
        """`run`, whose stack was brought to this plan, so that it is found as made from it."""
        changed = dataclasses.replace(run, inputs=self.inputs, contract=str(self.loaded.file))
        changed.save()
        return changed

    def kept(self) -> Run | None:
        """A kept stack made from the same inputs."""
        return runs.kept_run(self.inputs)


def plan(options: argparse.Namespace, say: Say) -> Plan:
    """Read the contract and decide where images come from. Raises ContractError, UsageError."""
    from environments.images import sources

    loaded = load(options.contract)
    if not loaded.stack_dir.is_dir():
        raise UsageError(
            "the stack's folder is not there",
            where=f"{loaded.file}: stack.path",
            observed=str(loaded.stack_dir),
        )
    ours = options.environment == "kind"
    # of what is already there no image is ours to get, nor is its Kubernetes version
    requested = options.images if ours else "upstream"
    chosen = sources.choose(requested, loaded.contract.kubernetes.version, options.jenkins_image)
    if ours:
        say(chosen.why)
    return Plan(loaded, chosen, options, _inputs(loaded, chosen, options))


def _inputs(loaded: LoadedContract, chosen: ImageSources, options: argparse.Namespace) -> str:
    parts = [
        loaded.file.read_text(encoding="utf-8"),
        tree_hash(loaded.stack_dir),
        *(f"{name}={chosen.reference(name)}" for name in sorted(chosen.catalogue.images)),
        options.ecr,
        options.deployer,
    ]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def fit_host(options: argparse.Namespace, planned: Plan | None, say: Say) -> Engine:
    """Judge the host and get an engine. Raises HostUnfit."""
    from conformance.cli.options import provision_host
    from environments.host import facts, preflight, provision
    from environments.images import store

    allowed = provision_host(options)
    node = planned.sources.catalogue.built("node") if planned else ""
    warm = planned is not None and (
        planned.sources.catalogue.upstream or store.is_built(planned.sources.catalogue)
    )
    seen = facts.gather(node)
    findings = preflight.judge(seen, warm=warm, will_provision=allowed)
    for finding in findings:
        if finding.level == "note":
            say(f"host: {finding.name}: {finding.seen}; {finding.remedy or finding.needed}")
    preflight.require(findings)
    if allowed and preflight.can_provision(seen) and provision.missing_packages():
        say(f"host: installing {', '.join(provision.missing_packages())}")
        provision.install_packages()
    return provision.get_engine(seen, allowed)


def scratch(what: str) -> Path:
    """A folder for large things of this process; `reap` takes it when the process was killed."""
    cache_root().mkdir(parents=True, exist_ok=True)
    return Path(tempfile.mkdtemp(prefix=f"{what}-pid{os.getpid()}-", dir=cache_root()))


def environment(planned: Plan, run: Run, engine: Engine, say: Say) -> KindEnvironment:
    """The kind environment for `run`, with credentials and a CA of its own."""
    from environments import trust
    from environments.kind.assembly import assemble

    return assemble(
        loaded=planned.loaded,
        run=run,
        engine=engine,
        sources=planned.sources,
        ecr=planned.options.ecr,
        deployer=planned.options.deployer,
        authority=trust.RunAuthority(run.id),
        environ=os.environ,
        say=say,
    )


def diagnose(where: Environment, folder: Path, say: Say) -> None:
    """Collect what explains a failure of a stack that this process made."""
    where.diagnose(folder)
    say(f"diagnostics: {folder}")


def diagnose_found(planned: Plan, endpoints: Endpoints, folder: Path, say: Say) -> None:
    """The same of a stack that was found: a kept one, or one that is not ours."""
    from environments import diagnostics
    from environments.host import engine as engines
    from environments.kubectl import Kubectl

    program = planned.kubectl if planned.kubectl.exists() else Path("kubectl")
    kubectl = Kubectl(program, Path(endpoints.kubeconfig))
    engine = engines.find() if endpoints.environment == "kind" else None
    nodes: list[str] = []
    if engine is not None:
        cluster = endpoints.context.removeprefix("kind-")
        label = f"label=io.x-k8s.kind.cluster={cluster}"
        nodes = engine.docker("ps", "--filter", label, "--format", "{{.Names}}", check=False).split()
    diagnostics.collect(folder, engine, nodes, kubectl)
    say(f"diagnostics: {folder}")
