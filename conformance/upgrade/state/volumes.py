"""State on the volumes: a marker on each, and the configuration that plugins wrote into the home."""

from __future__ import annotations

import re
from collections.abc import Iterator

from conformance.clients.artifacts import noise, sha256
from conformance.clients.stack_clients import StackClients
from conformance.core.errors import EnvironmentFailure
from conformance.upgrade.state.model import Item

#: service -> folder of its volume in its container (official images)
FOLDERS = {"jenkins": "/var/jenkins_home", "nexus": "/nexus-data"}
NAME = ".conformance-marker"
#: prints `file:plugin="name@` once for each; of configuration only, because builds keep what they wrote
_SCRIPT = (
    "cd %s && { ls *.xml; find jobs users nodes -name builds -prune -o -name config.xml -print; } "
    "2>/dev/null | tr '\\n' '\\0' | xargs -0 grep -Hoe 'plugin=\"[^\"@]*@' | sort -u; true"
)
_ELEMENT = re.compile(r'^(.+):plugin="([^"@]+)@$')


class Markers:
    """A file on each service's volume: the volume after the upgrade is the one before it."""

    kind = "volume marker"

    def create(self, stack: StackClients, seed: int) -> Iterator[Item]:
        for service, folder in FOLDERS.items():
            text = sha256(noise(64, f"{service} {seed}"))
            _run(stack, service, f"printf %s {text} > {folder}/{NAME}")
            yield Item(service=service, kind=self.kind, name=f"{service}'s volume", key={"folder": folder})

    def capture(self, stack: StackClients, item: Item) -> Item | None:
        found = _run(stack, item.service, f"cat {item.key['folder']}/{NAME} 2>/dev/null; true").strip()
        return item.model_copy(update={"facts": {"marker": found}}) if found else None


def plugin_configuration(stack: StackClients) -> Iterator[tuple[str, str]]:
    """(file below the controller's home, plugin) of every element of a plugin in it, each once.

    Jenkins writes `plugin="name@version"` on elements whose classes come from a plugin (XStream2).

    Raises:
        EnvironmentFailure: no controller is ready.
    """
    for line in _run(stack, "jenkins", _SCRIPT % FOLDERS["jenkins"]).splitlines():
        if found := _ELEMENT.match(line):
            yield found[1], found[2]


def _run(stack: StackClients, service: str, script: str) -> str:
    part = stack.contract.jenkins if service == "jenkins" else stack.contract.nexus
    pods = stack.kube.pods(part.namespace, f"app.kubernetes.io/instance={part.release}")
    pod = next((pod for pod in pods if pod.ready and not pod.deleted), None)
    if pod is None:
        raise EnvironmentFailure(f"no pod of {service} is ready", where=f"namespace {part.namespace}")
    done = stack.kube.execute(pod, ("sh", "-c", script))
    if done.status:
        raise EnvironmentFailure(f"a command in {service}'s pod failed", observed=done.stderr[:300])
    return done.stdout
