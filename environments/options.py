"""The options of a run, made once from the command line and never changed."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

#: Set by the wrapper `./run`, which may install packages on its host.
PROVISION_VARIABLE = "CONFORMANCE_PROVISION_HOST"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """What `--help` of `conformance run` describes; paths are absolute."""

    contract: Path
    environment: str = ""
    #: how a stack is made
    images: str = "auto"
    jenkins_image: str = ""
    ecr: str = "auto"
    deployer: str = "auto"
    kit: str = ""
    provision_host: bool | None = None
    #: what happens with it
    keep: bool = False
    keep_on_failure: bool = False
    static_only: bool = False
    allow_writes: bool = False
    allow_disruption: bool = False
    #: how it is checked
    upgrade: Path | None = None
    workers: str = "auto"
    results_dir: Path | None = None
    waivers: Path | None = None
    json_events: Path | None = None
    pytest_arguments: tuple[str, ...] = ()

    @property
    def may_provision(self) -> bool:
        """May packages be installed on this host?"""
        if self.provision_host is None:
            return os.environ.get(PROVISION_VARIABLE) == "1"
        return self.provision_host

    def making(self) -> list[str]:
        """The words of a command line that make the same stack from another contract."""
        words = ["--images", self.images, "--ecr", self.ecr, "--deployer", self.deployer]
        words += ["--jenkins-image", self.jenkins_image] if self.jenkins_image else []
        words += ["--kit", self.kit] if self.kit else []
        return [*words, "--provision-host" if self.may_provision else "--no-provision-host"]
