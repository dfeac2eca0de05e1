"""A marker on each service's volume: the volume after the upgrade is the one before it."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.clients.artifacts import noise, sha256
from conformance.clients.stack_clients import StackClients
from conformance.core.errors import EnvironmentFailure
from conformance.upgrade.state.model import Item

#: service -> folder of its volume in its container (official images)
FOLDERS = {"jenkins": "/var/jenkins_home", "nexus": "/nexus-data"}
NAME = ".conformance-marker"


class Markers:
    kind = "volume marker"

    def make(self, stack: StackClients, seed: int) -> Iterator[Item]:
        for service, folder in FOLDERS.items():
            text = sha256(noise(64, f"{service} {seed}"))
            self._run(stack, service, f"printf %s {text} > {folder}/{NAME}")
            yield Item(service=service, kind=self.kind, name=f"{service}'s volume", key={"folder": folder})

    def look(self, stack: StackClients, item: Item) -> Item | None:
        found = self._run(stack, item.service, f"cat {item.key['folder']}/{NAME} 2>/dev/null; true").strip()
        return item.model_copy(update={"facts": {"marker": found}}) if found else None

    def _run(self, stack: StackClients, service: str, script: str) -> str:
        part = stack.contract.jenkins if service == "jenkins" else stack.contract.nexus
        pods = stack.kube.pods(part.namespace, f"app.kubernetes.io/instance={part.release}")
        pod = next((pod for pod in pods if pod.ready and not pod.deleted), None)
        if pod is None:
            raise EnvironmentFailure(f"no pod of {service} is ready", where=f"namespace {part.namespace}")
        done = stack.kube.execute(pod, ("sh", "-c", script))
        if done.status:
            raise EnvironmentFailure(f"a command in {service}'s pod failed", observed=done.stderr[:300])
        return done.stdout
