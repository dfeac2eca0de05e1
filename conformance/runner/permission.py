"""pytest plugin: a check that writes, or takes services away, runs only where the endpoints allow it."""

from __future__ import annotations

import pytest

from conformance.contract.catalogue import DISRUPTIVE
from conformance.runner.decision import not_applicable
from conformance.runner.endpoints import load_endpoints
from conformance.runner.outcomes import MEANING


def pytest_runtest_setup(item: pytest.Item) -> None:
    """End the check as not applicable before any of its fixtures sends a request."""
    meaning = item.stash.get(MEANING, None)
    if item.get_closest_marker("writes") and not load_endpoints(item.config).writable:
        not_applicable("it writes to the stack; allow that with --allow-writes")
    disrupts = item.get_closest_marker("disrupts") or (meaning is not None and meaning.layer in DISRUPTIVE)
    if disrupts and not load_endpoints(item.config).disruptible:
        not_applicable("it restarts services; allow that with --allow-disruption")
