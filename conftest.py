"""Wiring only: the modules that act on the options of `conformance.runner.plugin`."""

from __future__ import annotations

pytest_plugins = [
    "conformance.runner.plugin",
    "conformance.runner.outcomes",
    "conformance.runner.gating",
    "conformance.runner.exclusive",
    "conformance.runner.cluster_watch",
    "conformance.runner.cleanup",
    "conformance.runner.stand_up",
    "conformance.runner.permission",
    "fixtures.contract",
    "fixtures.services",
    "fixtures.names",
    "fixtures.products",
]
