"""What a run leaves on the stack and takes away at its end, by the process that controls it.

Workers note what they are about to make (`Shared.leave`); the notes outlive a worker that dies.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from conformance.clients.http import Journal
from conformance.clients.jenkins import Jenkins
from conformance.clients.nexus import Nexus
from conformance.clients.registry import EcrApi
from conformance.clients.stack_clients import http_of
from conformance.core.errors import EnvironmentFailure
from conformance.core.nonconformance import NonConformance
from conformance.core.shared_facts import Shared
from conformance.runner.cluster_watch import lost
from conformance.runner.endpoints import load_endpoints
from environments.ecr.client import ecr_client

log = logging.getLogger(__name__)

#: kinds that go first: what is at work could still make what else is noted
AT_WORK = frozenset({"asked", "running"})
#: how many are taken away at once
TOGETHER = 3


class Tidier:
    """Takes away what the notes say; what cannot be taken away is told, never raised."""

    def __init__(self, jenkins: Jenkins, nexus: Nexus, ecr: EcrApi) -> None:
        self._ways: dict[str, Callable[[Mapping[str, Any]], object]] = {
            "asked": lambda note: jenkins.forget(note["job"], note["queue_id"]),
            "version": lambda note: nexus.remove_version(note["group"], note["version"]),
            # its job goes with the run's folder; a folder with a running build cannot be deleted
            "running": lambda note: jenkins.stop_if_running(note["job"], note["number"]),
            "folder": lambda note: jenkins.delete_job(note["name"]),
            "nexus user": lambda note: nexus.delete_user(note["name"]),
            "proxy": lambda note: nexus.cut_off(note["name"], away=False),
            "image": lambda note: ecr.delete(note["repository"], note["tag"]),
            "file": lambda note: nexus.http.delete(f"/repository/{note['repository']}/{note['path']}"),
            "seeded job": lambda note: jenkins.restore_job(note["name"], note["config"]),
        }

    def tidy(self, notes: list[dict[str, Any]]) -> Iterator[str]:
        """Yield what was left behind and why."""
        for note in notes:
            try:
                self._ways[note["kind"]](note)
            except (EnvironmentFailure, NonConformance) as error:
                yield f"left behind: {note}: {str(error).splitlines()[0]}"


def tidy(make: Callable[[], Tidier], notes: list[dict[str, Any]]) -> list[str]:
    """Take everything away, several at once, each by a tidier of its own; returns what was left behind.

    Of its own, for a crumb is of one session.
    """
    with ThreadPoolExecutor(TOGETHER) as pool:
        tidiers = list(pool.map(lambda _: make(), range(TOGETHER)))
        left: list[str] = []
        for first in (True, False):
            stage = [note for note in notes if (note["kind"] in AT_WORK) is first]
            shares = [stage[n::TOGETHER] for n in range(TOGETHER)]
            for lines in pool.map(lambda tidier, share: list(tidier.tidy(share)), tidiers, shares):
                left += lines
    return left


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """The controlling process alone, after its workers: take away what the run made on the stack."""
    config = session.config
    folder = Path(str(config.getoption("--results-dir")))
    if hasattr(config, "workerinput") or not (notes := Shared(folder).left()):
        return
    if lost(folder):
        return  # what was made went with the cluster; each try would wait for its time limit
    found, kept = load_endpoints(config), Journal()
    ecr = EcrApi(ecr_client(found.registry, found.ca_bundle), found.registry)

    def tidier() -> Tidier:
        return Tidier(
            Jenkins(http_of(found.jenkins, found, kept, "Jenkins")),
            Nexus(http_of(found.nexus, found, kept, "Nexus")),
            ecr,
        )

    for line in tidy(tidier, notes):
        log.warning(line)
        reporter = config.pluginmanager.get_plugin("terminalreporter")
        if reporter is not None:
            reporter.write_line(line, yellow=True)
