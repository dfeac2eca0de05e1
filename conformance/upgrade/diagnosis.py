"""Why a service does not come up after an upgrade: its log, and a remedy for known causes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict

from conformance.clients.objects import Pod
from conformance.clients.stack_clients import StackClients
from conformance.core.errors import ConformanceError

LINES = 2000
#: levels of a log's worst lines (Nexus: ERROR; Jenkins: SEVERE)
_WORST = re.compile(r"\b(ERROR|SEVERE|FATAL)\b\s*(?P<words>.*)")


class Cause(BaseModel):
    """`what` is one sentence; `words` are the words of the service's log; `remedy` may be empty."""

    model_config = ConfigDict(frozen=True)

    service: str
    what: str
    words: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class _Known:
    """The words of a service for data that it cannot take, with the remedy."""

    service: str
    says: re.Pattern[str]
    what: str
    remedy: str


KNOWN = (
    # org.sonatype.nexus.datastore.mybatis.MyBatisDataStore, 3.71.0-06 on the data of 3.62.0-01; it then exits
    _Known(
        "nexus",
        re.compile(r"This instance is using a legacy Orient database\."),
        "Nexus keeps its data in OrientDB, which 3.71 and later cannot open",
        "go back, upgrade Nexus to 3.70 first, migrate OrientDB to H2 or PostgreSQL there with Sonatype's "
        "database migrator (help.sonatype.com, Migrating to a New Database), and then come to this version",
    ),
    # of a Nexus 3.71.0-06 that was frozen once and released by force: db/frozen.marker stays on its volume
    _Known(
        "nexus",
        re.compile(r"Status health check failed because database is frozen"),
        "Nexus starts read-only: it was frozen before, and that is kept on its volume",
        "POST /service/rest/v1/read-only/release as its administrator, inside the pod while it is not ready "
        "(force-release leaves db/frozen.marker, and the next start is read-only again)",
    ),
)


def cause(stack: StackClients) -> Cause | None:
    """The cause in the log of the first service whose pod is not ready; None when no log has one."""
    for service, part in (("nexus", stack.contract.nexus), ("jenkins", stack.contract.jenkins)):
        for pod in stack.kube.pods(part.namespace, f"app.kubernetes.io/instance={part.release}"):
            if not pod.ready and not pod.deleted:
                for log in _logs(stack, pod):
                    if found := read(service, log):
                        return found
    return None


def read(service: str, log: str) -> Cause | None:
    """The cause in a log of `service`: a known one, or its last worst line."""
    for known in KNOWN:
        if known.service == service and (found := known.says.search(log)):
            words = " ".join(log[found.start() :].partition("\n--")[0].split())
            return Cause(service=service, what=known.what, words=words[:400], remedy=known.remedy)
    worst = [found["words"].strip() for found in _WORST.finditer(log) if found["words"].strip()]
    if not worst:
        return None
    return Cause(service=service, what=f"{service}'s log says {worst[-1][:200]}", words=worst[-1][:400])


def _logs(stack: StackClients, pod: Pod) -> Iterator[str]:
    """Logs of the pod's containers: first of the previous run, which is complete, then of the present one."""
    for previous in (True, False):
        for container in pod.containers:
            try:
                yield stack.kube.log(pod, container.name, previous=previous, lines=LINES)
            except ConformanceError:
                continue  # it did not run, or not twice
