"""Where the stack is: the endpoints of a run, read once in each process."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.core.errors import UsageError
from environments.base import Endpoints
from reports.redact import register

ENDPOINTS = pytest.StashKey[Endpoints]()


def load_endpoints(config: pytest.Config) -> Endpoints:
    """Where the stack is: the file of `--stack`, read once. Raises UsageError."""
    if ENDPOINTS not in config.stash:
        file = config.getoption("--stack", default=None)
        if not file:
            raise UsageError(
                "these checks need a stack that is up",
                expected="--stack FILE, the endpoints that `conformance up` writes",
                remedy="run `conformance run`, or the static layer alone: pytest suites/static",
            )
        try:
            found = Endpoints.from_json(Path(str(file)).read_text(encoding="utf-8"))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise UsageError(
                f"cannot read the endpoints {file}",
                observed=f"{type(error).__name__}: {error}",
                remedy="give the file that `conformance up` wrote",
            ) from error
        for service in (found.jenkins, found.nexus, found.registry.api, found.registry.data):
            if service.login:
                register(service.login.password, "password")
        if found.registry.ended:
            register(found.registry.ended.password, "ECR token")
        config.stash[ENDPOINTS] = found
    return config.stash[ENDPOINTS]
