"""Which plugins wrote the configuration that a controller's home holds."""

from __future__ import annotations

import re
from collections.abc import Iterator

from conformance.clients.kubernetes import Cluster
from conformance.contract.model import Jenkins
from conformance.core.errors import EnvironmentFailure
from conformance.upgrade.state.volumes import FOLDERS

#: configuration, not history: what builds wrote stays as it was
_SCRIPT = (
    "cd %s && { ls *.xml; find jobs users nodes -name builds -prune -o -name config.xml -print; } "
    "2>/dev/null | tr '\\n' '\\0' | xargs -0 grep -Hoe 'plugin=\"[^\"@]*@' | sort -u; true"
)
_FOUND = re.compile(r'^(.+):plugin="([^"@]+)@$')


def configured(kube: Cluster, jenkins: Jenkins) -> Iterator[tuple[str, str]]:
    """(file below the home, plugin) of every plugin's element in it, each once.

    Jenkins writes `plugin="name@version"` on elements whose classes a plugin brings (XStream2).
    Raises EnvironmentFailure when no controller is ready.
    """
    pods = kube.pods(jenkins.namespace, f"app.kubernetes.io/instance={jenkins.release}")
    pod = next((pod for pod in pods if pod.ready and not pod.deleted), None)
    if pod is None:
        raise EnvironmentFailure("no pod of jenkins is ready", where=f"namespace {jenkins.namespace}")
    script = _SCRIPT % FOLDERS["jenkins"]
    for line in kube.execute(pod, ("sh", "-c", script)).stdout.splitlines():
        found = _FOUND.match(line)
        if found:
            yield found[1], found[2]
