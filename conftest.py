"""Wiring only: the options that say where a run happens, and the plugins that do the work."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.paths import CONTRACT, PROJECT

if TYPE_CHECKING:
    import pytest

pytest_plugins = [
    "fixtures.outcomes",
    "fixtures.gating",
    "fixtures.alone",
    "fixtures.presence",
    "fixtures.plugin",
    "fixtures.stand_up",
]


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("conformance")
    group.addoption(
        "--contract", default=str(PROJECT / CONTRACT), metavar="FILE", help="the contract to check"
    )
    group.addoption(
        "--upgrade", default="", metavar="DIR", help="what was seen of an upgrade, for the upgrade layer"
    )
    group.addoption("--stack", default="", metavar="FILE", help="endpoints of a stack that is up, as JSON")
    group.addoption(
        "--environment", default="", metavar="NAME",
        help="where the stack is, when no --stack is given: a kept one is found (kind) or named (existing)",
    )  # fmt: skip
