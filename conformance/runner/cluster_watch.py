"""pytest plugin: when the cluster goes away during a run, the remaining checks are blocked at once.

Without it every remaining check would wait for its own time limit (ten minutes, measured), and dozens of
effects would hide the one cause. The API server is probed only after a check ended in an error, and only if
it listened when the session began.
"""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
import yaml

from conformance.core.errors import ConformanceError
from conformance.core.files import write_atomically
from conformance.runner.decision import Blocked
from conformance.runner.endpoints import load_endpoints
from conformance.runner.outcomes import MEANING, RUNNING
from environments.reachable import api_server, listens

FILE = "lost.json"
PROBES = 3
ADDRESS = pytest.StashKey[tuple[str, int]]()


@pytest.hookimpl(trylast=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    """Remember the API server if it listens now."""
    config = session.config
    controls = config.getoption("numprocesses", None) and not hasattr(config, "workerinput")
    if controls or not (config.getoption("--stack", "") or hasattr(config, "workerinput")):
        return
    try:
        found = load_endpoints(config)
        address = api_server(Path(found.kubeconfig), found.context)
    except (ConformanceError, OSError, LookupError, TypeError, ValueError, yaml.YAMLError):
        return
    if _listens(address):
        config.stash[ADDRESS] = address


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Block a check when the cluster is gone."""
    if MEANING in item.stash and (reason := lost(Path(item.config.option.results_dir))):
        raise Blocked(reason)


def pytest_exception_interact(node: pytest.Item | pytest.Collector) -> None:
    """After an error, find out whether the cluster still listens."""
    address = node.config.stash.get(ADDRESS, None)
    if address is None or RUNNING not in node.stash or node.stash[RUNNING].outcome != "error":
        return
    folder = Path(node.config.option.results_dir)
    if not lost(folder) and not any(_listens(address) for _ in range(PROBES)):
        when = time.strftime("%H:%M:%S UTC", time.gmtime())
        reason = f"the cluster went away: nothing listens at {address[0]}:{address[1]} since {when} or before"
        write_atomically(folder / FILE, json.dumps({"reason": reason}).encode())


def lost(folder: Path) -> str:
    """Why the rest of the run in `folder` is blocked; empty while the cluster is there."""
    try:
        return str(json.loads((folder / FILE).read_bytes())["reason"])
    except FileNotFoundError:
        return ""


def _listens(address: tuple[str, int]) -> bool:
    if listens(address):
        return True
    # a pause, so that probes in a row see different moments
    time.sleep(0.2)
    return False
