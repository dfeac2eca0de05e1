"""The pytest plugin's options, settings and markers, all of them declared here and once.

pytest loads this module by its entry point in every process, so it imports nothing of the suites. The root
conftest loads the modules that act on these options.
"""

from __future__ import annotations

import pytest

from conformance.contract.catalogue import FILE as REQUIREMENTS
from conformance.core.paths import CONTRACT, REFERENCE

MARKERS = (
    "requirement(*ids): the requirements of the catalogue that this check decides",
    "gate: a check that every layer above its own needs",
    "writes: a check that writes to the stack",
    "disrupts: a check that restarts services",
    "beside_restart: a check that sends Nexus no request, so it runs while Nexus restarts",
    "run_late: a check that waits for something slow that was requested early, so it runs late",
    "slow: a test that builds or starts something heavy",
)


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("conformance")
    group.addoption(
        "--contract", default=str(REFERENCE / CONTRACT), metavar="FILE", help="the contract to check"
    )
    group.addoption(
        "--upgrade", default="", metavar="DIR", help="what was seen of an upgrade, for the upgrade layer"
    )
    group.addoption("--stack", default="", metavar="FILE", help="endpoints of a stack that is up, as JSON")
    group.addoption(
        "--environment",
        default="",
        metavar="NAME",
        help="where the stack is, when no --stack is given: its kept one, or the one that it finds",
    )
    group.addoption("--results-dir", default="", metavar="DIR", help="folder that this run's results go to")
    group.addoption("--session-name", default="", metavar="NAME", help="name of this session in the results")
    group.addoption(
        "--waivers", default="waivers.toml", metavar="FILE", help="waivers (default: %(default)s)"
    )
    group.addoption(
        "--gate-timeout",
        type=float,
        default=3600,
        metavar="SECONDS",
        help="longest wait of a check for the gates of the layers below (default: %(default)s)",
    )
    parser.addini("check_paths", "folders whose tests are checks", type="paths", default=[])
    parser.addini("requirements_file", "catalogue of requirements", default=str(REQUIREMENTS))


def pytest_configure(config: pytest.Config) -> None:
    for marker in MARKERS:
        config.addinivalue_line("markers", marker)
