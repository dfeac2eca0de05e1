"""LocalStack as the ECR: its own container beside the cluster, for those who have a licence.

Started with the docker client, not with the `localstack` package: its command line is deprecated and cannot
label what it starts. ECR in LocalStack starts a registry container of its own, so the engine's socket is
handed in. Nothing here could be run without a licence; see docs/ecr.md.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import requests
from botocore.exceptions import BotoCoreError, ClientError

from conformance.core.errors import CommandFailed, EnvironmentFailure
from conformance.core.process import run
from conformance.core.waiting import eventually
from environments.base import Login, RegistryEndpoint, Service
from environments.ecr.base import TOKEN_VARIABLE
from environments.ecr.client import ecr_client

IMAGE = "localstack/localstack-pro:2026.8.2"
PORT = 4566
DOMAIN = "localhost.localstack.cloud"
START_SECONDS = 180
SOCKET = "/var/run/docker.sock"
LABEL = "conformance.run"
#: ECR states of /_localstack/health in which calls are answered
SERVING = frozenset({"available", "running"})

Docker = Callable[..., str]


@dataclass(frozen=True, slots=True)
class State:
    """What one look at the container showed."""

    running: bool
    status: str = ""
    #: the state of ECR in /_localstack/health
    ecr: str = ""
    #: `is_license_activated` of /_localstack/info; None before it answers
    licensed: bool | None = None


@dataclass(frozen=True, slots=True)
class LocalStackEcr:
    """`docker` runs a docker command and returns its output; the token is in its environment only."""

    container: str
    account: str
    region: str
    docker: Docker
    labels: Mapping[str, str] = field(default_factory=dict)
    image: str = IMAGE
    network: str = "kind"
    #: the engine's socket on the host
    socket: str = SOCKET
    timeout: float = START_SECONDS
    name: str = field(default="localstack", init=False)

    @classmethod
    def for_run(cls, cluster: str, account: str, region: str, env: Mapping[str, str]) -> LocalStackEcr:
        """The backend of one run; `env` reaches the engine and holds LOCALSTACK_AUTH_TOKEN."""

        def docker(*words: str, timeout: float = 600, check: bool = True) -> str:
            done = run(
                ["docker", *words],
                env=env,
                timeout=timeout,
                check=check,
                remedy="conformance doctor reports the state of the engine",
            )
            return (done.stdout if done.returncode == 0 else "").strip() or done.stderr.strip()

        socket = env.get("DOCKER_HOST", "")
        path = socket.removeprefix("unix://") if socket.startswith("unix://") else SOCKET
        return cls(
            f"{cluster}-localstack", account, region, docker, {LABEL: cluster}, network=cluster, socket=path
        )

    @property
    def registry_host(self) -> str:
        return f"{self.account}.dkr.ecr.{self.region}.{DOMAIN}:{PORT}"

    def up(self) -> None:
        if not self._state().running:
            self.down()
            self._start()
        state = eventually(
            self._state,
            until=lambda seen: seen.ecr in SERVING and seen.licensed is not None,
            terminal=self._dead,
            what=f"LocalStack's ECR answers in container {self.container}",
            timeout=self.timeout,
            interval=1,
            remedy=f"docker logs {self.container}",
        )
        if not state.licensed:
            raise EnvironmentFailure(
                "LocalStack started without an active licence",
                where=f"container {self.container}",
                expected="is_license_activated: true",
                observed="is_license_activated: false",
                remedy=f"check {TOKEN_VARIABLE}, or use --ecr=simulator",
            )
        self._check_name()

    def registry(self) -> RegistryEndpoint:
        url = self._url()
        connect = url.removeprefix("http://")
        # LocalStack takes a twelve-digit access key id for the account
        login = Login(self.account, "localstack")
        return RegistryEndpoint(
            host=self.registry_host,
            api=Service(url, login, connect),
            data=Service(f"https://{self.registry_host}", None, connect),
            account=self.account,
            region=self.region,
            backend=self.name,
        )

    def address(self) -> str:
        """The container's address in the cluster's network: what pods and nodes resolve the name to."""
        template = f'{{{{(index .NetworkSettings.Networks "{self.network}").IPAddress}}}}'
        return self.docker("inspect", "--format", template, self.container)

    def ended_token(self) -> None:
        """Its tokens end after twelve hours."""

    def down(self) -> None:
        self.docker("rm", "--force", "--volumes", self.container, check=False)

    def _start(self) -> None:
        words = ["run", "--detach", "--name", self.container, "--network", self.network]
        for name, value in self.labels.items():
            words += ["--label", f"{name}={value}"]
        settings = {
            "SERVICES": "ecr,sts",
            "EAGER_SERVICE_LOADING": "1",
            "ECR_ENDPOINT_STRATEGY": "domain",
            "LOCALSTACK_HOST": f"{DOMAIN}:{PORT}",
            "MAIN_CONTAINER_NAME": self.container,
            "DISABLE_EVENTS": "1",
        }
        for name, value in settings.items():
            words += ["--env", f"{name}={value}"]
        # named only: docker takes the value from its environment, so it shows in no process list
        words += ["--env", TOKEN_VARIABLE]
        words += ["--publish", f"127.0.0.1::{PORT}", "--volume", f"{self.socket}:{SOCKET}", self.image]
        self.docker(*words, timeout=900)

    def _state(self) -> State:
        try:
            status = self.docker("inspect", "--format", "{{.State.Status}}", self.container)
        except CommandFailed:
            return State(running=False)
        if status != "running":
            return State(running=False, status=status)
        try:
            health, info = self._get("health"), self._get("info")
        except requests.RequestException:
            return State(running=True, status=status)
        return State(
            True, status, str(health.get("services", {}).get("ecr", "")), info.get("is_license_activated")
        )

    def _dead(self, state: State) -> str | None:
        if state.running or state.status not in ("exited", "dead"):
            return None
        log = self.docker("logs", "--tail", "15", self.container, check=False)
        return f"the container has {state.status}; its last lines: {log}"

    def _get(self, what: str) -> dict[str, Any]:
        # LocalStack's own plain HTTP on loopback: no proxy of the host belongs in between
        with requests.Session() as http:
            http.trust_env = False
            answer = http.get(f"{self._url()}/_localstack/{what}", timeout=10)
            answer.raise_for_status()
            document: dict[str, Any] = answer.json()
            return document

    def _url(self) -> str:
        published = self.docker("port", self.container, f"{PORT}/tcp").splitlines()
        return f"http://{published[0]}"

    def _check_name(self) -> None:
        """The name that LocalStack hands out must be the one that pods resolve."""
        try:
            data = ecr_client(self.registry()).get_authorization_token()["authorizationData"]
        except (BotoCoreError, ClientError) as error:
            raise EnvironmentFailure(
                "LocalStack's ECR does not hand out a token",
                where=self._url(),
                observed=str(error),
                remedy="ECR must be part of the licence; otherwise use --ecr=simulator",
            ) from error
        host = data[0].get("proxyEndpoint", "").partition("://")[2]
        if host != self.registry_host:
            raise EnvironmentFailure(
                "LocalStack's registry has another name than expected",
                where=f"container {self.container}, image {self.image}",
                expected=self.registry_host,
                observed=host or "(none)",
                remedy="use the pinned image, or --ecr=simulator",
            )
