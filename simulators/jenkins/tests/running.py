"""A simulator in this process, over a home of its own, with the recorded configuration."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import requests
import yaml

from conformance.core.waiting import eventually
from simulators.jenkins.controller import Controller
from simulators.jenkins.home.life import State
from simulators.jenkins.home.plugins import available, write
from simulators.jenkins.home.settings import Settings
from simulators.jenkins.http.server import Server

from .fake_kube import FakeKube

HERE = Path(__file__).parent
USER, PASSWORD = "admin", "made-up-admin-pw"


class RunningSimulator:
    """One running simulator, its Kubernetes API and a client."""

    def __init__(
        self,
        scratch: Path,
        classpath: str,
        change: Callable[[dict[str, Any]], None] | None = None,
        wait: bool = True,
    ) -> None:
        """Args: scratch: a fresh folder; classpath: of the Groovy host; change: edits the configuration
        first."""
        self.kube = FakeKube(scratch / "agents")
        home, secrets = scratch / "home", scratch / "secrets"
        for folder in (scratch / "agents", home / "plugins", secrets):
            folder.mkdir(parents=True)
        (secrets / "chart-admin-username").write_text(USER)
        (secrets / "chart-admin-password").write_text(PASSWORD)
        for plugin in available(HERE.parent / "home/plugins-available.json"):
            write(home / "plugins" / f"{plugin.name}.jpi", plugin)
        self.casc = scratch / "casc.yaml"
        self.server: Server
        config = yaml.safe_load((HERE / "recordings/casc.yaml").read_text())
        self.settings = Settings(
            home=home,
            port=0,
            classpath=classpath,
            agent_jar=home / "agent.jar",
            environment={
                "CASC_JENKINS_CONFIG": str(self.casc),
                "SECRETS": str(secrets),
                "CASC_RELOAD_TOKEN": "jenkins-0",
            },
        )
        (home / "agent.jar").write_bytes(b"a jar")
        self.controller = Controller(self.settings)
        self.server = Server(0, self.controller.answer)
        self.base = f"http://127.0.0.1:{self.server.server_port}"
        cloud = config["jenkins"]["clouds"][0]["kubernetes"]
        cloud["serverUrl"] = self.kube.url
        cloud["jenkinsUrl"] = self.base
        if change:
            change(config)
        self.casc.write_text(yaml.safe_dump(config))
        threading.Thread(
            target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        ).start()
        self.session = requests.Session()
        self.session.trust_env = False
        self.starter = threading.Thread(target=self.controller.start, daemon=True)
        if wait:
            self.start()

    def start(self) -> None:
        """Come up."""
        self.starter.start()
        self.starter.join(30)
        assert self.controller.life.state == State.UP, self.controller.life.reason

    def close(self) -> None:
        """Go down."""
        self.kube.connects.set()
        self.server.shutdown()
        self.server.server_close()
        self.controller.stop()
        self.kube.close()
        self.session.close()

    def crumb(self) -> dict[str, str]:
        """The header that a changing request needs."""
        answer = self.session.get(f"{self.base}/crumbIssuer/api/json", auth=(USER, PASSWORD)).json()
        return {answer["crumbRequestField"]: answer["crumb"]}

    def send(self, method: str, path: str, **more: Any) -> requests.Response:
        """A request as the administrator, with a crumb when it changes something."""
        headers: Mapping[str, str] = {**(self.crumb() if method != "GET" else {}), **more.pop("headers", {})}
        return self.session.request(
            method,
            self.base + path,
            auth=(USER, PASSWORD),
            headers=headers,
            allow_redirects=False,
            timeout=30,
            **more,
        )

    def get(self, path: str) -> Any:
        """JSON of a path."""
        return self.send("GET", path).json()

    def build(self, job: str, data: dict[str, str] | None = None) -> int:
        """Start a build and wait for its number."""
        path = "/job/" + job.replace("/", "/job/")
        answer = self.send("POST", f"{path}/build" + ("WithParameters" if data else ""), data=data)
        assert answer.status_code == 201, answer.text
        item = answer.headers["Location"].partition("/queue/")[2]
        found = eventually(
            lambda: self.get(f"/queue/{item}api/json").get("executable"),
            what="the build starts",
            timeout=15,
            interval=0.05,
        )
        return int(found["number"])

    def finished(self, job: str, number: int, seconds: float = 30) -> Any:
        """Wait for the end of a build; its JSON."""
        path = f"/job/{job.replace('/', '/job/')}/{number}/api/json"
        return eventually(
            lambda: self.get(path),
            what=f"{job} #{number} ends",
            timeout=seconds,
            interval=0.05,
            until=lambda b: not b["building"],
        )

    def console(self, job: str, number: int) -> str:
        """A build's console."""
        return self.send("GET", f"/job/{job.replace('/', '/job/')}/{number}/consoleText").text
