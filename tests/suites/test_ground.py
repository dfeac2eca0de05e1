"""One broken thing is told once: by the check that decides it; who stands on it is blocked."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from conformance.core.nonconformance import Unreadable
from conformance.runner.decision import Blocked
from suites.conftest import _told_once
from suites.ground import blocked, decides


def _check(*requirements: str) -> Any:
    node = SimpleNamespace(iter_markers=lambda name: [SimpleNamespace(args=requirements)])
    return SimpleNamespace(node=node, iter_markers=node.iter_markers)


def test_who_decides_it_tells() -> None:
    check = _check("NEXUS-01")
    assert decides(check, "NEXUS-01")
    blocked(check, "NEXUS-01", "Nexus is frozen")
    with pytest.raises(Unreadable), _told_once(check):
        raise Unreadable("Nexus is frozen", decided_by="NEXUS-01")


def test_who_stands_on_it_is_blocked() -> None:
    check = _check("NEXUS-20")
    with pytest.raises(Unreadable, match="Nexus is frozen"):
        blocked(check, "NEXUS-01", "Nexus is frozen")
    with pytest.raises(Blocked, match="NEXUS-01: Nexus is frozen"), _told_once(check):
        raise Unreadable("Nexus is frozen", decided_by="NEXUS-01")
