"""pytest plugin: the process that controls a run removes what the run made on the stack.

Workers register each thing before they make it (`Shared.register_cleanup`), so that the registry outlives a
worker that dies.
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

#: kinds that go first: a build could still make other things that are registered
AT_WORK = frozenset({"requested build", "running build"})
#: number of things that are removed at once
TOGETHER = 3


class Cleaner:
    """Removes registered things, in one session of each service."""

    def __init__(self, jenkins: Jenkins, nexus: Nexus, ecr: EcrApi) -> None:
        self._removals: dict[str, Callable[[Mapping[str, Any]], object]] = {
            "requested build": lambda item: jenkins.discard(item["job"], item["queue_id"]),
            "version": lambda item: nexus.remove_version(item["group"], item["version"]),
            # its job goes with the run's folder; a folder with a running build cannot be deleted
            "running build": lambda item: jenkins.stop_if_running(item["job"], item["number"]),
            "folder": lambda item: jenkins.delete_job(item["name"]),
            "nexus user": lambda item: nexus.delete_user(item["name"]),
            "proxy": lambda item: nexus.cut_off(item["name"], away=False),
            "image": lambda item: ecr.delete(item["repository"], item["tag"]),
            "file": lambda item: nexus.http.delete(f"/repository/{item['repository']}/{item['path']}"),
            "seeded job": lambda item: jenkins.restore_job(item["name"], item["config"]),
        }

    def clean_up(self, items: list[dict[str, Any]]) -> Iterator[str]:
        """Remove `items`; yields a line, never an error, for each one that could not be removed."""
        for item in items:
            try:
                self._removals[item["kind"]](item)
            except (EnvironmentFailure, NonConformance) as error:
                yield f"left behind: {item}: {str(error).splitlines()[0]}"


def clean_up(make: Callable[[], Cleaner], items: list[dict[str, Any]]) -> list[str]:
    """Remove everything, several things at once; returns a line for each one that could not be removed.

    Each thread has a cleaner of its own, because a crumb of Jenkins belongs to one session.
    """
    with ThreadPoolExecutor(TOGETHER) as pool:
        cleaners = list(pool.map(lambda _: make(), range(TOGETHER)))
        left_behind: list[str] = []
        for first in (True, False):
            stage = [item for item in items if (item["kind"] in AT_WORK) is first]
            shares = [stage[n::TOGETHER] for n in range(TOGETHER)]
            for lines in pool.map(lambda cleaner, share: list(cleaner.clean_up(share)), cleaners, shares):
                left_behind += lines
    return left_behind


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Clean up in the controlling process, after its workers have ended."""
    config = session.config
    folder = Path(str(config.getoption("--results-dir")))
    if hasattr(config, "workerinput") or not (items := Shared(folder).cleanups()):
        return
    if lost(folder):
        return  # everything went with the cluster; each request would wait for its time limit
    endpoints, journal = load_endpoints(config), Journal()
    ecr = EcrApi(ecr_client(endpoints.registry, endpoints.ca_bundle), endpoints.registry)

    def cleaner() -> Cleaner:
        return Cleaner(
            Jenkins(http_of(endpoints.jenkins, endpoints, journal, "Jenkins")),
            Nexus(http_of(endpoints.nexus, endpoints, journal, "Nexus")),
            ecr,
        )

    for line in clean_up(cleaner, items):
        log.warning(line)
        reporter = config.pluginmanager.get_plugin("terminalreporter")
        if reporter is not None:
            reporter.write_line(line, yellow=True)
