"""Putting a kind environment together from the settled choices of a run."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from conformance.contract.model import LoadedContract
from environments import trust
from environments.deploy.choice import choose as choose_deployer
from environments.ecr import base as ecr_backends
from environments.ecr.base import EcrBackend
from environments.ecr.manifests import EcrSimulatorConfig
from environments.host.engine import Engine
from environments.images import programs
from environments.images.sources import ImageSources
from environments.kind import cluster, objects
from environments.kind.ecr_simulator import EcrSimulator
from environments.kind.stack import KindStack
from environments.kubectl import Kubectl
from environments.runs import Run

Say = Callable[[str], None]


def assemble(
    *,
    loaded: LoadedContract,
    run: Run,
    engine: Engine,
    sources: ImageSources,
    ecr: str,
    deployer: str,
    authority: trust.RunAuthority,
    environ: Mapping[str, str],
    say: Say,
    claims: int = 0,
) -> KindStack:
    """The environment of `run`; says which ECR backend and which deployer it took. Raises UsageError."""
    credentials = objects.Credentials()
    choice = ecr_backends.choose(ecr, environ)
    say(choice.why)
    deploys = choose_deployer(deployer, ecr_backend=choice.backend)
    say(deploys.why)
    backend = _backend(
        choice.backend,
        loaded=loaded,
        run=run,
        engine=engine,
        sources=sources,
        credentials=credentials,
        authority=authority,
        environ=environ,
    )
    return KindStack(
        loaded=loaded,
        run=run,
        engine=engine,
        sources=sources,
        ecr=backend,
        authority=authority,
        credentials=credentials,
        by_terraform=deploys.deployer == "terraform",
        claims=claims,
    )


def registry_host(loaded: LoadedContract) -> str:
    """The one name of the ECR simulator, in the form of AWS' own."""
    registry = loaded.contract.registry
    return f"{registry.account}.dkr.ecr.{registry.region}.conformance.test"


def _backend(
    name: str,
    *,
    loaded: LoadedContract,
    run: Run,
    engine: Engine,
    sources: ImageSources,
    credentials: objects.Credentials,
    authority: trust.RunAuthority,
    environ: Mapping[str, str],
) -> EcrBackend:
    contract = loaded.contract.registry
    if name == "aws":
        from environments.ecr.aws import AwsEcr

        return AwsEcr(contract.account, contract.region, environ.get("AWS_PROFILE", ""))
    if name == "localstack":
        from environments.ecr.localstack import LocalStackEcr

        return LocalStackEcr.for_run(run.cluster, contract.account, contract.region, engine.environment())
    host = registry_host(loaded)
    pair = authority.issue(host, "localhost", "127.0.0.1")
    config = EcrSimulatorConfig(
        image=sources.reference("ecr"),
        account=contract.account,
        region=contract.region,
        host=host,
        access_key_id=credentials.ecr.username,
        secret_access_key=credentials.ecr.password,
        certificate=pair.certificate,
        key=pair.key,
        labels=objects.labels(run),
    )
    kubectl = Kubectl(programs.path(sources.catalogue, "kubectl"), run.kubeconfig)
    node = f"{run.cluster}-control-plane"

    def connect() -> str:
        return f"127.0.0.1:{cluster.host_port(engine, node, 'registry')}"

    return EcrSimulator(config, kubectl, connect, run.folder / "ca.pem")
