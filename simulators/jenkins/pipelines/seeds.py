"""Free-style jobs: those that run a Job DSL seed on an agent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..agents import podspec
from ..agents.queue import QueueItem
from ..home.builds import Build
from ..home.items import Item
from ..home.jobxml import Config
from ..unsupported import unsupported
from .groovy_host import ScriptError


@dataclass
class Seeds:
    """Runs free-style builds.

    `seed` runs Job DSL and returns the items with whether each is new; ScriptError or ValueError refuse.
    `approved` says whether a script is approved; one that is not becomes pending.
    """

    environment: Callable[[Item, Build], dict[str, str]]
    seed: Callable[[str, dict[str, str]], list[tuple[str, bool]]]
    approved: Callable[[str], bool]
    script_security: Callable[[], bool]

    def run(self, job: Item, config: Config, build: Build, item: QueueItem) -> None:
        """Run one build to its end."""
        computer = item.computer
        if computer is None:
            raise ValueError("a free-style build needs an agent")
        build.built_on = computer.name
        build.begin()
        build.log("Running as SYSTEM")
        build.log(f"Agent {computer.name} is provisioned from template {computer.template.get('name')}")
        build.log("---\n" + podspec.show(computer.pod, computer.secret))
        build.log(
            f"Building remotely on {computer.name} ({computer.template.get('label')}) in workspace "
            f"{computer.workdir}/workspace/{job.full_name}"
        )
        result = "SUCCESS"
        for tag in config.unsupported:
            build.log(f"ERROR: {unsupported(f'the build step {tag}')}")
            result = "FAILURE"
        if config.seed is not None and result == "SUCCESS":
            result = self._seed(config.seed, config.seed_sandbox, job, build)
        build.finish(result)

    def _seed(self, script: str, sandbox: bool, job: Item, build: Build) -> str:
        build.log("Processing provided DSL script")
        if self.script_security() and not sandbox and not self.approved(script):
            build.log("ERROR: script not yet approved for use")
            return "FAILURE"
        try:
            items = self.seed(script, self.environment(job, build))
        except (ScriptError, ValueError) as error:
            build.log(f"ERROR: {error}")
            return "FAILURE"
        for heading, new in (("Added items:", True), ("Existing items:", False)):
            names = [name for name, fresh in items if fresh is new]
            if names:
                build.log("\n".join([heading, *(f"    GeneratedJob{{name='{name}'}}" for name in names)]))
        build.seed_actions = 4
        return "SUCCESS"
