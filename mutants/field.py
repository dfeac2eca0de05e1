"""A kept stack that can be upgraded again: its environment, put together from what it left."""

from __future__ import annotations

import base64
import dataclasses
import itertools
from dataclasses import dataclass
from pathlib import Path

from conformance.cli import plan
from conformance.cli.plan import Plan
from conformance.contract.model import LoadedContract
from conformance.core.errors import EnvironmentFailure, UsageError
from environments import runs
from environments.base import Login
from environments.environment import Order
from environments.host import engine as engines
from environments.images.sources import ImageSources
from environments.kind.ecr_simulator import EcrSimulator
from environments.kind.environment import KIND, image_sources
from environments.kind.objects import Credentials
from environments.kind.stack import KindStack
from environments.options import RunOptions
from environments.runs import Run
from mutants import nexus_before


@dataclass(frozen=True, slots=True)
class Field:
    """`where` can bring the stack of `run` to another contract."""

    planned: Plan
    sources: ImageSources
    run: Run
    where: KindStack

    def change(self, to: LoadedContract, timeline: Path) -> None:
        """As users do (upgrade.course.Changeable). Raises EnvironmentFailure."""
        self.where.change(to, self.sources, timeline)

    def load_nexus_before(self) -> str:
        """Bring the image of a Nexus with another database into the nodes; its tag."""
        return nexus_before.load(self.sources.catalogue, self.where.engine, self.where.spec.node_names)

    def back(self, timeline: Path) -> None:
        """To the contract that the stack was stood up with."""
        self.change(self.planned.loaded, timeline)


def field(endpoints: Path) -> Field:
    """The stack whose endpoints' file this is.

    Raises:
        UsageError: it is not a kept stack of this host, or images or stack are others than it was made from.
    """
    run = next((run for run in runs.all_runs() if run.endpoints_file == endpoints.resolve()), None)
    if run is None:
        raise UsageError(
            "no kept stack has these endpoints", where=str(endpoints), remedy="conformance up, then try again"
        )
    return _assembled(_plan(run), run)


def _plan(run: Run) -> Plan:
    endpoints = run.endpoints()
    named = (
        next((part.image for part in endpoints.components if part.name == "controller"), "")
        if endpoints
        else ""
    )
    for images, jenkins in itertools.product(("packages", "upstream"), ("", named)):
        options = RunOptions(
            contract=Path(run.contract), environment=KIND.name, images=images, jenkins_image=jenkins
        )
        planned = plan.plan(options, lambda _: None)
        if planned.inputs == run.inputs:
            return planned
    raise UsageError(
        "the stack was made from another contract, stack or images than are here now",
        where=run.id,
        remedy=f"conformance down {run.id}, and create it again",
    )


def _assembled(planned: Plan, run: Run) -> Field:
    engine, endpoints = engines.find(), run.endpoints()
    if engine is None or endpoints is None:
        raise EnvironmentFailure("the engine of the stack does not answer", where=run.id)
    sources = image_sources(planned.loaded, planned.options)
    order = Order(planned.loaded, planned.options, run, lambda _: None)
    made = KIND.assembled(order, sources, engine)
    jenkins, nexus, ecr = endpoints.jenkins.login, endpoints.nexus.login, endpoints.registry.api.login
    if jenkins is None or nexus is None or ecr is None:
        raise EnvironmentFailure("the stack's endpoints lack a login", where=str(run.endpoints_file))
    space = planned.loaded.contract.nexus.namespace
    kept = made.kubectl.get("secret", "nexus-deployer", "--namespace", space)["data"]
    deployer = Login(*(base64.b64decode(kept[key]).decode() for key in ("username", "password")))
    backend = made.ecr
    if isinstance(backend, EcrSimulator):
        config = dataclasses.replace(
            backend.config, access_key_id=ecr.username, secret_access_key=ecr.password
        )
        backend = dataclasses.replace(backend, config=config)
    credentials = Credentials(jenkins=jenkins, nexus=nexus, deployer=deployer, ecr=ecr)
    # its repositories by the API: Terraform would take longer than all the rest, three times for each mutant
    where = dataclasses.replace(made, credentials=credentials, ecr=backend, by_terraform=False)
    return Field(planned, sources, run, where)
